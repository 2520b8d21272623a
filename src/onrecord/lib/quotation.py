"""Quotation marks as each language writes them: what CLDR has as delimiters, which Babel does not carry."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from babel.core import get_global

USUAL = "“”"
MARKS = {
    "«»": "am ast be br ca el es es-US fa fr hy it kab kk ky mg nb nn no pt-PT ru rw sc sq ti uk",
    "„“": "bg cs de et hr hsb is ka lb lt mk sk sl sr",
    "„”": "bs ff hu pl ro",
    "”“": "ar ur",
    "””": "fi he sv",
    "‘’": "ia nl xh",
    "「」": "ja yue zh-Hant zh-HK zh-MO zh-TW",
    "“”": "es-419",
}
"""Of languages, and of variants that write others than their language does."""
MARKS_OF = {tag.lower(): marks for marks, tags in MARKS.items() for tag in tags.split()}


def quoted(text: str, language: str) -> str:
    """The text in the quotation marks of a language (BCP 47)."""
    marks = _marks(language)
    return f"{marks[0]}{text}{marks[1]}"


@cache
def _marks(language: str) -> str:
    return next((MARKS_OF[tag] for tag in _wider(language) if tag in MARKS_OF), USUAL)


def _wider(language: str) -> Iterator[str]:
    """A tag and those that it inherits from, in lower case: es-MX, es-419, es."""
    parents = {child.lower(): parent for child, parent in get_global("parent_exceptions").items()}
    tag = language.replace("-", "_").lower()
    while tag:
        yield tag.replace("_", "-")
        tag = parents.get(tag, tag.rpartition("_")[0]).lower()
