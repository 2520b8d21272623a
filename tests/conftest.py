"""What every test may use: a fresh publication, the real inputs where they are, the command line as people run it."""

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import hypothesis
import pytest

hypothesis.settings.register_profile("onrecord", deadline=None)  # a test is never timed
hypothesis.settings.load_profile("onrecord")

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
"""While a browser is kept (tests/browser.py) an event loop runs in this process, in which Django would refuse rows."""

os.environ["OPENBLAS_NUM_THREADS"] = "1"
"""As for steps (jobs/processes.py). It is read when numpy is loaded, which no plugin does."""

pytest_plugins = ["tests.browser"]

ROOT = Path(__file__).resolve().parent.parent

POSTGRES = os.environ.get("ONRECORD_TEST_POSTGRES", "")

SEEDS = range(10) if "ONRECORD_ALL_KILLS" in os.environ else [1] if POSTGRES else [0]
"""Of tests that kill processes at random moments, which take minutes: another one on each database, or all on both."""

WEIGHTS = {"slow": 60, "speech": 6, "browser": 6, "onrecord": 6, "made": 4, "house": 2, "twelve": 2, "db": 0.3}
"""About how many seconds a test takes that has this mark or uses this fixture."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that the last minutes are not one process's alone."""
    weights: defaultdict[Path, float] = defaultdict(float)
    for item in items:
        about = {mark.name for mark in item.iter_markers()} | set(getattr(item, "fixturenames", ()))
        weights[item.path] += max((WEIGHTS[name] for name in about & set(WEIGHTS)), default=0.02)
    items.sort(key=lambda item: -weights[item.path])


@pytest.fixture
def publication(tmp_path: Path, settings):  # type: ignore[no-untyped-def]
    """The configuration of an empty publication; code under test finds it in settings.ONRECORD."""
    from onrecord.lib import configuration

    folder = tmp_path / "publication"
    folder.mkdir()
    settings.ONRECORD = configuration.load(folder)
    return settings.ONRECORD


@pytest.fixture
def cases() -> Path:
    """The folder of real inputs; the test is skipped where it is absent."""
    folder = Path(os.environ.get("ONRECORD_CASES", ROOT.parent / "shared" / "cases"))
    if not folder.is_dir():
        pytest.skip("the folder of real inputs is not here")
    return folder


@dataclass(frozen=True)
class Prepared:
    """A publication that tests begin with a copy of: its folder, and the name of its database on PostgreSQL."""

    folder: Path
    database: str

    @contextlib.contextmanager
    def copied(self, folder: Path) -> Iterator[str]:
        """Make `folder` a copy, for as long as the test runs. Gives the address of its database; empty on SQLite."""
        with database(of=self.database) as name:
            shutil.copytree(self.folder, folder)
            if name:
                name_database(folder, url_of(name))
            yield url_of(name) if name else ""


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """One of which there is the database alone, as migrations leave it: they take seconds."""
    with database() as name:
        first, folder = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("migrated")
        name_database(first, url_of(name) if name else "")
        run_command(first, "status").check_returncode()
        if not name:
            shutil.copy(first / "onrecord.db", folder)
        yield Prepared(folder, name)


@pytest.fixture
def fresh_database_url(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of the kind under test for a publication that runs in processes of its own; empty means SQLite.

    It is as migrations leave it; for a test marked `first_use` it is as a publisher's server makes it, empty.
    """
    folder = tmp_path / "my-show"
    if request.node.get_closest_marker("first_use"):
        folder.mkdir()
        with database() as name:
            if name:
                name_database(folder, url_of(name))
            yield url_of(name) if name else ""
    else:
        with request.getfixturevalue("migrated").copied(folder) as url:
            yield url


@pytest.fixture
def folder(tmp_path: Path, fresh_database_url: str) -> Path:
    """A publication's folder on the database under test, for the command line."""
    return tmp_path / "my-show"


@contextlib.contextmanager
def database(of: str = "") -> Iterator[str]:
    """The name of a new database on the PostgreSQL under test, empty or a copy `of` another one; no name on SQLite."""
    if not POSTGRES:
        yield ""
        return
    name = f"onrecord_{uuid.uuid4().hex[:12]}"
    on_postgres(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{of}"' if of else ""))
    try:
        yield name
    finally:
        on_postgres(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def url_of(database: str) -> str:
    """Its address on the PostgreSQL under test."""
    return f"{POSTGRES.rpartition('/')[0]}/{database}"


def on_postgres(statement: str) -> None:
    """What concerns a whole database is said from another one."""
    import psycopg

    with psycopg.connect(url_of("postgres"), autocommit=True) as connection:
        connection.execute(statement)


def name_database(folder: Path, url: str) -> None:
    """In the settings of a publication; empty means SQLite."""
    (folder / "onrecord.toml").write_text(f'[database]\nurl = "{url}"\n')


def name_address(folder: Path, address: str) -> None:
    """In the settings of a publication, which are the program's own or only name a database."""
    settings = folder / "onrecord.toml"
    before = re.sub(r'(?m)^(\[publication\]|address = ".*")\n', "", settings.read_text())
    settings.write_text(f'[publication]\naddress = "{address}"\n{before}')


Rows = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def rows(folder: Path, fresh_database_url: str) -> Rows:
    """Answers a query from the rows of `folder`: to ask the program is to start it."""

    def ask(query: str) -> list[tuple[Any, ...]]:
        if fresh_database_url:
            import psycopg

            with psycopg.connect(fresh_database_url) as connection:
                return connection.execute(query).fetchall()
        with contextlib.closing(sqlite3.connect(folder / "onrecord.db", timeout=30)) as connection:
            return connection.execute(query).fetchall()

    return ask


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def onrecord(folder: Path) -> Command:
    """Runs `onrecord ...` on `folder` in a process of its own, with these things `named` in its environment."""

    return partial(run_command, folder)


def run_command(
    folder: Path, *arguments: str | Path, timeout: float = 300, **named: str
) -> subprocess.CompletedProcess[str]:
    """`onrecord ...` on a folder, in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "ONRECORD_DATABASE_URL"}
    environment |= {"ONRECORD_FOLDER": str(folder), "PYTHONPATH": str(ROOT / "src"), **named}
    command = [sys.executable, "-m", "onrecord", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=timeout)
