"""Transcripts as files. One module a format, none knows the database; `read` finds out which one a file is in."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Collection
from pathlib import PurePath

from onrecord.lib.errors import BadInput
from onrecord.lib.names import clean_name
from onrecord.transcripts.formats import amazon, html, plain, podcast_json, srt, vtt
from onrecord.transcripts.formats.document import MACHINE_NOTE, Document, Precision

__all__ = ["FORMATS", "MACHINE_NOTE", "Document", "Precision", "format_of", "read", "write"]

FORMATS: dict[str, Callable[[Document], str]] = {
    "vtt": vtt.write,
    "srt": srt.write,
    "json": podcast_json.write,
    "txt": plain.write,
}
LARGEST = 32 * 1024 * 1024
NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
BINARY = (b"%PDF", b"PK\x03\x04", b"{\\rtf", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"ID3", b"RIFF", b"fLaC", b"OggS")
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def format_of(name: str) -> str:
    """The format that a file's name stands for: vtt, srt, json or txt. Raises BadInput for any other."""
    suffix = PurePath(name).suffix.lower().lstrip(".")
    if suffix not in FORMATS:
        raise BadInput(f"{clean_name(name)} does not end in {', '.join('.' + f for f in FORMATS)}: name it so.")
    return suffix


def write(document: Document, format: str) -> str:
    """The document in `format`: vtt, srt, json or txt."""
    if format not in FORMATS:
        raise BadInput(f"{clean_name(format)!r} is no format of transcripts; there are {', '.join(FORMATS)}.")
    return FORMATS[format](document)


def read(data: bytes, name: str, known: Collection[str] = ()) -> Document:
    """A transcript file's words. What it is in, its content says, and its name only where the content does not.

    `known` are speakers' names that may stand before a colon even where they do not look like names. Times that run
    backwards are straightened. Raises BadInput, one sentence that begins with the file's name.
    """
    try:
        return _read(_decoded(data), name, known)
    except BadInput as error:
        raise BadInput(f"{clean_name(name)} {error}") from error


def _read(text: str, name: str, known: Collection[str]) -> Document:
    start = text.lstrip()[:1]
    suffix = PurePath(name).suffix.lower()
    if vtt.is_vtt(text):
        return vtt.read(text, known)
    if (start and start in "{[") and (suffix == ".json" or not srt.has_timings(text)) and _is_json(text, suffix):
        value = podcast_json.parse(text)
        return amazon.read(value) if amazon.is_amazon(value) else podcast_json.read(value)
    if srt.has_timings(text):
        return srt.read(text, known)
    if start == "<" and html.is_html(text):
        return html.read(text)
    if suffix in (".vtt", ".srt", ".json"):
        raise BadInput(f"is not what its name says: it holds no transcript in {suffix[1:].upper()}.")
    return plain.read(text, known)


def _is_json(text: str, suffix: str) -> bool:
    """Whether to insist on JSON: plain text may begin with a bracket too, such as "[Music]"."""
    return suffix == ".json" or text.lstrip()[0] == "{" or bool(re.match(r"\s*\[\s*[{\[\"\]]", text))


def _decoded(data: bytes) -> str:
    """Text in UTF-8, UTF-16 with its mark, or failing these Windows-1252."""
    if len(data) > LARGEST:
        raise BadInput(f"has {len(data) // 1024**2} MB, more than any transcript: is it the right file?")
    if data.startswith(BINARY):
        raise BadInput("is not a text file: save the transcript as VTT, SRT, JSON or plain text.")
    encoding = next((encoding for mark, encoding in MARKS if data.startswith(mark)), None)
    text = data.decode(encoding, "replace").removeprefix("\ufeff") if encoding else _without_mark(data)
    if not vtt.is_vtt(text) and len(NOT_TEXT.findall(text[:100_000])) * 100 > len(text[:100_000]):
        raise BadInput("is not a text file: save the transcript as VTT, SRT, JSON or plain text.")
    return text


def _without_mark(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        encoding = "utf-8" if data.startswith(b"WEBVTT") else "cp1252"
        return data.decode(encoding, "replace")
