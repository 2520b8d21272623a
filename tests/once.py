"""Tests that ask nothing of a database run once: ./test runs them on SQLite, and all others on PostgreSQL as well.

Whether a test is one of them is seen, not said. `--tell-once FILE` watches each test and the fixtures that it uses, and
writes down those that passed and did none of this: look for Django's connection, open a database of SQLite, start a
program other than ffmpeg, use a fixture of a database, stand in a file that speaks of PostgreSQL. `--leave-out FILE`
leaves out what is written there.

The mark `once` is for tests that start programs of which none is told of the database under test: what they see is the
same on both. They fail when that is not so: its address is taken from their environment, and what else is above is
refused.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.db.utils import ConnectionHandler

ADDRESSES = ("ONRECORD_DATABASE_URL", "ONRECORD_TEST_POSTGRES")
FIXTURES = {"db", "transactional_db", "django_db_setup", "fresh_database_url", "migrated"}
SQLITE, PROGRAM, CONNECTION = "a database of SQLite", "a program", "Django's connection"
PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn"}

_seen: set[str] = set()
"""What was asked for since somebody last looked."""
_of_fixtures: dict[str, set[str]] = {}
"""What was asked for while a fixture of this name, which several tests share, was set up for the first of them."""
_told: list[str] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "sqlite3.connect":
        _seen.add(SQLITE)
    elif event in PROGRAMS and not (event == "subprocess.Popen" and _is_ffmpeg(arguments[1])):
        _seen.add(PROGRAM)


def _is_ffmpeg(command: Any) -> bool:
    return isinstance(command, (list, tuple)) and Path(os.fsdecode(command[0])).name.startswith("ffmpeg")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--tell-once", metavar="FILE", help="write down the tests that ask nothing of a database")
    parser.addoption("--leave-out", metavar="FILE", help="leave out the tests that are written down there")


def pytest_configure() -> None:
    sys.addaudithook(_hear)
    find = ConnectionHandler.__getitem__

    def watched(self: ConnectionHandler, alias: str) -> Any:
        _seen.add(CONNECTION)
        return find(self, alias)

    ConnectionHandler.__getitem__ = watched  # type: ignore[method-assign]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("leave_out"):
        known = set(json.loads(Path(config.getoption("leave_out")).read_text()))
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in known])
        items[:] = [item for item in items if item.nodeid not in known]


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
    before = set(_seen)
    _seen.clear()
    try:
        return (yield)
    finally:
        if fixturedef.scope != "function":
            _of_fixtures.setdefault(fixturedef.argname, set()).update(_seen)
        _seen.update(before)


@pytest.fixture(autouse=True)
def _uses(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the fixtures of a test asked for is asked for by the test, whichever test they were set up for."""
    yield
    _seen.update(*(_of_fixtures.get(name, ()) for name in request.fixturenames))
    _seen.update(FIXTURES & set(request.fixturenames))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _seen.clear()
    if not item.get_closest_marker("once"):
        return (yield)
    addresses = {name: os.environ.pop(name) for name in ADDRESSES if name in os.environ}
    try:
        return (yield)
    finally:
        os.environ.update(addresses)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    yield
    if _speaks_of_postgresql(item.path):
        _seen.add("a file that speaks of PostgreSQL")
    if item.get_closest_marker("once"):
        _seen.discard(PROGRAM)
        if _seen:
            pytest.fail(f"this test is marked `once`, but it asked for {' and '.join(sorted(_seen))}")
    item.user_properties.append(("asked for", sorted(_seen)))


@cache
def _speaks_of_postgresql(file: Path) -> bool:
    return "POSTGRES" in file.read_text()


_passed: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """In the process that gathers what all found."""
    if report.when == "call" and report.passed:
        _passed.add(report.nodeid)
    asked = dict(report.user_properties).get("asked for")
    if report.when == "teardown" and report.passed and report.nodeid in _passed and asked == []:
        _told.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    file = session.config.getoption("tell_once")
    if file and not hasattr(session.config, "workerinput"):
        Path(file).write_text(json.dumps(sorted(_told)))
