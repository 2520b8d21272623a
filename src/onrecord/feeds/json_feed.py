"""JSON Feed 1.1 (jsonfeed.org) of a show's newest episodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from onrecord import readmodel
from onrecord.feeds.notes import as_html, as_text
from onrecord.feeds.record import compact
from onrecord.lib import times
from onrecord.lib.language import speaks
from onrecord.readmodel import EpisodeView, Publication, RenditionView, ShowView

if TYPE_CHECKING:
    from onrecord.feeds.items import FeedItem

VERSION = "https://jsonfeed.org/version/1.1"
LONGEST_SUMMARY = 4_000
"""Bytes, as in RSS."""


@speaks(lambda show, _: show.language)
def feed(show: ShowView, items: Sequence[FeedItem]) -> bytes:
    """A show's newest episodes, newest first."""
    us = readmodel.publication()
    document = {
        "version": VERSION,
        "title": show.name,
        "home_page_url": us.url(show.path),
        "feed_url": us.url(show.json_feed),
        "description": show.description or us.description,
        "icon": us.url(show.artwork.path),
        "language": show.language,
        "authors": [{"name": us.owner or us.name, "url": us.url("")}],
    }
    head, _, end = compact(_without_empty(document) | {"items": []}).rpartition(b"]")
    return head + ",".join(item.json for item in items).encode() + b"]" + end


def item(view: EpisodeView) -> str:
    """An episode as it stands in the feed, in the language that is spoken."""
    return compact(_item(readmodel.publication(), view)).decode().rstrip("\n")


def _item(us: Publication, view: EpisodeView) -> dict[str, Any]:
    url = us.url(view.path)
    return _without_empty(
        {
            "id": view.guid,
            "url": url,
            "title": view.title,
            "content_html": as_html(view),
            "summary": as_text(view, LONGEST_SUMMARY),
            "image": us.url(view.artwork.path),
            "banner_image": us.url(view.picture.sizes[-1].jpeg) if view.picture else "",
            "date_published": times.iso(view.published_at),
            "date_modified": times.iso(view.newest),
            "authors": [{"name": c.person.name, "url": us.url(c.person.path)} for c in view.credits],
            "tags": [tag.name for tag in view.tags],
            "language": view.language,
            "attachments": [_attachment(r) for r in (view.mp3, view.opus, view.mp4) if r],
        }
    )


def _attachment(rendition: RenditionView) -> dict[str, Any]:
    return {
        "url": rendition.url,
        "mime_type": rendition.mime_type,
        "size_in_bytes": rendition.size,
        "duration_in_seconds": round(rendition.duration_ms / 1000),
    }


def _without_empty(document: dict[str, Any]) -> dict[str, Any]:
    """The format has optional fields, and no empty ones."""
    return {name: value for name, value in document.items() if value}
