"""One decode of the whole file: its true length on the timeline, its loudness, its speech."""

from pathlib import Path

import numpy as np
import pytest

from onrecord.lib.configuration import Configuration
from onrecord.lib.errors import BadInput
from onrecord.recordings import speech
from onrecord.recordings.originals import speech_path
from onrecord.recordings.probe import probe
from onrecord.recordings.speech import Heard, hear, samples_in, speech_samples
from onrecord.recordings.steps.measure import measure
from tests.recordings.conftest import RunStep, TakeIn
from tests.recordings.making import make, voice, write


def heard(path: Path, target: Path) -> Heard:
    return hear(path, path.name, probe(path, path.name), target)


def test_length_and_samples_are_those_of_the_sound(tmp_path: Path, publication: Configuration) -> None:
    samples = voice(3.25)
    found = heard(write(tmp_path / "a.wav", samples), tmp_path / "s16")
    assert found.duration_ms == 3250
    assert found.channels == "mono"
    assert np.allclose(samples_in(tmp_path / "s16") / 32767, samples, atol=1e-4)


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_sound_that_begins_late_is_heard_late(tmp_path: Path, publication: Configuration, suffix: str) -> None:
    sound = write(tmp_path / "a.wav", voice(2))
    pictures = ("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=4")
    film = make(
        tmp_path / f"a.{suffix}", *pictures, "-itsoffset", "1.5", "-i", sound, "-c:v", "mpeg4", "-c:a", "flac",
        *("-strict", "-2"),
    )  # fmt: skip
    found = heard(film, tmp_path / "s16")
    samples = samples_in(tmp_path / "s16")
    assert found.duration_ms == pytest.approx(3500, abs=60)
    assert np.abs(samples[: int(1.45 * 16_000)]).max() == 0
    assert np.abs(samples[int(1.55 * 16_000) : int(1.9 * 16_000)]).max() > 100


def test_a_gap_in_the_sound_is_filled_with_silence(tmp_path: Path, publication: Configuration) -> None:
    sound = write(tmp_path / "a.wav", voice(4))
    dropped = make(tmp_path / "a.mka", "-i", sound, "-af", "asetpts=PTS+2*gte(T\\,2)/TB", "-c:a", "pcm_s16le")
    found = heard(dropped, tmp_path / "s16")
    samples = samples_in(tmp_path / "s16")
    assert found.duration_ms == pytest.approx(6000, abs=80)
    assert np.abs(samples[int(2.1 * 16_000) : int(3.9 * 16_000)]).max() == 0
    assert np.abs(samples[int(4.1 * 16_000) :]).max() > 100


def test_a_channel_without_a_microphone_is_left_out(tmp_path: Path, publication: Configuration) -> None:
    one = voice(3)
    silent = np.zeros_like(one)
    for name, columns in (("left", (one, silent)), ("right", (silent, one)), ("stereo", (one, one * 0.3))):
        path = write(tmp_path / f"{name}.wav", np.stack(columns, axis=1))
        assert heard(path, tmp_path / "s16").channels == name


def test_surround_is_heard_in_stereo_and_many_microphones_in_mono(tmp_path: Path, publication: Configuration) -> None:
    one = voice(2)
    six, sixteen = np.stack([one] * 6, axis=1), np.stack([one * 0.1] * 15 + [one], axis=1)
    assert heard(write(tmp_path / "six.wav", six), tmp_path / "s16").channels == "stereo"
    assert heard(write(tmp_path / "sixteen.wav", sixteen), tmp_path / "s16").channels == "mono"
    assert np.abs(samples_in(tmp_path / "s16")).max() > 300


@pytest.mark.parametrize("rate", [8000, 11_025, 37_800, 96_000])
def test_any_rate_becomes_sixteen_thousand(tmp_path: Path, publication: Configuration, rate: int) -> None:
    found = heard(write(tmp_path / "a.wav", voice(2, rate=rate), rate), tmp_path / "s16")
    assert found.duration_ms == pytest.approx(2000, abs=1)


def test_what_decodes_to_far_more_than_its_size_is_refused(
    tmp_path: Path, publication: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = make(tmp_path / "bomb.flac", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono:d=700")
    monkeypatch.setattr(speech, "ALWAYS_ALLOWED_MS", 10_000)
    monkeypatch.setattr(speech, "FEWEST_BYTES_A_SECOND", bomb.stat().st_size // 60)
    with pytest.raises(BadInput, match=r"bomb\.flac decodes to 1:0\d or more") as caught:
        heard(bomb, tmp_path / "s16")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "s16").stat().st_size < 70 * 32_000


def test_no_file_may_hold_more_than_half_a_day() -> None:
    assert speech.longest_ms(80_000) == 27 * 60_000 - 20_000
    assert speech.longest_ms(1) == 600_000
    assert speech.longest_ms(1 << 40) == 12 * 3600 * 1000


def test_speech_is_remade_when_it_is_missing_or_half(tmp_path: Path, take_in: TakeIn, run_step: RunStep) -> None:
    recording = take_in(write(tmp_path / "a.wav", voice(2)))
    run_step(measure, recording)
    path = speech_path(recording.sha256)
    made = path.read_bytes()
    for damage in (path.unlink, lambda: path.write_bytes(made[:999])):
        damage()
        assert speech_samples(recording).tobytes() == made
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_measuring_tells_what_the_header_did_not(tmp_path: Path, take_in: TakeIn, run_step: RunStep) -> None:
    whole = make(tmp_path / "a.flac", "-i", write(tmp_path / "a.wav", voice(30)))
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    recording = take_in(whole)
    run_step(measure, recording)
    assert recording.duration_ms is not None
    assert 10_000 < recording.duration_ms < 20_000
    assert "says that it lasts 0:30, but only 0:1" in recording.warnings[0]


def test_silence_shortness_and_distortion_are_told(tmp_path: Path, take_in: TakeIn, run_step: RunStep) -> None:
    for name, samples, words in (
        ("silent", np.zeros(80_000), "is silent"),
        ("short", voice(1), "lasts only 1.0 seconds"),
        ("clipped", voice(4, level=3.0), "clipped"),
    ):
        recording = take_in(write(tmp_path / f"{name}.wav", samples))
        run_step(measure, recording)
        assert any(words in warning for warning in recording.warnings), name
        run_step(measure, recording)
        assert len(recording.warnings) == len(set(recording.warnings))
