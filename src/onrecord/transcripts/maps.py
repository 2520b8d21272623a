"""Word maps: which words of one revision are which words of the next, and where a passage stands afterwards.

A passage survives edits by this map, never by searching its text. Words are matched as they sound: without case and
punctuation. Long stretches that occur once in both revisions are matched first, the gaps between them by their longest
common subsequence; a few common words that match alone between longer changes are no match.
"""

from __future__ import annotations

import struct
import sys
import unicodedata
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache

from rapidfuzz.distance import LCSseq

from onrecord.lib.errors import Failed
from onrecord.transcripts.tokens import Token

MAGIC = b"ORM1"
ANCHOR = 5
"""Words that must occur once in both revisions, in a row, to be matched before all others."""
LARGEST_GAP = 40_000 * 40_000
"""Old times new words between two anchors that are compared (a bit of memory each); beyond that all have changed."""
FARTHEST_SLIDE = 50
LEAST_MOVED = 6
"""Fewer words than this in another place are not a block that moved."""


class Kind(IntEnum):
    """What became of words. Numbers are kept in the database."""

    SAME = 0
    CHANGED = 1
    DELETED = 2
    INSERTED = 3
    MOVED = 4


@dataclass(frozen=True, slots=True)
class Block:
    """Old words [old, old_end) became new words [new, new_end). A moved block is no part of the others' order."""

    kind: Kind
    old: int
    old_end: int
    new: int
    new_end: int


@dataclass(frozen=True, slots=True)
class WordMap:
    """All blocks of two revisions in order; moved ones come last and lie inside deleted, inserted and changed ones."""

    old_words: int
    new_words: int
    blocks: tuple[Block, ...]

    def kept(self) -> Iterator[tuple[int, int]]:
        """Pairs of an old and a new index of the words that stayed the same, in order."""
        yield from self.pairs(Kind.SAME)

    def pairs(self, kind: Kind) -> Iterator[tuple[int, int]]:
        """The same for blocks of one kind, whose words are one for one: SAME or MOVED."""
        for block in self.blocks:
            if block.kind == kind:
                yield from zip(range(block.old, block.old_end), range(block.new, block.new_end), strict=True)


class State(StrEnum):
    """How a passage stands in the new revision."""

    SAME = "same"
    CHANGED = "changed"
    MOVED = "moved"
    TIME = "time"
    ORPHAN = "orphan"


@dataclass(frozen=True, slots=True)
class Projection:
    """Where a passage stands; `now` is None for an orphan."""

    state: State
    now: range | None


@lru_cache(maxsize=1 << 16)
def sound(word: str) -> str:
    """A word for matching: without case, compatibility forms, surrounding punctuation, vowel marks and tatweel."""
    folded = unicodedata.normalize("NFKC", word).casefold().replace("\u2019", "'")
    kept = "".join(c for c in folded if c != "\u0640" and not "\u064b" <= c <= "\u0652")
    start, end = 0, len(kept)
    while start < end and not kept[start].isalnum():
        start += 1
    while end > start and not (kept[end - 1].isalnum() or unicodedata.category(kept[end - 1])[0] == "M"):
        end -= 1
    return kept[start:end] or folded


def make(old: Sequence[Token], new: Sequence[Token]) -> WordMap:
    """The map from the tokens of one revision to those of the next."""
    numbers: dict[str, int] = {}
    a = [numbers.setdefault(sound(token.text), len(numbers)) for token in old]
    b = [numbers.setdefault(sound(token.text), len(numbers)) for token in new]
    runs = _runs(_matched(a, b))
    runs = _without_strays(runs, len(a), len(b))
    runs = _slid(runs, old, new, a, b)
    blocks = list(_blocks(runs, len(a), len(b)))
    return WordMap(len(a), len(b), (*blocks, *_moved(blocks, a, b)))


def make_within(old: Sequence[Token], new: Sequence[Token], gone: range, come: range) -> WordMap:
    """The same where it is known that nothing but the old words `gone` changed, which became the new words `come`."""
    inside = make(old[gone.start : gone.stop], new[come.start : come.stop])
    shifted = [
        Block(b.kind, b.old + gone.start, b.old_end + gone.start, b.new + come.start, b.new_end + come.start)
        for b in inside.blocks
    ]
    blocks = [
        Block(Kind.SAME, 0, gone.start, 0, come.start),
        *(block for block in shifted if block.kind != Kind.MOVED),
        Block(Kind.SAME, gone.stop, len(old), come.stop, len(new)),
        *(block for block in shifted if block.kind == Kind.MOVED),
    ]
    filled = (block for block in blocks if block.old < block.old_end or block.new < block.new_end)
    return WordMap(len(old), len(new), tuple(filled))


