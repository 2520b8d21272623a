"""What every test may use: a fresh publication, the real inputs where they are, the command line as people run it."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("onrecord", deadline=None)  # a test is never timed
hypothesis.settings.load_profile("onrecord")

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
"""A browser test that fails may leave an event loop behind, in which Django would refuse rows to all tests after it."""

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
def fresh_database_url() -> Iterator[str]:
    """A database of the kind under test for a publication that runs in processes of its own; empty means SQLite."""
    if not POSTGRES:
        yield ""
        return
    import psycopg

    name = f"onrecord_{uuid.uuid4().hex[:12]}"
    base, _, _ = POSTGRES.rpartition("/")
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield f"{base}/{name}"
    finally:
        with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def folder(tmp_path: Path, fresh_database_url: str) -> Path:
    """A publication's folder on the database under test, for the command line."""
    folder = tmp_path / "my-show"
    folder.mkdir()
    if fresh_database_url:
        (folder / "onrecord.toml").write_text(f'[database]\nurl = "{fresh_database_url}"\n')
    return folder


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def onrecord(folder: Path) -> Command:
    """Runs `onrecord ...` on `folder` in a process of its own, with these things `named` in its environment."""

    def run(*arguments: str | Path, timeout: float = 300, **named: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k != "ONRECORD_DATABASE_URL"}
        environment |= {"ONRECORD_FOLDER": str(folder), "PYTHONPATH": str(ROOT / "src"), **named}
        return subprocess.run(
            [sys.executable, "-m", "onrecord", *map(str, arguments)],
            capture_output=True,
            text=True,
            env=environment,
            timeout=timeout,
        )

    return run


@pytest.fixture
def no_index_stays() -> Iterator[None]:
    """For tests that commit what they write: on PostgreSQL the search index is beside the rows, and would stay."""
    yield
    from django.db import connection

    from onrecord.search.engines.postgresql import SCHEMA

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
