"""Peaks for the player."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from onrecord.recordings.waveform import peaks, peaks_json

SAMPLES = arrays.arrays(np.int16, st.integers(0, 5000))


@given(SAMPLES)
def test_peaks_are_shares_of_the_loudest(samples: np.ndarray) -> None:
    found = peaks(samples)
    assert len(found) == min(1000, len(samples))
    assert all(0 <= peak <= 255 for peak in found)
    assert max(found, default=0) == (255 if samples.any() else 0)


def test_the_loud_part_is_where_it_is() -> None:
    samples = np.zeros(160_000, dtype=np.int16)
    samples[80_000:96_000] = -32_768
    samples[:16_000] = 16_384
    found = peaks(samples)
    assert found[:100] == [128] * 100
    assert found[500:600] == [255] * 100
    assert sum(found) == 128 * 100 + 255 * 100


def test_the_file_says_its_version_and_seconds() -> None:
    document = json.loads(peaks_json(np.ones(32, dtype=np.int16), 2))
    assert document == {"version": 1, "duration": 0.002, "peaks": [255] * 32}
