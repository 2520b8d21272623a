"""Answers requests for the files below public/, by RFC 9110: which file, which part of it, or that nothing changed."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from onrecord.lib.headers import ALWAYS, ASK_AGAIN, TYPES, headers_of

READ_AT_ONCE = 1 << 20
"""Bytes. A file up to this size is read before it is sent, so that its length, tag and content belong together even
when the press replaces it meanwhile. Larger ones are media, named by their content: those are sent from their file."""

Ask = Callable[[str], str | None]
"""Gives a request header by its lower-case name."""

_RANGE = re.compile(r"bytes[ \t]*=[ \t]*(\d{0,19})-(\d{0,19})[ \t]*$", re.ASCII)
_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=([0-9.]+)\s*)?(?=,|$)", re.ASCII)
_TAGS = re.compile(r'(?:W/)?"[^"]*"')


@dataclass(slots=True)
class Answer:
    """What to send. `body` holds the bytes; or `file` names the file, of which `start` up to `end` is sent."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    file: str = ""
    start: int = 0
    end: int = 0

    @property
    def length(self) -> int:
        """Bytes of what is sent."""
        return self.end - self.start if self.file else len(self.body)


class Representation:
    """One open file, and by what it is known. Closed at the end of a `with` block."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self.status = os.fstat(self.descriptor)

    def __enter__(self) -> Representation:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self.descriptor)

    def lies_in(self, root: str) -> bool:
        """Whether the file that was opened is below a folder, whatever links led to it."""
        try:
            place = os.readlink(f"/proc/self/fd/{self.descriptor}")  # noqa: PTH115 - a Path costs four times as much
        except OSError:  # not on Linux
            place = os.path.realpath(self.path)
        return place.startswith(f"{root}/")

    @property
    def size(self) -> int:
        """Bytes."""
        return self.status.st_size

    @property
    def tag(self) -> str:
        """Strong: the press replaces files by renaming new ones, so changed content has another inode or time."""
        return f'"{self.status.st_mtime_ns:x}-{self.status.st_size:x}-{self.status.st_ino:x}"'

    @property
    def modified(self) -> int:
        """Seconds since 1970."""
        return int(self.status.st_mtime)


class PublicFiles:
    """The files below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = os.path.realpath(root)

    def answer(self, method: str, path: str, ask: Ask) -> Answer:
        """Answer a request for `path`, which begins with a slash and is percent-decoded once. Raises no OSError."""
        if method not in ("GET", "HEAD"):
            return _plain(405, "Only GET and HEAD.", Allow="GET, HEAD")
        name = path[1:] + ("index.html" if path.endswith("/") else "")
        compressed = self._open(f"{name}.gz") if _accepts_gzip(ask) and self._has(name) else None
        found = compressed or self._open(name)
        if found is None:
            return self._elsewhere(name)
        with found:
            return _choose(method, name, found, compressed is not None, ask)

    def missing(self) -> Answer:
        """The page that says that there is nothing here."""
        return self.page("404.html", 404)

    def page(self, name: str, status: int) -> Answer:
        """One of our own pages with another status; a plain sentence where it has not been pressed yet."""
        found = self._open(name)
        if found is None:
            return _plain(status, "Not found." if status == 404 else "Try again later.")
        with found:
            return Answer(status, {**headers_of(name)}, os.read(found.descriptor, READ_AT_ONCE))

    def _elsewhere(self, name: str) -> Answer:
        if not self._has(f"{name}/index.html"):
            return self.missing()
        return _plain(301, "", Location=f"/{quote(name)}/")

    def _has(self, name: str) -> bool:
        found = self._open(name)
        if found is None:
            return False
        with found:
            return True

    def _open(self, name: str) -> Representation | None:
        """The regular file of that name, when it lies within the folder and no part of its name begins with a dot."""
        if not _is_clean(name):
            return None
        path = f"{self.root}/{name}"
        try:
            found = Representation(path)
        except (OSError, ValueError):  # ValueError: characters that no file name can hold
            return None
        if stat.S_ISREG(found.status.st_mode) and found.lies_in(self.root):
            return found
        os.close(found.descriptor)
        return None


