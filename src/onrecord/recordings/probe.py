"""A quick look at a recording at the door: what it is, whether its sound decodes, what its publisher should know.

Only the first seconds are decoded; what a header claims is called a claim. The whole file is decoded by the step
recording.measure, which knows the rest.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import av
import av.error

from onrecord.lib.errors import BadInput
from onrecord.lib.names import clean_name
from onrecord.lib.times import clock
from onrecord.recordings.ffmpeg import FORMATS, Source

SECONDS_LISTENED = 10
MOST_READ = 256 << 20
"""Bytes read before it is given up that sound will come."""

MOST_PIXELS = 8192 * 8192
MOST_CHAPTERS, LONGEST_TITLE = 500, 300
DULL_RATE = 11_025
"""Samples a second up to which a recording sounds like a telephone."""

SUFFIXES = {
    "aac": "aac adts",
    "ac3": "ac3",
    "aiff": "aif aiff aifc",
    "amr": "amr",
    "ape": "ape",
    "asf": "asf wma wmv",
    "au": "au snd",
    "avi": "avi",
    "caf": "caf",
    "eac3": "eac3 ec3",
    "flac": "flac",
    "flv": "flv",
    "loas": "loas latm aac",
    "matroska": "mkv mka webm",
    "mov": "mov mp4 m4a m4v m4b qt 3gp 3g2 mj2 aac f4v f4a",
    "mp3": "mp3 mp2 mpga",
    "mpeg": "mpg mpeg vob",
    "mpegts": "ts mts m2ts",
    "ogg": "ogg oga ogv ogx opus spx",
    "tta": "tta",
    "w64": "w64",
    "wav": "wav wave bwf",
    "wv": "wv",
}
"""How files of a format are usually called."""

UPRIGHT = struct.pack("=9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
"""The display matrix that changes nothing, as libav keeps it."""

MEDIA = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"FORM", b"\x1aE\xdf\xa3")
"""How media files begin: WAV and AVI, FLAC, Ogg, MP3, AIFF, Matroska. (MP4 has its mark later.)"""

STREAMED = 0xFFFFFF00
"""From this size on, a WAV header says that nobody knew how long it would become."""

WHAT_IS_TAKEN = "give a sound or video file such as WAV, FLAC, MP3, M4A, Ogg, MP4 or MKV"


@dataclass(frozen=True)
class Video:
    """The moving pictures: `index` of the stream, size in pixels as stored; `turned` when they are shown otherwise,
    rotated or mirrored; `rate` in pictures a second."""

    index: int
    codec: str
    profile: str
    pixel_format: str
    width: int
    height: int
    turned: bool
    rate: float
    interlaced: bool


@dataclass(frozen=True)
class Probe:
    """What a recording is. `claimed_ms` and `chapters` (start in ms, title) are as the file says."""

    kind: str
    format: str
    stream: int
    codec: str
    channels: int
    rate: int
    claimed_ms: int | None
    video: Video | None
    chapters: tuple[tuple[int, str], ...]
    warnings: tuple[str, ...]

    def source(self, path: Path) -> Source:
        """The file for ffmpeg."""
        return Source(path, self.format)


def probe(path: Path, name: str) -> Probe:
    """Look at a file that somebody calls `name`. Raises BadInput when it cannot be published."""
    shown = clean_name(name)
    with _Input(path, shown) as file:
        try:
            with _open(file) as container:
                found = _look(container, Path(name).suffix, shown)
            return replace(found, warnings=(*found.warnings, *_cut_off(file, shown)))
        # libav's errors, and what PyAV makes of headers that make no sense
        except (av.error.FFmpegError, ValueError, OverflowError, MemoryError) as error:
            raise BadInput(f"{shown} is not a recording ({_nature(file, error)}): {WHAT_IS_TAKEN}.") from error


class _Input:
    """A regular file for PyAV. It has no name, so that content alone decides, and ends after MOST_READ bytes."""

    def __init__(self, path: Path, shown: str) -> None:
        self._file = _open_regular(path, shown)
        self._left = MOST_READ

    def __enter__(self) -> _Input:
        return self

    def __exit__(self, *details: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        content = self._file.read(min(size, self._left))
        self._left -= len(content)
        return content

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def beginning(self) -> bytes:
        self._file.seek(0)
        return self._file.read(512)


def _open_regular(path: Path, shown: str) -> BinaryIO:
    """Open without waiting for a named pipe or waking a device."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadInput(f"{shown} is {_kind_of_thing(path)}, not a file: {WHAT_IS_TAKEN}.")
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise BadInput(f"{shown} cannot be read ({_reason(error)}): check its name and permissions.") from error
    size = os.fstat(file.fileno())
    if not stat.S_ISREG(size.st_mode) or size.st_size == 0:
        file.close()
        raise BadInput(f"{shown} is empty (0 bytes): {WHAT_IS_TAKEN}.")
    return file


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or "no reason given") if isinstance(error, OSError) else str(error)


def _kind_of_thing(path: Path) -> str:
    mode = path.stat().st_mode
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))
    return next((words for is_one, words in kinds if is_one(mode)), "a device")


def _open(file: _Input) -> Any:
    options = {"format_whitelist": ",".join(sorted(FORMATS)), "protocol_whitelist": "file"}
    return av.open(file, container_options=options, metadata_errors="replace")


