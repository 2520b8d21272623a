"""Finds moments: the one interface of search, for the page, the command line and whoever else asks.

Scans are bounded: so many matches are looked at, the newest first (the oldest first when that is the order asked for),
and the best of these come first. The answer says when there were more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.conf import settings

from onrecord import readmodel
from onrecord.catalogue.models import Episode, EpisodeState
from onrecord.readmodel import EpisodeTitle
from onrecord.search import engines, matching, places, words
from onrecord.search.engines import Cut, Engine, Expression, Stored
from onrecord.search.matching import Asked
from onrecord.search.moments import show_term, voice_term
from onrecord.search.words import Term

LOOKED_AT = 500
"""Matches that are looked at, so that the best of them come first."""
MOST_LOOKED_AT = 5000
"""In the order of dates, as many as it takes to come to the page asked for, and no more than this."""
PAGE = 20
MOST_SENTENCES = 12
"""Sentences over which a phrase may go."""


class Order(StrEnum):
    """In which order moments are shown."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True)
class Question:
    """What is asked for. Ids are of rows; `speaker` is a name or its beginning; the days are both included.

    `typing`: more letters of the last word may come, so that it stands for all words that begin like it.
    """

    text: str = ""
    typing: bool = False
    person: int | None = None
    speaker: str = ""
    show: int | None = None
    episode: int | None = None
    first_day: date | None = None
    last_day: date | None = None
    order: Order = Order.RELEVANCE
    page: int = 1


@dataclass(frozen=True)
class Hit:
    """A moment that was found. `marked` are the ranges of characters in `text` that were asked for.

    A phrase that goes on in the next sentences brings these with it.
    """

    text: str
    marked: tuple[tuple[int, int], ...]
    start_ms: int
    anchor: str
    speaker: str
    person: int
    language: str
    episode: EpisodeTitle


@dataclass(frozen=True)
class Answer:
    """One page of what was found.

    `asked` is false when the question had no word and no speaker in it. `bounded`: there were more matches than were
    looked at; `found` of them remained.
    """

    hits: tuple[Hit, ...] = ()
    found: int = 0
    page: int = 1
    pages: int = 0
    asked: bool = True
    bounded: bool = False


@dataclass(frozen=True)
class _Match:
    """A moment that fits, with what is shown of it."""

    stored: Stored
    text: str


