"""What PostgreSQL alone needs: tables whose removed rows are in no file any more."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from django.db import connection

from onrecord.lib.errors import Failed

if TYPE_CHECKING:  # where SQLite is used, it need not be loaded
    from psycopg import Connection
    from psycopg.errors import Diagnostic

PATIENCE, PAUSE = 60.0, 0.25
"""Seconds for which those who still read what was removed are waited for, and between two tries."""

FIRST_NUMBER = re.compile(r"\D*(\d+)")
"""In the details that a verbose VACUUM FULL tells, in every language: the removed rows that it had to copy."""


def write_anew(table: str, *, analyze: bool = True) -> None:
    """Write a table and its indexes anew, without removed rows, and what the planner noted of it. `table` is quoted.

    PostgreSQL copies removed rows along as long as anybody has a transaction open that may still see them, such as a
    dump, or its own gathering of statistics: those are waited for. Raises Failed when that is in vain.
    """
    statement = f"VACUUM (FULL, VERBOSE{', ANALYZE' if analyze else ''}) {table}"
    give_up = time.monotonic() + PATIENCE
    while _copies_removed_rows(statement):
        if time.monotonic() > give_up:
            raise Failed(f"Removed rows stay in {table} while something reads the database: it is tried again.")
        time.sleep(PAUSE)


def _copies_removed_rows(statement: str) -> bool:
    """Do it. Only when it is asked to be verbose does PostgreSQL tell."""
    details: list[str] = []

    def note(notice: Diagnostic) -> None:
        details.append(notice.message_detail or "")

    with connection.cursor() as cursor:
        session: Connection[Any] = cursor.connection
        session.add_notice_handler(note)
        try:
            cursor.execute(statement)
        finally:
            session.remove_notice_handler(note)
    numbers = [found.group(1) for detail in details if (found := FIRST_NUMBER.match(detail))]
    return any(int(number) for number in numbers)
