"""A recording with a tone in place of what was redacted: the same length, the rest of the sound sample for sample.

Sound goes into FLAC (with more than two channels into PCM), pictures are copied, both in Matroska, which takes whatever
pictures there are. Chapters stay; tags, covers, subtitles and further sound tracks go, because they may say it too.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from onrecord.recordings import ffmpeg
from onrecord.recordings.probe import Probe
from onrecord.recordings.speech import TIMELINE

TONE_HZ, TONE = 1000, 0.1
"""The tone, and how loud it is: -20 dBFS, quieter than speech."""

WITHOUT_TAGS = ("-map_metadata:g", "-1", "-map_metadata:s", "-1", "-map_chapters", "0")
"""Of the file and its streams; chapters keep their titles."""

Interval = tuple[int, int]
"""From, to: in milliseconds."""


def with_tone(
    original: Path,
    found: Probe,
    intervals: Iterable[Interval],
    target: Path,
    duration_ms: int | None = None,
    progress: ffmpeg.Progress | None = None,
) -> None:
    """Write `original` to `target` with the tone in these intervals. Raises Failed."""
    inside = "+".join(f"gte(t,{start / 1000:.3f})*lt(t,{end / 1000:.3f})" for start, end in intervals)
    tone = f"if({inside},{TONE}*sin(2*PI*{TONE_HZ}*t),val(ch))"
    sound = ("flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24") if found.channels <= 2 else ("pcm_s24le",)
    pictures = ("-map", f"0:{found.video.index}", "-c:v", "copy") if found.video else ()
    ffmpeg.run(
        [
            *found.source(original).arguments(),
            *("-filter_complex", f"[0:{found.stream}]aresample={TIMELINE},aeval='{tone}':c=same[out]"),
            *(*pictures, "-map", "[out]", "-c:a", *sound, *WITHOUT_TAGS),
            *(*ffmpeg.EXACT, "-f", "matroska", ffmpeg.address(target)),
        ],
        doing="taking words out of the sound",
        duration_ms=duration_ms,
        progress=progress,
    )
