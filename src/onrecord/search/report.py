"""Search for the command line."""

from __future__ import annotations

from typing import Any

from onrecord import readmodel
from onrecord.lib.times import clock, iso
from onrecord.search.find import Hit, Order, Question, search


def found(text: str, order: str) -> dict[str, Any]:
    """The first page of what was found, for programs."""
    answer = search(Question(text=text, order=Order(order)))
    return {
        "found": answer.found,
        "bounded": answer.bounded,
        "moments": [_moment(hit) for hit in answer.hits],
    }


def _moment(hit: Hit) -> dict[str, Any]:
    page = f"{hit.episode.path}?play={hit.start_ms}#{hit.anchor}"
    return {
        "text": hit.text,
        "marked": [list(span) for span in hit.marked],
        "speaker": hit.speaker,
        "start_ms": hit.start_ms,
        "episode": hit.episode.title,
        "show": hit.episode.show_name,
        "published": iso(hit.episode.published_at),
        "url": readmodel.publication().url(page),
    }


def in_words(found: dict[str, Any]) -> str:
    """The same for people."""
    lines = [
        f"{moment['speaker']}, {clock(moment['start_ms'])}, {moment['episode']}\n  {moment['text']}\n  {moment['url']}"
        for moment in found["moments"]
    ]
    many = f"the newest {found['found']} matches were looked at" if found["bounded"] else f"{found['found']} found"
    return "\n".join([*lines, f"{len(lines)} shown, {many}."])
