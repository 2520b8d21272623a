"""Loudness: reading ffmpeg's meter, and how much gain brings a recording to the target through a limiter.

Integrated loudness and true peak are those of ITU-R BS.1770 as ffmpeg's filter ebur128 measures them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE = 16_000
"""Samples a second of the speech that predictions are made from."""

METER = "ebur128=peak=true:framelog=quiet"
METER_OF_SAMPLES = "ebur128=peak=sample:framelog=quiet"
"""A third quicker, and enough where nothing is promised of the peaks."""

QUIETEST = -69.0
"""LUFS. The meter's absolute gate is at -70: what is below has no loudness."""

MOST_GAIN = 36.0
"""dB, also the most that ffmpeg's limiter gives. What is quieter than that is not made of noise into a recording."""

BLOCK = 80
"""Samples of a block of prediction: 5 ms."""

RELEASE_BLOCKS = 10
"""The limiter's release, 50 ms, in blocks."""

BLOCKS_AT_ONCE = 60_000
GATE_BLOCKS, GATE_BELOW_MEAN = 80, 10 ** (-10 / 10)
"""Loudness counts in blocks of 400 ms that are at most 10 LU below the mean."""


@dataclass(frozen=True)
class Loudness:
    """`integrated` in LUFS, None for silence; `peak` in dBTP (dBFS of metered samples), None for digital silence."""

    integrated: float | None
    peak: float | None


def read_meter(said: str) -> Loudness:
    """The summary that ffmpeg's meter prints at the end, to a tenth of a dB."""
    return Loudness(_last(r"^\s+I:\s+(\S+) LUFS", said, QUIETEST), _last(r"^\s+Peak:\s+(\S+) dBFS", said, -120.0))


def _last(pattern: str, said: str, lowest: float) -> float | None:
    found = re.findall(pattern, said, re.MULTILINE)
    value = float(found[-1]) if found else math.nan
    return value if math.isfinite(value) and value > lowest else None


class Prediction:
    """What a limiter will take from a recording, from the peaks and energies of its speech in blocks of 5 ms."""

    def __init__(self, samples: npt.NDArray[np.int16], measured: Loudness) -> None:
        self.measured = measured
        self.peaks, self.energies = _blocks(samples)
        highest = float(self.peaks.max(initial=0.0))
        if highest > 0 and measured.peak is not None:
            # speech is a mix at 16 kHz: bring its peaks to the level that the recording's have
            self.peaks *= 10 ** (measured.peak / 20) / highest

    def gain(self, target: float, ceiling: float) -> float:
        """Gain in dB to put before a limiter with that ceiling (dBFS), so that `target` LUFS come out."""
        if self.measured.integrated is None:
            return 0.0
        plain = target - self.measured.integrated
        gain = plain
        for _ in range(4):
            gain = plain + self.loss(gain, ceiling)
        return min(gain, MOST_GAIN)

    def loss(self, gain: float, ceiling: float) -> float:
        """How many dB of loudness a limiter with that ceiling (dBFS) takes after so much gain (dB)."""
        with np.errstate(divide="ignore"):
            needed = np.minimum(1.0, 10 ** ((ceiling - gain) / 20) / self.peaks)
        if needed.size == 0 or needed.min() >= 1.0:
            return 0.0
        counted = _gated(self.energies)
        before = float(self.energies[counted].sum())
        after = float((self.energies * _released(needed) ** 2)[counted].sum())
        return 10 * math.log10(before / after) if before > 0 and after > 0 else 0.0


def _blocks(samples: npt.NDArray[np.int16]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Peak and energy of each whole block, full scale being 1; read a few minutes at a time."""
    whole = len(samples) // BLOCK
    peaks, energies = np.empty(whole), np.empty(whole)
    for start in range(0, whole, BLOCKS_AT_ONCE):
        stop = min(start + BLOCKS_AT_ONCE, whole)
        piece = samples[start * BLOCK : stop * BLOCK].reshape(-1, BLOCK).astype(np.float32) / 32768
        peaks[start:stop] = np.abs(piece).max(axis=1)
        energies[start:stop] = np.einsum("ij,ij->i", piece, piece)
    return peaks, energies


def _released(needed: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The limiter's gain: it attacks within a block before the peak, and lets go in a straight line after it."""
    given = needed.copy()
    given[:-1] = np.minimum(given[:-1], needed[1:])
    for late in range(1, RELEASE_BLOCKS):
        held = 1 - (1 - needed[:-late]) * (1 - late / RELEASE_BLOCKS)
        given[late:] = np.minimum(given[late:], held)
    return given


def _gated(energies: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which blocks count for loudness."""
    whole = len(energies) // GATE_BLOCKS
    if whole == 0:
        return np.ones(len(energies), dtype=bool)
    means = energies[: whole * GATE_BLOCKS].reshape(whole, GATE_BLOCKS).mean(axis=1)
    loud = means >= means.mean() * GATE_BELOW_MEAN
    counted = np.zeros(len(energies), dtype=bool)
    counted[: whole * GATE_BLOCKS] = np.repeat(loud, GATE_BLOCKS)
    return counted
