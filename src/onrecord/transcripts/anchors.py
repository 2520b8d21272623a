"""Permanent ids: a link to a sentence goes on leading there when the transcript is corrected.

A sentence gets its id in the first public revision that has it: "t" and the second in which it begins. In later
revisions the id goes with its words, as any passage does (`maps.project`). An id that has no sentence of its own any
more stays on the page: before the sentence that took its words in, or, where its words are gone, before the one that is
spoken at its time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from onrecord.transcripts import maps
from onrecord.transcripts.maps import State, WordMap
from onrecord.transcripts.tokens import Token
from onrecord.transcripts.turns import paragraphs, sentences, turns


@dataclass(frozen=True, slots=True)
class Step:
    """One revision in the chain: its words, how they follow from the words before, and whether readers have seen it."""

    tokens: Sequence[Token]
    word_map: WordMap | None = None
    public: bool = True


@dataclass(frozen=True, slots=True)
class Former:
    """An id without a sentence of its own; `gone` when its words are no longer in the transcript."""

    id: str
    gone: bool


@dataclass(frozen=True)
class Anchors:
    """The ids of the newest revision's sentences, by the index of their first word, in the order of the text."""

    ids: Mapping[int, str]
    former: Mapping[int, Sequence[Former]] = field(default_factory=dict)
    starts: Sequence[tuple[int, int]] = ()
    """When each sentence begins in milliseconds, and its first word; in the order of time."""

    def at_word(self, word: int) -> str:
        """The id of the sentence that a word stands in; empty when there are no words."""
        return self.ids[self.words[max(0, bisect_right(self.words, word) - 1)]] if self.words else ""

    def at_time(self, milliseconds: int) -> str:
        """The id of the sentence that is being said at that moment, or of the first."""
        return self.ids[_said_at(self.starts, milliseconds)] if self.starts else ""

    @cached_property
    def words(self) -> list[int]:
        """The first words of the sentences."""
        return list(self.ids)


@dataclass(slots=True)
class _Kept:
    """An id, where its words are now (None: nowhere), and the moment to which it falls back."""

    id: str
    words: range | None
    start_ms: int


def sentence_spans(tokens: Sequence[Token]) -> Iterator[range]:
    """The sentences as the page has them, as ranges of words that together cover all."""
    at = 0
    for turn in turns(tokens):
        for paragraph in paragraphs(turn):
            for span in sentences(paragraph):
                yield range(at + span.start, at + span.stop)
            at += len(paragraph)


def anchors(chain: Sequence[Step]) -> Anchors:
    """The ids of the last revision of a chain, which begins with the first public one and leaves none out."""
    kept: list[_Kept] = []
    taken: dict[int, int] = {}
    ids: dict[int, str] = {}
    spans: list[range] = []
    for number, step in enumerate(chain):
        if number and step.word_map is not None:
            _move(kept, step.word_map)
        if step.public or number + 1 == len(chain):
            spans = list(sentence_spans(step.tokens))
            ids = _assign(kept, spans, step.tokens, taken)
    own = set(ids.values())
    starts = tuple(sorted((chain[-1].tokens[span.start].start, span.start) for span in spans))
    return Anchors(ids, _former([one for one in kept if one.id not in own], list(ids), starts), starts)


def _said_at(starts: Sequence[tuple[int, int]], milliseconds: int) -> int:
    """The first word of the sentence that is being said at that moment, or of the first."""
    return starts[max(0, bisect_right(starts, milliseconds, key=lambda start: start[0]) - 1)][1]


def _move(kept: Sequence[_Kept], word_map: WordMap) -> None:
    for one in kept:
        if one.words is not None:
            found = maps.project(word_map, one.words)
            one.words = found.now if found.state != State.ORPHAN else None


def _assign(
    kept: list[_Kept], spans: Sequence[range], tokens: Sequence[Token], taken: dict[int, int]
) -> dict[int, str]:
    """Each sentence has the id whose words come first in it, or a new one; two of one second are told apart."""
    firsts = [span.start for span in spans]
    ids: dict[int, str] = {}
    placed = [(one.words.start, one.id) for one in kept if one.words is not None]
    for start, id in sorted(placed, key=lambda place: place[0]):
        ids.setdefault(firsts[bisect_right(firsts, start) - 1], id)
    for span in spans:
        if span.start not in ids:
            start_ms = tokens[span.start].start
            fresh = _fresh(start_ms // 1000, taken)
            kept.append(_Kept(fresh, span, start_ms))
            ids[span.start] = fresh
    return {first: ids[first] for first in firsts}


def _fresh(second: int, taken: dict[int, int]) -> str:
    count = taken[second] = taken.get(second, 0) + 1
    return f"t{second}" if count == 1 else f"t{second}-{count}"


def _former(lost: Sequence[_Kept], words: Sequence[int], starts: Sequence[tuple[int, int]]) -> dict[int, list[Former]]:
    """Before which sentence each id stands that has none of its own."""
    places: dict[int, list[Former]] = {}
    for one in lost if words else ():
        gone = one.words is None
        place = words[bisect_right(words, one.words.start) - 1] if one.words else _said_at(starts, one.start_ms)
        places.setdefault(place, []).append(Former(one.id, gone))
    return places
