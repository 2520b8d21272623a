"""The clocks of section 5 of the Defamation Act 2013, by a table and by what holds for all moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.discussion.clocks import LONDON, TO_ACT, act_by, answer_by, holidays

pytestmark = pytest.mark.once


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("received", "until"),
    [
        ("2026-11-24 10:30", "2026-11-26 10:30"),  # Tuesday to Thursday
        ("2026-11-26 10:30", "2026-11-30 10:30"),  # Thursday to Monday
        ("2026-11-27 15:00", "2026-12-01 15:00"),  # Friday to Tuesday
        ("2026-11-28 09:00", "2026-12-02 00:00"),  # Saturday counts from Monday
        ("2026-12-24 12:00", "2026-12-30 12:00"),  # Christmas on Friday, Boxing Day kept on Monday the 28th
        ("2021-12-24 12:00", "2021-12-30 12:00"),  # both on a weekend, kept on the 27th and the 28th
        ("2022-12-23 12:00", "2022-12-29 12:00"),  # Christmas on Sunday, kept on the 27th
        ("2022-12-30 12:00", "2023-01-04 12:00"),  # New Year's Day on Sunday, kept on the 2nd
        ("2026-04-02 12:00", "2026-04-08 12:00"),  # Good Friday and Easter Monday
        ("2026-03-27 12:00", "2026-03-31 12:00"),  # clocks go forward on the Sunday
        ("2026-10-23 12:00", "2026-10-27 12:00"),  # and back
        ("2026-05-01 12:00", "2026-05-06 12:00"),  # the first Monday in May
        ("2026-08-28 12:00", "2026-09-02 12:00"),  # the last in August
    ],
)
def test_48_hours(received: str, until: str) -> None:
    assert act_by(london(received)) == london(until)


@pytest.mark.parametrize(
    ("asked", "until"),
    [
        ("2026-11-24 10:30", "2026-11-30 00:00"),
        ("2026-11-24 23:59", "2026-11-30 00:00"),
        ("2026-10-22 12:00", "2026-10-28 00:00"),
        ("2026-12-23 12:00", "2026-12-29 00:00"),  # holidays count here
    ],
)
def test_midnight_at_the_end_of_the_fifth_day(asked: str, until: str) -> None:
    assert answer_by(london(asked)) == london(until)


@pytest.mark.parametrize(
    "easter", ["1961-04-02", "2000-04-23", "2008-03-23", "2024-03-31", "2025-04-20", "2026-04-05", "2038-04-25"]
)
def test_easter(easter: str) -> None:
    sunday = date.fromisoformat(easter)
    assert {sunday - timedelta(2), sunday + timedelta(1)} <= holidays(sunday.year)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)), st.integers(1, 10_000))
def test_what_holds_for_every_moment(received: datetime, later: int) -> None:
    until = act_by(received)
    assert TO_ACT <= until - received <= timedelta(days=9)
    counted = received.astimezone(LONDON).date()
    days = [counted + timedelta(n) for n in range((until.astimezone(LONDON).date() - counted).days + 1)]
    working = [day for day in days if day.weekday() < 5 and day not in holidays(day.year)]
    assert len(working) >= 2, "48 hours touch at least two days that count"
    assert act_by(received + timedelta(seconds=later)) >= until, "who is later has no earlier deadline"
    assert timedelta(days=5) - timedelta(hours=1) <= answer_by(received) - received <= timedelta(days=6, hours=1)
    found = holidays(received.year)
    assert len(found) == 8 and all(day.weekday() < 5 for day in found)
