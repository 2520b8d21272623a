"""Corrections as readers see them: on top of an episode's page, beside the words, on the page of all, and on their own.

The same entry everywhere, from the same view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.safestring import mark_safe
from django.utils.translation import gettext, ngettext

from onrecord import readmodel
from onrecord.discussion.text import MOMENT
from onrecord.lib import html, times
from onrecord.lib.html import escape
from onrecord.lib.language import digits, isolated, marked, number, speaks
from onrecord.readmodel import CorrectedWords, CorrectionView, EpisodeView, Publication
from onrecord.readmodel import corrections as model
from onrecord.readmodel import discussion as talk
from onrecord.references.read import Standing
from onrecord.site import frame, references

FEED = f"{model.FOLDER}atom.xml"
"""The newest corrections of the publication, below public/."""

EXCERPT = 600
"""Characters of a long text that are shown where several stand; all of it stands on the correction's own page."""

LONGEST_QUOTE = 200
AT_ONCE = 3
"""Corrections on top of an episode's page; older ones are folded away below them."""


# ── an entry, wherever it stands ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Entry:
    """A correction on a page in `language`. `whole`: with all of its text."""

    us: Publication
    correction: CorrectionView
    language: str
    whole: bool = False

    @property
    def ui(self) -> str:
        return marked(self.language)

    def head(self, *places: str) -> str:
        """What it is, its number, its date, and `places`, which is clean HTML. On its own page that is the headline."""
        one = self.correction
        link = f'<a class="number" href="{escape(self.us.link(one.address))}">#{number(one.number)}</a>'
        name = [] if self.whole else [f"<b>{escape(one.name)}</b> {link}"]
        return f'<p class="kind"{self.ui}>{" · ".join([*name, self.date(one.published), *places])}</p>'

    def date(self, moment: datetime) -> str:
        return f'<time datetime="{times.iso(moment)}">{escape(times.long_date(moment, self.us.time_zone))}</time>'

    def text(self) -> str:
        """Its text, or the beginning of a long one. Time codes lead into the player, while there is one."""
        one = self.correction
        if self.whole or len(one.text) <= EXCERPT:
            said = one.with_moments(one.html, self.us.link(one.path))
        else:
            on = f'<a href="{escape(self.us.link(one.address))}"{self.ui}>{escape(gettext("Read all of it"))}</a>'
            said = f"<p>{escape(frame.cut(html.text_of(one.html), EXCERPT))} {on}</p>"
        return f'<div class="said" lang="{escape(one.language)}" dir="auto">{said}</div>'

    def notes(self) -> str:
        """That its text was another once, and that it is withdrawn."""
        one, made = self.correction, ""
        if one.changed:
            words = escape(gettext("The text of this was changed on %(date)s.")) % {"date": self.date(one.changed)}
            before = f' <a href="{escape(self.us.link(one.address))}">{escape(gettext("What it said before"))}</a>'
            made += f'<p class="note"{self.ui}>{words}{"" if self.whole else before}</p>'
        if one.withdrawn:
            words = escape(gettext("Withdrawn on %(date)s:")) % {"date": self.date(one.withdrawn)}
            because = f'<bdi lang="{escape(one.language)}">{escape(one.withdrawn_because)}</bdi>'
            made += f'<p class="note"{self.ui}><strong>{words}</strong> {because}</p>'
        return made


# ── on an episode's page ────────────────────────────────────────────────────────────────────────────────────────────


def box(us: Publication, view: EpisodeView) -> dict[str, Any]:
    """What stands on top of the page; nothing when nothing was corrected."""
    newest = view.corrections[::-1]
    if not newest:
        return {}
    entries = [_in_box(us, view, one) for one in newest]
    return {
        "count": _count(len(newest)),
        "entries": mark_safe("\n".join(entries[:AT_ONCE])),  # noqa: S308 escaped in _Entry
        "older": mark_safe("\n".join(entries[AT_ONCE:])),  # noqa: S308 escaped in _Entry
        "all": us.link(model.FOLDER),
        "feed": us.link(FEED),
    }


def _count(corrections: int) -> str:
    return ngettext("%(number)s correction", "%(number)s corrections", corrections) % {"number": number(corrections)}


def _in_box(us: Publication, view: EpisodeView, one: CorrectionView) -> str:
    """With its anchor, unless that is where the words are."""
    entry, where = _Entry(us, one, view.language), _standing(one)
    places = [f'<a href="#{one.anchor}">{digits(times.clock(where.start_ms))}</a>'] if where else []
    id = "" if where else f' id="{one.anchor}"'
    gone = "" if where or one.withdrawn or not one.words else _gone(entry)
    return f'<li{id} class="correction">{entry.head(*places)}{gone}{entry.text()}{entry.notes()}</li>'


