"""What every format reads into and writes from: a document of timed words and speakers' names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from itertools import groupby
from operator import le

from onrecord.transcripts.formats.cutting import MeasuredTurn, measured
from onrecord.transcripts.tokens import LATEST, Token, glued, split
from onrecord.transcripts.turns import Turn, turns

MACHINE_NOTE = "Made by a machine, not yet read by a person."
MACHINE_NOTES = {
    "en": MACHINE_NOTE,
    "es": "Transcripción automática; nadie la ha leído todavía.",
    "ar": "نص مفرَّغ آليًا لم يقرأه أحد بعد.",
    "ur": "یہ متن مشین نے تیار کیا ہے اور ابھی کسی شخص نے نہیں پڑھا۔",
}
"""The note in plain text, by language. Not in the catalogues: it is known again in files that are read back."""
CHARACTERS_A_SECOND = 15
LONGEST_NAME = 200
LANGUAGE = re.compile(r"(?=.{1,20}\Z)[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*", re.ASCII)
UNWRITABLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class Precision(IntEnum):
    """How much the file said about when words were spoken."""

    NONE = 0
    TURNS = 1
    CUES = 2
    WORDS = 3


@dataclass(frozen=True, slots=True)
class Cue:
    """A piece of text as a file gives it. Times in milliseconds, None where the file does not say."""

    text: str
    start: int | None = None
    end: int | None = None
    speaker: str | None = None
    number: int = 0
    """Pieces of one number were one cue in the file."""
    space: bool | None = None
    """Whether a space stands before it; None where the scripts decide."""


@dataclass(frozen=True)
class Document:
    """A transcript outside the database. The tokens' `speaker` is a place in `speakers`."""

    tokens: list[Token]
    speakers: list[str] = field(default_factory=list)
    language: str = ""
    made_by_machine: bool = False
    precision: Precision = Precision.WORDS
    cues: int = 0
    """How many cues the file held, when it was read from one."""

    @property
    def machine_note(self) -> str:
        """What is said of words that no person has read, in their language or in English."""
        return MACHINE_NOTES.get(self.language.partition("-")[0].lower(), MACHINE_NOTE)

    @cached_property
    def written_tokens(self) -> list[Token]:
        """The tokens fit for any file: no white space in them, none empty, times that never run backwards."""
        return _written(self.tokens)

    @cached_property
    def written_turns(self) -> list[Turn]:
        """Those tokens in turns."""
        return turns(self.written_tokens)

    @cached_property
    def measured_turns(self) -> list[MeasuredTurn]:
        """Those turns, measured for cutting into cues."""
        return measured(self.written_turns)

    def name(self, speaker: int | None) -> str | None:
        """The name of a token's speaker; None when nobody is named."""
        return None if speaker is None or speaker >= len(self.speakers) else self.speakers[speaker]


def one_line(text: str) -> str:
    """Text without line ends, control characters and code points that no file may hold."""
    return " ".join(UNWRITABLE.sub("\ufffd", text).split())


def joined_lines(text: str) -> str:
    """Lines of one cue as one; where both sides are of a script without spaces, no space comes between."""
    first, *others = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    for line in others:
        first += line if glued(first, line) else f" {line}"
    return one_line(first)


def _written(tokens: list[Token]) -> list[Token]:
    if _is_clean(tokens):
        return tokens
    result: list[Token] = []
    latest = 0
    for token in tokens:
        words = one_line(token.text).split()
        start = max(token.start, latest)
        for place, word in enumerate(words):
            result.append(
                replace(token, text=word, start=start, end=max(token.end, start), space=token.space or place > 0)
            )
        latest = start if words else latest
    return result


def _is_clean(tokens: Sequence[Token]) -> bool:
    """Whether they are fit as they are, as those of our own revisions mostly are."""
    texts = [token.text for token in tokens]
    joined = " ".join(texts)
    starts = [token.start for token in tokens]
    ordered = all(map(le, starts, starts[1:])) and all(token.start <= token.end for token in tokens)
    return ordered and joined.split() == texts and not UNWRITABLE.search(joined)


def document_of(
    cues: Iterable[Cue], precision: Precision | None = None, language: str = "", machine: bool = False
) -> Document:
    """Words of the cues, in order of time. A cue's words share its time by their number of characters.

    Without `precision`, cues of a word each are taken as times of words.
    """
    given = [replace(cue, text=joined_lines(cue.text)) for cue in cues]
    timed = _with_all_times(given)
    names = list(dict.fromkeys(name for cue in timed if (name := _name(cue.speaker))))
    places = {name: place for place, name in enumerate(names)}
    tokens = _in_order(_words(timed, places))
    if precision is None:
        precision = Precision.WORDS if 2 * len(given) > len(tokens) else Precision.CUES
    count = len({cue.number for cue in given})
    language = language if LANGUAGE.fullmatch(language) else ""
    return Document(tokens, names, language, machine, precision if tokens else Precision.NONE, count)


def _name(given: str | None) -> str | None:
    return one_line(given or "")[:LONGEST_NAME].strip() or None


def _with_all_times(cues: Sequence[Cue]) -> list[Cue]:
    """Sorted by start. A cue without a start shares the time of the one before it, which then lasts until the next."""
    groups: list[list[Cue]] = []
    for cue in cues:
        if groups and cue.start is None:
            groups[-1].append(cue)
        else:
            groups.append([replace(cue, start=min(max(cue.start or 0, 0), LATEST))])
    groups.sort(key=lambda group: group[0].start or 0)
    starts = [group[0].start or 0 for group in groups]
    ends = [*starts, None][1:]
    return [cue for group, start, end in zip(groups, starts, ends, strict=True) for cue in _shared(group, start, end)]


def _shared(group: Sequence[Cue], start: int, following: int | None) -> Iterator[Cue]:
    """Cues that share the time from `start`: by their own end, until the next start, or by the text's length."""
    characters = sum(len(cue.text) for cue in group)
    end = group[0].end if len(group) == 1 else None
    if end is None:
        end = start + characters * 1000 // CHARACTERS_A_SECOND if following is None else following
    end = min(max(end, start), LATEST)
    done = 0
    for cue in group:
        first = start + (end - start) * done // max(characters, 1)
        done += len(cue.text)
        yield replace(cue, start=first, end=start + (end - start) * done // max(characters, 1) if characters else end)


def _words(cues: Sequence[Cue], places: dict[str, int]) -> Iterator[Token]:
    """Tokens of the cues. Neighbours of the same start and end, as some exports have them, share that time."""
    before = ""
    for (start, end), group in groupby(cues, key=lambda cue: (cue.start or 0, cue.end or 0)):
        pieces = list(group)
        total = sum(len(cue.text) for cue in pieces) or 1
        done = 0
        for cue in pieces:
            speaker = places.get(_name(cue.speaker) or "")
            at = 0
            for place, (word, space) in enumerate(split(cue.text)):
                at = cue.text.index(word, at)
                first = start + (end - start) * (done + at) // total
                at += len(word)
                last = start + (end - start) * (done + at) // total
                leading = not glued(before, word) if cue.space is None else cue.space
                yield Token(word, first, last, speaker, None, space if place else leading)
                before = word
            done += len(cue.text)


def _in_order(tokens: Iterable[Token]) -> list[Token]:
    """The same words with times that never run backwards, where cues overlap."""
    result: list[Token] = []
    latest = 0
    for token in tokens:
        start = max(token.start, latest)
        result.append(replace(token, start=start, end=max(token.end, start)))
        latest = start
    return result
