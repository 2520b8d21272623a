"""Where the words of earlier revisions are now: what a link to words needs when the transcript has been corrected.

The fields are described in docs/passages.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from onrecord.feeds.record import compact
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
    gone = [n for block in in_place if block.kind != Kind.SAME for n in range(block.old, block.old_end)]
    return {
        "blocks": [n for b in in_place for n in (int(b.kind), b.old_end - b.old, b.new_end - b.new)],
        "moved": [n for b in moved for n in (b.old, b.new, b.old_end - b.old)],
        "sentences": [len(span) for span in sentence_spans(old)],
        "spoken": [bound for n in gone for bound in _spoken(old[n], new)],
    }


def _spoken(word: Token, new: Sequence[Token]) -> Iterator[int]:
    now = maps.spoken(new, word.start, word.end) or range(0)
    yield from (now.start, now.stop)
