"""What was uploaded: originals/<sha256>, copied once, never altered."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from onrecord.lib.errors import BadInput
from onrecord.lib.files import BLOCK, make_folder, move_durably, sha256_of, sync_folder
from onrecord.lib.names import clean_name

ROOM_BESIDE = 64 << 20
"""Bytes that must stay free in any case."""

UNFINISHED = ".taking-in-"


def original_path(sha256: str) -> Path:
    """Where an original is kept."""
    originals: Path = settings.ONRECORD.originals
    return originals / sha256


def speech_path(sha256: str) -> Path:
    """Where the speech of an original is kept (see recordings/speech.py)."""
    work: Path = settings.ONRECORD.work
    return work / "speech" / f"{sha256}.s16"


def take_in(path: Path) -> tuple[str, int]:
    """Copy a file to originals/ and return its sha256 and size in bytes. Once more changes nothing.

    What was written is read again and compared. Raises BadInput, with nothing left behind, when the file cannot be
    read, changes while it is copied, or does not fit.
    """
    shown = clean_name(path.name)
    folder = settings.ONRECORD.originals
    with _in_one_sentence(shown, folder), path.open("rb") as source:
        before = os.fstat(source.fileno())
        make_folder(folder)
        _remove_unfinished(folder)
        _check_room(shown, folder, before.st_size)
        with _temporary(folder) as (copy, file):
            sha256, size = _copy(source, file)
            if _has_changed(before, path, source, size):
                raise BadInput(f"{shown} changed while it was copied: wait until it is complete and try again.")
            if sha256_of(copy) != sha256:
                raise BadInput(f"{shown} was copied to {folder}, but reads back differently: check that disk.")
            copy.chmod(0o440)
            move_durably(copy, original_path(sha256))
    return sha256, size


def forget(sha256: str) -> None:
    """Remove an original and its speech, if they are there."""
    forget_speech(sha256)
    file = original_path(sha256)
    if file.exists():
        file.unlink()
        sync_folder(file.parent)


def forget_speech(sha256: str) -> None:
    """Remove the speech of an original; it is remade when somebody asks for it."""
    speech_path(sha256).unlink(missing_ok=True)


@contextlib.contextmanager
def _in_one_sentence(shown: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise BadInput(f"{shown} does not fit: the disk that holds {folder} is full; make room there.") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            at_fault = clean_name(str(error.filename or folder))
            raise BadInput(f"{shown} cannot be taken in: no permission for {at_fault}; check who owns it.") from error
        raise BadInput(f"{shown} cannot be copied ({error.strerror}): check the file and the disks.") from error


def _check_room(shown: str, folder: Path, size: int) -> None:
    # what is made of an hour takes 0.2 GB: much more than an hour of MP3 itself, much less than one of WAV or video
    made = min(8 * size, size // 2 + 1_000_000_000)
    free, needed = shutil.disk_usage(folder).free, size + made + ROOM_BESIDE
    if free < needed:
        raise BadInput(
            f"{shown} does not fit: {_megabytes(needed)} are needed for it and what is made of it, and the disk that "
            f"holds {folder} has {_megabytes(free)} free; make room there."
        )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A file in `folder` that is locked while it is written and removed unless it was moved."""
    copy = folder / f"{UNFINISHED}{secrets.token_hex(8)}"
    try:
        with copy.open("xb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield copy, file
    finally:
        copy.unlink(missing_ok=True)


def _remove_unfinished(folder: Path) -> None:
    """Remove what a process left that was killed while it copied: nobody holds its lock."""
    for left in folder.glob(f"{UNFINISHED}*"):
        with contextlib.suppress(OSError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def _copy(source: BinaryIO, target: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while block := source.read(BLOCK):
        digest.update(block)
        target.write(block)
        size += len(block)
    target.flush()
    os.fsync(target.fileno())
    # so that reading back asks the disk
    os.posix_fadvise(target.fileno(), 0, 0, os.POSIX_FADV_DONTNEED) if hasattr(os, "posix_fadvise") else None
    return digest.hexdigest(), size


def _has_changed(before: os.stat_result, path: Path, source: BinaryIO, size: int) -> bool:
    """Whether the file was written to or replaced by another since it was opened."""
    identity = [
        (seen.st_ino, seen.st_size, seen.st_mtime_ns) for seen in (before, os.fstat(source.fileno()), path.stat())
    ]
    return len(set(identity)) > 1 or size != before.st_size
