"""WebVTT. Read as the W3C's parser reads it (https://www.w3.org/TR/webvtt1/#file-parsing); written with voices."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape, unescape
from itertools import groupby, pairwise

from onrecord.lib.errors import BadInput
from onrecord.transcripts.formats.cutting import cut
from onrecord.transcripts.formats.document import (
    MACHINE_NOTE,
    Cue,
    Document,
    document_of,
    one_line,
)
from onrecord.transcripts.formats.names import with_named_speakers

COLUMNS = 65
HEADER = "WEBVTT"
OURS = "NOTE Written by onrecord"
LANGUAGE = re.compile(r"[A-Za-z0-9-]+")
NOTE = re.compile(rf"WEBVTT\s+{OURS}(?:, language ({LANGUAGE.pattern}))?\r?\n({re.escape(MACHINE_NOTE)})?")
TIMESTAMP = r"(?:([0-9]+):)?([0-5][0-9]):([0-5][0-9])\.([0-9]{3})(?![0-9])"
TIMINGS = re.compile(rf"[ \t\f]*{TIMESTAMP}[ \t\f]*-->[ \t\f]*{TIMESTAMP}")
INSIDE = re.compile(rf"{TIMESTAMP}\Z")
SPACES = " \t\n\f"
PIECE = re.compile(r"<([^>]*)(?:>|\Z)|([^<]+)")
TAG = re.compile(r"([^ \t\n\f.]*)(?:\.[^ \t\n\f]*)?[ \t\n\f]*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A cue as it stands in the file: times in milliseconds, text with its tags."""

    start: int
    end: int
    text: str


def read(text: str, known: Collection[str] = ()) -> Document:
    """A WebVTT file; `known` are names that may stand before a colon where there are no voices.

    Raises BadInput when it does not begin as one must.
    """
    if not is_vtt(text):
        raise BadInput("does not begin with the line WEBVTT.")
    note = NOTE.match(text)
    blocks = list(cue_blocks(text))
    cues = [cue for number, block in enumerate(blocks) for cue in _cues(block, number)]
    if not note:
        cues = _carried_on(cues) if any(cue.speaker for cue in cues) else with_named_speakers(cues, known)
    document = document_of(cues, language=(note and note[1]) or "", machine=bool(note and note[2]))
    return replace(document, cues=len(blocks))


def is_vtt(text: str) -> bool:
    """Whether it begins with the signature."""
    return text.startswith(HEADER) and text[len(HEADER) : len(HEADER) + 1] in ("", " ", "\t", "\n", "\r")


def write(document: Document) -> str:
    """Cues of two lines of at most 65 characters, each with its voice; a note says when no person has read it."""
    note = f"{OURS}, language {document.language}" if LANGUAGE.fullmatch(document.language) else OURS
    blocks = [HEADER, f"{note}\n{MACHINE_NOTE}" if document.made_by_machine else note]
    for block in cut(document.measured_turns, COLUMNS):
        name = one_line(document.name(block.speaker) or "")
        voice = f"<v {escape(name, quote=False)}>" if name else ""
        lines = "\n".join(escape(line, quote=False) for line in block.lines)
        blocks.append(f"{_written(block.start)} --> {_written(block.end)}\n{voice}{lines}")
    return "\n\n".join(blocks) + "\n"


def cue_blocks(text: str) -> Iterator[Block]:
    """The cues of a file, by the W3C's algorithm: what it cannot read it leaves out, and never fails."""
    lines = text.replace("\0", "\ufffd").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    at = 1
    if len(lines) > 1 and lines[1]:
        _, at = _collect(lines, 1, in_header=True)
    while at < len(lines):
        if not lines[at]:
            at += 1
            continue
        block, at = _collect(lines, at, in_header=False)
        if block:
            yield block


