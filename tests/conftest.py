"""What every test may use: a fresh publication, the real inputs where they are, the command line as people run it."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("onrecord", deadline=None)  # a test is never timed
hypothesis.settings.load_profile("onrecord")

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
"""A browser test that fails may leave an event loop behind, in which Django would refuse rows to all tests after it."""

pytest_plugins = ["tests.browser"]

ROOT = Path(__file__).resolve().parent.parent

POSTGRES = os.environ.get("ONRECORD_TEST_POSTGRES", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that the last minutes are not one process's alone."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


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


@pytest.fixture
def fresh_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of the kind under test for a publication that runs in processes of its own; empty means SQLite.

    It is as migrations leave it; for a test marked `first_use` it is as a publisher's server makes it, empty.
    """
    if not POSTGRES:
        yield ""
        return
    name = f"onrecord_{uuid.uuid4().hex[:12]}"
    is_first_use = request.node.get_closest_marker("first_use")
    of = "" if is_first_use else f' TEMPLATE "{request.getfixturevalue("migrated_database")}"'
    on_postgres(f'CREATE DATABASE "{name}"{of}')
    try:
        yield url_of(name)
    finally:
        on_postgres(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def folder(tmp_path: Path, fresh_database_url: str, request: pytest.FixtureRequest) -> Path:
    """A publication's folder on the database under test, for the command line."""
    folder = tmp_path / "my-show"
    folder.mkdir()
    if fresh_database_url:
        name_database(folder, fresh_database_url)
    elif not request.node.get_closest_marker("first_use"):
        shutil.copy(request.getfixturevalue("migrated_database"), folder / "onrecord.db")
    return folder


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What publications of the command line begin with, as migrations take seconds: a file, or a name on PostgreSQL."""
    folder = tmp_path_factory.mktemp("migrated")
    name = f"onrecord_migrated_{os.getpid()}"
    if POSTGRES:
        on_postgres(f'CREATE DATABASE "{name}"')
    name_database(folder, url_of(name) if POSTGRES else "")
    run_command(folder, "status").check_returncode()
    yield name if POSTGRES else str(folder / "onrecord.db")
    if POSTGRES:
        on_postgres(f'DROP DATABASE "{name}" WITH (FORCE)')


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


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def onrecord(folder: Path) -> Command:
    """Runs `onrecord ...` on `folder` in a process of its own."""

    return partial(run_command, folder)


def run_command(folder: Path, *arguments: str | Path, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """`onrecord ...` on a folder, in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "ONRECORD_DATABASE_URL"}
    environment |= {"ONRECORD_FOLDER": str(folder), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "onrecord", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=timeout)
