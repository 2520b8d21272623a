"""Files that readers attach: bounded, known by their content and not by their name, and never served by the site."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.utils.translation import gettext

from onrecord.catalogue.models import Episode
from onrecord.lib.errors import BadInput
from onrecord.lib.names import title_from
from onrecord.references import keeping
from onrecord.references.cite import cite
from onrecord.references.models import Kind, Reference

MOST_BYTES = 10 * 1024 * 1024
LONGEST_NAME = 150
MOST_IN_A_DAY = 500 * 1024 * 1024
"""Bytes of all files that are taken within a day, whoever sends them."""

_BEGINS = [
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
]
_WEBP = (b"RIFF", b"WEBP")


@dataclass(frozen=True)
class Attachment:
    """A file that is kept under its sha256. What nobody cites within a day goes (`keeping.sweep`)."""

    name: str
    media_type: str
    size: int
    sha256: str


def keep(content: bytes, name: str) -> Attachment:
    """Keep what a reader gives: a PDF, a picture (JPEG, PNG, WebP) or plain text of at most ten megabytes.

    `name` is what it was called. Raises BadInput, in the reader's language, for anything else.
    """
    check_size(len(content))
    media_type = _media_type(content)
    if media_type is None:
        raise BadInput(gettext("This file cannot be taken: give a PDF, a picture (JPEG, PNG, WebP) or plain text."))
    if keeping.taken_since(time.time() - keeping.ABANDONED) + len(content) > MOST_IN_A_DAY:
        raise BadInput(gettext("Very many files are being sent here just now. Please give a link, or try tomorrow."))
    name = title_from(name.replace("\\", "/").rpartition("/")[2])[-LONGEST_NAME:] or gettext("a file")
    return Attachment(name, media_type, len(content), keeping.keep_file(content))


def check_size(size: int) -> None:
    """Raises BadInput when it has too many bytes."""
    if size > MOST_BYTES:
        raise BadInput(gettext("This file is too large: at most %(most)d megabytes.") % {"most": MOST_BYTES >> 20})


@transaction.atomic
def attach(file: Attachment, *, sentence: str = "", title: str = "", episode: Episode | None = None) -> Reference:
    """Cite a file that is kept. Raises BadInput when it is not any more."""
    try:
        content = keeping.attached_file(file.sha256).read_bytes()
    except FileNotFoundError as error:
        raise BadInput(
            gettext("%(name)s is not here any more: please choose it again.") % {"name": file.name}
        ) from error
    reference = cite(file.name, sentence=sentence, title=title, lost=True, episode=episode)
    reference.kind, reference.file_name, reference.file_type = Kind.FILE, file.name, file.media_type
    reference.file_size, reference.sha256 = file.size, file.sha256
    reference.save(update_fields=["kind", "file_name", "file_type", "file_size", "sha256"])
    # again, in case somebody who forgot the same file removed it before our row could be seen
    transaction.on_commit(partial(keeping.keep_file, content))
    return reference


def _media_type(content: bytes) -> str | None:
    for beginning, media_type in _BEGINS:
        if content.startswith(beginning):
            return media_type
    if (content[:4], content[8:12]) == _WEBP:
        return "image/webp"
    return "text/plain" if _is_text(content) else None


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and all(c >= " " or c in "\t\n\r\f" for c in text)
