"""Plain text to read: who speaks and when on a line of its own, then paragraphs. Read back as far as it says that."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from onrecord.transcripts.formats.document import (
    MACHINE_NOTES,
    Cue,
    Document,
    Precision,
    document_of,
    one_line,
)
from onrecord.transcripts.formats.names import (
    JOINER,
    guarded,
    looks_like_name,
    split_prefix,
    unguarded,
    with_named_speakers,
)
from onrecord.transcripts.tokens import text_of
from onrecord.transcripts.turns import paragraphs

CLOCK = r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)(?:[.,]\d{1,3})?"
HEADING = re.compile(rf"^(?P<name>.{{0,400}}?)[ \t]*[\[(]?{CLOCK}[\])]?:?[ \t]*$", re.ASCII | re.MULTILINE)
LONGEST_HEADING = 500
HEADING_ENDS = tuple("0123456789])]:")
"""Asked first: few lines that are no headings end so."""
LEADING = re.compile(rf"^[ \t]*[\[(]{CLOCK}[\])][ \t]*", re.ASCII)
NOTES = frozenset(MACHINE_NOTES.values())
BRACKETED = re.compile(rf"^(?P<name>.{{0,400}}?)[ \t]*\[{CLOCK}\][ \t]*$", re.ASCII)


def write(document: Document) -> str:
    """Turns with their headings, such as "Ada Lovelace [0:12:34]", in paragraphs that are not wrapped."""
    pieces = [document.machine_note] if document.made_by_machine else []
    for turn in document.written_turns:
        name = one_line(document.name(turn.speaker) or "")
        heading = f"{name} [{clock(turn.start)}]".lstrip()
        texts = [_not_a_heading(text_of(part)) for part in paragraphs(turn)]
        pieces.append("\n\n".join([f"{heading}\n{texts[0]}", *texts[1:]]))
    return "\n\n".join(pieces) + "\n"


def clock(milliseconds: int) -> str:
    """Hours, minutes and seconds, such as 0:12:34; parts of a second are left out."""
    seconds = milliseconds // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _not_a_heading(text: str) -> str:
    """A paragraph, with a joiner where it would read back as a heading, as a name or as our note."""
    if LEADING.match(text):
        text = f"{JOINER}{text}"
    return f"{text}{JOINER}" if _heading(text, ()) or text in NOTES else guarded(text)


def read(text: str, known: Collection[str] = ()) -> Document:
    """Any text. Headings with a clock give turns their times and names; "Name: " gives names; else there are none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    machine = any(line.strip() in NOTES for line in lines[:3])
    cues = list(_cues([line for line in lines if line.strip() not in NOTES], known))
    timed = any(cue.start is not None for cue in cues)
    if not any(cue.speaker for cue in cues):
        cues = with_named_speakers(cues, known)
    cues = [replace(cue, text=unguarded(cue.text)) for cue in cues]
    return document_of(cues, Precision.TURNS if timed else Precision.NONE, machine=machine)


def _cues(lines: list[str], known: Collection[str]) -> Iterator[Cue]:
    """A cue for each paragraph: a heading, a clock in brackets, a name before a colon or a blank line begins one."""
    start: int | None = None
    speaker: str | None = None
    said: list[str] = []
    number = 0
    for line in [*lines, ""]:
        heading = _heading(line, known)
        leading = None if heading else LEADING.match(line)
        text = line[leading.end() :] if leading else line
        named, _ = split_prefix(text, known)
        if said and (heading or leading or named or not text.strip()):
            yield Cue("\n".join(said).removeprefix(JOINER).removesuffix(JOINER), start, None, speaker, number)
            said, start, number = [], None, number + 1
        if heading:
            speaker, start = heading
        elif text.strip():
            start = _milliseconds(leading) if leading else start
            said.append(text)


def _heading(line: str, known: Collection[str]) -> tuple[str | None, int] | None:
    """The name and the time in milliseconds, where a line is a heading and not a sentence that ends in a clock."""
    line = line.strip()
    if len(line) > LONGEST_HEADING or not line.endswith(HEADING_ENDS):
        return None
    found = BRACKETED.match(line) or HEADING.match(line)
    if not found:
        return None
    name = found["name"].strip(" \t-–—·|,:")
    ours = found.re is BRACKETED
    if name and not ours and name not in known and not looks_like_name(name):
        return None
    return name or None, _milliseconds(found)


def _milliseconds(clock_found: re.Match[str]) -> int:
    hours, minutes, seconds = clock_found.groups()[-3:]
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000
