"""Which tests run on one database only is decided by tests/once.py: what it must see, it sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

TESTS = """
import os, sqlite3, subprocess, sys
import pytest


def test_nothing(): pass
def test_ffmpeg(): subprocess.run(["/bin/ffmpeg-7", "-v"]) if os.path.exists("/bin/ffmpeg-7") else None
def test_rows(db): pass
def test_looks():
    from django.db import connection
    connection.vendor
def test_sqlite(): sqlite3.connect(":memory:").close()
def test_program(): subprocess.run([sys.executable, "-c", ""])
def test_shell(): os.system("true")
def test_folder(folder): pass
def test_fails(): raise ValueError
def test_skipped(): pytest.skip("not here")

@pytest.fixture(scope="module")
def server(): subprocess.run([sys.executable, "-c", ""])
def test_first(server): pass
def test_second(server): pass
def test_third(request): request.getfixturevalue("server")

@pytest.mark.once
def test_marked():
    from tests.once import ADDRESSES
    assert not set(ADDRESSES) & set(os.environ)
    subprocess.run([sys.executable, "-c", ""])
@pytest.mark.once
def test_marked_wrongly(db): pass
@pytest.mark.once
def test_marked_wrongly_too(): sqlite3.connect(":memory:").close()
"""
ONCE = ["test_ffmpeg", "test_marked", "test_nothing"]


@pytest.mark.once
@pytest.mark.slow
def test_only_what_asks_nothing_of_a_database_is_left_out(tmp_path: Path) -> None:
    """Said of a file beside the others, in a run of its own, with the tests in two processes."""
    (tmp_path / "test_here.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_there.py").write_text(f"# of {'postgres'.upper()}\ndef test_it(): pass\n")
    told = tmp_path / "told.json"

    def run(*options: str) -> str:
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-c", ROOT / "pyproject.toml"]
        command += ["--rootdir", tmp_path, "-p", "no:cacheprovider", *options, tmp_path]
        environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True).stdout

    first = run("--tell-once", str(told))
    assert sorted(name.rpartition("::")[2] for name in json.loads(told.read_text())) == ONCE, first
    assert all(f"ERROR test_here.py::{name} - " in first for name in ("test_marked_wrongly", "test_marked_wrongly_too"))
    second = run("--leave-out", str(told), "--collect-only")
    assert "test_rows" in second and not any(f"::{name}\n" in second for name in ONCE)
