"""The publication's secret, and the keys that are made of it.

One random secret lies in private/keys/secret, readable by its owner only and part of every backup. Each purpose has a
key of its own, derived with HMAC-SHA256, so that what one key signs, hashes or encrypts says nothing to another.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from onrecord.lib.errors import Failed
from onrecord.lib.files import make_folder, sync_folder

BYTES = 32


def key(private: Path, purpose: str) -> bytes:
    """The 32 bytes for one purpose ("django", "addresses", ...); the secret is made when there is none yet.

    `private` is the publication's folder of that name. Raises OSError when the secret can neither be read nor made, and
    Failed when it is damaged.
    """
    return hmac.digest(_secret(private / "keys" / "secret"), purpose.encode(), "sha256")


def _secret(path: Path) -> bytes:
    try:
        return _read(path)
    except FileNotFoundError:
        _make(path)
        return _read(path)


def _read(path: Path) -> bytes:
    secret = path.read_bytes()
    if len(secret) != BYTES:
        raise Failed(f"{path} is damaged: put back the one from a backup.")
    return secret


def _make(path: Path) -> None:
    """Written aside and linked into place: of two processes that make it at once, one wins and both read that one."""
    make_folder(path.parent)
    path.parent.chmod(0o700)
    half = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    half.touch(0o600, exist_ok=False)
    try:
        with half.open("wb") as file:
            file.write(secrets.token_bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(half, path)
        except FileExistsError:
            return
    finally:
        half.unlink()
    sync_folder(path.parent)
