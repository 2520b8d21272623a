"""Geometry of lists, against a slow and obvious account of what stands where."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from onrecord.press import lists

SHOWN = st.integers(0, 130)


def pages_of(entries: list[int]) -> dict[int, tuple[object, ...]]:
    """What each page shows: its entries, its own path and where it leads to newer ones."""
    count = lists.page_count(len(entries))
    pages = {}
    for number in range(1, count + 1):
        start, end = lists.page_bounds(number, len(entries))
        pages[number] = (tuple(entries[start:end]), number == count, number + 1 == count)
    return pages


@given(SHOWN)
def test_every_entry_stands_on_one_page(count: int) -> None:
    shown = [entry for entries, *_ in pages_of(list(range(count))).values() for entry in entries]
    assert shown == list(range(count))


@given(st.integers(40, 5000))
def test_one_more_entry_touches_at_most_three_pages(count: int) -> None:
    move = lists.moved(count, count + 1, {}, {7: count}, [7])
    assert len(lists.touched_pages(move)) <= 3
    assert len(lists.touched_archives(move)) <= 2
    assert len(lists.touched_sitemaps(move)) == 1


@given(st.data())
def test_what_is_not_touched_is_the_same(data: st.DataObject) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    before = {id: start + timedelta(days=data.draw(st.integers(0, 60))) for id in range(data.draw(SHOWN))}
    changed = data.draw(st.sets(st.integers(0, 135), max_size=4))
    after, edits = dict(before), {}
    for id in changed:
        what = data.draw(st.sampled_from(["remove", "redate", "edit"]))
        if what == "remove":
            after.pop(id, None)
        elif what == "redate" or id not in after:
            after[id] = start + timedelta(days=data.draw(st.integers(-5, 70)))
        edits[id] = 1
    old, new = (sorted(dates, key=lambda id: (dates[id], id)) for dates in (before, after))
    move = lists.moved(
        len(old),
        len(new),
        {id: rank for rank, id in enumerate(old) if id in changed},
        {id: rank for rank, id in enumerate(new) if id in changed},
        changed,
    )
    was = pages_of([(id, 0) for id in old])  # type: ignore[misc]
    now = pages_of([(id, edits.get(id, 0)) for id in new])  # type: ignore[misc]
    touched = set(lists.touched_pages(move))
    assert {number for number in now if was.get(number) != now[number]} <= touched <= set(now)


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_feed_and_archives_together_hold_everything(count: int, rank: int) -> None:
    archived = lists.archive_count(count) * lists.ARCHIVE
    assert count - archived <= lists.ARCHIVE
    if rank < count:
        move = lists.moved(count, count, {1: rank}, {1: rank}, [1])
        assert lists.touches_feed(move) == (rank >= count - lists.ARCHIVE)
        expected = [rank // lists.ARCHIVE + 1] if rank < archived else []
        assert lists.touched_archives(move) == expected


def test_an_archive_that_fills_changes_the_one_before_it() -> None:
    move = lists.moved(599, 600, {}, {1: 599}, [1])
    assert lists.touched_archives(move) == [1, 2]


def test_an_edit_touches_its_page_only() -> None:
    move = lists.moved(1000, 1000, {5: 37}, {5: 37}, [5])
    assert lists.touched_pages(move) == [2]
