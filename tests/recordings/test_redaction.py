"""The file with a tone: every kind of recording keeps its length, its pictures, and all of its other sound."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from onrecord.lib.configuration import Configuration
from onrecord.recordings.probe import probe
from onrecord.recordings.redaction import TONE, TONE_HZ, with_tone
from tests.recordings.making import decoded, make, voice, write
from tests.recordings.test_steps import film, with_chapters

INTERVALS = ((500, 900), (1500, 1625))


def redacted(original: Path) -> Path:
    target = original.with_name("redacted.mka")
    with_tone(original, probe(original, original.name), INTERVALS, target)
    return target


def in_numbers(path: Path) -> tuple[np.ndarray, int]:
    """Samples with full scale 1, whatever the format."""
    samples, rate = decoded(path)
    with av.open(str(path)) as container:
        kind = container.streams.audio[0].codec_context.format.name
    return samples / {"s16": 2**15, "s16p": 2**15, "s32": 2**31, "s32p": 2**31}.get(kind, 1), rate


@pytest.mark.parametrize("kind", ["mono.wav", "stereo.flac", "six.wav", "chapters.m4a", "film.mp4"])
def test_only_the_intervals_change(publication: Configuration, tmp_path: Path, kind: str) -> None:
    sound = voice(3, rate=44_100)
    if kind == "film.mp4":
        original = film(tmp_path, "160x120", seconds=3)
    elif kind == "chapters.m4a":
        original = with_chapters(tmp_path, 0, 1500)
    else:
        channels = {"mono.wav": 1, "stereo.flac": 2, "six.wav": 6}[kind]
        columns = np.stack([sound * (0.5 + 0.1 * n) for n in range(channels)], axis=1)
        original = make(tmp_path / kind, "-i", write(tmp_path / "sound.wav", columns, 44_100), "-metadata", "title=Zeb")
    made = redacted(original)
    (old, rate), (new, _) = in_numbers(original), in_numbers(made)
    lossy = kind in ("film.mp4", "chapters.m4a")
    if lossy:  # ffmpeg leaves out the encoder's delay, PyAV does not
        old = old[-len(new) :] if len(old) > len(new) else old
    assert abs(len(old) - len(new)) <= (2048 if lossy else 0)
    moments = np.arange(len(new)) / rate
    inside = np.zeros(len(new), dtype=bool)
    for start, end in INTERVALS:
        inside |= (moments >= start / 1000) & (moments < end / 1000)
    tone = TONE * np.sin(2 * np.pi * TONE_HZ * moments)
    for channel in range(new.shape[1]):
        assert np.abs(new[inside, channel] - tone[inside]).max() < 2e-4
    if not lossy:
        assert np.array_equal(new[~inside], old[~inside])
    found = probe(made, made.name)
    assert (found.channels, found.rate) == (old.shape[1], rate)
    assert [start for start, _ in found.chapters] == ([0, 1500] if kind == "chapters.m4a" else [])
    assert b"Zeb" not in made.read_bytes(), "tags may say it too"
    assert (found.video is not None) == (kind == "film.mp4")
    if found.video:
        assert pictures(made) == pictures(original)


def pictures(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(frame.to_ndarray(format="gray")) for frame in container.decode(container.streams.video[0])]
