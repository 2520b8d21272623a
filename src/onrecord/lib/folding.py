"""Words without what people leave out when they type, so that search and rules find the same. Knows no Django."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

REMEMBERED = 1 << 17
"""Words whose folded form is kept: most of what is said is the same few thousand words."""

# Marks that are left out: accents, Arabic vowel signs and hamza above or below, Hebrew points.
_POINTS = (
    "\u0300-\u036f\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0591-\u05bd\u05bf-\u05c7"
)
# Lengthening sign, joiners, soft hyphen and marks of direction, which only change how a word looks.
INVISIBLE = "\u0640\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufe00-\ufe0f"
_DROPPED = re.compile(f"[{_POINTS}{INVISIBLE}]")

LETTERS = str.maketrans(
    {
        # Latin letters that have no decomposition
        **{"ı": "i", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"},
        # Arabic, Urdu and Persian letters that keyboards and transcripts use for each other
        **{"ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ڪ": "ك", "ہ": "ه", "ە": "ه", "ة": "ه", "ۃ": "ه"},
        # Hebrew letters as they stand at a word's end
        **{"ך": "כ", "ם": "מ", "ן": "נ", "ף": "פ", "ץ": "צ"},
    }
)
SHORT_I = "й"
"""It is a letter, not an и with a mark."""


def _ranges(first: int, last: int) -> Iterator[str]:
    """All marks between two code points, as a regular expression's class has them: `re` has no name for them."""
    start = None
    for at in range(first, last + 1):
        is_mark = at < last and unicodedata.category(chr(at))[0] == "M"
        if is_mark and start is None:
            start = at
        elif not is_mark and start is not None:
            yield f"{chr(start)}-{chr(at - 1)}"
            start = None


MARKS = "".join(_ranges(0x300, 0xFE30))
WORD = re.compile(f"[^\\W_](?:[^\\W_]|[{MARKS}])*")
"""A word of a folded text: letters and digits with their marks."""


@lru_cache(REMEMBERED)
def fold(word: str) -> str:
    """A word without case, accents, vowel signs and the forms of one letter."""
    return fold_text(word)


def fold_text(text: str) -> str:
    """The same of a whole text; nothing of it is remembered."""
    composed = unicodedata.normalize("NFC", text).replace(SHORT_I.upper(), SHORT_I)
    return SHORT_I.join(map(_fold, composed.split(SHORT_I)))


def _fold(text: str) -> str:
    bare = _DROPPED.sub("", unicodedata.normalize("NFKD", text))
    bare = _DROPPED.sub("", unicodedata.normalize("NFKD", bare.casefold())).translate(LETTERS)
    digits = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in bare)
    return unicodedata.normalize("NFC", digits)
