"""Chapters for podcast apps: the Podcast Index's JSON chapters format, version 1.2."""

from __future__ import annotations

from onrecord.feeds.record import compact
from onrecord.readmodel import EpisodeView


def chapters_json(view: EpisodeView) -> bytes:
    """The chapters file of an episode; times in seconds."""
    return compact(
        {
            "version": "1.2.0",
            "title": view.title,
            "podcastName": view.show.name,
            "fileName": view.mp3.url if view.mp3 else "",
            "chapters": [
                {"startTime": _seconds(chapter.start_ms), "title": chapter.title} for chapter in view.chapters
            ],
        }
    )


def _seconds(milliseconds: int) -> int | float:
    """Whole seconds without a fraction, because not every app reads one."""
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000
