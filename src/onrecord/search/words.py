"""Words as the index knows them: folded, stemmed, in pairs where a script has no spaces. Knows no Django.

Both engines are given these terms and do nothing of their own to them, so that they find the same. Folding comes before
stemming: a reader who types without accents gets the same term as the transcript that has them.
"""

from __future__ import annotations

import hashlib
import re
import threading
import unicodedata
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import Stemmer

from onrecord.lib import folding
from onrecord.lib.folding import INVISIBLE, MARKS, WORD, fold
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

PERSIAN = str.maketrans("يك", "یک")
"""As the Persian stemmer wants them."""

_UNSPACED = re.compile(f"[{UNSPACED}]")
_PIECE = re.compile(
    f"[{UNSPACED}][{MARKS}\uff9e\uff9f]*|(?:(?![{UNSPACED}])[^\\W_])(?:(?![{UNSPACED}])[^\\W_]|[{MARKS}{INVISIBLE}])*"
)
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
def _terms_of_run(run: str, stemmer: str) -> tuple[Term, ...]:
    """The terms of characters that no white space divides. A character of a script without spaces makes a pair with
    the one after it; the last one stands alone."""
    found: list[Term] = []
    pieces = list(_PIECE.finditer(run))
    for at, piece in enumerate(pieces):
        start, end = piece.span()
        folded = fold(piece.group())
        if not _UNSPACED.match(piece.group()):
            words = WORD.findall(folded)
            found += [Term(_stem(word[:LONGEST_TERM], stemmer), word[:LONGEST_TERM], start, end) for word in words]
            continue
        following = pieces[at + 1] if at + 1 < len(pieces) else None
        if following and following.start() == end and _UNSPACED.match(following.group()):
            folded, end = folded + fold(following.group()), following.end()
        if WORD.fullmatch(folded):
            found.append(Term(folded, folded, start, end))
    return tuple(found)


_stemmers = threading.local()


def _stem(word: str, stemmer: str) -> str:
    """A stemmer keeps the word that it works on, so that each thread has its own. What is kept is kept above."""
    if not stemmer:
        return word
    known: dict[str, Any] = _stemmers.__dict__
    if stemmer not in known:
        known[stemmer] = Stemmer.Stemmer(stemmer, 0)
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
    made_by = hashlib.sha256(Path(__file__).read_bytes() + Path(folding.__file__).read_bytes())
    made_by.update(f"{version('PyStemmer')} {unicodedata.unidata_version}".encode())
    return made_by.hexdigest()[:16]
