"""What listeners get measures what is promised, by two meters, whatever was given."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from onrecord.lib.configuration import Configuration
from onrecord.recordings.encode import AAC, MP3, OPUS, Aim, Codec, Encoded, Sound, encode
from onrecord.recordings.loudness import Loudness, Prediction
from onrecord.recordings.probe import probe
from onrecord.recordings.speech import Heard, hear, samples_in
from tests.recordings.making import (
    decoded,
    loudness_by_another_meter,
    make,
    true_peak_by_another_meter,
    voice,
    write,
)

AIM = Aim(-16.0, -1.0)


def sound_of(path: Path) -> tuple[Sound, Prediction, Heard]:
    found = probe(path, path.name)
    heard = hear(path, path.name, found, path.with_suffix(".s16"))
    prediction = Prediction(samples_in(path.with_suffix(".s16")), heard.loudness)
    return Sound(path, found, heard.channels, heard.duration_ms), prediction, heard


def encoded(path: Path, codec: Codec) -> tuple[Encoded, Path]:
    sound, prediction, _ = sound_of(path)
    target = path.with_suffix(f".{codec.muxer}.out")
    return encode(sound, codec, AIM, prediction, target), target


def stereo(seconds: float, rate: int = 16_000) -> np.ndarray:
    return np.stack([voice(seconds, rate, seed=1, level=0.1), voice(seconds, rate, seed=2, level=0.2)], axis=1)


def recording(kind: str, folder: Path) -> Path:
    path = folder / "in.wav"
    if kind == "quiet mono":
        return write(path, voice(8, level=0.02))
    if kind == "loud stereo 44.1 kHz":
        return write(path, stereo(8, 44_100) * 3, 44_100)
    if kind == "8 kHz":
        return write(path, voice(8, 8000), 8000)
    if kind == "24 bits 96 kHz":
        return make(folder / "in24.wav", "-i", write(path, stereo(6)), "-ar", "96000", "-c:a", "pcm_s24le")
    if kind == "5.1":
        six = np.stack([voice(6, seed=seed, level=0.1) for seed in range(6)], axis=1)
        return make(folder / "in.flac", "-i", write(path, six, 16_000), "-ar", "48000")
    if kind == "variable bit rate":
        return make(folder / "in.mp3", "-i", write(path, stereo(8)), "-c:a", "libmp3lame", "-q:a", "7")
    return write(path, np.stack([voice(8), np.zeros(8 * 16_000)], axis=1))


KINDS = ["quiet mono", "loud stereo 44.1 kHz", "8 kHz", "24 bits 96 kHz", "5.1", "variable bit rate", "one channel"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_mp3_is_as_loud_as_promised_by_two_meters(kind: str, tmp_path: Path, publication: Configuration) -> None:
    path = recording(kind, tmp_path)
    result, target = encoded(path, MP3)
    assert result.warning == ""
    assert result.measured.integrated == pytest.approx(-16.0, abs=0.5)
    assert loudness_by_another_meter(target) == pytest.approx(-16.0, abs=0.5)
    assert result.measured.peak is not None
    assert result.measured.peak <= -1.0
    assert true_peak_by_another_meter(target) <= -1.0
    samples, rate = decoded(target)
    assert rate in (44_100, 48_000)
    assert samples.shape[1] == (2 if "stereo" in kind or "bits" in kind or "5.1" in kind or "variable" in kind else 1)
    assert result.bitrate == (128_000 if samples.shape[1] == 2 else 96_000)


@pytest.mark.parametrize("codec", [OPUS, AAC], ids=lambda codec: codec.name)
@pytest.mark.parametrize("kind", ["quiet mono", "loud stereo 44.1 kHz"])
def test_other_renditions_are_as_loud(kind: str, codec: Codec, tmp_path: Path, publication: Configuration) -> None:
    result, target = encoded(recording(kind, tmp_path), codec)
    assert result.measured.integrated == pytest.approx(-16.0, abs=0.5)
    assert loudness_by_another_meter(target) == pytest.approx(-16.0, abs=0.5)
    assert true_peak_by_another_meter(target) <= -1.0


def test_speech_needs_one_try(tmp_path: Path, publication: Configuration) -> None:
    for seed in range(4):
        path = write(tmp_path / f"{seed}.wav", voice(8, seed=seed, level=0.1))
        assert encoded(path, MP3)[0].tries == 1


def test_what_misses_is_made_again(tmp_path: Path, publication: Configuration) -> None:
    sound, prediction, heard = sound_of(write(tmp_path / "a.wav", voice(8)))
    assert heard.loudness.integrated is not None
    wrong = replace(heard.loudness, integrated=heard.loudness.integrated + 5)
    prediction.measured = wrong
    result = encode(sound, MP3, AIM, prediction, tmp_path / "a.mp3")
    assert result.tries > 1
    assert result.measured.integrated == pytest.approx(-16.0, abs=0.5)


def test_peaks_that_the_encoder_makes_are_brought_down(tmp_path: Path, publication: Configuration) -> None:
    noise = np.random.default_rng(1).normal(0, 0.3, 10 * 16_000)
    path = write(tmp_path / "a.wav", noise)
    sound, prediction, _ = sound_of(path)
    loud = Aim(-8.0, -1.0)
    result = encode(sound, OPUS, loud, prediction, tmp_path / "a.opus")
    assert result.tries > 1
    assert result.measured.peak is not None
    assert result.measured.peak <= -1.0
    assert true_peak_by_another_meter(tmp_path / "a.opus") <= -1.0


def test_clicks_that_cannot_be_made_louder_are_told(tmp_path: Path, publication: Configuration) -> None:
    clicks = np.zeros(30 * 16_000)
    for start in range(0, clicks.size, 5 * 16_000):
        clicks[start : start + 40] = 0.5
    result, _ = encoded(write(tmp_path / "a.wav", clicks), MP3)
    assert "could not be brought" in result.warning or "too uneven" in result.warning
    assert result.measured.peak is not None
    assert result.measured.peak <= -1.0


def test_silence_stays_silence(tmp_path: Path, publication: Configuration) -> None:
    result, target = encoded(write(tmp_path / "a.wav", np.zeros(5 * 16_000)), MP3)
    assert result == Encoded(Loudness(None, None), 96_000, 1, "")
    assert np.abs(decoded(target)[0]).max() < 1e-4


@pytest.mark.parametrize("codec", [MP3, OPUS, AAC], ids=lambda codec: codec.name)
def test_two_runs_give_the_same_bytes(codec: Codec, tmp_path: Path, publication: Configuration) -> None:
    path = write(tmp_path / "a.wav", stereo(3))
    first = encoded(path, codec)[1].read_bytes()
    assert encoded(path, codec)[1].read_bytes() == first


@pytest.mark.parametrize("codec", [MP3, OPUS], ids=lambda codec: codec.name)
def test_the_result_lasts_as_long_as_the_recording_and_begins_with_it(
    codec: Codec, tmp_path: Path, publication: Configuration
) -> None:
    """The encoder's delay stands in the file, so that times of words hold."""
    click = np.zeros(3 * 16_000)
    click[16_000:16_080] = 0.8
    click[32_000:40_000] = voice(0.5)
    samples, rate = decoded(encoded(write(tmp_path / "a.wav", click), codec)[1])
    assert len(samples) / rate == pytest.approx(3.0, abs=0.001)
    loudest = np.abs(samples[: 3 * rate // 2, 0]).argmax() / rate
    assert loudest == pytest.approx(1.0025, abs=0.006)
