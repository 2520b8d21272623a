"""Looks for a sentence in a page's text, whatever quotes, dashes, spaces and line breaks each of them has."""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate

_WORD = re.compile(r"[^\W_]+(?:(?<=\d)[.,](?=\d)[^\W_]+)*")
"""Letters and digits; what parts the digits of a number stays, since 1.5 is not 15."""
_LEFT_OUT = re.compile(r"\[?(?:\.\s?\.\s?\.|…)\]?")
"""Where somebody leaves words out of a quotation."""
_SAME = str.maketrans(
    {"ي": "ی", "ى": "ی", "ئ": "ی", "ك": "ک", "ة": "ه", "ہ": "ه", "ھ": "ه", "ۃ": "ه", "ـ": None, "ß": "ss"}
)
"""Letters that keyboards of the same language write in two ways."""
_WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
)
"""Scripts that put none between words."""


class Text:
    """A page's text, made ready to be looked into."""

    def __init__(self, text: str) -> None:
        words = _words(text)
        self._letters = "".join(words)
        self._edges = {0, *accumulate(map(len, words))}

    def has(self, sentence: str) -> bool:
        """Whether the sentence stands in it: all its words, in their order; parts around "..." each after the other."""
        parts = [letters for part in _LEFT_OUT.split(sentence) if (letters := "".join(_words(part)))]
        position = 0
        for part in parts:
            at = self._find(part, position)
            if at < 0:
                return False
            position = at + len(part)
        return bool(parts)

    def _find(self, part: str, start: int) -> int:
        """Where it begins; only where words begin and end, so that "train fell" does not hold "rain fell"."""
        at = self._letters.find(part, start)
        while at >= 0 and not (self._is_edge(at) and self._is_edge(at + len(part))):
            at = self._letters.find(part, at + 1)
        return at

    def _is_edge(self, at: int) -> bool:
        return at in self._edges or any(
            _WITHOUT_SPACES.match(letter) for letter in self._letters[max(0, at - 1) : at + 1]
        )


def _words(text: str) -> list[str]:
    """Its words in small letters, without accents and vowel marks."""
    plain = unicodedata.normalize("NFKD", text.replace("\u00ad", "")).casefold().translate(_SAME)
    return _WORD.findall("".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Cf")))
