"""Keeps saved pages in private/references/ and attached files in private/attached/, named by their sha256."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urldefrag

from django.conf import settings

from onrecord.lib.fetching import Page
from onrecord.lib.files import write_atomically
from onrecord.references.models import Reference, SavedCopy

OWNER_ONLY = 0o600
ABANDONED = 24 * 3600
"""Seconds after which a file that no row names was left by something that died."""
_OF_THE_WIRE = ("transfer-encoding", "content-length", "connection", "keep-alive")
"""Headers that say how the page travelled; the record says how long it is."""


def keep_page(page: Page, text: str) -> str:
    """Write a page as WARC, and its text; returns the WARC's sha256."""
    warc = _warc(page)
    name = hashlib.sha256(warc).hexdigest()
    write_atomically(warc_file(name), warc, OWNER_ONLY)
    write_atomically(text_file(name), text.encode("utf-8", "replace"), OWNER_ONLY)
    return name


def keep_file(content: bytes) -> str:
    """Write an attached file; returns its sha256. One that is there is young again: `sweep` leaves it alone."""
    name = hashlib.sha256(content).hexdigest()
    try:
        os.utime(attached_file(name))
    except FileNotFoundError:
        write_atomically(attached_file(name), content, OWNER_ONLY)
    return name


def text_of(copy: SavedCopy) -> str:
    """The text of a saved page; "" when it had none, or its file is gone."""
    try:
        return text_file(copy.warc).read_text() if copy.has_text else ""
    except FileNotFoundError:
        return ""


def warc_file(name: str) -> Path:
    """Where a saved page lies."""
    return _references() / f"{name}.warc.gz"


def text_file(name: str) -> Path:
    """Where its text lies."""
    return _references() / f"{name}.txt"


def attached_file(name: str) -> Path:
    """Where an attached file lies."""
    private: Path = settings.ONRECORD.private
    return private / "attached" / name


def taken_since(moment: float) -> int:
    """Bytes of attached files that were written since then, in seconds since 1970."""
    return sum(found.st_size for _, found in _listed(attached_file("")) if found.st_mtime > moment)


def _listed(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """What is in a folder, less what another process removes at this moment."""
    for file in folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            found = file.stat()
            yield file, found


def remove_unused(pages: Iterable[str] = (), files: Iterable[str] = ()) -> None:
    """Remove these saved pages and attached files, unless a row still names them."""
    pages, files = {name for name in pages if name}, {name for name in files if name}
    for name in pages - set(SavedCopy.objects.filter(warc__in=pages).values_list("warc", flat=True)):
        warc_file(name).unlink(missing_ok=True)
        text_file(name).unlink(missing_ok=True)
    for name in files - set(Reference.objects.filter(sha256__in=files).values_list("sha256", flat=True)):
        attached_file(name).unlink(missing_ok=True)


def sweep() -> None:
    """Remove what was written for rows that never came to be, or went while nobody was there to remove it."""
    old = time.time() - ABANDONED
    kept = [file for file, found in _listed(_references()) if found.st_mtime < old]
    attached = [file for file, found in _listed(attached_file("")) if found.st_mtime < old]
    for file in [file for file in (*kept, *attached) if file.name.startswith(".")]:
        file.unlink(missing_ok=True)
    remove_unused({file.name.partition(".")[0] for file in kept}, {file.name for file in attached})


def _references() -> Path:
    private: Path = settings.ONRECORD.private
    return private / "references"


def _warc(page: Page) -> bytes:
    """A file of two records: what this is, and what the server answered."""
    # imported here: they load much that every command would otherwise load
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    file = io.BytesIO()
    writer = WARCWriter(file, gzip=True, warc_version="1.1")
    writer.write_record(
        writer.create_warcinfo_record("page.warc.gz", {"software": "onrecord", "format": "WARC File Format 1.1"})
    )
    headers = [(name, " ".join(value.split())) for name, value in page.headers if name.lower() not in _OF_THE_WIRE]
    headers.append(("Content-Length", str(len(page.body))))
    said = StatusAndHeaders(f"{page.status} {' '.join(page.phrase.split())}", headers, protocol="HTTP/1.1")
    about = {"WARC-IP-Address": page.from_address}
    record = writer.create_warc_record(
        urldefrag(page.address).url,
        "response",
        payload=io.BytesIO(page.body),
        http_headers=said,
        warc_headers_dict=about,
    )
    writer.write_record(record)
    return file.getvalue()
