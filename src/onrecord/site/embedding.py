"""The small player that other sites show in a frame."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string

from onrecord import readmodel
from onrecord.lib import times
from onrecord.lib.headers import PAGE_POLICY
from onrecord.lib.language import digits, marked, speaks
from onrecord.readmodel import EpisodeView
from onrecord.site import assets


@speaks(lambda view: view.language)
def embed(view: EpisodeView) -> str:
    """The player's page. It sets no cookie, loads no sound before it is asked for, and leads to the whole page."""
    us = readmodel.publication()
    return render_to_string(
        "embed.html",
        {
            "policy": PAGE_POLICY,
            "language": view.language,
            "ui": marked(view.language),
            "direction": view.direction,
            "title": view.title,
            "canonical": us.url(view.path),
            "show": {"name": view.show.name, "link": us.url(view.show.path)},
            "link": us.url(view.path),
            "artwork": us.link(view.artwork.small),
            "sources": [{"link": us.link(r.path), "type": r.source_type} for r in (view.mp3, view.opus) if r],
            "chapters": _chapters(view, us.link(view.mp3.path)) if view.mp3 else [],
            "style": us.link(assets.address("embed.css")),
            "script": us.link(assets.address("embed.js")),
        },
    )


def _chapters(view: EpisodeView, sound: str) -> list[dict[str, Any]]:
    """With JavaScript they lead into the player here, without into the file of the sound."""
    return [
        {
            "title": chapter.title,
            "time": digits(times.clock(chapter.start_ms)),
            "start": f"{chapter.start_ms / 1000:g}",
            "sound": f"{sound}#t={chapter.start_ms / 1000:g}",
        }
        for chapter in view.chapters
    ]
