"""Amazon Transcribe's JSON: words with times and confidence, punctuation as items of its own. Read only."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from onrecord.lib.errors import BadInput
from onrecord.transcripts.formats.document import Cue, Document, document_of
from onrecord.transcripts.formats.podcast_json import milliseconds


def is_amazon(value: Any) -> bool:
    """Whether parsed JSON is of this kind."""
    return isinstance(value, dict) and isinstance(value.get("results"), dict) and "items" in value["results"]


def read(value: Any) -> Document:
    """A document of the parsed JSON; it was made by a machine. Raises BadInput when it holds no words."""
    results = value["results"]
    language = results.get("language_code", "")
    document = document_of(_cues(results), language=language if isinstance(language, str) else "", machine=True)
    if not document.tokens:
        raise BadInput("is JSON as Amazon Transcribe makes it but holds no words.")
    return document


def _cues(results: dict[str, Any]) -> Iterator[Cue]:
    """A cue a word; marks are put after the word before them."""
    segments = _speakers(results)
    starts = [start for start, _ in segments]
    waiting: Cue | None = None
    for number, item in enumerate(_objects(results.get("items"))):
        content = next((a.get("content") for a in _objects(item.get("alternatives"))), None)
        if not isinstance(content, str):
            continue
        start, end = milliseconds(item.get("start_time")), milliseconds(item.get("end_time"))
        if start is None and waiting is not None:
            waiting = Cue(waiting.text + content, waiting.start, waiting.end, waiting.speaker, waiting.number)
            continue
        if waiting is not None:
            yield waiting
        place = bisect_right(starts, start or 0) - 1
        waiting = Cue(content, start, end, segments[place][1] if place >= 0 else None, number)
    if waiting is not None:
        yield waiting


def _speakers(results: dict[str, Any]) -> list[tuple[int, str]]:
    """From which millisecond who speaks, where the speakers were told apart."""
    labels = results.get("speaker_labels")
    segments = _objects(labels.get("segments")) if isinstance(labels, dict) else []
    found = [(milliseconds(s.get("start_time")), s.get("speaker_label")) for s in segments]
    return sorted((start, label) for start, label in found if start is not None and isinstance(label, str))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
