"""Chapters for podcast apps: the Podcast Index's JSON chapters format, version 1.2.

A correction is a chapter at the moment at which the words are heard, so that apps tell listeners. Where no chapter of
the publisher's begins when it ends, the one that it interrupts goes on, without a second line in the contents (`toc`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onrecord import readmodel
from onrecord.feeds.notes import cut
from onrecord.feeds.record import compact
from onrecord.lib.language import speaks
from onrecord.readmodel import CorrectionView, EpisodeView

SHORTEST_MS = 10_000
"""How long the chapter of a correction lasts at least: nobody reads what is gone in a second."""

LONGEST_TITLE = 200
"""Bytes of a correction's text in a chapter's title."""


@speaks(lambda view: view.language)
def chapters_json(view: EpisodeView) -> bytes:
    """The chapters file of an episode; times in seconds."""
    chapters: list[dict[str, Any]] = [
        {"startTime": _seconds(chapter.start_ms), "title": chapter.title} for chapter in view.chapters
    ]
    corrections = [one for one in view.corrections if one.moment and not one.withdrawn]
    for one in sorted(corrections, key=_start):
        chapters += [chapter for chapter in _corrected(view, one) if chapter not in chapters]
    return compact(
        {
            "version": "1.2.0",
            "title": view.title,
            "podcastName": view.show.name,
            "fileName": view.mp3.url if view.mp3 else "",
            "chapters": sorted(chapters, key=lambda chapter: chapter["startTime"]),
        }
    )


def _start(one: CorrectionView) -> int:
    return one.moment.start_ms if one.moment else 0


def _corrected(view: EpisodeView, one: CorrectionView) -> Iterator[dict[str, Any]]:
    """The chapter of a correction, and, where it needs one, what goes on after it."""
    start = _start(one)
    starts = [chapter.start_ms for chapter in view.chapters]
    starts += [_start(other) for other in view.corrections if other.moment and not other.withdrawn]
    following = min((other for other in starts if other > start), default=view.duration_ms)
    end = min(max(one.moment.end_ms if one.moment else 0, start + SHORTEST_MS), following or start + SHORTEST_MS)
    yield {
        "startTime": _seconds(start),
        "title": cut(f"{one.name}: {one.plain}", LONGEST_TITLE),
        "url": readmodel.publication().url(one.address),
    }
    if end != following:
        before = [chapter.title for chapter in view.chapters if chapter.start_ms <= start]
        yield {"startTime": _seconds(end), "title": before[-1] if before else view.title, "toc": False}


def _seconds(milliseconds: int) -> int | float:
    """Whole seconds without a fraction, because not every app reads one."""
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000
