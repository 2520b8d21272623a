"""Finds moments: the one interface of search, for the page, the command line and whoever else asks.

Scans are bounded: so many matches are looked at, the newest first (the oldest first when that is the order asked for),
and the best of these come first. The answer says when there were more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.conf import settings

from onrecord import readmodel
from onrecord.catalogue.models import Episode, EpisodeState
from onrecord.readmodel import EpisodeCard
from onrecord.recordings.models import Rendition
from onrecord.search import engines, matching, places, words
from onrecord.search.engines import Cut, Engine, Expression, Stored
from onrecord.search.matching import Asked
from onrecord.search.moments import show_term, voice_term

LOOKED_AT = 500
"""Matches that are looked at, so that the best of them come first."""
MOST_LOOKED_AT = 5000
"""In the order of dates, as many as it takes to come to the page asked for, and no more than this."""
PAGE = 20


class Order(StrEnum):
    """In which order moments are shown."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True)
class Question:
    """What is asked for. Ids are of rows; `speaker` is a name or its beginning; the days are both included."""

    text: str = ""
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

    A phrase that goes on in the next sentence brings that sentence with it. `mp3` is below public/, or empty.
    """

    text: str
    marked: tuple[tuple[int, int], ...]
    start_ms: int
    anchor: str
    speaker: str
    person: int
    language: str
    episode: EpisodeCard
    mp3: str


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
        asked = matching.parse(question.text, index.languages())
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
    """What was found, without sentences where only the border with the next looked like a phrase."""
    moments = index.moments(numbers)
    phrases = [each for each in asked if each.quoted]
    if not phrases:
        return [_Match(moment, moment.text) for moment in moments]
    following = {moment.number: moment for moment in index.moments(number + 1 for number in numbers)}
    checked = (_checked(moment, following.get(moment.number + 1), phrases) for moment in moments)
    return [match for match in checked if match]


def _checked(moment: Stored, following: Stored | None, phrases: list[Asked]) -> _Match | None:
    here = words.terms(moment.text, moment.language)
    missing = [each for each in phrases if not any(matching.places(here, form) for form in each.forms)]
    if not missing:
        return _Match(moment, moment.text)
    if following is None or following.episode != moment.episode:
        return None
    after = words.terms(following.text, moment.language)
    if all(matching.crosses(each, here, after) for each in missing):
        return _Match(moment, f"{moment.text} {following.text}")
    return None


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
    episodes = list(dict.fromkeys(match.stored.episode for match in matches))
    cards = {card.id: card for card in readmodel.cards(episodes)}
    sound = Rendition.objects.filter(kind="mp3", recording__current=True, recording__episode__in=episodes)
    mp3s = dict(sound.values_list("recording__episode_id", "path"))
    return tuple(
        Hit(
            text=match.text,
            marked=tuple(matching.marked(match.text, match.stored.language, asked)),
            start_ms=match.stored.start_ms,
            anchor=match.stored.anchor,
            speaker=match.stored.speaker,
            person=match.stored.person,
            language=match.stored.language,
            episode=cards[match.stored.episode],
            mp3=mp3s.get(match.stored.episode, ""),
        )
        for match in matches
        if match.stored.episode in cards
    )
