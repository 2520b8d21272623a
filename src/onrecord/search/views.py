"""/search/: a form and its results, the same address for both, so that every search is a link."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from onrecord import readmodel
from onrecord.catalogue.models import Episode, EpisodeState, Person, Show
from onrecord.lib import html, language, times
from onrecord.lib.headers import ALWAYS, ASK_AGAIN
from onrecord.search.engines import NotReady
from onrecord.search.find import Answer, Hit, Order, Question, search
from onrecord.search.matching import LONGEST_QUERY
from onrecord.site import assets, pages

LONGEST_FIELD = 100
MOST_PAGES = 1000


@dataclass(frozen=True)
class Form:
    """The fields as they were filled in, cut to what anybody would fill in. What cannot be read is as if empty."""

    q: str
    speaker: str
    person: str
    show: str
    episode: str
    first: str
    last: str
    sort: str
    page: int
    typing: bool

    def address(self, **changed: str | int) -> str:
        """The query of a link to the same search with other values."""
        fields = {
            "q": self.q,
            "speaker": self.speaker,
            "person": self.person,
            "show": self.show,
            "episode": self.episode,
            "from": self.first,
            "to": self.last,
            "sort": self.sort,
            "page": "",
        } | changed
        return "?" + urlencode({name: value for name, value in fields.items() if value})


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The page, or with `part=results` only what changes as one types."""
    form = _read(request)
    with language.speaking(readmodel.publication().language):
        context = _context(form)
        if request.GET.get("part") == "results":
            content: str = render_to_string("search_results.html", context)
        else:
            content = pages.by_program("search.html", **context)
    headers = {**ALWAYS, "Cache-Control": ASK_AGAIN, "X-Robots-Tag": "noindex"}
    return HttpResponse(content, headers=headers)


def _read(request: HttpRequest) -> Form:
    def field(name: str, longest: int = LONGEST_FIELD) -> str:
        return " ".join(html.clean(request.GET.get(name, "")[: 4 * longest]).split())[:longest]

    number, sort = field("page"), field("sort")
    return Form(
        q=field("q", LONGEST_QUERY),
        speaker=field("speaker"),
        person=field("person"),
        show=field("show"),
        episode=field("episode"),
        first=_day(field("from")),
        last=_day(field("to")),
        sort=sort if sort in list(Order) else "",
        page=min(int(number), MOST_PAGES) if number.isascii() and number.isdecimal() else 1,
        typing=request.GET.get("typing") == "yes",
    )


def _day(text: str) -> str:
    with contextlib.suppress(ValueError):
        return date.fromisoformat(text).isoformat()
    return ""


def _context(form: Form) -> dict[str, Any]:
    us = readmodel.publication()
    person = Person.objects.filter(slug=form.person).first() if form.person else None
    show = Show.objects.filter(slug=form.show).first() if form.show else None
    episode = _public_episode(form.episode)
    unknown = (form.person and not person) or (form.show and not show) or (form.episode and not episode)
    usual = Order.OLDEST if person or episode else Order.RELEVANCE
    order = Order(form.sort) if form.sort else usual
    question = Question(
        text=form.q,
        typing=form.typing,
        person=person.pk if person else None,
        speaker=form.speaker,
        show=show.pk if show else None,
        episode=episode.pk if episode else None,
        first_day=date.fromisoformat(form.first) if form.first else None,
        last_day=date.fromisoformat(form.last) if form.last else None,
        order=order,
        page=form.page,
    )
    ready, answer = True, Answer()
    if not unknown:
        try:
            answer = search(question)
        except NotReady:
            ready = False
    return {
        "title": _("Search: %(words)s") % {"words": form.q} if form.q else _("Search"),
        "form": form,
        "person": person and {"name": html.clean(person.name), "without": form.address(person="")},
        "only_episode": episode and {"title": html.clean(episode.title), "without": form.address(episode="")},
        "shows": readmodel.shows(),
        "sorts": _sorts(order, usual),
        "narrowed": form.speaker or form.show or form.first or form.last or order != usual,
        "from_oldest": order == Order.OLDEST,
        "ready": ready,
        "answer": answer,
        "number": language.number(answer.found),
        "groups": [_group(us, list(hits)) for _id, hits in groupby(_together(answer.hits), lambda hit: hit.episode.id)],
        "earlier": form.address(page=answer.page - 1) if answer.page > 1 else "",
        "further": form.address(page=answer.page + 1) if answer.page < answer.pages else "",
        "search_style": us.link(assets.address("search.css")),
        "search_script": us.link(assets.address("search.js")),
        "search_page": us.link("search/"),
    }


def _public_episode(key: str) -> Episode | None:
    if not key:
        return None
    return Episode.objects.filter(key=key, state=EpisodeState.PUBLISHED, live_since__isnull=False).first()


def _sorts(order: Order, usual: Order) -> list[dict[str, Any]]:
    """The order that is usual need not be said in the address."""
    names = {
        Order.RELEVANCE: _("The best first"),
        Order.NEWEST: _("The newest first"),
        Order.OLDEST: _("The oldest first"),
    }
    return [
        {"value": "" if each == usual else each, "name": name, "chosen": each == order} for each, name in names.items()
    ]


def _together(hits: Iterable[Hit]) -> list[Hit]:
    """Moments of one page with those of one episode together, where its best one stood."""
    by_episode: dict[int, list[Hit]] = {}
    for hit in hits:
        by_episode.setdefault(hit.episode.id, []).append(hit)
    return [hit for together in by_episode.values() for hit in together]


def _group(us: readmodel.Publication, hits: list[Hit]) -> dict[str, Any]:
    episode = hits[0].episode
    return {
        "title": episode.title,
        "link": us.link(episode.path),
        "language": episode.language,
        "direction": html.direction(episode.language),
        "show": episode.show_name,
        "date": times.long_date(episode.published_at, us.time_zone),
        "date_iso": times.iso(episode.published_at),
        "moments": [_moment(us, hit) for hit in hits],
    }


def _moment(us: readmodel.Publication, hit: Hit) -> dict[str, Any]:
    return {
        "speaker": hit.speaker,
        "text": _marked(hit.text, hit.marked),
        "language": hit.language,
        "direction": html.direction(hit.language),
        "time": language.digits(times.clock(hit.start_ms)),
        "time_iso": times.iso_duration(hit.start_ms),
        "link": us.link(f"{hit.episode.path}?play={hit.start_ms}#{hit.anchor}"),
        "sound": us.link(hit.episode.mp3) if hit.episode.mp3 else "",
        "seconds": f"{hit.start_ms / 1000:.3f}",
    }


def _marked(text: str, spans: Iterable[tuple[int, int]]) -> SafeString:
    """The text, escaped, with what was asked for marked."""
    pieces, at = [], 0
    for start, end in spans:
        pieces += [escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
        at = end
    return mark_safe("".join([*pieces, escape(text[at:])]))  # noqa: S308 every piece of text is escaped
