"""The index in PostgreSQL's full text search, beside the rows, in a schema of its own.

Terms are written as PostgreSQL writes them (no parser, no dictionary: as the "simple" configuration would leave them),
because they are folded and stemmed already.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import OperationalError, connection, transaction

from onrecord.lib import postgresql
from onrecord.search.engines.base import Cut, Engine, Expression, Found, NotReady, Phrase, edition_of_index

SCHEMA = "onrecord_search"
TABLES = """
CREATE SCHEMA IF NOT EXISTS onrecord_search;
CREATE TABLE @note (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE @episode (id bigint PRIMARY KEY, base bigint NOT NULL UNIQUE, moments integer NOT NULL,
    show bigint NOT NULL, language text NOT NULL, fingerprint text NOT NULL);
CREATE TABLE @voice (id bigint PRIMARY KEY, label text NOT NULL, name text NOT NULL, person bigint NOT NULL,
    UNIQUE (label, person));
CREATE INDEX voice_by_person ON @voice (person);
CREATE TABLE @moment (id bigint PRIMARY KEY, episode bigint NOT NULL, voice bigint NOT NULL, start_ms bigint NOT NULL,
    anchor text NOT NULL, text text NOT NULL, terms tsvector NOT NULL);
CREATE TABLE @term (term text COLLATE "C" PRIMARY KEY, moments bigint NOT NULL);
ALTER TABLE @moment ALTER COLUMN terms SET STATISTICS 1000;
CREATE INDEX moment_terms ON @moment USING gin (terms) WITH (fastupdate = off);
"""
LOCK = 0x6F6E7265636F7264
"""The advisory lock of who changes the index ("onrecord")."""
LONGEST_STATEMENT = 1000
"""Milliseconds that one look into a part of the index may take."""
LAST_POSITION = 16383
"""PostgreSQL counts words no further."""


class PostgreSQL(Engine):
    """The index beside the rows, in the transaction of the caller's connection."""

    @classmethod
    @contextlib.contextmanager
    def reading(cls) -> Iterator[Engine]:
        """See Engine."""
        index = cls()
        with transaction.atomic():
            if not index.is_there() or not index.is_current():
                raise NotReady("There is no search index of this version yet: `onrecord work` makes it.")
            index.run("SET LOCAL jit = off")  # translating a query into machine code takes longer than these queries
            yield index

    @classmethod
    @contextlib.contextmanager
    def writing(cls) -> Iterator[Engine]:
        """See Engine."""
        index = cls()
        with transaction.atomic():
            index.run("SELECT pg_advisory_xact_lock(?)", LOCK)
            if not index.is_there():
                index.make_tables()
            yield index

    @classmethod
    def scrub(cls) -> None:
        """Tables and their indexes are written anew. Raises Failed while something reads what was removed."""
        index = cls()
        tables = index.run("SELECT tablename FROM pg_tables WHERE schemaname = ? ORDER BY tablename", SCHEMA)
        for (table,) in tables:
            postgresql.write_anew(f"{SCHEMA}.{connection.ops.quote_name(table)}")

    def is_there(self) -> bool:
        """Whether the tables are."""
        return self.run("SELECT to_regclass('@note')")[0][0] is not None

    def make_tables(self) -> None:
        """Make them."""
        for statement in filter(str.strip, TABLES.split(";")):
            self.run(statement)
        self.write_note("edition", edition_of_index())

    def run(self, sql: str, *values: Any) -> list[Any]:
        """See Engine."""
        with connection.cursor() as cursor:
            cursor.execute(_own(sql), values)
            return list(cursor.fetchall()) if cursor.description else []

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """See Engine."""
        with connection.cursor() as cursor:
            cursor.executemany(_own(sql), list(rows))

    def add_moments(self, rows: Sequence[tuple[Any, ...]], terms: Sequence[list[str]]) -> None:
        """See Engine."""
        into = _own("COPY @moment (id, episode, voice, start_ms, anchor, text, terms) FROM STDIN")
        with connection.cursor() as cursor, cursor.copy(into) as copy:
            for row, said in zip(rows, terms, strict=True):
                copy.write_row((*row, _vector(said)))

    def remove_moments(self, cut: Cut, rows: Sequence[tuple[int, str, int]], terms: Sequence[list[str]]) -> None:
        """See Engine."""
        self.run("DELETE FROM @moment WHERE id BETWEEN ? AND ?", *cut)

    def find(self, expression: Expression, cut: Cut, oldest: bool, most: int) -> Found:
        """The planner knows how common the words are: it goes through a part in order, or asks the GIN index."""
        matching = " & ".join(f"({' | '.join(map(_phrase, group))})" for group in expression)
        sql = (
            "SELECT id FROM @moment WHERE terms @@ ?::tsquery AND id BETWEEN ? AND ? "  # noqa: S608
            f"ORDER BY id {'DESC' if oldest else 'ASC'} LIMIT ?"
        )
        numbers: list[int] = []
        looked_to = None
        for part in self.slices(cut, oldest):
            try:
                with transaction.atomic():
                    self.run(f"SET LOCAL statement_timeout = {LONGEST_STATEMENT}")
                    numbers += [number for (number,) in self.run(sql, matching, *part, most - len(numbers))]
                    self.run("SET LOCAL statement_timeout = DEFAULT")
            except OperationalError:
                return Found(numbers, whole=False)
            looked_to = part
            if len(numbers) >= most:
                return Found(numbers, whole=False)
        ended = looked_to is not None and (looked_to.low <= cut.low if oldest else looked_to.high >= cut.high)
        return Found(numbers, whole=ended)

    def tidy(self) -> bool:
        """PostgreSQL's own vacuum makes the room of removed rows free."""
        self.run("DELETE FROM @note WHERE name = 'untidy'")
        return False

    def clear(self) -> None:
        """See Engine."""
        self.run(f"DROP SCHEMA {SCHEMA} CASCADE")
        self.make_tables()

    def size(self) -> int:
        """See Engine."""
        tables = "SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = ?::regnamespace"
        return int(self.run(f"SELECT SUM(pg_total_relation_size(oid)) FROM ({tables}) t", SCHEMA)[0][0])  # noqa: S608


def _own(sql: str) -> str:
    """The statement as PostgreSQL and its driver want it."""
    return sql.replace("@@", "\0").replace("@", f"{SCHEMA}.").replace("\0", "@@").replace("?", "%s")


def _vector(terms: Sequence[str]) -> str:
    """Terms as a tsvector is written. They are letters, digits and colons: nothing in them has to be escaped."""
    return " ".join(f"'{term}':{min(at, LAST_POSITION)}" for at, term in enumerate(terms, 1))


def _phrase(phrase: Phrase) -> str:
    terms = [f"'{term.rstrip('*')}'{':*' if term.endswith('*') else ''}" for term in phrase]
    return f"({' <-> '.join(terms)})"