def search(question: Question) -> Answer:
    """The moments that fit. Raises NotReady while there is no index."""
    with engines.reading() as index:
        asked = _completed(index, matching.parse(question.text, index.languages(), question.typing))
        expression = _expression(index, question, asked)
        if not asked and not (question.person or question.speaker):
            return Answer(asked=False)
        cut = _cut(index, question)
        if expression is None or cut is None:
            return Answer()
        most = _most(question)
        found = index.find(expression, cut, question.order == Order.OLDEST, most + 1)
        matches = _verified(index, found.numbers[:most], asked)
    ranked = _in_order(_public(matches), question.order, asked)
    pages = -(-len(ranked) // PAGE)
    page = min(max(1, question.page), max(1, pages))
    shown = ranked[(page - 1) * PAGE : page * PAGE]
    return Answer(_hits(shown, asked), len(ranked), page, pages, bounded=not found.whole)


# ── asking the index ────────────────────────────────────────────────────────────────────────────────────────────────


def _completed(index: Engine, asked: list[Asked]) -> list[Asked]:
    """With the terms of words that begin like one that is still being typed."""
    return [replace(each, completions=tuple(index.completions(each.begins))) if each.begins else each for each in asked]


def _expression(index: Engine, question: Question, asked: list[Asked]) -> Expression | None:
    """What the index is asked for; None when nobody of that name ever spoke."""
    groups = [each.group() for each in asked]
    for wanted, voices in (
        (question.person, index.voices_of(question.person or 0)),
        (question.speaker, index.voices_named(question.speaker)),
    ):
        if wanted and not voices:
            return None
        if wanted:
            groups.append([(voice_term(voice),) for voice in voices])
    if question.show:
        groups.append([(show_term(question.show),)])
    return groups


def _cut(index: Engine, question: Question) -> Cut | None:
    """Numbers of the days and the episode asked for; None when there can be nothing."""
    low, high = Cut()
    if question.last_day:
        low = places.minute(_midnight(question.last_day) + timedelta(days=1) - timedelta(minutes=1))
    if question.first_day:
        high = places.minute(_midnight(question.first_day) - timedelta(minutes=1)) - 1
    if question.episode:
        only = index.cut_of(question.episode)
        if only is None:
            return None
        low, high = max(low, only.low), min(high, only.high)
    return Cut(low, high) if low <= high else None


def _midnight(day: date) -> datetime:
    """When a day began where the publication is; of days that no episode can have, the nearest that one can."""
    near = min(max(day, places.BEGINNING.date() + timedelta(days=2)), places.END.date())
    return datetime(near.year, near.month, near.day, tzinfo=ZoneInfo(settings.ONRECORD.publication.time_zone))


def _most(question: Question) -> int:
    if question.order == Order.RELEVANCE:
        return LOOKED_AT
    return min(LOOKED_AT + max(0, question.page - 1) * PAGE, MOST_LOOKED_AT)


def _verified(index: Engine, numbers: list[int], asked: list[Asked]) -> list[_Match]:
    """What was found, without sentences where only a border looked like a phrase, or only a stem like a beginning."""
    moments = index.moments(numbers)
    doubtful = [each for each in asked if each.quoted or each.begins]
    if not doubtful:
        return [_Match(moment, moment.text) for moment in moments]
    found: dict[int, _Match] = {}
    unfinished: list[_Reading] = []
    for moment in moments:
        here = words.sequence(moment.text, moment.language)
        missing = [each for each in doubtful if not matching.spots(here, each)]
        if not missing:
            found[moment.number] = _Match(moment, moment.text)
        elif all(each.quoted for each in missing):
            unfinished.append(_Reading(moment, missing, moment.text, here, []))
    found |= _read_on(index, unfinished)
    return [found[number] for number in numbers if number in found]


@dataclass
class _Reading:
    """A moment that lacks phrases, with what the same voice goes on to say, as far as it has been read."""

    moment: Stored
    missing: list[Asked]
    text: str
    here: list[Term]
    after: list[Term]


def _read_on(index: Engine, unfinished: list[_Reading]) -> dict[int, _Match]:
    """Those whose phrases go on in the next sentences, with as many of these as they take."""
    found: dict[int, _Match] = {}
    for step in range(1, MOST_SENTENCES):
        further = {moment.number: moment for moment in index.moments(one.moment.number + step for one in unfinished)}
        left = []
        for one in unfinished:
            later = further.get(one.moment.number + step)
            if later is None or not _same_voice(one.moment, later):
                continue
            one.text = f"{one.text} {later.text}"
            one.after += words.sequence(later.text, later.language)
            if all(matching.crosses(each, one.here, one.after) for each in one.missing):
                found[one.moment.number] = _Match(one.moment, one.text)
            elif len(one.after) < max(len(form) for each in one.missing for form in each.forms):
                left.append(one)
        unfinished = left
    return found


def _same_voice(one: Stored, other: Stored) -> bool:
    return (one.episode, one.speaker, one.person) == (other.episode, other.speaker, other.person)


def _public(matches: list[_Match]) -> list[_Match]:
    """Without episodes that were withdrawn a moment ago, which the index may still have."""
    episodes = {match.stored.episode for match in matches}
    seen = Episode.objects.filter(pk__in=episodes, state=EpisodeState.PUBLISHED, live_since__isnull=False)
    public = set(seen.values_list("id", flat=True))
    return [match for match in matches if match.stored.episode in public]


def _in_order(matches: list[_Match], order: Order, asked: list[Asked]) -> list[_Match]:
    if order == Order.OLDEST:
        by_number = {match.stored.number: match for match in matches}
        return [by_number[number] for number in places.in_order(list(by_number))]
    if order == Order.NEWEST or not asked:
        return matches
    return sorted(matches, key=lambda match: -matching.score(match.text, match.stored.language, asked))


# ── what is shown ───────────────────────────────────────────────────────────────────────────────────────────────────


def _hits(matches: list[_Match], asked: list[Asked]) -> tuple[Hit, ...]:
    titles = readmodel.titles(dict.fromkeys(match.stored.episode for match in matches))
    return tuple(
        Hit(
            text=match.text,
            marked=tuple(matching.marked(match.text, match.stored.language, asked)),
            start_ms=match.stored.start_ms,
            anchor=match.stored.anchor,
            speaker=match.stored.speaker,
            person=match.stored.person,
            language=match.stored.language,
            episode=titles[match.stored.episode],
        )
        for match in matches
        if match.stored.episode in titles
    )