def _is_clean(name: str) -> bool:
    return not name.startswith((".", "/")) and "/." not in name and "//" not in name and "\0" not in name


def _plain(status: int, text: str, **headers: str) -> Answer:
    kinds = {"Content-Type": TYPES[".txt"], "Cache-Control": ASK_AGAIN, **ALWAYS, **headers}
    return Answer(status, kinds, text.encode())


def _accepts_gzip(ask: Ask) -> bool:
    """A part of a file is a part of the file itself, never of its compressed form."""
    accepted = ask("accept-encoding")
    if not accepted or ask("range"):
        return False
    return any(float(quality or "1") > 0 for quality in _GZIP.findall(accepted.lower()) if _is_number(quality or "1"))


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[01](\.\d{0,3})?", text) is not None


def _choose(method: str, name: str, found: Representation, compressed: bool, ask: Ask) -> Answer:
    headers = {
        **headers_of(name),
        "ETag": found.tag,
        "Last-Modified": http_date(found.modified),
        "Accept-Ranges": "bytes",
        "Vary": "Accept-Encoding",
    }
    status = _precondition(found, ask)
    if status:
        del headers["Content-Type"]
        return Answer(status, headers)
    if compressed:
        headers["Content-Encoding"] = "gzip"
    part = _part(found, ask) if method == "GET" else None
    if part is None:
        return _from(found, 200, headers, 0, found.size)
    start, end = part
    if start >= end:
        return _plain(416, "", **{"Content-Range": f"bytes */{found.size}", "Accept-Ranges": "bytes"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    return _from(found, 206, headers, start, end)


def _from(found: Representation, status: int, headers: dict[str, str], start: int, end: int) -> Answer:
    if end - start > READ_AT_ONCE:
        return Answer(status, headers, file=found.path, start=start, end=end)
    return Answer(status, headers, body=os.pread(found.descriptor, end - start, start))


@lru_cache(maxsize=4096)
def http_date(seconds: int) -> str:
    """As HTTP writes it: always GMT."""
    return formatdate(seconds, usegmt=True)


def _precondition(found: Representation, ask: Ask) -> int:
    """304 or 412 when a condition of the request says so, else 0; in the order of RFC 9110, 13.2.2."""
    wanted = ask("if-match")
    if wanted is not None:
        if wanted.strip() != "*" and found.tag not in _TAGS.findall(wanted):
            return 412
    elif (limit := _seconds(ask("if-unmodified-since"))) is not None and found.modified > limit:
        return 412
    known = ask("if-none-match")
    if known is not None:
        tags = {tag.removeprefix("W/") for tag in _TAGS.findall(known)}
        return 304 if known.strip() == "*" or found.tag in tags else 0
    since = _seconds(ask("if-modified-since"))
    return 304 if since is not None and found.modified <= since else 0


def _seconds(date: str | None) -> int | None:
    if date is None:
        return None
    try:
        return int(parsedate_to_datetime(date).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _part(found: Representation, ask: Ask) -> tuple[int, int] | None:
    """First byte and the one after the last. None: send it whole, as RFC 9110 allows for several parts and asks for
    what cannot be read. An empty part (start >= end) cannot be satisfied."""
    header = ask("range")
    if header is None or not _still_the_same(found, ask("if-range")):
        return None
    match = _RANGE.match(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    size = found.size
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size


def _still_the_same(found: Representation, condition: str | None) -> bool:
    """If-Range: the strong tag, or the exact date when that is old enough to tell one version from another."""
    if condition is None or condition.strip() == found.tag:
        return True
    return _seconds(condition) == found.modified and time.time() - found.modified > 1
