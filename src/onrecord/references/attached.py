"""Files that readers attach: bounded, known by their content and not by their name, and never served by the site."""

from __future__ import annotations

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

_BEGINS = [
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
]
_WEBP = (b"RIFF", b"WEBP")


@transaction.atomic
def attach(
    content: bytes,
    name: str,
    *,
    sentence: str = "",
    title: str = "",
    author: str = "",
    date: str = "",
    episode: Episode | None = None,
) -> Reference:
    """Cite a file that the reader gives: a PDF, a picture (JPEG, PNG, WebP) or plain text of at most ten megabytes.

    `name` is what it was called. Raises BadInput for anything else.
    """
    if len(content) > MOST_BYTES:
        raise BadInput(gettext("This file is too large: at most %(most)d megabytes.") % {"most": MOST_BYTES >> 20})
    media_type = _media_type(content)
    if media_type is None:
        raise BadInput(gettext("This file cannot be taken: give a PDF, a picture (JPEG, PNG, WebP) or plain text."))
    name = title_from(name.replace("\\", "/").rpartition("/")[2])[-LONGEST_NAME:] or gettext("a file")
    reference = cite(name, sentence=sentence, title=title, author=author, date=date, lost=True, episode=episode)
    reference.kind, reference.file_name, reference.file_type = Kind.FILE, name, media_type
    reference.file_size, reference.sha256 = len(content), keeping.keep_file(content)
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
