"""The project as a checkout: what its files promise about each other."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.conftest import ROOT

pytestmark = pytest.mark.once

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIREMENTS = ROOT / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.txt"))


def tracked() -> list[Path]:
    """The files of the project, as git knows them, or all that it would not ignore when this is no checkout of git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    if listed.returncode:
        pytest.skip("this is no checkout of git")
    return [ROOT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]


def pinned(lock: Path) -> dict[str, set[Version]]:
    """Every package of a lock file with its versions (one a Python, where they differ)."""
    found: dict[str, set[Version]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", lock.read_text(), re.M):
        found.setdefault(canonicalize_name(name), set()).add(Version(version))
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_its_version_and_hashes(lock: Path) -> None:
    entries = re.sub(r"\\\n", "", re.sub(r"^#.*\n", "", lock.read_text(), flags=re.M)).splitlines()
    assert entries
    for entry in entries:
        assert re.fullmatch(r"[a-z0-9.-]+==[\w.]+ (; [^#]+?)?( *--hash=sha256:[0-9a-f]{64})+", entry), entry


@pytest.mark.parametrize(
    ("declared", "locks"),
    [
        (PROJECT["dependencies"], ["base.txt"]),
        (PROJECT["optional-dependencies"]["test"], ["base.txt", "test.txt"]),
    ],
)
def test_the_locks_are_of_what_the_project_declares(declared: list[str], locks: list[str]) -> None:
    versions = {name: found for lock in locks for name, found in pinned(REQUIREMENTS / lock).items()}
    for requirement in map(Requirement, declared):
        found = versions.get(canonicalize_name(requirement.name), set())
        assert found, f"{requirement.name} is not locked: run requirements/lock"
        assert all(map(requirement.specifier.contains, found)), f"{requirement}, locked {found}: run requirements/lock"


def test_what_the_tests_need_is_locked_apart() -> None:
    base, test = pinned(REQUIREMENTS / "base.txt"), pinned(REQUIREMENTS / "test.txt")
    assert not base.keys() & test.keys()
    assert "pytest" in test


def test_torch_is_not_wanted() -> None:
    for lock in LOCKS:
        assert not {"torch", "triton", "nvidia-cudnn-cu12"} & pinned(lock).keys()


def test_the_onnxruntime_that_is_used_does_not_report_to_its_maker() -> None:
    """Releases from 1.29 on carry an uploader. Nothing of what a publisher does may leave the machine."""
    package = importlib.util.find_spec("onnxruntime")
    assert package
    assert package.origin
    libraries = list((Path(package.origin).parent / "capi").glob("*.so"))
    assert libraries
    assert not [library.name for library in libraries if b"OneCollector" in library.read_bytes()]


@pytest.mark.parametrize(
    ("folder", "declared"),
    [
        ("src/onrecord", PROJECT["dependencies"]),
        ("tests", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]),
    ],
)
def test_every_import_is_of_a_declared_dependency(folder: str, declared: list[str]) -> None:
    names = {canonicalize_name(Requirement(line).name) for line in declared}
    distributions = packages_distributions()
    for path in (ROOT / folder).rglob("*.py"):
        if path.is_relative_to(ROOT / "src" / "onrecord" / "sample"):  # its script is run by hand, with what it names
            continue
        for top in imported(path) - set(sys.stdlib_module_names) - {"onrecord", "tests", "benchmarks"}:
            found = {canonicalize_name(name) for name in distributions.get(top, [top])}
            assert found & names, f"{path.relative_to(ROOT)} imports {top}; pyproject.toml does not declare it"


def imported(path: Path) -> set[str]:
    """The first parts of the names of all modules that a file imports absolutely."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.partition(".")[0] for name in plain | named}


def test_no_path_of_a_machine_and_no_address_of_a_registry_is_in_the_tree() -> None:
    unwanted = re.compile(
        rb"(?<![\w.-])/(?:work|farm|root|home/\w+|Users/\w+)/"
        rb"|https?://[\w.-]*(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com)"
        rb"|--(?:extra-)?index-url[ =]|--find-links[ =]"
    )
    for path in tracked():
        if path.is_symlink() or not path.is_file() or path == Path(__file__).resolve():
            continue
        found = unwanted.search(path.read_bytes())
        assert not found, f"{path.relative_to(ROOT)} holds {found and found.group().decode()}"


def test_the_doors_can_be_run() -> None:
    for door in ("onrecord", "test", ".ci/run", "requirements/lock"):
        assert os.access(ROOT / door, os.X_OK), door
        subprocess.run(["sh", "-n", ROOT / door], check=True)


def test_any_python_3_can_read_the_set_up() -> None:
    """So that one that is too old can say so."""
    ast.parse((REQUIREMENTS / "environment.py").read_text(), feature_version=(3, 6))


def test_no_file_is_too_long_to_find_ones_way_in() -> None:
    for path in tracked():
        if path.suffix in {".py", ".js", ".css", ".html"} and path.is_file():
            assert len(path.read_text().splitlines()) <= 600, path
