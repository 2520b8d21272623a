"""References as HTML: what somebody cites, whether it still leads anywhere, and what was saved of it.

All words come from strangers: the reader's, and those of a page that they named. They leave here as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, pgettext

from onrecord.lib import times
from onrecord.lib.addresses import site_of
from onrecord.lib.html import escape
from onrecord.lib.language import listed as listed_as
from onrecord.lib.language import marked, number
from onrecord.readmodel import CitedView, EpisodeView, Publication
from onrecord.readmodel.discussion import folder_of, permalink
from onrecord.references.models import Kind
from onrecord.references.read import Saved, Standing

HASH = 12
"""Hexadecimal digits of a sha256 that are shown; the rest stands in the title."""
KILOBYTE = 1000
MOST_COMMENTS = 20
"""Comments that are named of all that cite the same."""


def listed(us: Publication, standings: Iterable[Standing], language: str) -> SafeString:
    """A list of references on a page in `language`; "" when there are none."""
    made = "\n".join(f"<li>{_one(us, standing, marked(language))}</li>" for standing in standings)
    return mark_safe(f'<ul class="references">{made}</ul>' if made else "")  # noqa: S308 escaped below


def below(us: Publication, standings: Sequence[Standing], language: str) -> str:
    """The references of a text on a page in `language`, with a heading, to stand below it; "" when there are none."""
    if not standings:
        return ""
    heading = escape(gettext("References"))
    return f'<div class="cited"><p{marked(language)}>{heading}</p>{listed(us, standings, language)}</div>'


def section(us: Publication, view: EpisodeView) -> dict[str, Any]:
    """What an episode's page lists of all that it cites: each once, and which corrections and comments cite it."""
    if not view.cited.listed:
        return {}
    ui, corrections, comments = marked(view.language), _correction_links(view), _comment_links(us, view)
    made = "\n".join(
        f"<li>{_one(us, one.standing, ui, _cited_in(one, corrections, comments), one.by_publisher)}</li>"
        for one in view.cited.listed
    )
    return {
        "list": mark_safe(f'<ul class="references">{made}</ul>'),  # noqa: S308 escaped below
        "more": us.link(f"{view.folder}/{folder_of(1)}") if view.cited.more else "",
    }


def _comment_links(us: Publication, view: EpisodeView) -> dict[int, str]:
    numbers = {number for one in view.cited.listed for number in one.comments[:MOST_COMMENTS]}
    return {n: f'<a href="{escape(us.link(permalink(view.folder, n)))}">#{number(n)}</a>' for n in numbers}


def _correction_links(view: EpisodeView) -> dict[int, str]:
    """To where they stand on this page."""
    return {
        one.number: f'<a href="#{one.anchor}">{escape(one.name)} #{number(one.number)}</a>' for one in view.corrections
    }


def _cited_in(cited: CitedView, corrections: Mapping[int, str], comments: Mapping[int, str]) -> str:
    made = [corrections[n] for n in cited.corrections if n in corrections]
    made += [comments[n] for n in cited.comments[:MOST_COMMENTS]]
    if not made:
        return ""
    names = listed_as([mark_safe(link) for link in made])  # noqa: S308 made by us
    return escape(gettext("Cited in %(comments)s.")) % {"comments": names}


def _one(us: Publication, standing: Standing, ui: str, cited: str = "", ours: bool = False) -> str:
    """`cited` says in which corrections and comments; `ours`: the publisher cites it, not only a reader."""
    about = [_bdi(text) for text in (standing.author, standing.date) if text]
    about += [_bdi(where) for where in (_where(standing),) if where]
    parts = [f"<cite>{_name(standing, ours)}</cite>"]
    if about:
        parts.append(f'<span class="about">{" · ".join(about)}</span>')
    if standing.sentence:
        parts.append(f'<blockquote dir="auto">{escape(standing.sentence)}</blockquote>')
    notes = [note for note in (_state(us, standing), _saved(us, standing), _file(standing), cited) if note]
    if notes:
        parts.append(f'<p class="state"{ui}>{" ".join(notes)}</p>')
    return "".join(parts)


def _name(standing: Standing, ours: bool) -> str:
    """Its title, or what was given; a link unless it is dead."""
    shown = _bdi(standing.title or standing.file_name or standing.given)
    if standing.dead_since or not standing.href:
        return shown
    by_readers = "" if ours else "ugc "
    titled = ' class="titled"' if standing.title else ""  # on paper its address follows
    return f'<a href="{escape(standing.href)}" rel="nofollow {by_readers}noopener"{titled}>{shown}</a>'


def _where(standing: Standing) -> str:
    """The site; of what is no link (any more), what was given. Nothing where its address is all that it is named by."""
    if not standing.title or standing.kind == Kind.FILE:
        return ""
    return site_of(standing.href) if standing.href and not standing.dead_since else standing.given


def _state(us: Publication, standing: Standing) -> str:
    if standing.kind == Kind.LOST:
        return escape(gettext("The link to it is lost. Who knows where it is now?"))
    if standing.dead_since:
        words = gettext("This link has led nowhere since %(date)s.")
        return escape(words) % {"date": _date(us, standing.dead_since)}
    return ""


def _saved(us: Publication, standing: Standing) -> str:
    """When a copy was saved, whether the sentence stands in it, and the hash by which the copy can be proved."""
    words = {
        Saved.SAVED: gettext("A copy was saved on %(date)s."),
        Saved.WITH_SENTENCE: gettext("A copy was saved on %(date)s, and this sentence stands in it."),
        Saved.SENTENCE_MISSING: gettext("A copy was saved on %(date)s; this sentence was not found in it."),
        Saved.BLOCKED: gettext("No copy: the site keeps programs out."),
        Saved.FAILED: gettext("No copy could be saved."),
        Saved.WAITING: gettext("A copy will be saved."),
    }.get(standing.saved, "")
    if standing.saved_at is None:
        return escape(words)
    return f"{escape(words) % {'date': _date(us, standing.saved_at)}} {_hash(standing.sha256)}"


def _file(standing: Standing) -> str:
    if standing.kind != Kind.FILE:
        return ""
    kind = {"application/pdf": "PDF", "text/plain": pgettext("file", "text")}.get(
        standing.file_type, gettext("picture")
    )
    words = gettext("An attached file (%(kind)s, %(size)s kB), kept by the publisher.")
    size = kilobytes(standing.file_size)
    return f"{escape(words % {'kind': kind, 'size': size})} {_hash(standing.sha256)}"


def kilobytes(size: int) -> str:
    """Bytes in kilobytes, at least one, with the digits of the language."""
    return number(max(1, round(size / KILOBYTE)))


def _hash(sha256: str) -> str:
    return f'<code title="sha256 {sha256}" dir="ltr">{sha256[:HASH]}</code>'


def _date(us: Publication, moment: datetime) -> str:
    return f'<time datetime="{times.iso(moment)}">{escape(times.long_date(moment, us.time_zone))}</time>'


def _bdi(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"
