"""The engines: which one runs follows the database setting, and nothing else in the house knows which."""

from __future__ import annotations

from contextlib import AbstractContextManager

from django.db import connection

from onrecord.search.engines.base import Cut, Engine, Expression, Found, NotReady, Phrase, Stored

__all__ = ["Cut", "Engine", "Expression", "Found", "NotReady", "Phrase", "Stored", "reading", "scrub", "writing"]


def reading() -> AbstractContextManager[Engine]:
    """The index, to look into. Raises NotReady while there is none."""
    return _engine().reading()


def writing() -> AbstractContextManager[Engine]:
    """The index, to change it in one transaction; made when there is none. One process at a time."""
    return _engine().writing()


def scrub() -> None:
    """Write the index's files anew, without what was removed from it. Raises Failed when somebody keeps reading it."""
    _engine().scrub()


def _engine() -> type[Engine]:
    if connection.vendor == "postgresql":
        from onrecord.search.engines.postgresql import PostgreSQL

        return PostgreSQL
    from onrecord.search.engines.sqlite import SQLite

    return SQLite
