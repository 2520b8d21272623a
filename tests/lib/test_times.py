"""Times as people and as other programs read them."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.lib import times

MOMENT = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("milliseconds", "clock", "long", "iso", "spoken"),
    [
        (0, "0:00", "00:00:00", "PT0S", "0 s"),
        (999, "0:00", "00:00:00", "PT0S", "1 s"),
        (59_600, "0:59", "00:00:59", "PT59S", "60 s"),
        (247_000, "4:07", "00:04:07", "PT4M7S", "4 min"),
        (3_600_000, "1:00:00", "01:00:00", "PT1H0S", "1 h"),
        (3_723_999, "1:02:03", "01:02:03", "PT1H2M3S", "1 h 2 min"),
        (360_000_000, "100:00:00", "100:00:00", "PT100H0S", "100 h"),
    ],
)
def test_durations(milliseconds, clock, long, iso, spoken):
    assert times.clock(milliseconds) == clock
    assert times.long_clock(milliseconds) == long
    assert times.iso_duration(milliseconds) == iso
    assert times.spoken_duration(milliseconds) == spoken


def test_moments():
    assert times.iso(MOMENT) == "2026-11-23T23:30:00Z"
    assert times.iso(MOMENT.astimezone(timezone(timedelta(hours=5)))) == "2026-11-23T23:30:00Z"
    assert times.rfc2822(MOMENT) == "Mon, 23 Nov 2026 23:30:00 +0000"


def test_the_day_is_the_publications():
    assert times.long_date(MOMENT, "UTC") == "23 November 2026"
    assert times.long_date(MOMENT, "Asia/Karachi") == "24 November 2026"


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_rfc2822_is_read_back(moment):
    assert parsedate_to_datetime(times.rfc2822(moment)) == moment.replace(microsecond=0)
