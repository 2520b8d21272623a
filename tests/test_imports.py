"""Imports go downwards only, in the order of ARCHITECTURE.md, wherever in a file they stand."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.once

PACKAGE = ROOT / "src" / "onrecord"
ROOMS = [
    # from the ground up; what stands on one line may not import its neighbour
    ["lib"],
    ["jobs"],
    ["mail", "accounts"],
    ["catalogue"],
    ["recordings"],
    ["transcripts"],
    ["passages"],
    ["references"],
    ["discussion"],
    ["readmodel"],
    ["site", "feeds"],
    ["search"],
    ["press"],
]
DOORS = ["cli", "commands_discussion", "commands", "server", "urls", "settings", "__main__"]
HEIGHT = {room: height for height, rooms in enumerate(ROOMS) for room in rooms}
VERBS = len(ROOMS)  # modules at the top of the package that touch several rooms
HEIGHT["studio"] = VERBS + 1  # what it does and what the command line does are the same verbs
HEIGHT |= dict.fromkeys(DOORS, VERBS + 2)
SCRIPTS = "sample"  # made the sample; nothing imports it

MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] != SCRIPTS]


def test_the_rooms_are_all_of_the_rooms() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders == {room for rooms in ROOMS for room in rooms} | {"studio", "server"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards(module: Path) -> None:
    here = room_of(module.relative_to(PACKAGE).with_suffix("").parts)
    for line, name in imported(module):
        there = room_of(tuple(name.split(".")[1:]))
        assert may_import(here, there), f"{module.relative_to(ROOT)}:{line} imports {name}: {here} stands below {there}"


def room_of(parts: tuple[str, ...]) -> str:
    """The room, door or verb that a module belongs to; "" is the package itself."""
    return "" if not parts or parts[0] in ("__init__", "__version__") else parts[0]


def may_import(here: str, there: str) -> bool:
    """A room may import itself and what stands below it; verbs may import verbs, doors may import doors."""
    if there in ("", here):
        return True
    above, below = HEIGHT.get(here, VERBS), HEIGHT.get(there, VERBS)
    return above > below or above == below >= VERBS


def imported(module: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything of our own that a module imports, submodules as `onrecord.room.module`."""
    package = ["onrecord", *module.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*origin, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.split(".")[0] == "onrecord")


def test_an_upward_arrow_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lib").mkdir()
    module = tmp_path / "lib" / "text.py"
    module.write_text("def late():\n    from onrecord import publish\n    from ..press.paths import PATHS\n")
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    assert list(imported(module)) == [(2, "onrecord.publish"), (3, "onrecord.press.paths.PATHS")]
    assert not may_import("lib", "publish")
    assert not may_import("lib", "press")
    assert not may_import("site", "feeds")
    assert not may_import("publish", "cli")
    assert may_import("press", "feeds")
    assert may_import("demo", "publish")
    assert may_import("cli", "publish")
    assert may_import("studio", "publish")
    assert not may_import("publish", "studio")


@pytest.mark.parametrize("folder", ["transcripts/formats", "transcripts/engines"])
def test_formats_and_engines_know_no_django(folder: str) -> None:
    modules = [path.relative_to(PACKAGE.parent).with_suffix("") for path in PACKAGE.glob(f"{folder}/*.py")]
    names = [".".join(module.parts) for module in modules]
    assert names
    script = f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
    script += "assert 'django' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], env={"PYTHONPATH": str(ROOT / "src")}, check=True)
