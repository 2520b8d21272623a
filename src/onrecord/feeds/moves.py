"""Where the words of earlier revisions are now: what a link to words needs when the transcript has been corrected.

The fields are described in docs/passages.md.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

from onrecord.feeds.record import compact
from onrecord.lib.html import clean
from onrecord.readmodel import TranscriptView
from onrecord.transcripts import maps
from onrecord.transcripts.anchors import sentence_spans
from onrecord.transcripts.maps import Kind, WordMap
from onrecord.transcripts.tokens import Token


def moves_json(view: TranscriptView) -> bytes:
    """From each earlier revision that readers saw to the one that they see now."""
    moves: dict[str, Any] = {}
    onwards: WordMap | None = None
    for at in range(len(view.earlier) - 1, -1, -1):
        step = view.chain[at + 1].word_map
        if step is None:
            continue
        onwards = step if onwards is None else maps.compose(step, onwards)
        if view.earlier[at].public:
            moves[str(view.earlier[at].number)] = _move(onwards, view.chain[at].tokens, view.tokens)
    return compact({"revision": view.revision, "from": moves})


def _move(word_map: WordMap, old: Sequence[Token], new: Sequence[Token]) -> dict[str, Any]:
    in_place = [block for block in word_map.blocks if block.kind != Kind.MOVED]
    moved = [block for block in word_map.blocks if block.kind == Kind.MOVED]
    return {
        "blocks": [n for b in in_place for n in (int(b.kind), b.old_end - b.old, b.new_end - b.new)],
        "moved": [n for b in moved for n in (b.old, b.new, b.old_end - b.old)],
        "gone": [
            f"{' ' if token.space else ''}{clean(token.text)}"
            for b in in_place
            if b.kind != Kind.SAME
            for token in old[b.old : b.old_end]
        ],
        "sentences": [len(span) for span in sentence_spans(old)],
        "spoken": list(_spoken(word_map, old, new)),
    }


def _spoken(word_map: WordMap, old: Sequence[Token], new: Sequence[Token]) -> Iterator[int]:
    """For each old word that is not said at its time any more: its index, and first and end of what is said then."""
    kept = dict(word_map.kept())
    during = _during(new)
    for n, word in enumerate(old):
        now = new[kept[n]] if n in kept else None
        if now is None or (now.start, now.end) != (word.start, word.end):
            place = during(word) or range(0)
            yield from (n, place.start, place.stop)


def _during(tokens: Sequence[Token]) -> Callable[[Token], range | None]:
    """`maps.spoken` for many words: looks only at words near in time, where they are in order of time."""
    starts = [token.start for token in tokens]
    latest = list(accumulate((token.end for token in tokens), max))
    in_order = all(before <= after for before, after in pairwise(starts))

    def during(word: Token) -> range | None:
        first, end = bisect_right(latest, word.start), bisect_left(starts, word.end)
        near = range(first, end) if in_order else range(len(tokens))
        found = maps.spoken(tokens[near.start : near.stop], word.start, word.end)
        return range(near.start + found.start, near.start + found.stop) if found else None

    return during
