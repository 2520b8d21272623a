"""The podcast namespace's JSON: segments with speaker, startTime, endTime and body, a word each.

https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/transcripts/transcripts.md
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from json.encoder import encode_basestring
from typing import Any

from onrecord.lib.errors import BadInput
from onrecord.transcripts.formats.document import Cue, Document, document_of, one_line
from onrecord.transcripts.tokens import Token, glued

VERSION = "1.0.0"
BARE = '{"startTime": '


def parse(text: str) -> Any:
    """The JSON value. Raises BadInput when it is none, or nested deeper than any transcript is."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadInput(f"is not JSON that can be read ({error}).") from error
    except RecursionError as error:
        raise BadInput("is nested too deeply to be a transcript.") from error


def read(value: Any) -> Document:
    """A document of the parsed JSON. Raises BadInput when it has no list of segments."""
    segments = value.get("segments") if isinstance(value, dict) else None
    if not isinstance(segments, list):
        raise BadInput("is JSON but holds no list of segments.")
    language, machine = value.get("language"), value.get("madeByMachine") is True
    return document_of(_cues(segments), language=language if isinstance(language, str) else "", machine=machine)


def _cues(segments: list[Any]) -> Iterator[Cue]:
    said = [segment for segment in segments if isinstance(segment, dict) and isinstance(segment.get("body"), str)]
    bodies = [segment["body"] for segment in said]
    written = [body[:1] == " " and not glued(before, body[1:]) for before, body in pairwise(["", *bodies])]
    spaced = 3 * sum(written) > len(bodies)
    for number, (segment, body) in enumerate(zip(said, bodies, strict=True)):
        speaker = segment.get("speaker")
        yield Cue(
            body,
            milliseconds(segment.get("startTime")),
            milliseconds(segment.get("endTime")),
            speaker if isinstance(speaker, str) else None,
            number,
            _space(body, bodies[number - 1] if number else " ", spaced),
        )


def _space(body: str, before: str, spaced: bool) -> bool | None:
    """Whether a space stands before: in a file that writes the spaces between words, only where one is written."""
    return True if body[:1] == " " else before[-1:].isspace() if spaced else None


def milliseconds(seconds: Any) -> int | None:
    """Seconds, as a number or as its text, in milliseconds; None for anything else."""
    try:
        value = float(seconds) * 1000
    except (TypeError, ValueError, OverflowError):
        return None
    return round(value) if math.isfinite(value) else None


def write(document: Document) -> str:
    """One segment a word. `language` and `madeByMachine` are ours; readers of the namespace's format pass over them."""
    lines = [f'"version": "{VERSION}"']
    if document.language:
        lines.append(f'"language": {encode_basestring(one_line(document.language))}')
    if document.made_by_machine:
        lines.append('"madeByMachine": true')
    segments = ",\n".join(_segments(document))
    return "{\n" + ",\n".join([*lines, f'"segments": [\n{segments}\n]']) + "\n}\n"


def _segments(document: Document) -> list[str]:
    """Segments as JSON, put together by hand because there are as many as words."""
    tokens = document.written_tokens
    names = [one_line(name) for name in document.speakers]
    heads: dict[int | None, str] = {
        n: f'{{"speaker": {encode_basestring(name)}, "startTime": ' for n, name in enumerate(names) if name
    }
    return [
        f'{heads.get(speaker, BARE)}{start / 1000}, "endTime": {end / 1000}, "body": {encode_basestring(body)}}}'
        for speaker, start, end, body in _words(tokens)
    ]


def _words(tokens: Sequence[Token]) -> Iterator[tuple[int | None, int, int, str]]:
    """Speaker, start, end and body of each segment: words that stand together are one.

    A space before a body says that one is there although its script needs none.
    """
    pending: tuple[int | None, int, int, str] | None = None
    before = ""
    for token in tokens:
        text = token.text
        if pending and pending[0] == token.speaker:
            unspaced = glued(before, text)
            if not unspaced and not token.space:
                pending = (pending[0], pending[1], max(pending[2], token.end), pending[3] + text)
                before = text
                continue
            text = f" {text}" if unspaced and token.space else text
        if pending:
            yield pending
        pending = (token.speaker, token.start, token.end, text)
        before = token.text
    if pending:
        yield pending
