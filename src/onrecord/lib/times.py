"""Times as people and as other programs read them."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import reduce
from zoneinfo import ZoneInfo

from babel.dates import format_date
from django.utils.translation import ngettext, pgettext

from onrecord.lib import language


def clock(milliseconds: int) -> str:
    """A moment of a recording: "4:07", "12:34", "1:02:03"; a page writes it with `language.digits`."""
    hours, minutes, seconds = _parts(milliseconds)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


_UNITS = re.compile(r"(?=\d+[hms])(?:(\d{1,4})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s)?", re.ASCII)


def moment_of(text: str) -> int | None:
    """A moment of a recording as people write it, in milliseconds; None for what is none.

    >>> moment_of("12:34.5"), moment_of("1:02:03"), moment_of("75"), moment_of("1:75")
    (754500, 3723000, 75000, None)
    >>> moment_of("1h2m3s"), moment_of("75s"), moment_of("2m")
    (3723000, 75000, 120000)
    """
    if units := _UNITS.fullmatch(text.strip()):
        return reduce(lambda total, part: total * 60 + int(part or 0), units.groups(), 0) * 1000
    *larger, seconds = text.strip().split(":")
    last = r"[0-5]\d(\.\d{1,3})?" if larger else r"\d{1,5}(\.\d{1,3})?"
    shape = ":".join([*(r"\d{1,4}", r"[0-5]\d")[: len(larger)], last])
    if len(larger) > 2 or not re.fullmatch(shape, text.strip(), re.ASCII):
        return None
    whole, _, fraction = seconds.partition(".")
    minutes = reduce(lambda total, part: total * 60 + int(part), larger, 0)
    return (minutes * 60 + int(whole)) * 1000 + int(fraction.ljust(3, "0"))


def long_clock(milliseconds: int) -> str:
    """A moment as apps look for it in descriptions: "00:12:34"."""
    return "{:02}:{:02}:{:02}".format(*_parts(milliseconds))


def iso_duration(milliseconds: int) -> str:
    """A duration as the `datetime` attribute wants it: "PT1H2M3S"."""
    hours, minutes, seconds = _parts(milliseconds)
    return "PT" + (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + f"{seconds}S"


def spoken_duration(milliseconds: int) -> str:
    """How long something lasts, in the language that is spoken: "1 h 2 min", "12 min", "40 s"."""
    if milliseconds < 60_000:
        seconds = max(1, round(milliseconds / 1000)) if milliseconds else 0
        return ngettext("%(number)s s", "%(number)s s", seconds) % {"number": language.number(seconds)}
    hours, minutes = divmod(round(milliseconds / 60_000), 60)
    long = ngettext("%(number)s h", "%(number)s h", hours) % {"number": language.number(hours)}
    short = ngettext("%(number)s min", "%(number)s min", minutes) % {"number": language.number(minutes)}
    if hours and minutes:
        # Translators: an hour and some minutes.
        return pgettext("duration", "%(hours)s %(minutes)s") % {"hours": long, "minutes": short}
    return long if hours else short


def iso(moment: datetime) -> str:
    """A moment in UTC: "2026-11-23T18:00:00Z"."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def rfc2822(moment: datetime) -> str:
    """A moment as RSS wants it: "Mon, 23 Nov 2026 18:00:00 +0000"."""
    return format_datetime(moment.astimezone(UTC))


def local(moment: datetime, zone: str) -> datetime:
    """The moment as clocks show it where the publication is."""
    return moment.astimezone(ZoneInfo(zone))


def long_date(moment: datetime, zone: str) -> str:
    """The day of a moment where the publication is, in the language that is spoken: "23 November 2026"."""
    return language.digits(format_date(local(moment, zone).date(), "long", locale=language.locale()))


def _parts(milliseconds: int) -> tuple[int, int, int]:
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return hours, minutes, seconds
