"""Real files: each is published and what it really is is told, or refused in one sentence."""

from pathlib import Path

import pytest

from onrecord.lib.errors import BadInput
from onrecord.recordings import renditions
from onrecord.recordings.probe import probe
from onrecord.recordings.steps.encode_audio import encode_audio
from onrecord.recordings.steps.encode_video import encode_video
from onrecord.recordings.steps.measure import measure
from tests.recordings.conftest import RunStep, TakeIn
from tests.recordings.making import loudness_by_another_meter


@pytest.mark.parametrize(
    ("name", "words"), [("zero-bytes.mp3", "is empty"), ("nero-chapters.m4b", "no sound that can be decoded.*46:57:02")]
)
def test_what_holds_no_sound_is_refused(cases: Path, name: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        probe(cases / "media" / name, name)


def test_a_file_that_lies_about_its_length_is_published_as_long_as_it_is(
    cases: Path, take_in: TakeIn, run_step: RunStep
) -> None:
    recording = take_in(cases / "media" / "incomplete.mp3")
    run_step(measure, recording)
    assert recording.kind == "audio", "a cover is no video"
    assert recording.duration_ms == pytest.approx(49_240, abs=20)
    assert any("1:01" in warning and "0:49" in warning for warning in recording.warnings)


def test_a_turned_and_mirrored_film_is_shown_upright(cases: Path, take_in: TakeIn, run_step: RunStep) -> None:
    recording = take_in(cases / "media" / "sample_rotate_and_reflect.mp4")
    for step in (measure, encode_video):
        run_step(step, recording)
    made = recording.renditions.get(kind="mp4")
    assert (made.width, made.height) == (720, 1080)
    assert any("so quiet" in warning for warning in recording.warnings)


def test_chapters_of_a_film_are_kept(cases: Path, take_in: TakeIn, run_step: RunStep) -> None:
    recording = take_in(cases / "media" / "sample_with_chapters.mp4")
    for step in (measure, encode_audio):
        run_step(step, recording)
    expected = [(0, "Chapter 1"), (201, "Chapter 2"), (800, "Chapter 3")]
    assert list(recording.episode.chapters.values_list("start_ms", "title")) == expected


@pytest.mark.parametrize(
    "name", ["media/8khz.wav", "recordings/jfk.flac", "recordings/meeting-sample.wav", "recordings/russian.wav"]
)
def test_real_speech_is_as_loud_as_promised(cases: Path, take_in: TakeIn, run_step: RunStep, name: str) -> None:
    recording = take_in(cases / name)
    for step in (measure, encode_audio):
        run_step(step, recording)
    mp3 = recording.renditions.get(kind="mp3")
    assert mp3.loudness == pytest.approx(-16, abs=0.5)
    assert loudness_by_another_meter(renditions.file_of(mp3)) == pytest.approx(-16, abs=0.5)
    assert mp3.true_peak is not None
    assert mp3.true_peak <= -1.0
