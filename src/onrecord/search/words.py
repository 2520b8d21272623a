"""Words as the index knows them: folded, stemmed, in pairs where a script has no spaces. Knows no Django.

Both engines are given these terms and do nothing of their own to them, so that they find the same. Folding comes before
stemming: a reader who types without accents gets the same term as the transcript that has them.
"""

from __future__ import annotations

import hashlib
import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import snowballstemmer

from onrecord.transcripts.tokens import UNSPACED

LONGEST_TERM = 40
"""Characters that are told apart; nobody says longer words, and engines have limits."""

REMEMBERED = 1 << 17
"""Words whose terms are kept: most of what is said is the same few thousand words."""

# Languages (ISO 639) with a Snowball stemmer. Others are folded only.
STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}

# Marks that are left out: accents, Arabic vowel signs and hamza above or below, Hebrew points.
_POINTS = (
    "\u0300-\u036f\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0591-\u05bd\u05bf-\u05c7"
)
# Lengthening sign, joiners, soft hyphen and marks of direction, which only change how a word looks.
_INVISIBLE = "\u0640\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufe00-\ufe0f"
_DROPPED = re.compile(f"[{_POINTS}{_INVISIBLE}]")

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
PERSIAN = str.maketrans("يك", "یک")
"""As the Persian stemmer wants them."""

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


_MARKS = "".join(_ranges(0x300, 0xFE30))
_UNSPACED = re.compile(f"[{UNSPACED}]")
_PIECE = re.compile(
    f"[{UNSPACED}][{_MARKS}\uff9e\uff9f]*|"
    f"(?:(?![{UNSPACED}])[^\\W_])(?:(?![{UNSPACED}])[^\\W_]|[{_MARKS}{_INVISIBLE}])*"
)
_WORD = re.compile(f"[^\\W_](?:[^\\W_]|[{_MARKS}])*")
_RUN = re.compile(r"\S+")


class Term(NamedTuple):
    """What is looked for: `text` is in the index, `plain` is the word folded but not stemmed.

    `start` and `end` say which characters of the text it was made of.
    """

    text: str
    plain: str
    start: int
    end: int


def terms(text: str, language: str) -> list[str]:
    """The terms of a text in their order. `language` is a BCP 47 tag."""
    return [term.text for term in sequence(text, language)]


def sequence(text: str, language: str) -> list[Term]:
    """The terms of a text in their order; where in it they stand is not said, which is quicker than `read`."""
    stemmer = stemmer_of(language)
    return [term for run in text.split() for term in _terms_of_run(run, stemmer)]


def read(text: str, language: str) -> list[Term]:
    """The terms of a text, and where in it each of them stands."""
    stemmer = stemmer_of(language)
    return [
        Term(term.text, term.plain, term.start + run.start(), term.end + run.start())
        for run in _RUN.finditer(text)
        for term in _terms_of_run(run.group(), stemmer)
    ]


@lru_cache(1000)
def stemmer_of(language: str) -> str:
    """The name of the language's stemmer; empty when it has none."""
    return STEMMERS.get(language.lower().replace("_", "-").partition("-")[0], "")


def is_single_character(text: str) -> bool:
    """Whether it is one character of a script without spaces: the index has pairs, and it begins one of them."""
    return len(text) == 1 and bool(_UNSPACED.match(text))


@lru_cache(REMEMBERED)
def fold(text: str) -> str:
    """The text without what people leave out when they type: case, accents, vowel signs, forms of one letter."""
    composed = unicodedata.normalize("NFC", text).replace(SHORT_I.upper(), SHORT_I)
    return SHORT_I.join(map(_fold, composed.split(SHORT_I)))


def _fold(text: str) -> str:
    bare = _DROPPED.sub("", unicodedata.normalize("NFKD", text))
    bare = _DROPPED.sub("", unicodedata.normalize("NFKD", bare.casefold())).translate(LETTERS)
    digits = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in bare)
    return unicodedata.normalize("NFC", digits)


@lru_cache(REMEMBERED)
def _terms_of_run(run: str, stemmer: str) -> tuple[Term, ...]:
    """The terms of characters that no white space divides. A character of a script without spaces makes a pair with
    the one after it; the last one stands alone."""
    found: list[Term] = []
    pieces = list(_PIECE.finditer(run))
    for at, piece in enumerate(pieces):
        start, end = piece.span()
        folded = fold(piece.group())
        if not _UNSPACED.match(piece.group()):
            words = _WORD.findall(folded)
            found += [Term(_stem(word[:LONGEST_TERM], stemmer), word[:LONGEST_TERM], start, end) for word in words]
            continue
        following = pieces[at + 1] if at + 1 < len(pieces) else None
        if following and following.start() == end and _UNSPACED.match(following.group()):
            folded, end = folded + fold(following.group()), following.end()
        if _WORD.fullmatch(folded):
            found.append(Term(folded, folded, start, end))
    return tuple(found)


_stemmers = threading.local()


def _stem(word: str, stemmer: str) -> str:
    """A stemmer keeps the word that it works on, so that each thread has its own."""
    if not stemmer:
        return word
    known: dict[str, Any] = _stemmers.__dict__
    if stemmer not in known:
        known[stemmer] = snowballstemmer.stemmer(stemmer)
    stem: str = known[stemmer].stemWord(_as_wanted(word, stemmer))
    return fold(stem) or word


def _as_wanted(word: str, stemmer: str) -> str:
    """Two stemmers look for letters that folding took away. An Arabic word of this length that ends in ه ends in a ة
    that was typed without its dots, or in a pronoun, which is taken off like it."""
    if stemmer == "persian":
        return word.translate(PERSIAN)
    if stemmer == "arabic" and len(word) > 5 and word.endswith("ه"):
        return f"{word[:-1]}ة"
    return word


@cache
def edition() -> str:
    """Changes with everything that terms depend on: an index of another edition has to be made anew."""
    made_by = hashlib.sha256(Path(__file__).read_bytes())
    made_by.update(f"{version('snowballstemmer')} {unicodedata.unidata_version}".encode())
    return made_by.hexdigest()[:16]
