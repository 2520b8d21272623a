"""The list of erasures: what must not come back with an older backup. Knows no database.

`private/erasures.jsonl` is only ever appended to, one JSON object a line, and names rows by their random keys: it says
nothing of whom or what was erased. It lies outside the rows, so that a restore of older rows can be given a newer list.
"""

from __future__ import annotations

import fcntl
import json
import os
import tarfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from onrecord.lib.errors import BadInput
from onrecord.lib.files import make_folder, sync_folder

FILE, TO_REPLAY = "erasures.jsonl", "erasures-to-replay"
"""In private/: the list, and a mark that the rows are older than it."""

LARGEST = 1 << 28
"""Bytes of a list that is taken from elsewhere; a million erasures need less."""

Entry = dict[str, Any]


def note(private: Path, kind: str, **what: Any) -> None:
    """Append an erasure, durably. Call it before the transaction that erases is committed: what is on the list and was
    not erased is erased at the next restore; what was erased and is not on the list would come back."""
    make_folder(private)
    line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), "kind": kind, **what}) + "\n"
    file = private / FILE
    is_new = not file.exists()
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        cut_off = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"  # by a power cut: it was never committed
        os.write(descriptor, b"\n" * cut_off + line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        sync_folder(private)


def read(private: Path) -> list[Entry]:
    """The publication's own list; empty when nothing was ever erased."""
    file = private / FILE
    return _entries(file.read_bytes()) if file.exists() else []


def read_elsewhere(place: Path) -> list[Entry]:
    """The list of another folder of the publication, of a backup, or in a file. Raises BadInput."""
    try:
        content = _content(place)
    except (OSError, tarfile.TarError) as error:
        sentence = f"{place} cannot be read: name a publication's folder, a backup, or a list of erasures."
        raise BadInput(sentence) from error
    if len(content) > LARGEST:
        raise BadInput(f"{place} is too large for a list of erasures: check which file it is.")
    entries = _entries(content)
    if content.strip() and not entries:
        raise BadInput(f"{place} is no list of erasures: name a publication's folder, a backup, or private/{FILE}.")
    return entries


def _content(place: Path) -> bytes:
    if place.is_dir():
        if not (place / "onrecord.toml").is_file():
            raise BadInput(f"{place} is not a publication's folder (it has no onrecord.toml): check its name.")
        file = place / "private" / FILE
        return file.read_bytes() if file.exists() else b""
    if not tarfile.is_tarfile(place):
        with place.open("rb") as file_itself:
            return file_itself.read(LARGEST + 1)
    with tarfile.open(place, "r:") as tar:
        for member in tar:
            if member.name == f"private/{FILE}" and (packed := tar.extractfile(member)):
                return packed.read(LARGEST + 1)
    return b""


def _entries(content: bytes) -> list[Entry]:
    """Lines that cannot be read are left out: one that a power cut left half was never committed."""
    found = []
    for line in content.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        fit = isinstance(entry, dict) and isinstance(entry.get("kind"), str)
        if fit and all(isinstance(entry.get(of, []), list) for of in ("comments", "statements")):
            found.append(entry)
    return found


def lay_down(private: Path, entries: Iterable[Entry]) -> bool:
    """Add to the list in a folder that is being restored what it does not have, and mark that it is to be replayed.

    Returns whether there was anything to add.
    """
    known = [json.dumps(entry, sort_keys=True) for entry in read(private)]
    fresh = [entry for entry in entries if json.dumps(entry, sort_keys=True) not in known]
    if not fresh:
        return False
    make_folder(private)
    with (private / FILE).open("ab") as file:
        file.write(b"".join(json.dumps(entry).encode() + b"\n" for entry in fresh))
        file.flush()
        os.fsync(file.fileno())
    (private / TO_REPLAY).touch(0o600)
    return True
