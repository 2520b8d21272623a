"""Reading the meter, and predicting what a limiter takes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.lib.configuration import Configuration
from onrecord.recordings import ffmpeg
from onrecord.recordings.loudness import METER, Loudness, Prediction, read_meter
from tests.recordings.making import voice, write


def measured(path: Path, filters: str = "anull") -> Loudness:
    return read_meter(ffmpeg.run(["-i", f"file:{path}", "-af", f"{filters},{METER}", "-f", "null", "-"], "measuring"))


def test_the_last_summary_counts() -> None:
    said = "    title : \n    I:         -1.0 LUFS\n Summary:\n    I:         -22.7 LUFS\n    Peak:       -4.3 dBFS"
    assert read_meter(said) == Loudness(-22.7, -4.3)


@pytest.mark.parametrize("said", ["", "    I:         -70.0 LUFS\n    Peak:       -inf dBFS", "    I:   nan LUFS"])
def test_silence_has_no_loudness(said: str) -> None:
    assert read_meter(said) == Loudness(None, None)


@pytest.mark.parametrize("ceiling", [-1.5, -3.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_gain_brings_a_voice_to_the_target_through_the_limiter(
    tmp_path: Path, publication: Configuration, seed: int, ceiling: float
) -> None:
    samples = voice(8, seed=seed, level=0.12)
    path = write(tmp_path / "a.wav", samples)
    before = measured(path)
    prediction = Prediction((samples * 32767).astype(np.int16), before)
    gain = prediction.gain(-16.0, ceiling)
    assert before.integrated is not None
    assert gain > -16.0 - before.integrated, "the limiter has something to take, or this shows nothing"
    limited = f"volume={gain}dB,alimiter=limit={10 ** (ceiling / 20)}:level=false:latency=true"
    assert measured(path, limited).integrated == pytest.approx(-16.0, abs=0.4)


def test_peaks_that_stay_below_the_ceiling_lose_nothing() -> None:
    samples = (voice(3, level=0.01) * 32767).astype(np.int16)
    prediction = Prediction(samples, Loudness(-40.0, -30.0))
    assert prediction.loss(10.0, -1.5) == 0.0
    assert prediction.gain(-30.0, -1.5) == pytest.approx(10.0)


def test_silence_gets_no_gain() -> None:
    prediction = Prediction(np.zeros(16_000, dtype=np.int16), Loudness(None, None))
    assert prediction.gain(-16.0, -1.5) == 0.0


def test_noise_is_not_made_into_a_recording() -> None:
    samples = np.ones(16_000, dtype=np.int16)
    assert Prediction(samples, Loudness(-68.0, -60.0)).gain(-16.0, -1.5) == 36.0


@given(gain=st.floats(-20, 40), ceiling=st.floats(-20, 0), seed=st.integers(0, 5))
def test_more_gain_and_a_lower_ceiling_never_lose_less(gain: float, ceiling: float, seed: int) -> None:
    prediction = Prediction((voice(2, seed=seed) * 32767).astype(np.int16), Loudness(-20.0, -3.0))
    loss = prediction.loss(gain, ceiling)
    assert loss >= 0
    assert prediction.loss(gain + 1, ceiling) >= loss - 1e-9
    assert prediction.loss(gain, ceiling - 1) >= loss - 1e-9
