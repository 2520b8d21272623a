"""What a public path is: its kind, whom it belongs to, when it is written, and that it stays inside public/."""

from __future__ import annotations

import re
from typing import NamedTuple

from onrecord.lib.slugs import is_reserved

ORDER = {
    "media": 10,
    "picture": 10,
    "artwork": 10,
    "static": 10,
    "transcript": 20,
    "words": 20,
    "chapters": 20,
    "moves": 20,
    "discussion": 20,
    "comments": 20,
    "annotations": 20,
    "annotation page": 20,
    "annotation": 20,
    "record": 20,
    "page": 20,
    "correction": 20,
    "embed": 20,
    "card": 22,
    "quote": 24,
    "redirect": 25,
    "moved feed": 25,
    "home": 30,
    "show": 30,
    "year": 30,
    "subscribe": 30,
    "series": 30,
    "person": 30,
    "tag": 30,
    "people": 30,
    "tags": 30,
    "corrections": 30,
    "notice": 30,
    "feed": 40,
    "archive": 40,
    "json feed": 40,
    "atom": 40,
    "sitemap": 40,
    "sitemaps": 40,
    "list sitemap": 40,
    "robots": 40,
    "corrections feed": 40,
    "log": 40,
}
"""Kinds of public files and when each is written: what is linked to stands before what links to it."""

FIRST_LIST = 30
"""Lists and feeds have this order or a higher one: they wait until all changes are known."""

PICTURES = ("picture", "artwork", "card")
"""Kinds that are named by their content and slow to make: they stay as long as their bytes are those recorded."""

MOVED = ("redirect", "moved feed")
"""Kinds of what stands at an address that an episode once had. Whatever lives there now comes before it."""

LONGEST = 400

TEXT = (".html", ".json", ".xml", ".txt", ".vtt", ".srt", ".css", ".js", ".svg", ".webmanifest")
"""Files that get a `.gz` beside them when they have 1 kB and more."""

COMPRESSED_FROM = 1_000
"""Bytes from which a compressed form is worth a file."""

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", re.ASCII)
_NUMBER = re.compile(r"(?:page/|feed/|sitemap-|\Acorrections/)([1-9][0-9]{0,8})(?:/index\.html|\.xml)\Z", re.ASCII)


class PublicPath(NamedTuple):
    """A file below public/, what makes it (a key of ORDER), and what it belongs to ("episode:12", "site" ...)."""

    path: str
    kind: str
    owner: str


def owner(noun: str, id: int) -> str:
    """What a file belongs to; the same words name its list.

    >>> owner("show", 3)
    'show:3'
    """
    return f"{noun}:{id}"


def id_of(owner: str) -> int:
    """The row's id in an owner's or a list's name, for a year its show's; 0 where there is none.

    >>> id_of("show:3"), id_of("year:3/2026"), id_of("site")
    (3, 3, 0)
    """
    return int(owner.partition(":")[2].partition("/")[0] or 0)


def year_list(show: int, year: int) -> str:
    """The name of the list of a show's episodes of one year, which is its owner too.

    >>> year_list(3, 2026)
    'year:3/2026'
    """
    return f"year:{show}/{year:04}"


def year_of(name: str) -> int:
    """The year in such a name.

    >>> year_of("year:3/2026")
    2026
    """
    return int(name.rpartition("/")[2])


def going_order(kind: str) -> int:
    """When a file that is no longer wanted goes: after the lists and feeds that led to it, media last."""
    return 100 - ORDER[kind]


def number_in(path: str) -> int | None:
    """The number that a list's page, an archive, a sitemap or a correction has in its path; None for the newest page.

    >>> number_in("talks/page/3/index.html"), number_in("talks/feed/2.xml"), number_in("talks/index.html")
    (3, 2, None)
    >>> number_in("corrections/7/index.html"), number_in("corrections/page/2/index.html")
    (7, 2)
    """
    found = _NUMBER.search(path)
    return int(found.group(1)) if found else None


def page_path(base: str, number: int, pages: int) -> str:
    """Where page `number` of a list stands: the newest at the list's own address.

    >>> page_path("talks/", 2, 5), page_path("talks/", 5, 5)
    ('talks/page/2/index.html', 'talks/index.html')
    """
    return f"{base}index.html" if number == pages else f"{base}page/{number}/index.html"


def is_safe(path: str) -> bool:
    """Whether a path stays inside public/ and is one that every file system and server takes as it is.

    >>> is_safe("talks/first/index.html"), is_safe("../private/key"), is_safe("a//b"), is_safe(".hidden")
    (True, False, False, False)
    """
    return len(path) <= LONGEST and all(_PART.fullmatch(part) for part in path.split("/"))


def is_free(folder: str) -> bool:
    """Whether an episode's folder ("show/episode") is none of our own paths.

    >>> is_free("talks/first"), is_free("talks/feed"), is_free("people/ada")
    (True, False, False)
    """
    parts = folder.split("/")
    return len(parts) == 2 and not any(map(is_reserved, parts)) and is_safe(folder)


def has_compressed_form(path: str, size: int) -> bool:
    """Whether `<path>.gz` stands beside a file of that size in bytes."""
    return size >= COMPRESSED_FROM and path.endswith(TEXT)
