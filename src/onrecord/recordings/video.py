"""Encoding moving pictures: H.264 in MP4 that starts at once, with sound that was encoded and measured before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import av

from onrecord.recordings import ffmpeg
from onrecord.recordings.encode import Sound
from onrecord.recordings.probe import Video

SHORT_SIDE, LONG_SIDE = 1080, 3840
"""Pixels that the sides have at most."""

FASTEST, THINNED_TO = 30.5, 30
"""Pictures a second: what is encoded and faster than the first is thinned out evenly to at most the second."""

FASTEST_COPIED = 61.0
COPIED_BYTES_A_SECOND = 1_000_000
"""A file with more than that on average is encoded again, so that it plays over ordinary connections."""

PLAYABLE = {"Baseline", "Constrained Baseline", "Main", "High"}
"""H.264 profiles that every browser and phone decodes."""

THREADS = "2"
"""Fixed: x264 gives the same bytes only with the same number."""

SECONDS_BETWEEN_KEYS = 4
LONGER_THAN_SOUND_MS = 60_000
"""Pictures that go on longer after the sound has ended are cut off there."""


@dataclass(frozen=True)
class Filmed:
    """What was made: size in pixels, and bits per second of the whole file."""

    size: tuple[int, int]
    bitrate: int


def encode_video(
    sound: Sound, video: Video, audio: Path, target: Path, progress: ffmpeg.Progress | None = None
) -> Filmed:
    """Put the pictures of a recording and the sound in `audio` (AAC in MP4) into `target`.

    Pictures are copied where they are suitable already, else encoded: upright, at most 1080 pixels on the short side.
    """
    copied = may_be_copied(video, sound.original.stat().st_size, sound.duration_ms)
    length_ms = max(sound.duration_ms, min(sound.found.claimed_ms or 0, sound.duration_ms + LONGER_THAN_SOUND_MS))
    ffmpeg.run(
        [
            *sound.found.source(sound.original).arguments(),
            *("-protocol_whitelist", "file", "-f", "mov", "-i", ffmpeg.address(audio)),
            *("-map", f"0:{video.index}", "-map", "1:a:0", "-map_metadata", "-1", "-map_chapters", "-1"),
            *(["-c:v", "copy"] if copied else _encoder(video)),
            *("-c:a", "copy", *ffmpeg.EXACT, "-movflags", "+faststart", "-t", f"{length_ms / 1000:.3f}"),
            *("-f", "mp4", ffmpeg.address(target)),
        ],
        doing="encoding video",
        duration_ms=length_ms,
        progress=progress,
    )
    return Filmed(_size(target), round(target.stat().st_size * 8000 / max(1, length_ms)))


def may_be_copied(video: Video, file_size: int, duration_ms: int) -> bool:
    """Whether the pictures can stay as they are."""
    return (
        video.codec == "h264"
        and video.profile in PLAYABLE
        and video.pixel_format == "yuv420p"
        and not (video.turned or video.interlaced)
        and min(video.width, video.height) <= SHORT_SIDE
        and max(video.width, video.height) <= LONG_SIDE
        and video.rate <= FASTEST_COPIED
        and file_size * 1000 <= COPIED_BYTES_A_SECOND * max(1, duration_ms)
    )


def _encoder(video: Video) -> list[str]:
    """x264's settings. ffmpeg itself turns pictures upright before the filters."""
    filters = ["yadif"] if video.interlaced else []
    rate = video.rate
    if rate > FASTEST:
        rate /= math.ceil(rate / THINNED_TO - 0.02)  # 59.94 becomes 29.97
        filters.append(f"fps={rate:.5f}")
    keys = max(1, round(rate * SECONDS_BETWEEN_KEYS))
    return [
        *("-vf", ",".join([*filters, _scaled(), "setsar=1", "format=yuv420p"]), "-fps_mode", "vfr"),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-maxrate", "5M", "-bufsize", "10M"),
        *("-profile:v", "high", "-g", str(keys), "-threads", THREADS),
    ]


def _scaled() -> str:
    """Square pixels, even sides, never larger than they were."""
    factor = f"min(1,min({SHORT_SIDE}/min(iw*sar,ih),{LONG_SIDE}/max(iw*sar,ih)))"
    return f"scale=w='max(2,trunc(iw*sar*{factor}/2)*2)':h='max(2,trunc(ih*{factor}/2)*2)'"


def _size(file: Path) -> tuple[int, int]:
    with av.open(str(file)) as container:
        context = container.streams.video[0].codec_context
        return context.width, context.height
