"""Runs ffmpeg: which program, which formats it may open, how far it is, and what it says when it fails.

Every input is opened as one named format of FORMATS through the file protocol, so that a playlist, an SVG or a concat
file can never make it open other files or addresses.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

from onrecord.lib.errors import BadInput, Failed

Progress = Callable[[float, str], None]
"""Called with how far it is (0 to 1) and what is being done."""

# fmt: off
FORMATS = frozenset([
    "aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "eac3", "flac", "flv", "loas", "matroska", "mov",
    "mp3", "mpeg", "mpegts", "ogg", "tta", "w64", "wav", "wv",
])
# fmt: on
"""Demuxers that may open what strangers gave: real media, none of which names other files."""

OLDEST = 7
"""The first ffmpeg that can decode what it encodes while it encodes it (`-dec`)."""

STALLED_AFTER = 180.0
"""Seconds without any progress after which it is ended."""

KEPT_LINES, KEPT_OF_A_LINE = 300, 400
LARGEST_ALLOCATION = 1 << 30
"""Bytes that a single allocation may have: a header cannot ask for more."""

PR_SET_PDEATHSIG = 1
"""prctl(2)"""

EXACT = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact")
"""Two runs give the same bytes: no random serial numbers, dates or versions."""


@dataclass(frozen=True)
class Source:
    """A media file and the format that it was found to have, as ffmpeg names it."""

    path: Path
    format: str

    def arguments(self) -> list[str]:
        """How it is opened: as that format and no other.

        Sound is decoded in one thread: handing its small frames between threads costs more than decoding them.
        """
        demuxer = next((name for name in self.format.split(",") if name in FORMATS), None)
        if demuxer is None:
            raise BadInput(f"{self.path.name} has the format {self.format}, which is not opened.")
        return ["-protocol_whitelist", "file,pipe", "-threads:a", "1", "-f", demuxer, "-i", address(self.path)]


def address(path: Path) -> str:
    """A file as ffmpeg takes it, whatever its name looks like."""
    return f"file:{path.absolute()}"


def program() -> str:
    """The ffmpeg that is used: the one that the settings name, else the one that was installed with us.

    Raises Failed when it does not run or is too old.
    """
    return _checked(settings.ONRECORD.recordings.ffmpeg)


@functools.cache
def _checked(named: str) -> str:
    path = named or _installed()
    try:
        done = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise Failed(f"ffmpeg does not run ({path}): mend [recordings] ffmpeg in onrecord.toml.") from error
    # a build from a development branch calls itself N-12345 or by its date: taken as new enough
    version = re.match(r"ffmpeg version n?(\d{1,2})\.", done.stdout)
    if version and int(version.group(1)) < OLDEST:
        raise Failed(f"{path} is ffmpeg {version.group(1)}; version {OLDEST} or newer is needed.")
    return path


def _installed() -> str:
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def run(
    arguments: Sequence[str],
    doing: str,
    duration_ms: int | None = None,
    progress: Progress | None = None,
) -> str:
    """Run ffmpeg to its end and return the last lines of what it said.

    `duration_ms` is how much time the result will cover, for `progress`, which is called about twice a second and may
    raise to end the run. Raises Failed with one sentence; a full disk is its cause (OSError, ENOSPC).
    """
    command = [program(), "-nostdin", "-hide_banner", "-y", "-nostats", "-progress", "pipe:1", "-stats_period", "0.5"]
    said: deque[str] = deque(maxlen=KEPT_LINES)
    with _running([*command, "-max_alloc", str(LARGEST_ALLOCATION), *arguments]) as process:
        for reached_us in _follow(process, said):
            if progress is not None and duration_ms:
                progress(min(reached_us / 1000 / duration_ms, 1.0), doing)
        code = process.wait()
    if code:
        raise _failure(doing, code, said)
    return "\n".join(said)


@contextlib.contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """The process; killed when the body ends without it, whatever the reason.

    On Linux the kernel also kills it when our process dies, even by kill -9 (more exactly: when the thread that started
    it ends, and that thread waits here). Elsewhere it stays in our process group, which the worker ends with the
    attempt.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # safe beside threads: it only makes two system calls
        preexec_fn=functools.partial(_die_with, os.getpid()) if _LIBC else None,  # noqa: PLW1509
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with(parent: int) -> None:
    if _LIBC:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we could ask
        os._exit(1)


def _follow(process: subprocess.Popen[bytes], said: deque[str]) -> Iterator[int]:
    """Microseconds of the result reached so far, twice a second, while `said` collects the last lines of stderr."""
    furthest, moved = -1, time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(_pipe(process.stdout), selectors.EVENT_READ, bytearray())
        selector.register(_pipe(process.stderr), selectors.EVENT_READ, bytearray())
        while selector.get_map():
            for key, _ in selector.select(timeout=5.0):
                content = os.read(key.fd, 1 << 16)
                if not content:
                    selector.unregister(key.fileobj)
                lines = _lines(key.data, content)
                if key.fileobj is process.stderr:
                    said.extend(lines)
                    continue
                for reached in _reached(lines):
                    if reached > furthest:
                        furthest, moved = reached, time.monotonic()
                    yield max(reached, 0)
            if time.monotonic() - moved > STALLED_AFTER:
                process.kill()
                raise Failed(f"ffmpeg made no progress for {STALLED_AFTER:.0f} seconds and was ended.")


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("the process was started without this pipe")
    return pipe


def _lines(buffer: bytearray, content: bytes) -> list[str]:
    """Whole lines of what arrived so far; a line without end is cut, so that nothing grows without bounds."""
    buffer += content
    *whole, rest = re.split(rb"[\r\n]+", bytes(buffer))
    buffer[:] = rest[-KEPT_OF_A_LINE:]
    return [line[:KEPT_OF_A_LINE].decode("utf-8", "replace") for line in whole if line]


def _reached(lines: list[str]) -> Iterator[int]:
    for line in lines:
        name, _, value = line.partition("=")
        if name == "out_time_us":
            # "N/A" before the first frame
            yield int(value) if value.lstrip("-").isdigit() else -1


def _failure(doing: str, code: int, said: Sequence[str]) -> Failed:
    text = "\n".join(said)
    for number in (errno.ENOSPC, errno.EDQUOT):
        if os.strerror(number) in text:
            failed = Failed(f"The disk is full (while {doing}): make room in the publication's folder.")
            failed.__cause__ = OSError(number, os.strerror(number))
            return failed
    telling = [line for line in said if "rror" in line or "nvalid" in line] or list(said) or ["it said nothing"]
    reason = re.sub(r"^\[[^\]]*\]\s*", "", telling[-1]).strip()
    ended = f"was ended by signal {-code}" if code < 0 else "failed"
    return Failed(f"ffmpeg {ended} while {doing}: {reason[:200]}")