Run = tuple[int, int, int]
"""Old index, new index, length of words that are the same."""


def _matched(a: Sequence[int], b: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pairs of indices that match, in order of both."""
    at, bt = 0, 0
    for i, j in [*_anchors(a, b), (len(a), len(b))]:
        if i < at or j < bt:
            continue
        yield from _between(a, b, at, i, bt, j)
        at, bt = i, j
        while at < len(a) and bt < len(b) and a[at] == b[bt]:
            yield at, bt
            at, bt = at + 1, bt + 1


def _between(a: Sequence[int], b: Sequence[int], at: int, i: int, bt: int, j: int) -> Iterator[tuple[int, int]]:
    if not 0 < (i - at) * (j - bt) <= LARGEST_GAP:
        return
    for block in LCSseq.opcodes(a[at:i], b[bt:j]):
        if block.tag == "equal":
            for k in range(block.src_end - block.src_start):
                yield at + block.src_start + k, bt + block.dest_start + k


def _anchors(a: Sequence[int], b: Sequence[int]) -> list[tuple[int, int]]:
    """Where stretches begin that occur once in both, as far as they come in the same order in both."""
    in_a, in_b = _stretches(a), _stretches(b)
    pairs = [(i, in_b[stretch]) for stretch, i in in_a.items() if stretch in in_b]
    pairs.sort()
    ends: list[int] = []
    last: list[int] = []
    before = [-1] * len(pairs)
    for n, (_, j) in enumerate(pairs):
        place = bisect_left(ends, j)
        if place:
            before[n] = last[place - 1]
        ends[place : place + 1] = [j]
        last[place : place + 1] = [n]
    chain: list[tuple[int, int]] = []
    n = last[-1] if last else -1
    while n >= 0:
        chain.append(pairs[n])
        n = before[n]
    return chain[::-1]


def _stretches(words: Sequence[int]) -> dict[tuple[int, ...], int]:
    """Stretches of ANCHOR words that occur once, with their place."""
    places = list(zip(*(words[n:] for n in range(ANCHOR)), strict=False))
    counts = Counter(places)
    return {stretch: place for place, stretch in enumerate(places) if counts[stretch] == 1}


def _runs(pairs: Iterable[tuple[int, int]]) -> list[Run]:
    runs: list[Run] = []
    for i, j in pairs:
        if runs and (i, j) == (runs[-1][0] + runs[-1][2], runs[-1][1] + runs[-1][2]):
            runs[-1] = (runs[-1][0], runs[-1][1], runs[-1][2] + 1)
        else:
            runs.append((i, j, 1))
    return runs


def _without_strays(runs: list[Run], old_words: int, new_words: int) -> list[Run]:
    """Without runs a third as long as the changes on both sides of them, or less: they matched by chance."""
    changed = True
    while changed:
        changed = False
        kept: list[Run] = []
        for n, (i, j, length) in enumerate(runs):
            before = kept[-1] if kept else (0, 0, 0)
            after = runs[n + 1] if n + 1 < len(runs) else (old_words, new_words, 0)
            left = max(i - before[0] - before[2], j - before[1] - before[2])
            right = max(after[0] - i - length, after[1] - j - length)
            if 3 * length <= min(left, right):
                changed = True
            else:
                kept.append((i, j, length))
        runs = kept
    return runs


def _slid(runs: list[Run], old: Sequence[Token], new: Sequence[Token], a: Sequence[int], b: Sequence[int]) -> list[Run]:
    """Where words came or went beside the same words, it cannot be known which: the likelier ones are taken.

    A boundary between two runs, where only one revision has words between, may lie anywhere as long as the words
    agree. Best is where a run is used up, so that there are fewer changes; then by spelling, then by time.
    """
    result = [(0, 0, 0), *runs, (len(a), len(b), 0)]
    for n in range(1, len(result)):
        (i, j, length), (k, m, following) = result[n - 1], result[n]
        if (k > i + length) == (m > j + length):
            continue
        shift = max(
            _shifts(result[n - 1], result[n], a, b),
            key=lambda shift: (*_likeness(result[n - 1], result[n], shift, old, new), -abs(shift)),
        )
        result[n - 1] = (i, j, length + shift)
        result[n] = (k + shift, m + shift, following - shift)
    return [run for run in result if run[2] > 0]


def _shifts(before: Run, after: Run, a: Sequence[int], b: Sequence[int]) -> range:
    """By how many words the boundary may move to the right, or to the left where below 0."""
    (i, j, length), (k, m, following) = before, after
    right = 0
    while right < min(following, FARTHEST_SLIDE) and a[i + length + right] == b[j + length + right]:
        right += 1
    left = 0
    while left < min(length, FARTHEST_SLIDE) and a[k - left - 1] == b[m - left - 1]:
        left += 1
    return range(-left, right + 1)


def _likeness(before: Run, after: Run, shift: int, old: Sequence[Token], new: Sequence[Token]) -> tuple[bool, int, int]:
    """How well a boundary lies there: whether a run is used up, then how well the words that change sides fit."""
    (i, j, length), (k, m, following) = before, after
    if shift > 0:
        gained = [(i + length + n, j + length + n) for n in range(shift)]
        lost = [(k + n, m + n) for n in range(shift)]
    else:
        gained = [(k - n - 1, m - n - 1) for n in range(-shift)]
        lost = [(i + length - n - 1, j + length - n - 1) for n in range(-shift)]
    used_up = (0 < following == shift) or (0 < length == -shift)
    spelling = sum(old[p].text == new[q].text for p, q in gained) - sum(old[p].text == new[q].text for p, q in lost)
    late, early = (sum(abs(old[p].start - new[q].start) for p, q in pairs) for pairs in (lost, gained))
    return used_up, spelling, late - early


def _blocks(runs: Sequence[Run], old_words: int, new_words: int) -> Iterator[Block]:
    at, bt = 0, 0
    for i, j, length in [*runs, (old_words, new_words, 0)]:
        if i > at or j > bt:
            kind = Kind.CHANGED if i > at and j > bt else Kind.DELETED if i > at else Kind.INSERTED
            yield Block(kind, at, i, bt, j)
        if length:
            yield Block(Kind.SAME, i, i + length, j, j + length)
        at, bt = i + length, j + length


def _moved(blocks: Sequence[Block], a: Sequence[int], b: Sequence[int]) -> Iterator[Block]:
    """Blocks of words that went in one place and came in another, and occur only once among what went and came."""
    gone = _starts(a, [(block.old, block.old_end) for block in blocks if block.kind in (Kind.DELETED, Kind.CHANGED)])
    come = _starts(b, [(block.new, block.new_end) for block in blocks if block.kind in (Kind.INSERTED, Kind.CHANGED)])
    pairs = sorted((i, come[stretch]) for stretch, i in gone.items() if i >= 0 and come.get(stretch, -1) >= 0)
    block: Block | None = None
    for i, j in pairs:
        if block and (i, j) == (block.old_end - LEAST_MOVED + 1, block.new_end - LEAST_MOVED + 1):
            block = Block(Kind.MOVED, block.old, block.old_end + 1, block.new, block.new_end + 1)
            continue
        if block:
            yield block
        block = Block(Kind.MOVED, i, i + LEAST_MOVED, j, j + LEAST_MOVED)
    if block:
        yield block


def _starts(words: Sequence[int], spans: Iterable[tuple[int, int]]) -> dict[tuple[int, ...], int]:
    """Stretches of LEAST_MOVED words inside the spans with their place, -1 for those that occur more than once."""
    places: dict[tuple[int, ...], int] = {}
    for start, end in spans:
        for at in range(start, end - LEAST_MOVED + 1):
            stretch = tuple(words[at : at + LEAST_MOVED])
            places[stretch] = -1 if stretch in places else at
    return places


def pack(word_map: WordMap) -> bytes:
    """One blob of a map."""
    numbers = array("I", [n for b in word_map.blocks for n in (b.kind, b.old, b.old_end, b.new, b.new_end)])
    if sys.byteorder == "big":
        numbers.byteswap()
    head = struct.pack("<II", word_map.old_words, word_map.new_words)
    return MAGIC + head + zlib.compress(numbers.tobytes(), 6)


def unpack(data: bytes | memoryview) -> WordMap:
    """The map of a blob. Raises Failed when it is damaged or from a later version."""
    data = bytes(data)
    if data[:4] != MAGIC:
        raise Failed("This is no word map that this version of onrecord can read; upgrade, or restore from a backup.")
    try:
        old_words, new_words = struct.unpack_from("<II", data, 4)
        numbers = array("I", zlib.decompress(data[12:]))
        if sys.byteorder == "big":
            numbers.byteswap()
        fields = zip(*(iter(numbers),) * 5, strict=True)
        blocks = tuple(Block(Kind(kind), *bounds) for kind, *bounds in fields)
    except (zlib.error, struct.error, ValueError) as error:
        raise Failed(f"A word map is damaged in the database ({error}); restore it from a backup.") from error
    return WordMap(old_words, new_words, blocks)


def compose(first: WordMap, second: WordMap) -> WordMap:
    """The map over two steps: words are the same that are the same in both; what moved in either has moved."""
    onwards = dict(second.kept())
    in_place = _runs((old, onwards[mid]) for old, mid in first.kept() if mid in onwards)
    after = onwards | dict(second.pairs(Kind.MOVED))
    stays = {old for start, _, length in in_place for old in range(start, start + length)}
    all_steps = sorted([*first.kept(), *first.pairs(Kind.MOVED)])
    moved = _runs((old, after[mid]) for old, mid in all_steps if mid in after and old not in stays)
    blocks = _blocks(in_place, first.old_words, second.new_words)
    return WordMap(
        first.old_words,
        second.new_words,
        (*blocks, *(Block(Kind.MOVED, i, i + length, j, j + length) for i, j, length in moved)),
    )


def project(word_map: WordMap, passage: range) -> Projection:
    """Where the old words of `passage` stand now: steps 1 and 2 of the resolver, and honest orphans.

    1. Kept where at least half of its words survive; changed when any of them differ.
    2. Moved, when at least half of its words lie in a block that did.
    """
    if not 0 <= passage.start < passage.stop <= word_map.old_words:
        raise ValueError(f"the passage {passage} is not within the revision's {word_map.old_words} words")
    in_place, moved = _around(word_map.blocks, passage)
    kept = _overlap(in_place, passage, Kind.SAME)
    if 2 * kept >= len(passage):
        now = _place(in_place, passage)
        whole = kept == len(passage) == len(now)
        return Projection(State.SAME if whole else State.CHANGED, now)
    for block in moved:
        if 2 * _overlap([block], passage, Kind.MOVED) >= len(passage):
            start, end = max(passage.start, block.old), min(passage.stop, block.old_end)
            return Projection(State.MOVED, range(block.new + start - block.old, block.new + end - block.old))
    return Projection(State.ORPHAN, None)


def _around(blocks: Sequence[Block], passage: range) -> tuple[Sequence[Block], Sequence[Block]]:
    """The blocks in place that a passage touches, and all that moved, which come last."""
    in_place = len(blocks)
    while in_place and blocks[in_place - 1].kind == Kind.MOVED:
        in_place -= 1
    start = bisect_right(blocks, passage.start, hi=in_place, key=lambda block: block.old_end)
    end = bisect_left(blocks, passage.stop, lo=start, hi=in_place, key=lambda block: block.old)
    return blocks[start:end], blocks[in_place:]


def resolve(
    word_map: WordMap, old: Sequence[Token], new: Sequence[Token], passage: range, anchor: range | None = None
) -> Projection:
    """Where a passage stands now: through the map, else (step 3) where its time is spoken, else (step 4) nowhere.

    A few words are sure only with their neighbours: where `anchor`, the passage widened by them, is lost, so is the
    passage.
    """
    found = project(word_map, passage)
    if found.state != State.ORPHAN and anchor is not None and project(word_map, anchor).state == State.ORPHAN:
        found = Projection(State.ORPHAN, None)
    if found.state != State.ORPHAN:
        return found
    now = spoken(new, old[passage.start].start, old[passage.stop - 1].end)
    return Projection(State.TIME, now) if now else found


def spoken(tokens: Sequence[Token], start: int, end: int) -> range | None:
    """The words that are spoken between two moments, in milliseconds; None in silence."""
    during = [
        n for n, token in enumerate(tokens) if token.start < end and token.end > start and token.end > token.start
    ]
    return range(during[0], during[-1] + 1) if during else None


def _overlap(blocks: Iterable[Block], passage: range, kind: Kind) -> int:
    return sum(
        max(0, min(passage.stop, block.old_end) - max(passage.start, block.old))
        for block in blocks
        if block.kind == kind
    )


def _place(blocks: Iterable[Block], passage: range) -> range:
    """From the first to the last new word that stands for a word of the passage.

    Of a changed block that the passage covers in part, the share of its new words that lies in the same part.
    """
    places: list[int] = []
    for block in blocks:
        start, end = max(passage.start, block.old), min(passage.stop, block.old_end)
        if start >= end or block.new == block.new_end:
            continue
        new, old = block.new_end - block.new, block.old_end - block.old
        first = (start - block.old) * new // old
        last = max(first + 1, -((block.old - end) * new // old))
        places += [block.new + first, block.new + min(last, new)]
    return range(min(places), max(places))
