"""What a passage is anchored to. Knows no database."""

from __future__ import annotations

from collections.abc import Sequence

LEAST = 5
"""Words of an anchor: fewer are widened by their neighbours in the sentence."""


def widened(passage: range, sentences: Sequence[range]) -> range:
    """At least LEAST words, as far as the sentences that the passage stands in have them; evenly on both sides."""
    around = [s for s in sentences if s.start < passage.stop and s.stop > passage.start]
    low, high = around[0].start, around[-1].stop
    missing = max(0, LEAST - len(passage))
    left = min(passage.start - low, missing // 2)
    right = min(high - passage.stop, missing - left)
    left = min(passage.start - low, missing - right)
    return range(passage.start - left, passage.stop + right)
