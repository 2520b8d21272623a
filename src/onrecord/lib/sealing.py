"""Seals what is kept only until it is used: nobody reads or alters it without the key (AES-256-GCM)."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onrecord.lib.errors import Failed

NONCE_BYTES = 12


def seal(key: bytes, content: bytes) -> bytes:
    """`content`, encrypted with a key of 32 bytes (`lib/keys.py`); never the same bytes twice."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, None)


def unseal(key: bytes, sealed: bytes) -> bytes:
    """What was sealed with this key. Raises Failed when the key is another one, or a bit was altered."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
    except (InvalidTag, ValueError) as error:
        raise Failed("This was sealed with another key: put back private/keys/ from a backup.") from error
