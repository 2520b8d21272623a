"""Cuts a recording into windows where it is quiet, so that each can be heard by itself in little memory."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
"""Mono sound at RATE; may be mapped from a file."""

Sound = npt.NDArray[np.float32]
"""Mono sound at RATE, -1 to 1, in memory."""

RATE = 16_000
"""Samples a second of all sound here: what the models were trained on."""
PER_MS = RATE // 1000

LONGEST = 300 * RATE
"""Samples of a window at most: speech to text needs some 30 MB of memory a minute."""
REACH = 30 * RATE
"""How far from its even place a cut may lie."""
FRAME = 20 * PER_MS
QUIET_FRAMES = 25
"""The pause that is looked for: half a second."""
NEARNESS = 6.0
"""Decibels by which a pause at the end of the reach must be quieter than one at the even place."""


def as_sound(samples: Samples) -> Sound:
    """A part of a recording as the models want it."""
    return np.asarray(samples).astype(np.float32) * np.float32(1 / 32768)


def cut(samples: Samples) -> list[tuple[int, int]]:
    """Windows of a recording as (start, end) in milliseconds: in order, without gaps, all but equally long.

    Each cut lies in the quietest half second near its even place; the same samples always give the same cuts.
    """
    count = -(-len(samples) // (LONGEST - REACH)) if len(samples) > LONGEST else 1
    even = [len(samples) * number // count for number in range(1, count)]
    cuts = [0, *(_quietest(samples, place) // PER_MS for place in even), len(samples) // PER_MS]
    return list(pairwise(cuts))


def _quietest(samples: Samples, place: int) -> int:
    """The middle of the quietest half second within half the reach of `place`, nearer ones preferred."""
    start = max(0, place - REACH // 2)
    near = np.asarray(samples[start : place + REACH // 2])
    frames = near[: len(near) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float32)
    energy = np.convolve((frames**2).mean(axis=1), np.full(QUIET_FRAMES, 1 / QUIET_FRAMES), mode="valid")
    middles = start + (np.arange(len(energy)) + QUIET_FRAMES / 2) * FRAME
    penalty = NEARNESS * np.abs(middles - place) / (REACH / 2)
    return int(middles[np.argmin(10 * np.log10(energy + 1) + penalty)])
