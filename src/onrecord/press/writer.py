"""Writes public files: each is whole or not there, stays inside public/, and keeps its time while its bytes stay."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import re
import stat
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from onrecord.jobs.identity import identity, is_dead
from onrecord.lib.files import sync_folder
from onrecord.press.paths import has_compressed_form, is_safe

SYNCED_ONE_BY_ONE = 8
"""More files than this are made durable by one sync of the file system."""

LEFT_BEHIND_AFTER = 24 * 3600
"""Seconds after which a temporary file of another machine is taken for one that was left behind."""

_TEMPORARY = re.compile(r"\.[^~]+~(.+)~[0-9]+\.tmp\Z", re.ASCII)
"""Of a file that is being written: its name, who writes it (with ~ for /), a number."""

_MOVING = re.compile(r"\..+\.[0-9a-f]{8}\.tmp\Z", re.ASCII)
"""Of a rendition on its way to its place: only whoever may put files in place makes such a name."""


class Leaving(ValueError):
    """A path would lead out of public/."""


class Staged(NamedTuple):
    """A finished file under a temporary name, and the path at which it is to stand."""

    temporary: Path
    target: Path


def compress(content: bytes) -> bytes:
    """The gzip form; equal content gives equal bytes, because no time and no name stand in it."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()


def holds(compressed: Path, content: bytes) -> bool:
    """Whether a compressed file is there and unpacks to `content`. Unpacking costs a tenth of packing."""
    try:
        unpacker = zlib.decompressobj(31)
        return unpacker.decompress(compressed.read_bytes(), len(content) + 1) == content and unpacker.eof
    except (OSError, zlib.error):
        return False


def same(path: Path, content: bytes) -> bool:
    """Whether a file is there and has exactly these bytes."""
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def beside(path: Path) -> Path:
    """Where the compressed form of a file stands."""
    return path.with_name(f"{path.name}.gz")


class Batch:
    """Several files that are written, made durable and put in their places together."""

    def __init__(self, public: Path) -> None:
        self.public = public
        self._writer = identity().replace("/", "~")
        self._numbers = itertools.count()
        self._root = Path(os.path.realpath(public))
        self._checked: set[Path] = set()
        self._staged: dict[int, list[Staged]] = {}
        self._surplus: dict[int, Path] = {}
        self._folders: set[Path] = set()

    def place(self, path: str) -> Path:
        """The file of a public path. Raises Leaving for one that is not safe, or when a link leads elsewhere."""
        if not is_safe(path):
            raise Leaving(f"{path!r} is no path of a public file")
        target = self.public / path
        if target.parent not in self._checked:
            if not Path(os.path.realpath(target.parent)).is_relative_to(self._root):
                raise Leaving(f"{path} would leave public/: a folder on its way is a link to elsewhere")
            self._checked.add(target.parent)
        return target

    def stage(self, key: int, path: str, content: bytes) -> None:
        """Write what differs from the file that is there, under temporary names. `key` names it for `swap`."""
        target = self.place(path)
        staged = self._staged.setdefault(key, [])
        changed = not same(target, content)
        if changed:
            staged.append(self._write(target, content))
        self.stage_compressed(key, path, content, changed)

    def stage_compressed(self, key: int, path: str, content: bytes, changed: bool) -> None:
        """The same for the compressed form beside it; one that is no longer due goes."""
        target = beside(self.place(path))
        if not has_compressed_form(path, len(content)):
            self._surplus[key] = target
        elif changed or not holds(target, content):
            self._staged.setdefault(key, []).append(self._write(target, compress(content)))

    def _write(self, target: Path, content: bytes) -> Staged:
        temporary = target.with_name(f".{target.name[:100]}~{self._writer}~{next(self._numbers)}.tmp")
        for _ in range(3):  # somebody may remove the folder, which is empty, between these two lines
            self._make_folder(target.parent)
            with contextlib.suppress(FileNotFoundError):
                temporary.write_bytes(content)
                return Staged(temporary, target)
        raise FileNotFoundError(f"{target.parent} goes away again and again")

    def moved_in(self, folders: Iterable[Path]) -> None:
        """Files were moved in these folders: `close` makes that durable too."""
        self._folders.update(folders)

    def _make_folder(self, folder: Path) -> None:
        missing = folder
        while not missing.exists():
            missing = missing.parent
            self._folders.add(missing)
        folder.mkdir(parents=True, exist_ok=True)

    def sync(self) -> None:
        """Make the temporary files durable."""
        files = [staged.temporary for several in self._staged.values() for staged in several]
        if len(files) > SYNCED_ONE_BY_ONE:
            _sync_file_system(self.public)
            return
        for file in files:
            with file.open("rb") as opened:
                os.fsync(opened.fileno())

    def swap(self, keys: Iterable[int]) -> None:
        """Put the files of these keys in their places; readers see the old or the new."""
        for key in keys:
            for temporary, target in self._staged.pop(key, []):
                temporary.replace(target)
                self._folders.add(target.parent)
            surplus = self._surplus.pop(key, None)
            if surplus is not None:
                surplus.unlink(missing_ok=True)

    def remove(self, path: str) -> None:
        """Take a file away, with its compressed form and the folders that are empty then."""
        target = self.place(path)
        target.unlink(missing_ok=True)
        beside(target).unlink(missing_ok=True)
        folder = target.parent
        while folder != self.public and _is_gone(folder):
            self._checked.discard(folder)
            folder = folder.parent
        self._folders.add(folder)

    def discard(self) -> None:
        """Take away what was not put in place."""
        for staged in self._staged.values():
            for temporary, _ in staged:
                temporary.unlink(missing_ok=True)
        self._staged.clear()

    def close(self) -> None:
        """Make the new names durable, and take away what was not put in place."""
        self.discard()
        if len(self._folders) > SYNCED_ONE_BY_ONE:
            _sync_file_system(self.public)
            return
        for folder in self._folders:
            with contextlib.suppress(FileNotFoundError):
                sync_folder(folder)


def _is_gone(folder: Path) -> bool:
    """Remove a folder if it is empty; whether it is not there any more."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _sync_file_system(folder: Path) -> None:
    """Write out everything of the file system that `folder` is on: far cheaper than many single files."""
    sync = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if sync is None:
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if sync(descriptor) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))
    finally:
        os.close(descriptor)


def sweep(public: Path) -> int:
    """Remove the temporary files that a killed process left; returns how many. Those of running ones stay.

    The caller is the only one who puts files in place meanwhile.
    """
    swept = 0
    for folder, _, names in os.walk(public):
        for name in names:
            if name.endswith(".tmp") and _is_left_behind(Path(folder, name)):
                Path(folder, name).unlink(missing_ok=True)
                swept += 1
    return swept


def _is_left_behind(file: Path) -> bool:
    found = _TEMPORARY.fullmatch(file.name)
    if found:
        return is_dead(found.group(1).replace("~", "/")) or _is_old(file)
    return bool(_MOVING.fullmatch(file.name))


def _is_old(file: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        found = file.lstat()
        return stat.S_ISREG(found.st_mode) and time.time() - found.st_mtime > LEFT_BEHIND_AFTER
    return False
