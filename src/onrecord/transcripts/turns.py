"""Turns, paragraphs and sentences: how a list of words is divided for readers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from onrecord.transcripts.tokens import Token, text_of

PARAGRAPH_WORDS = 90
"""A paragraph of more words than this ends at the next sentence's end."""
SENTENCE_WORDS = 80
"""Words without a full stop are cut at their longest pause when there are more of them than this."""
PARAGRAPH_PAUSE = 2500
"""After a silence of this many milliseconds the next sentence begins a paragraph."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CLOSERS = "\"'”’»›)]}」』）】〉》"
STRONG_END = re.compile(r"[!?…؟۔।॥։።！？。]$")
FULL_STOP = re.compile(r"\.$")
TITLES = _words(
    "mr mrs ms mx dr prof st sen rep gov gen col maj capt lt sgt hon rev pres messrs mme mlle hr fr vs cf approx ca "
    "fig no nos vol pp ed eds jan feb mar apr jun jul aug sep sept oct nov dec bzw ggf inkl usw nr sr sra srta"
)
MAY_END = _words("etc al jr sr inc ltd co corp dept est bros ph.d")
INITIALS = re.compile(r"^(?:[^\W\d_]\.)+$")
SHORT_NUMBER = re.compile(r"^\d{1,2}\.$")
BEGINNERS = _words(
    "the a an he she it we i you they this that these those there but and so in on at when if what why how who where "
    "my our his her its their yes no not now then well der die das ich er sie es wir und aber il elle le la les"
)
ROMAN_INITIAL = "I"


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker, uninterrupted. Times in milliseconds; `number` counts from 1 through the transcript."""

    speaker: int | None
    start: int
    end: int
    tokens: tuple[Token, ...]
    number: int


def turns(tokens: Sequence[Token], longest: int | None = None) -> list[Turn]:
    """The turns of a transcript, in order.

    With `longest`, a monologue of more words than that becomes several turns of the same speaker, cut where
    `paragraphs` would cut it.
    """
    spans: list[tuple[Token, ...]] = []
    start = 0
    for at in range(1, len(tokens) + 1):
        if at == len(tokens) or tokens[at].speaker != tokens[start].speaker:
            span = tuple(tokens[start:at])
            spans += paragraphs(span, longest) if longest and len(span) > longest else [span]
            start = at
    return [
        Turn(span[0].speaker, span[0].start, max(token.end for token in span), span, number)
        for number, span in enumerate(spans, 1)
    ]


def said(tokens: Sequence[Token]) -> list[tuple[int | None, str]]:
    """Who says which words, one after the other."""
    return [(turn.speaker, text_of(turn.tokens)) for turn in turns(tokens)]


def paragraphs(turn: Turn | Sequence[Token], longest: int = PARAGRAPH_WORDS) -> list[tuple[Token, ...]]:
    """A turn's words in paragraphs: whole sentences, at most about `longest` words, a new one after a silence."""
    tokens = turn.tokens if isinstance(turn, Turn) else tuple(turn)
    result: list[tuple[Token, ...]] = []
    start = 0
    for sentence in sentences(tokens):
        full = sentence.stop - start > longest
        silence = sentence.start > start and tokens[sentence.start].start - tokens[sentence.start - 1].end
        if sentence.start > start and (full or silence >= PARAGRAPH_PAUSE):
            result.append(tokens[start : sentence.start])
            start = sentence.start
    if start < len(tokens):
        result.append(tokens[start:])
    return result


def sentences(tokens: Sequence[Token]) -> list[range]:
    """Index ranges of the sentences, which together cover all tokens.

    A sentence ends at a full stop, question or exclamation mark of the Latin, Arabic, Urdu, Devanagari, Armenian,
    Ethiopic, Chinese and Japanese scripts, and wherever the speaker changes; not after "Mr.", "U.S." or "3.5".
    """
    stops = [
        at
        for at, (token, following) in enumerate(pairwise(tokens), 1)
        # most words end in a letter: asked here and first, because a full rebuild asks of millions
        if token.speaker != following.speaker or (not token.text[-1:].isalnum() and _ends(token, following))
    ]
    spans = pairwise([0, *stops, len(tokens)] if tokens else [])
    return [piece for start, stop in spans for piece in _cut_at_pauses(tokens, start, stop)]


def _ends(token: Token, following: Token) -> bool:
    """Whether a sentence ends after `token`, which ends in no letter, when the same speaker goes on."""
    word = token.text.rstrip(CLOSERS)
    if not following.space and FULL_STOP.search(word):
        return False
    if STRONG_END.search(word):
        return not _goes_on(following) or word[-1] in "؟۔।॥։።！？。"
    return bool(FULL_STOP.search(word)) and not _goes_on(following) and not _is_abbreviation(word, following)


def _goes_on(following: Token) -> bool:
    """Whether the next word begins in lower case, as in: "Really?" he said."""
    letter = next((c for c in following.text if c.isalpha()), "")
    return letter.islower()


def _is_abbreviation(word: str, following: Token) -> bool:
    word = word.lstrip("(\"'“‘«[")
    bare = word.rstrip(".").lower()
    if bare in TITLES and not word.endswith(".."):
        return True
    if INITIALS.match(word) or SHORT_NUMBER.match(word) or bare in MAY_END:
        return word == f"{ROMAN_INITIAL}." or not _begins_sentence(following)
    return False


def _begins_sentence(following: Token) -> bool:
    return following.text.strip("\"'“”‘’«»(),").split("'")[0].split("’")[0].lower() in BEGINNERS


def _cut_at_pauses(tokens: Sequence[Token], start: int, stop: int) -> list[range]:
    """Words without punctuation: cut at the longest pause, not too near an end, until the pieces can be read."""
    if stop - start <= SENTENCE_WORDS:
        return [range(start, stop)]
    margin = (stop - start) // 5
    places = range(start + margin, stop - margin)
    place = max(places, key=lambda at: tokens[at].start - tokens[at - 1].end)
    return _cut_at_pauses(tokens, start, place) + _cut_at_pauses(tokens, place, stop)
