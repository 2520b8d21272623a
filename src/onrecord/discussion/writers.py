"""Who writes: found by their mail address, which is sealed, trusted for what they did and never for what they typed."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.utils import timezone

from onrecord.discussion.models import Comment, OwnLink, State, Writer
from onrecord.lib import keys, sealing


def find_or_make(address: str, name: str) -> Writer:
    """Whoever has this mail address (as `mail.letter.address` writes it); in the caller's transaction."""
    writer, _ = Writer.objects.get_or_create(
        address_hash=hash_of(address),
        defaults={"name": name, "address": sealed(address)},
    )
    return writer


def address_of(row: Writer | OwnLink) -> str:
    """Their mail address; empty when it was erased."""
    return unsealed(row.address)


def sealed(address: str) -> bytes:
    """An address, of mail or of a house, as rows keep it."""
    return sealing.seal(_key("addresses"), address.encode())


def unsealed(content: bytes | memoryview) -> str:
    """The same as it was; empty when it was erased."""
    return sealing.unseal(_key("addresses"), bytes(content)).decode() if content else ""


def hash_of(address: str) -> str:
    """By what an address is found: a keyed hash, that says nothing without the publication's secret."""
    return hmac.digest(_key("hashes of addresses"), address.casefold().encode(), "sha256").hex()


def fingerprint(words: str) -> str:
    """A keyed hash of what somebody wrote, to find the same words."""
    return hmac.digest(_key("fingerprints"), words.encode(), "sha256").hex()


def is_trusted(writer: Writer) -> bool:
    """Whether somebody confirmed their address, and a comment that they confirmed was published."""
    if writer.verified is None or writer.blocked is not None:
        return False
    return Comment.objects.filter(writer=writer, state=State.PUBLISHED, confirmed__isnull=False).exists()


def verify(writer: Writer) -> None:
    """Their address is theirs."""
    if writer.verified is None:
        writer.verified = timezone.now()
        writer.save(update_fields=["verified"])


def _key(purpose: str) -> bytes:
    return keys.key(settings.ONRECORD.private, f"discussion: {purpose}")
