"""The podcast namespace's JSON: segments with speaker, startTime, endTime and body, a word each.

https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/transcripts/transcripts.md
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from onrecord.lib.errors import BadInput
from onrecord.transcripts.formats.document import Cue, Document, document_of, one_line, written_tokens
from onrecord.transcripts.tokens import Token, glued

VERSION = "1.0.0"


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
    for number, segment in enumerate(segments):
        body = segment.get("body") if isinstance(segment, dict) else None
        if isinstance(body, str):
            speaker = segment.get("speaker")
            yield Cue(
                body,
                milliseconds(segment.get("startTime")),
                milliseconds(segment.get("endTime")),
                speaker if isinstance(speaker, str) else None,
                number,
                True if body[:1] == " " else None,
            )


def milliseconds(seconds: Any) -> int | None:
    """Seconds, as a number or as its text, in milliseconds; None for anything else."""
    try:
        value = float(seconds) * 1000
    except (TypeError, ValueError, OverflowError):
        return None
    return round(value) if math.isfinite(value) else None


def write(document: Document) -> str:
    """One segment a word. `language` and `madeByMachine` are ours; readers of the namespace's format pass over them."""
    head = {"version": VERSION}
    if document.language:
        head["language"] = one_line(document.language)
    lines = [f'"{key}": {_json(value)}' for key, value in head.items()]
    if document.made_by_machine:
        lines.append('"madeByMachine": true')
    segments = ",\n".join(_json(segment) for segment in _segments(document))
    return "{\n" + ",\n".join([*lines, f'"segments": [\n{segments}\n]']) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _segments(document: Document) -> Iterator[dict[str, Any]]:
    run: list[Token] = []
    for token in written_tokens(document):
        if run and token.speaker == run[-1].speaker and not token.space and not glued(run[-1].text, token.text):
            run.append(token)
            continue
        if run:
            yield _segment(document, run)
        spaced = run and token.space and glued(run[-1].text, token.text) and token.speaker == run[-1].speaker
        run = [Token(f" {token.text}", token.start, token.end, token.speaker)] if spaced else [token]
    if run:
        yield _segment(document, run)


def _segment(document: Document, run: list[Token]) -> dict[str, Any]:
    name = one_line(document.name(run[0].speaker) or "")
    return ({"speaker": name} if name else {}) | {
        "startTime": run[0].start / 1000,
        "endTime": max(token.end for token in run) / 1000,
        "body": "".join(token.text for token in run),
    }
