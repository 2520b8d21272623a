"""The index in search.db, with FTS5.

A file of its own, so that erasing is honest: FTS5 leaves removed words in its segments until these are merged, and the
write-ahead log keeps pages as they were. `tidy` merges a little at a time, the log is emptied after each change, and
what is freed is overwritten (secure_delete). FTS5 keeps no text of its own; to remove a sentence it is told the terms
once more.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from onrecord.lib.errors import Failed
from onrecord.lib.locks import alone
from onrecord.search.engines.base import Cut, Engine, Expression, Found, NotReady, Phrase, edition_of_index

TABLES = """
CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE episode (id INTEGER PRIMARY KEY, base INTEGER NOT NULL UNIQUE, moments INTEGER NOT NULL,
    show INTEGER NOT NULL, language TEXT NOT NULL, fingerprint TEXT NOT NULL);
CREATE TABLE voice (id INTEGER PRIMARY KEY, label TEXT NOT NULL, name TEXT NOT NULL, person INTEGER NOT NULL,
    UNIQUE (label, person));
CREATE INDEX voice_by_person ON voice (person);
CREATE TABLE moment (id INTEGER PRIMARY KEY, episode INTEGER NOT NULL, voice INTEGER NOT NULL,
    start_ms INTEGER NOT NULL, anchor TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE term (term TEXT PRIMARY KEY, moments INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE word USING fts5(terms, content='', columnsize=0, tokenize="ascii tokenchars ':'");
"""
PAGES_AT_ONCE = 500
"""Pages that one step of tidying merges: a fraction of a second."""
WAIT_FOR_READERS = 200
"""Milliseconds that emptying the log waits for those who read; the next change empties it, or whoever closes last."""
PATIENCE_OF_SCRUBBING = 60_000
"""The same where it must be empty."""
MAPPED = 4 << 30
"""Bytes of the file that are read without copying them."""


def path() -> Path:
    """Where the index is."""
    return Path(settings.ONRECORD.folder) / "search.db"


def _lock() -> Path:
    """Who holds it is the only one who changes the index."""
    private: Path = settings.ONRECORD.private
    return private / "search.lock"


class SQLite(Engine):
    """An open search.db."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    @classmethod
    @contextlib.contextmanager
    def reading(cls) -> Iterator[Engine]:
        """Opened anew each time, which costs less than a query: the file may have been made anew."""
        try:
            connection = sqlite3.connect(f"{path().absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
        except sqlite3.OperationalError as error:
            raise NotReady("There is no search index yet: `onrecord work` makes it.") from error
        with contextlib.closing(connection):
            connection.execute(f"PRAGMA mmap_size = {MAPPED}")
            connection.execute("BEGIN")
            try:
                yield _current(cls(connection))
            except sqlite3.DatabaseError as error:
                _remove_if_damaged(error)
                raise NotReady("The search index cannot be read: `onrecord work` makes it anew.") from error

    @classmethod
    @contextlib.contextmanager
    def writing(cls) -> Iterator[Engine]:
        """One process at a time, so that none writes what it read before another did."""
        with alone(_lock()), contextlib.closing(_opened()) as connection:
            index = cls(connection)
            try:
                connection.execute("BEGIN IMMEDIATE")
                with connection:
                    _make_tables(index)
                    yield index
            except sqlite3.DatabaseError as error:
                _remove_if_damaged(error)
                raise
            connection.execute(f"PRAGMA busy_timeout = {WAIT_FOR_READERS}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @classmethod
    def scrub(cls) -> None:
        """Overwriting what is removed leaves copies that were made when cells moved between pages."""
        with alone(_lock()), contextlib.closing(_opened()) as connection:
            connection.execute("VACUUM")
            connection.execute(f"PRAGMA busy_timeout = {PATIENCE_OF_SCRUBBING}")
            if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise Failed("The search index's log cannot be emptied while something reads it: it is tried again.")

    def run(self, sql: str, *values: Any) -> list[Any]:
        """See Engine."""
        return self.connection.execute(sql.replace("@", ""), values).fetchall()

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """See Engine."""
        self.connection.executemany(sql.replace("@", ""), rows)

    def add_moments(self, rows: Sequence[tuple[Any, ...]], terms: Sequence[list[str]]) -> None:
        """See Engine."""
        self.run_many(
            "INSERT INTO moment (id, episode, voice, start_ms, anchor, text) VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
        self.run_many(
            "INSERT INTO word (rowid, terms) VALUES (?, ?)",
            ((row[0], " ".join(said)) for row, said in zip(rows, terms, strict=True)),
        )

    def remove_moments(self, cut: Cut, rows: Sequence[tuple[int, str, int]], terms: Sequence[list[str]]) -> None:
        """See Engine."""
        self.run_many(
            "INSERT INTO word (word, rowid, terms) VALUES ('delete', ?, ?)",
            ((row[0], " ".join(said)) for row, said in zip(rows, terms, strict=True)),
        )
        self.run("DELETE FROM moment WHERE id BETWEEN ? AND ?", *cut)

    def find(self, expression: Expression, cut: Cut, oldest: bool, most: int) -> Found:
        """FTS5 reads upwards and downwards as it goes, so that only what is asked for is read."""
        matching = " AND ".join(f"({' OR '.join(map(_phrase, group))})" for group in expression)
        sql = (
            "SELECT rowid FROM word WHERE word MATCH ? AND rowid BETWEEN ? AND ? "  # noqa: S608
            f"ORDER BY rowid {'DESC' if oldest else 'ASC'} LIMIT ?"
        )
        numbers: list[int] = []
        looked_to = None
        for part in self.slices(cut, oldest):
            numbers += [number for (number,) in self.run(sql, matching, *part, most - len(numbers))]
            looked_to = part
            if len(numbers) >= most:
                return Found(numbers, whole=False)
        ended = looked_to is not None and (looked_to.low <= cut.low if oldest else looked_to.high >= cut.high)
        return Found(numbers, whole=ended)

    def tidy(self) -> bool:
        """Merge a little, until all is one segment."""
        if not self.note("untidy"):
            return False
        before = self.connection.total_changes
        begun = self.note("untidy") == "begun"
        self.run("INSERT INTO word (word, rank) VALUES ('merge', ?)", PAGES_AT_ONCE if begun else -PAGES_AT_ONCE)
        done = self.connection.total_changes - before < 2
        self.run("DELETE FROM note WHERE name = 'untidy'")
        if not done:
            self.write_note("untidy", "begun")
        return True

    def clear(self) -> None:
        """See Engine."""
        tables = self.run(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN "
            "('note', 'episode', 'voice', 'moment', 'term', 'word')"
        )
        for (name,) in tables:
            self.run(f"DROP TABLE {name}")
        _make_tables(self)

    def size(self) -> int:
        """See Engine."""
        return path().stat().st_size


def _phrase(phrase: Phrase) -> str:
    begins = phrase[-1].endswith("*")
    return f'"{" ".join(phrase).rstrip("*")}"{" *" if begins else ""}'


def _current(index: SQLite) -> SQLite:
    if not index.is_current():
        raise NotReady("The search index is of another version: `onrecord work` makes it anew.")
    return index


def _opened() -> sqlite3.Connection:
    """To write. A file that is damaged, or no database at all, is removed: it can be made again."""
    try:
        return _connect()
    except sqlite3.DatabaseError as error:
        if not _remove_if_damaged(error):
            raise
        return _connect()


def _connect() -> sqlite3.Connection:
    connection = sqlite3.connect(path(), timeout=30, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _make_tables(index: SQLite) -> None:
    if index.run("SELECT 1 FROM sqlite_master WHERE name = 'note'"):
        return
    for statement in filter(str.strip, TABLES.split(";")):
        index.run(statement)
    index.write_note("edition", edition_of_index())


def _remove_if_damaged(error: sqlite3.DatabaseError) -> bool:
    """Take a file away that is damaged, or no database at all: it is made again from the rows."""
    damaged = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    if damaged:
        for suffix in ("", "-wal", "-shm"):
            path().with_name(f"search.db{suffix}").unlink(missing_ok=True)
    return damaged