def _collect(lines: Sequence[str], at: int, in_header: bool) -> tuple[Block | None, int]:
    """One block from line `at`, and the line after it. A second line with an arrow begins the next block."""
    times: tuple[int, int] | None = None
    seen_arrow = False
    text: list[str] = []
    first = at
    while at < len(lines) and lines[at]:
        if "-->" in lines[at]:
            if in_header or seen_arrow or at - first > 1:
                break
            seen_arrow = True
            times = _times(lines[at])
            text = [] if times else text
        else:
            text.append(lines[at])
        at += 1
    at += at < len(lines) and not lines[at]
    return (Block(*times, "\n".join(text)) if times else None), at


def _times(line: str) -> tuple[int, int] | None:
    found = TIMINGS.match(line)
    return (_milliseconds(*found.groups()[:4]), _milliseconds(*found.groups()[4:])) if found else None


def _milliseconds(hours: str | None, minutes: str, seconds: str, thousandths: str) -> int:
    whole_hours = int((hours or "0")[-9:])
    return ((whole_hours * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(thousandths)


def _written(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}"


def _cues(block: Block, number: int) -> Iterator[Cue]:
    """The cue's text, in pieces where the voice changes or where a time stands inside."""
    speakers: list[str | None] = []
    tags: list[str] = []
    times = [block.start]
    pieces: list[tuple[int, str | None, str]] = []
    for tag, text in PIECE.findall(block.text):
        moment = INSIDE.match(tag)
        if text:
            pieces.append((len(times) - 1, speakers[-1] if speakers else None, unescape(text)))
        elif moment:
            times.append(_milliseconds(*moment.groups()))
        elif tag.startswith("/"):
            _close(tag[1:], tags, speakers)
        else:
            _open(tag, tags, speakers)
    times.append(block.end)
    before: tuple[str | None, str] | None = None
    for place, speaker, text in _joined(pieces):
        if text.strip():
            same = before is not None and before[0] == speaker
            space = before[1][-1] in SPACES or text[0] in SPACES if before and same else None
            yield Cue(text, times[place], max(times[place], times[place + 1]), speaker, number, space)
            before = (speaker, text)
        elif before:
            before = (before[0], text)


def _joined(pieces: Sequence[tuple[int, str | None, str]]) -> Iterator[tuple[int, str | None, str]]:
    """Pieces that only formatting had cut apart, joined again."""
    joined: list[tuple[int, str | None, str]] = []
    for place, speaker, text in pieces:
        if joined and joined[-1][:2] == (place, speaker):
            joined[-1] = (place, speaker, joined[-1][2] + text)
        else:
            joined.append((place, speaker, text))
    return iter(joined)


def _open(tag: str, tags: list[str], speakers: list[str | None]) -> None:
    found = TAG.match(tag)
    name, annotation = found.groups() if found else ("", "")
    if name in ("c", "i", "b", "u", "ruby", "rt", "v", "lang"):
        tags.append(name)
    if name == "v":
        speakers.append(unescape(annotation))


def _close(name: str, tags: list[str], speakers: list[str | None]) -> None:
    """An end tag counts only when it closes what is open; a ruby may be closed over its text."""
    if name == "ruby" and tags[-2:] == ["ruby", "rt"]:
        tags.pop()
    if tags and tags[-1] == name:
        tags.pop()
        if name == "v":
            speakers.pop()


def _carried_on(cues: Sequence[Cue]) -> list[Cue]:
    """In a file that names the voice only where it changes, cues without one are said by the voice before.

    It is such a file when some cues have no voice, and none repeats the voice of the cue before it.
    """
    whole = [list(pieces) for _, pieces in groupby(cues, key=lambda cue: cue.number)]
    voiced = [pieces for pieces in whole if any(piece.speaker for piece in pieces)]
    repeats = any(before[-1].speaker == after[0].speaker for before, after in pairwise(voiced))
    if repeats or len(voiced) == len(whole):
        return list(cues)
    result: list[Cue] = []
    speaker: str | None = None
    for pieces in whole:
        unvoiced = not any(piece.speaker for piece in pieces)
        result += [replace(piece, speaker=speaker) for piece in pieces] if unvoiced else pieces
        speaker = next((piece.speaker for piece in reversed(pieces) if piece.speaker), speaker)
    return result
