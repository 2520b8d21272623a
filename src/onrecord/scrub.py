"""Makes what was removed from the rows go from every file: pages of the database, its log, public files, leftovers.

Removing a row leaves its bytes: in pages that are not written over, in the write-ahead log, in files that are made of
rows. This is slow for a large publication and is a step of its own; an erasure asks for it in its transaction.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.apps import apps
from django.db import DatabaseError, connection

from onrecord import backup
from onrecord.jobs import leftovers, queue
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.models import Step
from onrecord.jobs.registry import step
from onrecord.lib import postgresql
from onrecord.lib.errors import Failed
from onrecord.lib.postgresql import PATIENCE, PAUSE
from onrecord.mail import outgoing
from onrecord.press import presser
from onrecord.search import index

STEP = "publication.scrub"
OF_PEOPLE = ("discussion", "mail", "references", "press")
"""Rooms whose tables have something of readers, or keep what was made of it."""

OF_WORDS = (*OF_PEOPLE, "jobs", "recordings", "transcripts", "passages", "search")
"""Rooms that have something of what was said; search has an index beside its tables."""


def ask(rooms: Sequence[str] = OF_PEOPLE) -> None:
    """Have it done after the caller's transaction. An attempt that runs now may be past it, and begins again."""
    undone = Step.objects.filter(name=STEP, subject=0, state__in=queue.UNFINISHED).first()
    waiting = undone.parameters.get("rooms", OF_PEOPLE) if undone else ()
    queue.restart(STEP, 0, parameters={"rooms": sorted({*rooms, *waiting})})


@step(STEP, cores=0)
def scrub_files(attempt: Attempt) -> None:
    """Do it."""
    attempt.progress(0.1, "removing what was erased from every file")
    scrub(attempt.parameters.get("rooms", OF_PEOPLE))
    with attempt.finish():
        return


def scrub(rooms: Sequence[str] = OF_PEOPLE) -> None:
    """Nothing that was removed from the rows of these rooms is in a file of the folder afterwards.

    Raises Failed when it is; then it is to be done again.
    """
    presser.press_what_is_stale()
    unwritten = presser.failures()
    outgoing.sweep()
    leftovers.sweep()
    backup.remove_leftovers()
    if "search" in rooms:
        index.scrub()
    if connection.vendor == "sqlite":
        _scrub_sqlite()
    else:
        _scrub_postgresql(rooms)
    if unwritten:
        raise Failed(f"Public files still show what was erased: {unwritten[0]}")


def _scrub_sqlite() -> None:
    """`secure_delete` overwrites what is removed, but not the copies that stay when cells move between pages: the
    file is written anew. Then the log is emptied, which has the pages as they were."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        give_up = time.monotonic() + PATIENCE
        while cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > give_up:
                raise Failed("The database's log cannot be emptied while something reads it: it is tried again.")
            time.sleep(PAUSE)


def _scrub_postgresql(rooms: Sequence[str]) -> None:
    """Tables and their indexes are written anew, and what the planner noted of them is."""
    tables = [
        model._meta.db_table
        for room in rooms
        for model in apps.get_app_config(room).get_models(include_auto_created=True)
    ]
    for table in tables:
        postgresql.write_anew(connection.ops.quote_name(table))
    try:
        postgresql.write_anew("pg_catalog.pg_statistic", analyze=False)
    except DatabaseError as error:
        raise Failed(
            "PostgreSQL's statistics may still have words of what was erased, and this user may not rewrite them: "
            f"let the database's owner run VACUUM FULL pg_statistic ({str(error).strip().splitlines()[0]})."
        ) from error
