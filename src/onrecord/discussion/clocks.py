"""The clocks of section 5 of the Defamation Act 2013, as the Defamation (Operators of Websites) Regulations 2013 have
them: 48 hours that stand still on weekends and holidays, and five days that do not.

Holidays are those that return every year. One that is proclaimed for once is not known: then a clock ends early, never
late.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
TO_ACT = timedelta(hours=48)
DAYS_TO_ANSWER = 5

_DAY = timedelta(days=1)
_SATURDAY = 5


def act_by(since: datetime) -> datetime:
    """48 hours after a moment, in UTC, without Saturdays, Sundays and the holidays of England and Wales."""
    at, left = since.astimezone(UTC), TO_ACT
    while True:
        today = at.astimezone(LONDON).date()
        tomorrow = _midnight(today + _DAY)
        if _counts(today):
            if at + left <= tomorrow:
                return at + left
            left -= tomorrow - at
        at = tomorrow


def answer_by(asked: datetime) -> datetime:
    """Midnight in London at the end of the fifth day after the day on which the writer was asked, in UTC."""
    return _midnight(asked.astimezone(LONDON).date() + (DAYS_TO_ANSWER + 1) * _DAY)


def holidays(year: int) -> set[date]:
    """The weekdays that are Christmas Day, Good Friday or a bank holiday of England and Wales.

    >>> [day.isoformat() for day in sorted(holidays(2026))][:4]
    ['2026-01-01', '2026-04-03', '2026-04-06', '2026-05-04']
    """
    easter = _easter(year)
    new_year, christmas = _weekdays_from(date(year, 1, 1)), _weekdays_from(date(year, 12, 25))
    mondays = {_first_monday(year, 5), _last_monday(year, 5), _last_monday(year, 8)}
    return {new_year[0], easter - 2 * _DAY, easter + _DAY, *mondays, *christmas[:2]}


def _weekdays_from(day: date) -> list[date]:
    """Of a week: what falls on a weekend is kept on the weekdays after it."""
    return [other for other in (day + n * _DAY for n in range(7)) if other.weekday() < _SATURDAY]


def _counts(day: date) -> bool:
    return day.weekday() < _SATURDAY and day not in holidays(day.year)


def _midnight(day: date) -> datetime:
    """At which a day begins in London."""
    return datetime.combine(day, time(), LONDON).astimezone(UTC)


def _first_monday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + (-first.weekday() % 7) * _DAY


def _last_monday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - last.weekday() * _DAY


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