def _gone(entry: _Entry) -> str:
    said = escape(gettext("These words are no longer in the transcript."))
    first = entry.correction.words[0]
    quote = f'<q lang="{escape(first.language)}">{escape(frame.cut(first.words, LONGEST_QUOTE))}</q>'
    return f'<p class="note"{entry.ui}>{quote} {said}</p>'


def _standing(one: CorrectionView) -> CorrectedWords | None:
    """The first of its words that have a place in the transcript. One that was withdrawn marks nothing."""
    return None if one.withdrawn else next((words for words in one.words if words.now), None)


def marks(us: Publication, view: EpisodeView) -> dict[int, str]:
    """By the index of a word: what stands behind its sentence. What one sees is not text of the transcript."""
    found: dict[int, str] = {}
    for one in view.corrections:
        name = escape(f"{one.name} {number(one.number)}")
        for words in one.words if not one.withdrawn else ():
            if words.now:
                mark = f'<a class="corrected" href="#{one.anchor}" data-name="{name}" aria-label="{name}"></a>'
                found[words.now.start] = found.get(words.now.start, "") + mark
    return found


def beside(us: Publication, view: EpisodeView) -> dict[int, str]:
    """By the index of a word: what stands below its paragraph, each correction once."""
    found: dict[int, str] = {}
    for one in view.corrections:
        where = _standing(one)
        if where is None:
            continue
        entry = _Entry(us, one, view.language)
        way = f'lang="{escape(view.language)}" dir="{view.direction}"'
        aside = f'<aside class="correction" id="{one.anchor}" {way}>{entry.head()}{entry.text()}{entry.notes()}</aside>'
        found[where.now.start] = found.get(where.now.start, "") + aside
    return found


def of_words(us: Publication, view: EpisodeView, words: range) -> list[dict[str, str]]:
    """The corrections of these words of the transcript, for a page that shows them without the others."""
    found = [one for one in view.corrections if not one.withdrawn and any(_touch(w.now, words) for w in one.words)]
    return [
        {
            "name": f"{one.name} #{number(one.number)}",
            "link": us.link(one.address),
            "text": frame.cut(one.plain, EXCERPT),
        }
        for one in found
    ]


