"""PostgreSQL's rows in files, one a table, and back: what pg_dump would do, where only our program is installed.

A file begins with one line of JSON, the columns' names; what follows is COPY's text form.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from graphlib import TopologicalSorter
from pathlib import Path
from typing import IO, Any

import django
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import Error

from onrecord.lib.errors import BadInput
from onrecord.lib.files import BLOCK

MIGRATIONS = "django_migrations"


@contextmanager
def one_moment() -> Iterator[tuple[Callable[[str], Iterable[Any]], set[str]]]:
    """One transaction that sees one moment of all tables: a function that asks, and the tables' names."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

        def ask(query: str) -> list[Any]:
            cursor.execute(query)
            return list(cursor.fetchall())

        yield ask, set(connection.introspection.table_names(cursor))


def write_tables(folder: Path) -> None:
    """Write every table into `folder`, as the caller's transaction sees it."""
    folder.mkdir()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
            with (folder / f"{table}.copy").open("wb") as file:
                file.write(json.dumps(columns).encode() + b"\n")
                with cursor.copy(f"COPY {_named(table, columns)} TO STDOUT") as blocks:
                    for block in blocks:
                        file.write(block)


def _named(table: str, columns: list[str]) -> str:
    quote = connection.ops.quote_name
    return f"{quote(table)} ({', '.join(map(quote, columns))})"


def load_tables(folder: Path) -> None:
    """Fill the empty database that Django is open on with the tables of `folder`, at the migrations they were at.

    The rows come all or not at all; then every public file is stale. Raises BadInput when there are rows already.
    """
    files = {file.stem: file for file in folder.glob("*.copy")}
    with connection.cursor() as cursor:
        _check_empty(cursor)
    _make_tables(files.pop(MIGRATIONS))
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        tables = _referenced_first(cursor, set(files))
        _switch_triggers(cursor, tables, "DISABLE")
        cursor.execute(f"TRUNCATE {', '.join(map(connection.ops.quote_name, tables))}")
        for table in tables:
            with files[table].open("rb") as file:
                _load_one(cursor, table, file)
        cursor.execute("INSERT INTO catalogue_change (kind, subject) VALUES ('everything', 0)")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        _switch_triggers(cursor, tables, "ENABLE")


def _check_empty(cursor: Any) -> None:
    """Empty tables may be there, from a restore that was stopped."""
    for table in set(connection.introspection.table_names(cursor)) - {MIGRATIONS}:
        cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1")  # noqa: S608
        if cursor.fetchone():
            raise BadInput(
                "The database is not empty: make a new one to restore into, and name it in ONRECORD_DATABASE_URL."
            )


def _make_tables(migrations: Path) -> None:
    columns, *lines = migrations.read_text().splitlines()
    app, name = (json.loads(columns).index(column) for column in ("app", "name"))
    applied = [line.split("\t") for line in lines]
    MigrationExecutor(connection).migrate([(row[app], row[name]) for row in applied])


def _referenced_first(cursor: Any, tables: set[str]) -> list[str]:
    graph = {
        table: {other for _, other in connection.introspection.get_relations(cursor, table).values()} - {table}
        for table in sorted(tables)
    }
    return [table for table in TopologicalSorter(graph).static_order() if table in tables]


def _switch_triggers(cursor: Any, tables: list[str], how: str) -> None:
    """Triggers have done their work on these rows when they were first written."""
    for table in tables:
        cursor.execute(f"ALTER TABLE {connection.ops.quote_name(table)} {how} TRIGGER USER")


def _load_one(cursor: Any, table: str, file: IO[bytes]) -> None:
    columns = json.loads(file.readline())
    with cursor.copy(f"COPY {_named(table, columns)} FROM STDIN") as copy:
        while block := file.read(BLOCK):
            copy.write(block)
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s"
        " AND (is_identity = 'YES' OR column_default LIKE 'nextval(%%')",
        [table],
    )
    quote = connection.ops.quote_name
    for (column,) in cursor.fetchall():
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence(%s, %s), max({quote(column)})) FROM {quote(table)}"  # noqa: S608
            f" HAVING max({quote(column)}) IS NOT NULL",
            [quote(table), column],
        )


def main() -> int:
    """`python -m onrecord.rows FOLDER` loads, on the publication of the environment; the last line says what failed."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "onrecord.settings"
    django.setup()
    try:
        load_tables(Path(sys.argv[1]))
    except BadInput as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (Error, LookupError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        sys.stderr.write(
            f"The rows cannot be brought back ({reason}): see whether the database answers and is empty.\n"
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
