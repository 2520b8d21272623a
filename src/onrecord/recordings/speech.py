"""One decode of a recording: its true duration, its loudness, and its speech.

Speech is 16 kHz mono in work/speech/<sha256>.s16: signed 16-bit samples in little-endian order, without a header.

The timeline begins at the container's zero: sound that begins late is preceded by silence, gaps are filled with it.
"""

from __future__ import annotations

import fcntl
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from onrecord.lib.errors import BadInput
from onrecord.lib.files import make_folder, move_durably
from onrecord.lib.names import clean_name
from onrecord.lib.times import clock
from onrecord.recordings import ffmpeg
from onrecord.recordings.loudness import METER_OF_SAMPLES, RATE, Loudness, read_meter
from onrecord.recordings.models import Recording
from onrecord.recordings.originals import original_path, speech_path
from onrecord.recordings.probe import Probe, probe

SAMPLES_A_MS = RATE // 1000

LONGEST_MS = 12 * 3600 * 1000
ALWAYS_ALLOWED_MS = 10 * 60 * 1000
FEWEST_BYTES_A_SECOND = 50
"""No codec for speech needs less; a file that decodes to more was made to fill the disk."""

TIMELINE = "async=1:first_pts=0"
"""aresample's options for the timeline of the module's docstring."""

SILENT_CHANNEL, HEARD_CHANNEL = -60.0, -40.0
"""dBFS: a channel whose peak stays below the first, while the other's is above the second, was never connected."""

CLIPPED_FROM = 32_700
"""A sample with this value or more stands at full scale."""


@dataclass(frozen=True)
class Heard:
    """What one decode of the whole file found. `channels`: mono, stereo, left or right; `clipped`: share of samples."""

    duration_ms: int
    loudness: Loudness
    channels: str
    clipped: float


def speech_samples(recording: Recording) -> npt.NDArray[np.int16]:
    """The speech of a measured recording as a memory map: 16,000 samples a second, mono. Remade when it is missing."""
    path = speech_path(recording.sha256)
    if not _is_whole(path, recording):
        _remake(path, recording)
    return samples_in(path)


def samples_in(path: Path) -> npt.NDArray[np.int16]:
    """The samples of a file of speech, read when they are looked at."""
    if path.stat().st_size < 2:
        return np.empty(0, dtype=np.int16)
    return np.memmap(path, dtype="<i2", mode="r")


def _is_whole(path: Path, recording: Recording) -> bool:
    return path.exists() and path.stat().st_size // 2 // SAMPLES_A_MS == recording.duration_ms


def _remake(path: Path, recording: Recording) -> None:
    """One process makes it; others that need it wait for that one."""
    make_folder(path.parent)
    half = path.with_suffix(".half")
    with half.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_whole(path, recording):
            return
        original = original_path(recording.sha256)
        found = probe(original, recording.name)
        ffmpeg.run(
            [
                *found.source(original).arguments(),
                *("-map", f"0:{found.stream}", "-af", f"aresample={TIMELINE},{_speech_filter(found)}"),
                *("-t", _seconds(longest_ms(recording.size)), *_speech_file(half)),
            ],
            doing=f"reading the speech of {clean_name(recording.name)}",
        )
        move_durably(half, path)


def hear(original: Path, name: str, found: Probe, target: Path, progress: ffmpeg.Progress | None = None) -> Heard:
    """Decode the whole of `original`, called `name`; leave its speech in `target`.

    Raises BadInput when nothing decodes, or when far more does than a file of that size can hold.
    """
    size = original.stat().st_size
    longest = ["-t", _seconds(longest_ms(size))]
    meters = ["aresample", channel_filter(_mixed(found), found.channels)]
    meters += ["astats=measure_perchannel=Peak_level:measure_overall=none"] if found.channels == 2 else []
    meters += [METER_OF_SAMPLES]
    # One graph and not two: frames are small, and each thread that they go through costs. Behind the split each branch
    # begins with a resampler, so that its channels are its own affair.
    graph = (
        f"[0:{found.stream}]aresample={TIMELINE},asplit[decoded][again];"
        f"[decoded]{_speech_filter(found)}[speech];[again]{','.join(meters)}[measured]"
    )
    said = ffmpeg.run(
        [
            *found.source(original).arguments(),
            *("-filter_complex", graph, "-map", "[speech]", *longest, *_speech_file(target)),
            *("-map", "[measured]", *longest, "-f", "null", "-"),
        ],
        doing="measuring loudness",
        duration_ms=found.claimed_ms,
        progress=progress,
    )
    samples = samples_in(target)
    duration_ms = len(samples) // SAMPLES_A_MS
    _check_duration(duration_ms, size, clean_name(name))
    return Heard(duration_ms, read_meter(said), _connected(said, found), _clipped(samples))


def longest_ms(size: int) -> int:
    """How much sound a file of `size` bytes may hold."""
    return min(LONGEST_MS, max(ALWAYS_ALLOWED_MS, size * 1000 // FEWEST_BYTES_A_SECOND))


def channel_filter(channels: str, of: int) -> str:
    """ffmpeg's filter that makes `channels` (mono, stereo, left, right) out of `of` channels."""
    if channels in ("left", "right"):
        return f"pan=mono|c0=c{0 if channels == 'left' else 1}"
    if channels == "mono" and of > 8:
        return "pan=mono|c0<" + "+".join(f"c{n}" for n in range(of))
    return f"aformat=channel_layouts={channels}"


def _mixed(found: Probe) -> str:
    """Two channels and surround are heard in stereo; many channels are so many microphones, heard in one."""
    return "stereo" if 2 <= found.channels <= 8 else "mono"


def _speech_filter(found: Probe) -> str:
    return f"aresample={RATE},{channel_filter('mono', found.channels)}"


def _speech_file(target: Path) -> list[str]:
    return ["-c:a", "pcm_s16le", "-f", "s16le", ffmpeg.address(target)]


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"


def _check_duration(duration_ms: int, size: int, shown: str) -> None:
    if duration_ms == 0:
        raise BadInput(f"{shown} holds no sound that can be decoded: it is damaged or cut off; export it again.")
    if duration_ms >= longest_ms(size):
        raise BadInput(
            f"{shown} decodes to {clock(longest_ms(size))} or more of sound from {size:,} bytes, which no recording "
            "does: cut it into parts, or export it again."
        )


def _connected(said: str, found: Probe) -> str:
    """What is to be heard: one channel of two when the other is silent throughout."""
    levels = [float(level) for level in re.findall(r"Peak level dB: (-?[\d.]+|-?inf|nan)", said)]
    if found.channels != 2 or len(levels) < 2:
        return _mixed(found)
    left, right = (level if math.isfinite(level) else -math.inf for level in levels[-2:])
    if right < SILENT_CHANNEL and left > HEARD_CHANNEL:
        return "left"
    return "right" if left < SILENT_CHANNEL and right > HEARD_CHANNEL else "stereo"


def _clipped(samples: npt.NDArray[np.int16]) -> float:
    """Share of samples at full scale; a minute at a time."""
    step = 60 * RATE
    count = sum(
        int(np.count_nonzero(np.abs(samples[at : at + step].astype(np.int32)) >= CLIPPED_FROM))
        for at in range(0, len(samples), step)
    )
    return count / len(samples) if len(samples) else 0.0
