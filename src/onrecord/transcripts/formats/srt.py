"""SubRip, as the podcast namespace asks: two lines of at most 32 characters, "Name: " where the speaker changes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from onrecord.lib.errors import BadInput
from onrecord.transcripts.formats.cutting import Block, cut, width
from onrecord.transcripts.formats.document import Cue, Document, document_of, one_line
from onrecord.transcripts.formats.names import JOINER, guarded, prefix, with_named_speakers

COLUMNS = 32
TIME = r"(\d{1,6}):(\d{1,2}):(\d{1,2})(?:[,.:](\d{1,3}))?"
TIMINGS = re.compile(rf"^\s*{TIME}\s*-->\s*{TIME}(?:\s.*)?$", re.ASCII)
MARKUP = re.compile(r"</?(?:b|i|u|s|font)(?:\s[^<>]*)?/?>|\{\\[^{}]*\}", re.IGNORECASE)
SIGNS = re.compile(r"(?<=--)(?=>)|(?<=<)(?=/?(?:b|i|u|s|font)\b)|(?<=\{)(?=\\)", re.IGNORECASE)
MARKED_SIGNS = re.compile(rf"(?<=--){JOINER}(?=>)|(?<=<){JOINER}|(?<=\{{){JOINER}(?=\\)")


def read(text: str, known: Collection[str] = ()) -> Document:
    """A SubRip file, however carelessly made. `known` are names that may stand before a colon.

    Raises BadInput when no line has the times of a cue.
    """
    cues = list(_cues(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")))
    if not cues:
        raise BadInput("has no line with the times of a cue, such as 00:00:01,000 --> 00:00:02,500.")
    return document_of(with_named_speakers(cues, known))


def has_timings(text: str) -> bool:
    """Whether any line has the times of a cue."""
    return any("-->" in line and TIMINGS.match(line) for line in text.splitlines())


def write(document: Document) -> str:
    """Numbered cues; a speaker's name stands where the speaker changes."""
    names = [one_line(name) for name in document.speakers]
    blocks = cut(document.measured_turns, COLUMNS, indents=[width(prefix(name, "")) if name else 0 for name in names])
    said = ""
    cues = []
    for number, block in enumerate(blocks, 1):
        name = one_line(document.name(block.speaker) or "")
        text = _text(block, name if name != said else "")
        said = name or said
        cues.append(f"{number}\n{_written(block.start)} --> {_written(block.end)}\n{text}\n")
    return "\n".join(cues)


def _text(block: Block, name: str) -> str:
    """The cue's lines. The first is empty where it is kept for the name and no word fits beside it."""
    text = SIGNS.sub(JOINER, guarded("\n".join(line for line in block.lines if line)))
    if not name:
        return text
    return prefix(name, text).rstrip() + ("\n" if not block.lines[0] else " ") + text


def _cues(lines: Sequence[str]) -> Iterator[Cue]:
    timed = [at for at, line in enumerate(lines) if "-->" in line and TIMINGS.match(line)]
    numbered = bool(timed) and timed[0] > 0 and lines[timed[0] - 1].strip().isdecimal()
    for number, at in enumerate(timed):
        stop = timed[number + 1] if number + 1 < len(timed) else len(lines)
        said = list(lines[at + 1 : stop])
        if numbered and number + 1 < len(timed) and said and said[-1].strip().isdecimal():
            said.pop()
        found = TIMINGS.match(lines[at])
        if found:
            text = MARKED_SIGNS.sub("", MARKUP.sub("", "\n".join(said)))
            yield Cue(text, _milliseconds(*found.groups()[:4]), _milliseconds(*found.groups()[4:]), None, number)


def _milliseconds(hours: str, minutes: str, seconds: str, fraction: str | None) -> int:
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int((fraction or "0").ljust(3, "0"))


def _written(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02},{thousandths:03}"