def _touch(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


# ── pages of their own ──────────────────────────────────────────────────────────────────────────────────────────────


@speaks(lambda *_: readmodel.publication().language)
def page(number_of_page: int, last: int, shown: Mapping[int, CorrectionView]) -> str:
    """A page of all corrections of the publication, the newest first; `last` is the newest number of all."""
    us = readmodel.publication()
    pages = model.page_of(last)
    first = (number_of_page - 1) * model.PAGE + 1
    numbers = range(min(last, first + model.PAGE - 1), first - 1, -1)
    newest = number_of_page == pages
    return frame.page(
        "corrections.html",
        title=f"{gettext('Corrections')} · {isolated(us.name, us.language)}",
        path=_path(number_of_page, pages),
        language=us.language,
        description=gettext("What was said and is wrong: every correction of this publication, with its date."),
        heading=gettext("Corrections"),
        entries=mark_safe("\n".join(_listed(us, one, shown.get(one)) for one in numbers)),  # noqa: S308 escaped there
        feed=us.link(FEED),
        older=us.link(_path(number_of_page - 1, pages)) if number_of_page > 1 else "",
        newer="" if newest else us.link(_path(number_of_page + 1, pages)),
    )


def _path(page: int, pages: int) -> str:
    return model.FOLDER if page == pages else f"{model.FOLDER}page/{page}/"


def _listed(us: Publication, its_number: int, one: CorrectionView | None) -> str:
    if one is None:
        return f'<li class="correction gone" id="correction-{its_number}">{_nothing(us, its_number)}</li>'
    entry = _Entry(us, one, us.language)
    return (
        f'<li class="correction" id="{one.anchor}">{entry.head(*_places(us, one))}'
        f"{_quote(one, LONGEST_QUOTE)}{entry.text()}{entry.notes()}</li>"
    )


def _nothing(us: Publication, its_number: int) -> str:
    link = f'<a class="number" href="{us.link(f"{model.FOLDER}{its_number}/")}">#{number(its_number)}</a>'
    said = escape(gettext("What this was about is not on the site any more."))
    return f'<p class="kind">{link} {said}</p>'


def _places(us: Publication, one: CorrectionView) -> list[str]:
    """The episode, at the words; and when they are heard."""
    if not one.path:
        return []
    link = escape(f"{us.link(one.path)}#{one.anchor}")
    places = [f'<a href="{link}"><bdi>{escape(one.title)}</bdi></a>']
    moment = one.moment
    if moment:
        at = escape(f"{us.link(one.path)}{MOMENT}{moment.start_ms // 1000}")
        places.append(f'<a href="{at}">{digits(times.clock(moment.start_ms))}</a>')
    return places


def _quote(one: CorrectionView, longest: int = 0) -> str:
    """The words as they were said; where the transcript has others now, those too."""
    made = ""
    for words in one.words[:1] if longest else one.words:
        said = frame.cut(words.words, longest) if longest else words.words
        way = f'lang="{escape(words.language)}" dir="auto"'
        who = f'<figcaption dir="auto">{escape(words.speaker)}</figcaption>' if words.speaker else ""
        now = ""
        if not longest and words.others_now:
            label = escape(gettext("As it stands now:"))
            now = f'<p class="now">{label} <q {way}>{escape(words.now_words)}</q></p>'
        elif not longest and words.state in ("time", "orphan"):
            now = f'<p class="now">{escape(gettext("These words are no longer in the transcript."))}</p>'
        made += f'<figure class="about-words"><blockquote {way}><p>{escape(said)}</p></blockquote>{now}{who}</figure>'
    return made


def own(its_number: int, one: CorrectionView | None, cited: Sequence[Standing] = ()) -> str:
    """The page of one correction, with everything that it ever said, or of a number whose correction is not shown."""
    return _own(one, cited) if one else _none(its_number)


@speaks(lambda _: readmodel.publication().language)
def _none(its_number: int) -> str:
    us = readmodel.publication()
    heading = f"{gettext('Correction')} #{number(its_number)}"
    return frame.page(
        "correction.html",
        title=f"{heading} · {isolated(us.name, us.language)}",
        path=f"{model.FOLDER}{its_number}/",
        language=us.language,
        description="",
        heading=heading,
        all=us.link(model.FOLDER),
        entry=mark_safe(_nothing(us, its_number)),  # noqa: S308 escaped there
    )


@speaks(lambda one, _: one.language)
def _own(one: CorrectionView, cited: Sequence[Standing]) -> str:
    us = readmodel.publication()
    entry = _Entry(us, one, one.language, whole=True)
    heading = f"{one.name} #{number(one.number)}"
    return frame.page(
        "correction.html",
        title=f"{heading} · {isolated(one.title or us.name, one.language)}",
        path=one.address,
        language=one.language,
        description=html.text_of(one.html),
        heading=heading,
        all=us.link(model.FOLDER),
        show={"name": one.show_name, "link": us.link(one.show_path)} if one.path else {},
        entry=mark_safe(  # noqa: S308 escaped where they are made
            f"{entry.head(*_places(us, one))}{_quote(one)}{entry.text()}{_references(us, one, cited)}{_thanks(us, one)}"
        ),
        notes=mark_safe(f"{entry.notes()}{_revisions(entry)}"),  # noqa: S308 escaped where they are made
        earlier=[
            {
                "until": times.long_date(before.until, us.time_zone),
                "html": mark_safe(one.with_moments(before.html, us.link(one.path))),  # noqa: S308 clean
            }
            for before in reversed(one.earlier)
        ],
    )


def _references(us: Publication, one: CorrectionView, cited: Sequence[Standing]) -> str:
    if not cited:
        return ""
    heading = escape(gettext("References"))
    return f'<div class="cited"><p>{heading}</p>{references.listed(us, cited, one.language)}</div>'


def _thanks(us: Publication, one: CorrectionView) -> str:
    """Whom it answers, and who is thanked."""
    said = []
    if one.comment and one.path:
        link = escape(us.link(talk.permalink(one.path.rstrip("/"), one.comment)))
        comment = f'<a href="{link}">#{number(one.comment)}</a>'
        said.append(escape(gettext("In answer to comment %(number)s.")) % {"number": comment})
    if one.credit:
        said.append(escape(gettext("Thanks to %(name)s.")) % {"name": f"<bdi>{escape(one.credit)}</bdi>"})
    return f'<p class="note">{" ".join(said)}</p>' if said else ""


def _revisions(entry: _Entry) -> str:
    one = entry.correction
    if not one.old_revision or not one.new_revision:
        return ""
    words = gettext("Revision %(old)s of the transcript became revision %(new)s.")
    said = escape(words) % {"old": number(one.old_revision), "new": number(one.new_revision)}
    return f'<p class="note"{entry.ui}>{said}</p>'
