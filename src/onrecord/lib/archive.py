"""A plain tar file whose last member says what is in it, with the hash of each: what is cut off or altered is found."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from onrecord.lib.errors import BadInput
from onrecord.lib.files import BLOCK, writing_atomically

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 1 << 30
"""Bytes; a million files need a tenth of it."""

_NAME = re.compile(r"[^/\0]+(/[^/\0]+)*")


class ArchiveWriter:
    """Adds files; `files` says size (bytes) and sha256 of each by its name in the archive."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self.tar = tar
        self.files: dict[str, dict[str, Any]] = {}

    def add(self, name: str, path: Path) -> None:
        """Add a file as it is when it is opened. Raises FileNotFoundError when it has gone."""
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = status.st_size, status.st_mode & 0o777, status.st_mtime
            self._write(member, file)

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add a file of this content, which only its owner may read."""
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o600
        self._write(member, io.BytesIO(content))

    def _write(self, member: tarfile.TarInfo, file: IO[bytes]) -> None:
        reader = _Hashing(file)
        self.tar.addfile(member, reader)
        self.files[member.name] = {"size": member.size, "sha256": reader.digest.hexdigest()}

    def finish(self, about: dict[str, Any]) -> None:
        """Write the manifest: `about`, and what is in the archive."""
        content = json.dumps({**about, "files": self.files}, indent=1, ensure_ascii=False).encode()
        member = tarfile.TarInfo(MANIFEST)
        member.size, member.mode = len(content), 0o600
        self.tar.addfile(member, io.BytesIO(content))


class _Hashing:
    """Reads a file and hashes what it reads."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(size)
        self.digest.update(block)
        return block


@contextmanager
def writing(path: Path) -> Iterator[ArchiveWriter]:
    """Write an archive that only its owner may read; it has its name when it is complete, or is not there."""
    with (
        writing_atomically(path, mode=0o600) as file,
        tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        yield ArchiveWriter(tar)


def unpack(archive: Path, folder: Path) -> dict[str, Any]:
    """Unpack into the empty `folder` and return the manifest. Nothing is written outside of it.

    Raises BadInput in one sentence when it is no archive of ours, incomplete or altered; then `folder` holds rubbish.
    """
    try:
        with tarfile.open(archive, "r:") as tar:
            found, manifest = _unpack_members(tar, archive, folder)
    except (tarfile.TarError, EOFError, UnicodeDecodeError, ValueError) as error:
        raise BadInput(f"{archive} is not a backup of onrecord, or is damaged: try another copy of it.") from error
    if manifest is None:
        raise BadInput(f"{archive} is incomplete, its end is missing: try another copy of it.")
    _compare(archive, found, manifest)
    return manifest


def _unpack_members(
    tar: tarfile.TarFile, archive: Path, folder: Path
) -> tuple[dict[str, dict[str, Any]], dict[str, Any] | None]:
    found: dict[str, dict[str, Any]] = {}
    for member in tar:
        content = tar.extractfile(member) if member.isreg() else None
        if content is None or not _is_safe(member.name) or member.name in found:
            raise BadInput(
                f"{archive} holds {member.name!r}, which no backup of onrecord does: try another copy of it."
            )
        if member.name == MANIFEST:
            if member.size > LARGEST_MANIFEST:
                raise BadInput(f"{archive} has a list of contents that is too large: try another copy of it.")
            return found, _read_manifest(content.read())
        found[member.name] = _unpack_one(member, content, folder / member.name)
    return found, None


def _is_safe(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and not {".", ".."} & set(name.split("/"))


def _read_manifest(content: bytes) -> dict[str, Any]:
    manifest = json.loads(content)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise ValueError("not a manifest")
    return manifest


def _unpack_one(member: tarfile.TarInfo, content: IO[bytes], path: Path) -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("xb") as file:
        os.fchmod(file.fileno(), (member.mode & 0o755) | 0o600)
        while block := content.read(BLOCK):
            digest.update(block)
            file.write(block)
    os.utime(path, (member.mtime, member.mtime))
    return {"size": path.stat().st_size, "sha256": digest.hexdigest()}


def _compare(archive: Path, found: dict[str, dict[str, Any]], manifest: dict[str, Any]) -> None:
    listed = manifest["files"]
    wrong = sorted(name for name in {*found, *listed} if found.get(name) != listed.get(name))
    if wrong:
        raise BadInput(f"{archive} is damaged: {wrong[0]!r} is not what was backed up; try another copy of it.")
