"""Where moments stand in the index: numbers in the order of time, the newest episode first, its sentences in order.

A number is minutes before `END`, a slot for episodes of the same minute, and the sentence: a range of dates or an
episode is a range of numbers, and an engine that reads them upwards reads the newest first.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

SENTENCE_BITS, SLOT_BITS = 14, 6
SENTENCES = 1 << SENTENCE_BITS
"""Sentences of one slot. A longer episode has several slots."""
SLOTS = 1 << SLOT_BITS

BEGINNING, END = datetime(1800, 1, 1, tzinfo=UTC), datetime(2400, 1, 1, tzinfo=UTC)
LAST = int((END - BEGINNING) / timedelta(minutes=1)) << (SENTENCE_BITS + SLOT_BITS)
"""No moment has a number as high as this."""


def minute(moment: datetime) -> int:
    """The first number of a moment's minute; later minutes have lower ones."""
    clamped = min(max(moment, BEGINNING + timedelta(minutes=1)), END)
    before_end = -((clamped - END) // timedelta(minutes=1))
    return before_end << (SENTENCE_BITS + SLOT_BITS)


def slots(sentences: int) -> int:
    """How many slots an episode of so many sentences takes."""
    return max(1, -(-sentences // SENTENCES))


def free(first: int, wanted: int, taken: Collection[tuple[int, int]]) -> int:
    """The lowest number from `first` on where `wanted` slots in a row are free of the `taken` (first, slots)."""
    at = first
    for start, count in sorted(taken):
        if at + wanted * SENTENCES <= start:
            break
        at = max(at, start + count * SENTENCES)
    return at


def in_order(numbers: list[int]) -> list[int]:
    """Numbers that were read downwards, with the oldest minute first and what was said in it in its order."""
    return sorted(numbers, key=lambda number: (-(number >> (SENTENCE_BITS + SLOT_BITS)), number))
