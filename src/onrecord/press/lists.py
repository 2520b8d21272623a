"""Where the pages of a list begin and end, and which of them a change moves.

Pages are numbered from the oldest, so that one more episode touches the newest page and no other. Pages are full, apart
from the newest, which also takes what does not fill another: it holds between one and two pages' worth. So a full page
never changes because of what comes after it, and no entry stands on two pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PAGE = 20
"""Entries on a page of a list of episodes; the newest page has up to 39."""

ARCHIVE = 300
"""Items in a feed and in each of its RFC 5005 archives."""

SITEMAP = 250
"""Addresses in one sitemap; small, because an edit writes one of them again (sitemaps.org allows 50,000)."""


def page_count(entries: int) -> int:
    """How many pages a list has: at least one.

    >>> [page_count(n) for n in (0, 19, 20, 39, 40, 100)]
    [1, 1, 1, 1, 2, 5]
    """
    return max(1, entries // PAGE)


def page_bounds(number: int, entries: int) -> tuple[int, int]:
    """First rank of a page, and the rank after its last."""
    end = entries if number == page_count(entries) else number * PAGE
    return (number - 1) * PAGE, end


def archive_count(entries: int) -> int:
    """How many archives a feed has: only full ones, so that each stays as it is."""
    return entries // ARCHIVE


def sitemap_count(entries: int) -> int:
    """How many sitemaps the index names: at least one."""
    return max(1, -(-entries // SITEMAP))


@dataclass(frozen=True)
class Moved:
    """What a change did to a list: `first` and `last` are the ranks between which entries are others than before.

    `last` is None when everything from `first` on moved. `in_place` holds the ranks of entries that changed where they
    stand.
    """

    before: int
    after: int
    first: int | None
    last: int | None
    in_place: frozenset[int]

    def touches(self, start: int, end: int) -> bool:
        """Whether any entry of the ranks from `start` up to but not including `end` is another than before."""
        if self.first is not None and self.first < end and (self.last is None or self.last >= start):
            return True
        return any(start <= rank < end for rank in self.in_place)


def moved(
    before: int, after: int, old_ranks: dict[int, int], new_ranks: dict[int, int], changed: Iterable[int]
) -> Moved:
    """Compare the ranks of the episodes that a change is about, before and after it.

    Entries that the change is not about keep their order, so that nothing moves below the lowest rank that was left or
    taken, and nothing above the highest unless the list grew or shrank.
    """
    others = {e for e in old_ranks.keys() | new_ranks.keys() if old_ranks.get(e) != new_ranks.get(e)}
    ranks = [ranks[e] for e in others for ranks in (old_ranks, new_ranks) if e in ranks]
    return Moved(
        before=before,
        after=after,
        first=min(ranks, default=None),
        last=max(ranks) if ranks and before == after else None,
        in_place=frozenset(new_ranks[e] for e in changed if e in new_ranks and e not in others),
    )


def touched_pages(move: Moved) -> list[int]:
    """Numbers of the pages to be written again. When pages come or go, the way from the last full one changes too."""
    pages, pages_before = page_count(move.after), page_count(move.before)
    turned = min(pages, pages_before) - 1 if pages != pages_before else pages + 1
    beyond = max(move.before, move.after) + 1
    return [
        number
        for number in range(1, pages + 1)
        if number >= turned or move.touches((number - 1) * PAGE, number * PAGE if number < pages else beyond)
    ]


def touched_archives(move: Moved) -> list[int]:
    """Numbers of the feed archives to be written again; the newest one's way onwards changes when another one comes."""
    archives, archives_before = archive_count(move.after), archive_count(move.before)
    turned = min(archives, archives_before) if archives != archives_before else archives + 1
    return [
        number
        for number in range(1, archives + 1)
        if number >= turned or move.touches((number - 1) * ARCHIVE, number * ARCHIVE)
    ]


def touches_feed(move: Moved) -> bool:
    """Whether the newest items, or the feed's way to its archives, are others than before."""
    if archive_count(move.before) != archive_count(move.after):
        return True
    return move.touches(max(0, min(move.before, move.after) - ARCHIVE), max(move.before, move.after) + 1)


def touched_sitemaps(move: Moved) -> list[int]:
    """Numbers of the sitemaps to be written again."""
    return [
        number
        for number in range(1, sitemap_count(move.after) + 1)
        if move.touches((number - 1) * SITEMAP, number * SITEMAP)
    ]