def _nature(file: _Input, error: BaseException) -> str:
    """What it seems to be instead."""
    beginning = file.beginning()
    text = beginning.decode("utf-8-sig", "replace").lstrip().lower()
    if text.startswith(("#extm3u", "ffconcat", "[playlist]", "v=0")) or "<playlist" in text or "<mpd" in text:
        return "it is a playlist, which only names other files"
    if text.startswith(("<svg", "<?xml", "<!doctype", "<html")):
        return "it is a drawing, page or other marked-up text"
    if beginning.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")) or beginning[8:12] == b"WEBP":
        return "it is a picture"
    if beginning.startswith(MEDIA) or beginning[4:8] == b"ftyp":
        return "it begins like one, but is cut off or damaged"
    if "\ufffd" not in text and "\x00" not in text:
        return "it is text"
    return "its content is of no known media format" if isinstance(error, av.error.FFmpegError) else "it makes no sense"


def _cut_off(file: _Input, shown: str) -> Iterator[str]:
    """A recorder that lost power leaves a WAV file that is shorter than it says; libav does not tell."""
    beginning, size = file.beginning(), file.size()
    announced = int.from_bytes(beginning[4:8], "little") + 8
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WAVE" and size + 1 < announced < STREAMED:
        yield f"{shown} is cut off: it announces {announced:,} bytes and has {size:,}. What is there is published."


def _look(container: Any, suffix: str, shown: str) -> Probe:
    stream = _best_sound(container, shown)
    warnings = list(_door_warnings(container, stream, suffix, shown))
    heard = _listen(container, stream)
    claimed_ms = _claimed_ms(container, stream)
    if not heard:
        claim = f" although it claims {clock(claimed_ms)}" if claimed_ms else ""
        raise BadInput(f"{shown} holds no sound that can be decoded{claim}: it is damaged or cut off; export it again.")
    video = _moving_pictures(container, shown, warnings)
    return Probe(
        kind="video" if video else "audio",
        format=container.format.name,
        stream=stream.index,
        codec=stream.codec_context.name,
        channels=heard.layout.nb_channels,
        rate=heard.sample_rate,
        claimed_ms=claimed_ms,
        video=video,
        chapters=tuple(_chapters(container)),
        warnings=tuple(warnings),
    )


def _best_sound(container: Any, shown: str) -> Any:
    """The stream of sound that a player would choose, among those that can be decoded."""
    sounds = [stream for stream in container.streams.audio if stream.codec_context is not None]
    if not sounds:
        what = "has sound of an unknown kind" if container.streams.audio else "has no sound"
        raise BadInput(f"{shown} {what}: a recording needs a sound track that can be decoded; {WHAT_IS_TAKEN}.")
    best = container.streams.best("audio")
    return best if best in sounds else sounds[0]


def _door_warnings(container: Any, stream: Any, suffix: str, shown: str) -> Iterator[str]:
    names = container.format.name.split(",")
    usual = " ".join(SUFFIXES.get(name, "") for name in names).split()
    if suffix and usual and suffix.lower().lstrip(".") not in usual:
        yield f"{shown} is really a {usual[0].upper()} file, whatever its name says."
    if len(container.streams.audio) > 1:
        yield f"{shown} has {len(container.streams.audio)} sound tracks; one of them is published."
    if 0 < (stream.rate or 0) <= DULL_RATE:
        yield f"{shown} has only {stream.rate:,} samples a second, like a telephone: it will sound dull."


def _listen(container: Any, stream: Any) -> Any:
    """A frame of sound, after some seconds were decoded; None when nothing decodes."""
    first, samples = None, 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue  # damaged places are skipped, as players do
        for frame in frames:
            if frame.samples and frame.sample_rate:
                first = first or frame
                samples += frame.samples
        if first is not None and samples > SECONDS_LISTENED * first.sample_rate:
            break
    return first


def _claimed_ms(container: Any, stream: Any) -> int | None:
    if container.duration:
        return max(0, int(container.duration) // 1000)
    if stream.duration and stream.time_base:
        return max(0, int(stream.duration * stream.time_base * 1000))
    return None


def _moving_pictures(container: Any, shown: str, warnings: list[str]) -> Video | None:
    """The first stream of moving pictures that decodes; a cover is none."""
    for stream in container.streams.video:
        if stream.codec_context is None or _is_cover(stream):
            continue
        if stream.codec_context.width * stream.codec_context.height > MOST_PIXELS:
            warnings.append(f"The pictures of {shown} are too large to be shown: only its sound is published.")
            return None
        video = _first_picture(container, stream)
        if video is None:
            warnings.append(f"The pictures of {shown} cannot be decoded: only its sound is published.")
        return video
    return None


def _is_cover(stream: Any) -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic) or stream.frames == 1


def _first_picture(container: Any, stream: Any) -> Video | None:
    context = stream.codec_context
    try:
        container.seek(0)
        frame = next(container.decode(stream), None)
    except av.error.FFmpegError:
        return None
    if frame is None or not frame.width or not frame.height:
        return None
    return Video(
        index=stream.index,
        codec=context.name,
        profile=str(context.profile or ""),
        pixel_format=frame.format.name,
        width=frame.width,
        height=frame.height,
        turned=_is_turned(frame),
        rate=float(stream.average_rate or stream.base_rate or 25),
        interlaced=bool(frame.interlaced_frame),
    )


def _is_turned(frame: Any) -> bool:
    matrices = [bytes(data) for data in frame.side_data if data.type.name == "DISPLAYMATRIX"]
    return any(matrix != UPRIGHT for matrix in matrices)


def _chapters(container: Any) -> Iterator[tuple[int, str]]:
    """Chapters in order, one a moment, with titles in one line."""
    known: set[int] = set()
    for chapter in sorted(container.chapters(), key=lambda chapter: chapter["start"] * chapter["time_base"]):
        start_ms = int(chapter["start"] * chapter["time_base"] * 1000)
        title = " ".join(_printable(str(chapter["metadata"].get("title", ""))).split())[:LONGEST_TITLE]
        if start_ms >= 0 and start_ms not in known and title and len(known) < MOST_CHAPTERS:
            known.add(start_ms)
            yield start_ms, title


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
