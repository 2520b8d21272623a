"""Pages of long lists, each as quick as the first: a page says after which row it begins, and nothing is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Page:
    """Some rows of a list; what is asked for to have those before and after them, empty where there are none."""

    rows: list[Any]
    before: str = ""
    after: str = ""


def page_of(rows: QuerySet[Any], asked: Mapping[str, str], size: int) -> Page:
    """The page of rows, which are in the order of `created` and id, that `before`, `after` or `end` ask for."""
    after, before = _place(asked.get("after", "")), _place(asked.get("before", ""))
    if after:
        found = list(_beyond(rows, *after, forward=True)[: size + 1])
        return Page(found[:size], _name(found[:1]), _name(found[size - 1 : size]) if len(found) > size else "")
    if before or "end" in asked:
        rows = rows.order_by("-created", "-id")
        found = list((_beyond(rows, *before, forward=False) if before else rows)[: size + 1])
        shown = found[:size][::-1]
        return Page(shown, _name(shown[:1]) if len(found) > size else "", _name(shown[-1:]) if before else "")
    found = list(rows[: size + 1])
    return Page(found[:size], "", _name(found[size - 1 : size]) if len(found) > size else "")


def _beyond(rows: QuerySet[Any], at: datetime, pk: int, *, forward: bool) -> QuerySet[Any]:
    """Written so that an index over both is entered at the right place."""
    if forward:
        return rows.filter(created__gte=at).exclude(created=at, id__lte=pk)
    return rows.filter(created__lte=at).exclude(created=at, id__gte=pk)


def _name(rows: list[Any]) -> str:
    return f"{(rows[0].created - _EPOCH) // _MICROSECOND}-{rows[0].pk}" if rows else ""


def _place(name: str) -> tuple[datetime, int] | None:
    at, _, pk = name.partition("-")
    if not (name.isascii() and at.isdigit() and pk.isdigit() and len(name) < 40):
        return None
    try:
        return _EPOCH + int(at) * _MICROSECOND, min(int(pk), 2**62)
    except OverflowError:
        return None
