"""Keeps `Listed` as the catalogue is, and says what that moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from onrecord.press import lists
from onrecord.press.models import Listed

Memberships = Mapping[int, Mapping[str, datetime]]
"""By episode: the lists that it stands on, and its date."""


def standing(episodes: Iterable[int]) -> dict[int, dict[str, datetime]]:
    """Where episodes are listed now."""
    found: dict[int, dict[str, datetime]] = defaultdict(dict)
    for episode, name, at in Listed.objects.filter(episode__in=list(episodes)).values_list("episode", "list", "at"):
        found[episode][name] = at
    return found


def relist(old: Memberships, new: Memberships, changed: set[int]) -> dict[str, lists.Moved]:
    """Bring `Listed` from `old` to `new`. By list: what moved, and which of the `changed` episodes changed in place."""
    names = {name for memberships in (*old.values(), *new.values()) for name in memberships}
    moves = {}
    for name in sorted(names):
        before = {episode: at[name] for episode, at in old.items() if name in at}
        after = {episode: at[name] for episode, at in new.items() if name in at}
        moving = {episode for episode in before.keys() | after.keys() if before.get(episode) != after.get(episode)}
        about = moving | (changed & after.keys())
        if about:
            moves[name] = _relist_one(name, before, after, moving, about)
    return moves


def _relist_one(
    name: str, before: dict[int, datetime], after: dict[int, datetime], moving: set[int], about: set[int]
) -> lists.Moved:
    count = Listed.objects.filter(list=name).count()
    new_ranks = old_ranks = _ranks(name, before, about)
    grown = count
    if moving:
        gone, _ = Listed.objects.filter(list=name, episode__in=moving & before.keys()).delete()
        come = [Listed(list=name, episode=episode, at=after[episode]) for episode in moving & after.keys()]
        Listed.objects.bulk_create(come)
        grown = count - gone + len(come)
        new_ranks = _ranks(name, after, about)
    return lists.moved(count, grown, old_ranks, new_ranks, about)


def _ranks(name: str, dates: Mapping[int, datetime], episodes: Iterable[int]) -> dict[int, int]:
    """How many entries of the list stand before each of these episodes: two reads of an index each."""
    rows = Listed.objects.filter(list=name)
    return {
        episode: rows.filter(at__lt=dates[episode]).count()
        + rows.filter(at=dates[episode], episode__lt=episode).count()
        for episode in episodes
        if episode in dates
    }


def entries(name: str, start: int, end: int) -> list[int]:
    """Episodes of a list from one rank up to but not including another, oldest first."""
    rows = Listed.objects.filter(list=name).order_by("at", "episode")
    return list(rows.values_list("episode", flat=True)[start:end])
