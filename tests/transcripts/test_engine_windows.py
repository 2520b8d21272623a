"""Windows: no gaps, none too long, cut where it is quiet."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord.transcripts.engines import windows
from onrecord.transcripts.engines.windows import LONGEST, PER_MS, RATE, cut


def noise(seconds: float, level: float = 3000) -> np.ndarray:
    return np.random.default_rng(1).normal(0, level, int(seconds * RATE)).astype(np.int16)


def test_a_short_recording_is_one_window():
    assert cut(noise(299)) == [(0, 299_000)]
    assert cut(noise(0.5)) == [(0, 500)]
    assert cut(noise(0)) == [(0, 0)]


@settings(max_examples=10, deadline=None)
@given(st.integers(300, 4000))
def test_windows_cover_everything_and_none_is_too_long(seconds):
    samples = np.zeros(seconds * RATE, np.int16)
    found = cut(samples)
    assert found[0][0] == 0 and found[-1][1] == seconds * 1000
    assert all(one[1] == other[0] for one, other in itertools.pairwise(found))
    assert all(0 < end - start <= LONGEST // PER_MS for start, end in found)
    assert max(end - start for start, end in found) < 2 * min(end - start for start, end in found)


def test_the_cut_lies_in_the_silence_nearest_to_its_place():
    samples = noise(400)
    for start in (188.0, 207.5, 250.0):
        samples[int(start * RATE) : int((start + 1) * RATE)] = 0
    ((_, first), _) = cut(samples)
    assert 207_500 <= first <= 208_500


def test_without_silence_the_quietest_place_is_taken():
    samples = noise(400)
    samples[196 * RATE : 197 * RATE] //= 8
    ((_, first), _) = cut(samples)
    assert 196_000 <= first <= 197_000


def test_only_the_neighbourhood_of_each_cut_is_read(tmp_path):
    path = tmp_path / "three-hours.s16"
    with path.open("wb") as file:
        file.truncate(3 * 3600 * RATE * 2)
    samples = np.memmap(path, np.int16, "r")
    read = []

    class Watched:
        def __len__(self) -> int:
            return len(samples)

        def __getitem__(self, part: slice) -> np.ndarray:
            read.append(part.stop - part.start)
            return samples[part]

    assert len(cut(Watched())) == 40  # type: ignore[arg-type]
    assert max(read) <= windows.REACH
