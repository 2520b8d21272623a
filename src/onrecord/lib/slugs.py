"""Makes addresses out of names."""

import re

from anyascii import anyascii

LONGEST = 60

RESERVED = frozenset(
    {
        "page",
        "feed",
        "series",
        "people",
        "person",
        "tags",
        "tag",
        "search",
        "discuss",
        "studio",
        "q",
        "quote",
        "static",
        "media",
        "healthz",
        "oembed",
        "embed",
        "corrections",
        "discussion",
        "subscribe",
        "sitemap",
        "robots",
        "index",
        "later",
        "api",
        "admin",
        "login",
        "logout",
        "accounts",
        "well-known",
        "private",
        "transcript",
        "chapters",
        "peaks",
        "picture",
        "artwork",
        "home",
        "episodes",
        "about",
        "404",
        "favicon",
        "manifest",
    }
)


_YEAR = re.compile(r"[0-9]{4}", re.ASCII)


def is_reserved(slug: str) -> bool:
    """Whether it is one of our own paths: a word of ours, or a year.

    >>> is_reserved("feed"), is_reserved("1984"), is_reserved("1984-revisited")
    (True, True, False)
    """
    return slug in RESERVED or _YEAR.fullmatch(slug) is not None


def slug(name: str, otherwise: str) -> str:
    """Lower-case ASCII words joined by hyphens, at most 60 characters; never one of our own paths.

    Names in other scripts are transliterated, because podcast apps trip over addresses that are not ASCII.
    `otherwise` is used when nothing is left of the name.
    """
    words = re.sub(r"[^a-z0-9]+", "-", anyascii(name).lower()).strip("-")
    if len(words) > LONGEST:
        words = words[: LONGEST + 1].rpartition("-")[0] or words[:LONGEST]
    words = words or otherwise
    return f"{words}-1" if is_reserved(words) else words


def free_slug(wanted: str, taken: set[str]) -> str:
    """`wanted`, or `wanted-2`, `wanted-3` ... when it is taken."""
    candidate, number = wanted, 2
    while candidate in taken:
        candidate, number = f"{wanted}-{number}", number + 1
    return candidate
