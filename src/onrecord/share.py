"""Shares a passage: the form at which words are chosen, and the page that is pressed for them.

GET changes nothing. Nothing that a person types is kept; of their address a keyed hash in memory, for an hour.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from onrecord import readmodel
from onrecord.catalogue.models import Episode
from onrecord.lib import language, times
from onrecord.lib.errors import BadInput
from onrecord.lib.headers import ALWAYS
from onrecord.lib.requests import is_from_here, network_of
from onrecord.passages import quote
from onrecord.passages.models import Passage
from onrecord.passages.quote import Quotation
from onrecord.press import presser
from onrecord.readmodel import EpisodeView, PassageView
from onrecord.site import comments, pages, quotes

HOUR = 3600
TOKEN_LASTS = 24 * HOUR
MOST_OF_AN_ADDRESS = 20
"""New passages an hour."""
MOST_OF_AN_EPISODE_IN_AN_HOUR = 60
MOST_OF_AN_EPISODE = 1000
"""A change of the episode writes the page of each of its passages again."""
WORTH_WAITING_FOR = 20
"""Stale files; with more of them waiting, the page is left to the worker."""
LONGEST_NUMBER = 9
FURTHER = tuple(map(str, range(quotes.MOST_FURTHER)))
"""How many turns after the one that was chosen may be asked for, as they are written in an address."""


class TooMany(BadInput):
    """More passages than are taken."""


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_exempt  # no cookies: a signed token and the origin of the request say where a form came from
def quoting(request: HttpRequest) -> HttpResponse:
    """`/quote/`: choose the sentences of a turn, see the words, share them."""
    given = request.POST if request.method == "POST" else request.GET
    view = _episode(given.get("episode", ""))
    if view is None:
        return HttpResponse(pages.not_found(), status=404, headers=ALWAYS)
    with language.speaking(view.language):
        try:
            return _answer(request, view)
        except TooMany as error:
            return _page(view, "problem", code=429, problem=str(error))
        except BadInput as error:
            return _page(view, "problem", code=400, problem=str(error))


def _answer(request: HttpRequest, view: EpisodeView) -> HttpResponse:
    if request.method == "POST":
        return _share(request, view)
    if "words" in request.GET:
        return _confirm(view, chosen_words(view, request.GET.get("revision", ""), request.GET.getlist("words")))
    return _choose(view, request.GET.get("turn", "")[:20], request.GET.get("further", ""))


def _choose(view: EpisodeView, turn: str, further: str) -> HttpResponse:
    """The sentences of a turn, and of so many after it."""
    more = int(further) if further in FURTHER else 0
    turns = quotes.turns_of(view, turn, more)
    if not turns:
        raise BadInput(gettext("There are no such words: go back to the page and choose them again."))
    next_more = str(more + 2) if len(turns) == more + 1 else ""
    return _page(view, "choose", turns=turns, turn=turn, more=next_more if next_more in FURTHER else "")


def _episode(key: str) -> EpisodeView | None:
    """The public episode that has this key."""
    row = Episode.objects.select_related("show").filter(key=key[:20]).first()
    return readmodel.episode(row.pk) if row and row.is_public else None


def chosen_words(view: EpisodeView, revision: str, ranges: list[str]) -> Quotation:
    """The words that were chosen at a form, from the first to the last of them. Raises BadInput."""
    bounds = [bound for chosen in ranges[:1000] for bound in chosen.split("-")]
    if not all(bound.isascii() and bound.isdigit() and len(bound) <= LONGEST_NUMBER for bound in [revision, *bounds]):
        raise BadInput(gettext("There are no such words: go back to the page and choose them again."))
    places = [int(bound) for bound in bounds]
    return quote.quotation(Episode.objects.get(pk=view.id), int(revision), range(min(places), max(places)))


def _confirm(view: EpisodeView, wanted: Quotation, problem: str = "") -> HttpResponse:
    """The words, and a button: following a link shares nothing."""
    us = readmodel.publication()
    fields = _fields(view, wanted)
    said, passage = quotes.by_speaker(view, wanted.said), _as_view(wanted, view)
    time, link = language.digits(times.clock(wanted.start_ms)), us.url(quotes.link_of(view, passage))
    return _page(
        view,
        "confirm",
        code=403 if problem else 200,
        problem=problem,
        said=said,
        text=wanted.text,
        copied=quotes.to_copy(view, said, time, link),
        sound=quotes.sound(us, view, passage),
        date=times.long_date(view.published_at, us.time_zone),
        date_iso=times.iso(view.published_at),
        time=time,
        link=link,
        fields=fields | {"token": signing.dumps(fields, salt="quote")},
        **{
            name: f"{form}&revision={fields['revision']}&words={fields['words']}" if form else ""
            for name, form in (
                ("dispute", comments.dispute_link(us, view)),
                ("heard", comments.dispute_link(us, view, "heard")),
            )
        },
    )


def _as_view(wanted: Quotation, view: EpisodeView) -> PassageView:
    """The words as a passage would have them, which nobody has shared."""
    current = view.transcript is not None and view.transcript.revision == wanted.revision.number
    words = wanted.words
    return PassageView(
        key="",
        revision=wanted.revision.number,
        first=words.start,
        end=words.stop,
        start_ms=wanted.start_ms,
        end_ms=wanted.end_ms,
        heard=True,
        language=wanted.revision.language,
        words=wanted.text,
        said=(),
        before="",
        after="",
        state="same",
        now=words if current else range(0),
        now_words=wanted.text,
        now_said=(),
    )


def _fields(view: EpisodeView, wanted: Quotation) -> dict[str, str]:
    words = f"{wanted.words.start}-{wanted.words.stop}"
    return {"episode": view.key, "revision": str(wanted.revision.number), "words": words}


def _share(request: HttpRequest, view: EpisodeView) -> HttpResponse:
    wanted = chosen_words(view, request.POST.get("revision", ""), request.POST.getlist("words"))
    if not is_from_here(request) or not _is_ours(request.POST.get("token", ""), _fields(view, wanted)):
        return _confirm(view, wanted, gettext("This form has expired. Please press the button once more."))
    passage = quote.find(wanted)
    if passage is None:
        _check_limits(request, view)
        passage = quote.find_or_make(Episode.objects.get(pk=view.id), wanted)
    return _shown(view, passage)


def _is_ours(token: str, fields: dict[str, str]) -> bool:
    try:
        return bool(signing.loads(token, salt="quote", max_age=TOKEN_LASTS) == fields)
    except signing.BadSignature:
        return False


def _shown(view: EpisodeView, passage: Passage) -> HttpResponse:
    """To the page, once it is there: pressing takes a moment, and may have to wait for others."""
    target = f"q/{passage.key}/"
    file = settings.ONRECORD.public / target / "index.html"
    if not file.is_file() and presser.stale_count() <= WORTH_WAITING_FOR:
        while presser.press_some(WORTH_WAITING_FOR) and not file.is_file():
            pass
    link = readmodel.publication().link(target)
    if not file.is_file():
        return _page(view, "waiting", code=202, target=link)
    response = HttpResponseRedirect(link, headers=ALWAYS)
    response.status_code = 303
    return response


def _page(view: EpisodeView, status: str, code: int = 200, **context: object) -> HttpResponse:
    headers = {"Cache-Control": "no-store", **ALWAYS}
    return HttpResponse(quotes.form(view, status, **context), status=code, headers=headers)


# ── limits ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class _Counter:
    """How many new passages came from each address in the last hour. The key is forgotten when the program ends."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    lock: threading.Lock = field(default_factory=threading.Lock)
    moments: deque[tuple[float, bytes]] = field(default_factory=deque)

    def take(self, address: str) -> bool:
        """Count one more from this address; False when there were enough."""
        name = hmac.new(self.key, address.encode(), hashlib.sha256).digest()[:16]
        with self.lock:
            now = time.monotonic()
            while self.moments and self.moments[0][0] < now - HOUR:
                self.moments.popleft()
            if sum(1 for _, other in self.moments if other == name) >= MOST_OF_AN_ADDRESS:
                return False
            self.moments.append((now, name))
            return True


addresses = _Counter()


def _check_limits(request: HttpRequest, view: EpisodeView) -> None:
    """Raises TooMany."""
    passages = Passage.objects.filter(episode=view.id)
    recent = passages.filter(created__gt=timezone.now() - timedelta(seconds=HOUR)).count()
    if passages.count() >= MOST_OF_AN_EPISODE or recent >= MOST_OF_AN_EPISODE_IN_AN_HOUR:
        raise TooMany(gettext("Too much of this interview is being shared just now. The link to your words works."))
    if not addresses.take(network_of(request)):
        raise TooMany(gettext("You have shared many passages in the last hour. Please try again later."))
