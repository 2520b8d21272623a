"""Items of feeds, kept from one press to the next: a new episode writes three feeds anew, whose 299 others stay.

An item is as new as its episode's record: whatever changes the one is a change of the other, and raises its generation.
So an item that was made when the record had the generation that it has now is what would be made again. `check`
compares feeds with what they are without anything kept.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.db import transaction

from onrecord import readmodel
from onrecord.feeds import items
from onrecord.feeds.items import FeedItem
from onrecord.press.models import KeptItem, PublicFile
from onrecord.press.paths import id_of, owner
from onrecord.readmodel import PartView


@dataclass
class Newest:
    """The newest items of a show, newest first, and those of them that were made now, by episode."""

    show: int
    episodes: Sequence[int]
    items: list[FeedItem]
    generations: Mapping[int, int] = field(default_factory=dict)
    made: Mapping[int, FeedItem] = field(default_factory=dict)

    def keep(self) -> None:
        """Keep what was made, of as many episodes as the feeds hold. To be called outside of the press's one moment."""
        rows = [
            KeptItem(episode=id, show=self.show, generation=self.generations[id], item=pack(item))
            for id, item in self.made.items()
            if id in self.generations
        ]
        if not rows:
            return
        with transaction.atomic():
            KeptItem.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["episode"],
                update_fields=["show", "generation", "item"],
            )
            KeptItem.objects.filter(show=self.show).exclude(episode__in=self.episodes).delete()


def newest(show: int, episodes: Sequence[int], use_kept: bool) -> Newest:
    """The items of these episodes of a show, in their order: those that are kept, and the others made."""
    generations = _generations(episodes) if use_kept else {}
    found = {
        row.episode: unpack(bytes(row.item))
        for row in KeptItem.objects.filter(episode__in=list(generations))
        if row.generation == generations[row.episode]
    }
    views = readmodel.feed_items(id for id in episodes if id not in found)
    made = {view.id: items.make(view) for view in views}
    every = found | made
    return Newest(show, episodes, [every[id] for id in episodes if id in every], generations, made)


def _generations(episodes: Iterable[int]) -> dict[int, int]:
    """Of the records of these episodes."""
    rows = PublicFile.objects.filter(owner__in=[owner("episode", id) for id in episodes], kind="record", wanted=True)
    return {id_of(belongs): generation for belongs, generation in rows.values_list("owner", "generation")}


def pack(item: FeedItem) -> bytes:
    """An item as it is kept."""
    parts = [asdict(part) for part in item.parts_elsewhere]
    dates = [item.published_at.isoformat(), item.newest.isoformat()]
    return zlib.compress(json.dumps([item.rss, item.atom, item.json, *dates, parts]).encode(), 1)


def unpack(kept: bytes) -> FeedItem:
    """The same item again."""
    rss, atom, written, published_at, newest, parts = json.loads(zlib.decompress(kept))
    return FeedItem(
        rss=rss,
        atom=atom,
        json=written,
        published_at=datetime.fromisoformat(published_at),
        newest=datetime.fromisoformat(newest),
        parts_elsewhere=tuple(PartView(**part) for part in parts),
    )
