"""What a reader asks for, where in a sentence it stands, and which sentences say it best. Knows no database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from onrecord.search import words
from onrecord.search.moments import border_term
from onrecord.search.words import Term

LONGEST_QUERY = 300
"""Characters of a question that are read."""
MOST_ASKED = 12
"""Words and phrases of a question that are looked for."""

_QUOTES = re.compile("[“”„‟«»＂]")
_PARTS = re.compile(r'"([^"]*)"|(\S+)')

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """A word or a phrase of a question, as it would stand in the index in each of its languages.

    `plain` holds the words folded and not stemmed. A word that the index has as several terms ("well-known") is a
    phrase, too; only a phrase that was `quoted` may go on in the next sentence.
    """

    forms: tuple[Phrase, ...]
    plain: Phrase
    quoted: bool

    def group(self) -> list[Phrase]:
        """What the index is asked for: one of these."""
        borders = [
            (border_term(before, after),) for form in self.forms if self.quoted for before, after in pairwise(form)
        ]
        return list(dict.fromkeys([*self.forms, *borders]))


def parse(question: str, languages: Iterable[str]) -> list[Asked]:
    """The words and quoted phrases of a question. Everything else in it is as good as a space."""
    stemmed = {words.stemmer_of(language): language for language in languages} | {"": ""}
    text = _QUOTES.sub('"', question[:LONGEST_QUERY])
    found = [
        asked
        for match in _PARTS.finditer(text)
        for asked in _asked(match[1] or (match[2] or "").replace('"', " "), match[1] is not None, stemmed.values())
    ]
    return list(dict.fromkeys(found))[:MOST_ASKED]


def _asked(text: str, quoted: bool, languages: Iterable[str]) -> list[Asked]:
    if not quoted and len(text.split()) > 1:  # a quotation mark without its other one
        return [asked for part in text.split() for asked in _asked(part, quoted, languages)]
    forms = {_form(text, language): language for language in languages}
    forms.pop((), None)
    plain = tuple(term.plain for term in words.read(text, ""))
    return [Asked(tuple(forms), plain, quoted and len(plain) > 1)] if forms else []


def _form(text: str, language: str) -> Phrase:
    """A text's terms. The last character of a script without spaces begins a pair in the index, or ends one."""
    terms = words.terms(text, language)
    if terms and words.is_single_character(terms[-1]):
        return (*terms[:-1], f"{terms[-1]}*") if len(terms) == 1 else tuple(terms[:-1])
    return tuple(terms)


# ── where it stands ─────────────────────────────────────────────────────────────────────────────────────────────────


def places(terms: Sequence[str], form: Phrase) -> list[tuple[int, int]]:
    """Where a form begins and ends among the terms, as indices; the end is not included."""
    first, length = form[0], len(form)
    if first.endswith("*"):
        return [(at, at + 1) for at, term in enumerate(terms) if term.startswith(first[:-1])]
    starts = [at for at, term in enumerate(terms) if term == first] if first in terms else []
    return [(at, at + length) for at in starts if length == 1 or tuple(terms[at : at + length]) == form]


def crosses(asked: Asked, before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether a quoted phrase begins in one sentence and ends in the next."""
    both = [*before, *after]
    return asked.quoted and any(start < len(before) < end for form in asked.forms for start, end in places(both, form))


def marked(text: str, language: str, asked: Sequence[Asked]) -> list[tuple[int, int]]:
    """Which characters of a text are what was asked for: ranges in order, which do not touch."""
    found = words.read(text, language)
    terms = [term.text for term in found]
    spans = sorted(
        (found[start].start, _end_of(found, start, end, form))
        for each in asked
        for form in each.forms
        for start, end in places(terms, form)
    )
    merged: list[tuple[int, int]] = []
    for start, stop in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _end_of(terms: Sequence[Term], start: int, end: int, form: Phrase) -> int:
    return terms[start].start + 1 if form[-1].endswith("*") else terms[end - 1].end


# ── which says it best ──────────────────────────────────────────────────────────────────────────────────────────────

USUAL_LENGTH = 14
SHORTEST = 6
"""Words of a sentence. Shorter ones say little: they count as if they were as long as this."""


def score(text: str, language: str, asked: Sequence[Asked]) -> float:
    """How well a sentence answers: more of it is what was asked for, in the very form in which it was typed."""
    said = words.sequence(text, language)
    terms = [term.text for term in said]
    length = max(len(terms), SHORTEST)
    total = 0.0
    for each in asked:
        found = {place for form in each.forms for place in places(terms, form)}
        often = len(found)
        exact = any(tuple([term.plain for term in said[start:end]]) == each.plain for start, end in found)
        total += often / (often + 0.5) + (0.5 if exact else 0.0)
    return round(total / (0.6 + 0.4 * length / USUAL_LENGTH), 6)
