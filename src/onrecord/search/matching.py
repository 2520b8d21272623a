"""What a reader asks for, where in a sentence it stands, and which sentences say it best. Knows no database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from onrecord.search import words
from onrecord.search.moments import border_term
from onrecord.search.words import Term

LONGEST_QUERY = 300
"""Characters of a question that are read."""
MOST_ASKED = 12
"""Words and phrases of a question that are looked for."""
FEWEST_LETTERS = 3
"""A word that is still being typed is looked for as the beginning of others from so many letters on."""
TAILS = "s e d r g n y es ed er ng on ly ss ing ion ies ess ent dos das ndo ness tion ning ment"
"""What may follow what has been typed: "runni" is the beginning of a word whose stem is "run"."""

_QUOTES = re.compile("[“”„‟«»＂]")
_PARTS = re.compile(r'"([^"]*)"|(\S+)')

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """A word or a phrase of a question, as it would stand in the index in each of its languages.

    `plain` holds the words folded and not stemmed. A word that the index has as several terms ("well-known") is a
    phrase, too; only a phrase that was `quoted` may go on in the next sentences. A word that is still being typed
    `begins` others, too: `stems` are of such words, where they are shorter than what has been typed, and `completions`
    are terms of the index that begin like it.
    """

    forms: tuple[Phrase, ...]
    plain: Phrase
    quoted: bool
    begins: str = ""
    stems: tuple[str, ...] = ()
    completions: tuple[str, ...] = ()

    def group(self) -> list[Phrase]:
        """What the index is asked for: one of these."""
        borders = [
            (border_term(before, after),) for form in self.forms if self.quoted for before, after in pairwise(form)
        ]
        return list(dict.fromkeys([*self.forms, *((term,) for term in (*self.stems, *self.completions)), *borders]))


def parse(question: str, languages: Iterable[str], typing: bool = False) -> list[Asked]:
    """The words and quoted phrases of a question. Everything else in it is as good as a space.

    With `typing` the last word is one of which more letters may come.
    """
    stemmed = {words.stemmer_of(language): language for language in languages} | {"": ""}
    text = _QUOTES.sub('"', question[:LONGEST_QUERY])
    found = [
        asked
        for match in _PARTS.finditer(text)
        for asked in _asked(match[1] or (match[2] or "").replace('"', " "), match[1] is not None, stemmed.values())
    ]
    asked = list(dict.fromkeys(found))[:MOST_ASKED]
    return [*asked[:-1], _begun(asked[-1], stemmed.values())] if asked and typing and not text.endswith('"') else asked


def _begun(last: Asked, languages: Iterable[str]) -> Asked:
    """The word as the beginning of others; of one or two letters far too many would come."""
    begins = last.plain[0]
    if len(last.plain) > 1 or any(len(form) > 1 for form in last.forms) or len(begins) < FEWEST_LETTERS:
        return last
    stems = {term for tail in TAILS.split() for language in languages for term in words.terms(begins + tail, language)}
    return replace(last, begins=begins, stems=tuple(sorted(stem for stem in stems if not stem.startswith(begins))))


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


def spots(said: Sequence[Term], asked: Asked) -> list[tuple[int, int]]:
    """Where a text says what was asked for, as indices of its terms."""
    terms = [term.text for term in said]
    found = [place for form in asked.forms for place in places(terms, form)]
    if asked.begins:
        found += [(at, at + 1) for at, term in enumerate(said) if term.plain.startswith(asked.begins)]
    return sorted(set(found))


def crosses(asked: Asked, before: Sequence[Term], after: Sequence[Term]) -> bool:
    """Whether a quoted phrase begins in one sentence and ends in those after it."""
    found = spots([*before, *after], asked) if asked.quoted else []
    return any(start < len(before) < end for start, end in found)


def marked(text: str, language: str, asked: Sequence[Asked]) -> list[tuple[int, int]]:
    """Which characters of a text are what was asked for: ranges in order, which do not touch."""
    found = words.read(text, language)
    spans = sorted(
        (found[start].start, _end_of(found, start, end, each)) for each in asked for start, end in spots(found, each)
    )
    merged: list[tuple[int, int]] = []
    for start, stop in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _end_of(terms: Sequence[Term], start: int, end: int, asked: Asked) -> int:
    half = end == start + 1 and any(form[-1].endswith("*") for form in asked.forms)
    return terms[start].start + 1 if half else terms[end - 1].end


# ── which says it best ──────────────────────────────────────────────────────────────────────────────────────────────

USUAL_LENGTH = 14
SHORTEST = 6
"""Words of a sentence. Shorter ones say little: they count as if they were as long as this."""


def score(text: str, language: str, asked: Sequence[Asked]) -> float:
    """How well a sentence answers: more of it is what was asked for, in the very form in which it was typed."""
    said = words.sequence(text, language)
    length = max(len(said), SHORTEST)
    total = 0.0
    for each in asked:
        found = spots(said, each)
        often = len(found)
        exact = any(tuple([term.plain for term in said[start:end]]) == each.plain for start, end in found)
        total += often / (often + 0.5) + (0.5 if exact else 0.0)
    return round(total / (0.6 + 0.4 * length / USUAL_LENGTH), 6)
