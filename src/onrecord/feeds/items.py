"""What the feeds of a show say of one episode: it is made once for all of them, and stays until the episode changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from onrecord.feeds import atom, json_feed, rss
from onrecord.lib.language import speaks
from onrecord.readmodel import EpisodeView, PartView


@dataclass(frozen=True)
class FeedItem:
    """An episode as `rss.feed`, `atom.feed` and `json_feed.feed` take it.

    `rss`, `atom` and `json` are written out, as they stand in the files; `rss` is empty where there is no sound.
    `parts_elsewhere` are the parts of its interview that other feeds have.
    """

    rss: str
    atom: str
    json: str
    published_at: datetime
    newest: datetime
    parts_elsewhere: tuple[PartView, ...] = ()


@speaks(lambda view: view.show.language)
def make(view: EpisodeView) -> FeedItem:
    """The items of an episode, in the language of its show."""
    return FeedItem(
        rss=rss.item(view),
        atom=atom.entry(view),
        json=json_feed.item(view),
        published_at=view.published_at,
        newest=view.newest,
        parts_elsewhere=tuple(part for part in view.series.parts if part.feed_guid) if view.series else (),
    )
