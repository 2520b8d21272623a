"""Keeps `Listed` as the catalogue is, and says what that moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Count, OuterRef, Q, Subquery, Window
from django.db.models.functions import RowNumber

from onrecord.press import lists
from onrecord.press.models import Listed

Memberships = Mapping[int, Mapping[str, datetime]]
"""By episode: the lists that it stands on, and its date."""

Entry = tuple[str, int]
"""A list and an episode on it."""

COUNTED_ONE_BY_ONE = 40
"""Ranks that are asked for singly; more of them are read off the whole lists."""


def standing(episodes: Iterable[int]) -> dict[int, dict[str, datetime]]:
    """Where episodes are listed now."""
    found: dict[int, dict[str, datetime]] = defaultdict(dict)
    for episode, name, at in Listed.objects.filter(episode__in=list(episodes)).values_list("episode", "list", "at"):
        found[episode][name] = at
    return found


def relist(old: Memberships, new: Memberships, changed: set[int]) -> dict[str, lists.Moved]:
    """Bring `Listed` from `old` to `new`. By list: what moved, and which of the `changed` episodes changed in place."""
    before = {(name, episode): at for episode, names in old.items() for name, at in names.items()}
    after = {(name, episode): at for episode, names in new.items() for name, at in names.items()}
    moving = {entry for entry in before.keys() | after.keys() if before.get(entry) != after.get(entry)}
    about = moving | {entry for entry in after if entry[1] in changed}
    names = {name for name, _ in about}
    counts = dict(Listed.objects.filter(list__in=names).values_list("list").annotate(Count("id")).order_by())
    new_ranks = old_ranks = _ranks({entry: before[entry] for entry in about & before.keys()})
    if moving:
        _move(moving & before.keys(), {entry: after[entry] for entry in moving & after.keys()})
        new_ranks = _ranks({entry: after[entry] for entry in about & after.keys()})
    come = defaultdict(int, counts)
    for name, _ in moving & after.keys():
        come[name] += 1
    for name, _ in moving & before.keys():
        come[name] -= 1
    were, are, ours = _by_list(old_ranks), _by_list(new_ranks), _by_list(dict.fromkeys(about, 0))
    return {
        name: lists.moved(counts.get(name, 0), come[name], were[name], are[name], ours[name]) for name in sorted(names)
    }


def _move(gone: Iterable[Entry], come: Mapping[Entry, datetime]) -> None:
    by_list: dict[str, list[int]] = defaultdict(list)
    for name, episode in gone:
        by_list[name].append(episode)
    for name, episodes in by_list.items():
        Listed.objects.filter(list=name, episode__in=episodes).delete()
    Listed.objects.bulk_create(
        [Listed(list=name, episode=episode, at=at) for (name, episode), at in come.items()], batch_size=500
    )


def _by_list(ranks: Mapping[Entry, int]) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for (name, episode), rank in ranks.items():
        found[name][episode] = rank
    return found


def _ranks(dates: Mapping[Entry, datetime]) -> dict[Entry, int]:
    """How many entries of its list stand before each of these, which have these dates.

    For a few, two reads of an index each; for many, one pass through the lists.
    """
    if len(dates) <= COUNTED_ONE_BY_ONE:
        return {(name, episode): _rank(name, episode, at) for (name, episode), at in dates.items()}
    place = Window(RowNumber(), partition_by="list", order_by=["at", "episode"])
    rows = Listed.objects.filter(list__in={name for name, _ in dates}).annotate(place=place)
    asked = rows.filter(episode__in={episode for _, episode in dates}).values_list("list", "episode", "place")
    return {(name, episode): place - 1 for name, episode, place in asked if (name, episode) in dates}


def _rank(name: str, episode: int, at: datetime) -> int:
    rows = Listed.objects.filter(list=name)
    return rows.filter(at__lt=at).count() + rows.filter(at=at, episode__lt=episode).count()


def forget(names: Iterable[str]) -> None:
    """These lists are of something that is no more."""
    Listed.objects.filter(list__in=list(names)).delete()


def beside(episodes: Iterable[int]) -> dict[int, list[int]]:
    """By episode: those that stand just before and just after it in its show's list, as far as there are any. 1 query.

    The date bounds the look into the index; (`at`, `episode`) is the order.
    """
    same = Listed.objects.filter(list=OuterRef("list"))
    before = same.filter(Q(at__lt=OuterRef("at")) | Q(episode__lt=OuterRef("episode")), at__lte=OuterRef("at"))
    after = same.filter(Q(at__gt=OuterRef("at")) | Q(episode__gt=OuterRef("episode")), at__gte=OuterRef("at"))
    rows = Listed.objects.filter(list__startswith="show:", episode__in=list(episodes)).annotate(
        before=Subquery(before.order_by("-at", "-episode").values("episode")[:1]),
        after=Subquery(after.order_by("at", "episode").values("episode")[:1]),
    )
    return {id: [other for other in others if other] for id, *others in rows.values_list("episode", "before", "after")}


def entries(name: str, start: int, end: int) -> list[int]:
    """Episodes of a list from one rank up to but not including another, oldest first."""
    rows = Listed.objects.filter(list=name).order_by("at", "episode")
    return list(rows.values_list("episode", flat=True)[start:end])
