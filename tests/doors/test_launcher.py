"""The real launcher in a small checkout of its own, with one small package instead of ours, and no network."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.once

PROGRAM = """
import json, os, sys, tiny
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "tiny": tiny.VERSION, "prefix": sys.prefix}))
sys.stdin.read()
sys.exit(int(os.environ.get("STATUS", "0")))
"""


class Checkout:
    """A folder with the launcher, a program, and a lock file that asks for the package `tiny`."""

    def __init__(self, folder: Path, wheels: Path) -> None:
        self.folder = folder
        self.wheels = wheels
        self.path = os.environ["PATH"]
        (folder / "src" / "onrecord").mkdir(parents=True)
        (folder / "src" / "onrecord" / "__init__.py").touch()
        (folder / "src" / "onrecord" / "__main__.py").write_text(PROGRAM)
        (folder / "requirements").mkdir()
        shutil.copy(ROOT / "onrecord", folder)
        shutil.copy(ROOT / "requirements" / "environment.py", folder / "requirements")
        (folder / "requirements" / "models-voice.txt").touch()
        self.require("1.0")

    def require(self, version: str, digest: str | None = None) -> None:
        wheel = self.wheels / f"tiny-{version}-py3-none-any.whl"
        digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
        (self.folder / "requirements" / "base.txt").write_text(f"tiny=={version} \\\n    --hash=sha256:{digest}\n")

    def start(self, *arguments: str, launcher: Path | None = None, **environment: str) -> subprocess.Popen[str]:
        settings = {"PATH": self.path, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)} | environment
        return subprocess.Popen(
            [launcher or self.folder / "onrecord", *arguments],
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, launcher: Path | None = None, **environment: str) -> Ran:
        process = self.start(*arguments, launcher=launcher, **environment)
        out, said = process.communicate(timeout=300)
        return Ran(process.returncode, out, said)

    def environments(self) -> set[str]:
        return {path.parent.name for path in self.folder.glob(".venv/*/complete")}


class Ran:
    """How a call ended."""

    def __init__(self, status: int, out: str, said: str) -> None:
        self.status, self.out, self.said = status, out, said

    @property
    def told(self) -> dict[str, object]:
        """What the program wrote: the whole of standard output."""
        assert self.out, self.said
        return dict(json.loads(self.out))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    for version in ("1.0", "2.0"):
        about = f"tiny-{version}.dist-info"
        with zipfile.ZipFile(folder / f"tiny-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr("tiny.py", f"VERSION = '{version}'\n")
            wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n")
            wheel.writestr(
                f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{about}/RECORD", f"tiny.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")
    return folder


@pytest.fixture
def checkout(tmp_path: Path, wheels: Path) -> Checkout:
    return Checkout(tmp_path / "a check out", wheels)


@pytest.fixture
def environment() -> ModuleType:
    """requirements/environment.py as a module."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / "requirements" / "environment.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_first_call_sets_up_and_what_follows_only_runs(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "onrecord").mkdir(parents=True)  # a folder of that name where one stands must not be mistaken for ours
    (elsewhere / "onrecord" / "__main__.py").write_text("raise SystemExit(99)")
    monkeypatch.chdir(elsewhere)

    first = checkout.run("publish", "a file.wav", "", "--title", "ü *", STATUS="2")
    assert first.told["arguments"] == ["publish", "a file.wav", "", "--title", "ü *"]
    assert first.told["folder"] == str(elsewhere)
    assert first.status == 2
    assert "setting up" in first.said

    link = tmp_path / "link"
    link.symlink_to(checkout.folder / "onrecord")
    second = checkout.run(launcher=link)
    assert second.told["prefix"] == first.told["prefix"]
    assert (second.status, second.said) == (0, "")


def kill_at(checkout: Checkout, moment: str, whole_group: bool) -> None:
    """Start a set-up and kill it when the file is there; without its group, pip outlives the launcher."""
    process = checkout.start()
    until = time.monotonic() + 60
    while not list(checkout.folder.glob(f".venv/*/{moment}")):
        assert time.monotonic() < until
        time.sleep(0.01)
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert checkout.environments() == set()


def test_two_at_once_after_a_killed_one_set_up_once(checkout: Checkout) -> None:
    kill_at(checkout, "lib/*/site-packages/onrecord.pth", whole_group=False)
    both = [checkout.start(), checkout.start()]
    ended = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], ended
    assert len({json.loads(out)["prefix"] for out, _ in ended}) == 1
    assert "".join(said for _, said in ended).count("is ready") == 1
    assert len(list((checkout.folder / ".venv").iterdir())) == 2  # the lock and one environment


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["pyvenv.cfg", "bin/pip", "lib/*/site-packages/onrecord.pth"])
def test_killed_half_way_then_again(checkout: Checkout, moment: str) -> None:
    kill_at(checkout, moment, whole_group=True)
    assert checkout.run().told["tiny"] == "1.0"
    assert len(list((checkout.folder / ".venv").iterdir())) == 2  # the lock and one environment


@pytest.mark.slow
def test_other_requirements_another_place_and_another_python_make_another_environment(
    checkout: Checkout, tmp_path: Path
) -> None:
    assert checkout.run().told["tiny"] == "1.0"
    first = checkout.environments()

    checkout.require("2.0")
    assert checkout.run().told["tiny"] == "2.0"
    second = checkout.environments()
    assert len(second - first) == 1

    checkout.folder = checkout.folder.rename(tmp_path / "moved")
    assert str(checkout.folder) in str(checkout.run().told["prefix"])
    third = checkout.environments()
    assert len(third - second) == 1

    other = tmp_path / "other" / "python3"
    other.parent.mkdir()
    shutil.copy(Path(sys.executable).resolve(), other)
    checkout.path = f"{other.parent}:{checkout.path}"
    ran = checkout.run()
    assert len(checkout.environments() - third) == 1
    assert (Path(str(ran.told["prefix"])) / "bin" / "python3").resolve() == other

    checkout.path = checkout.path.partition(":")[2]
    shutil.rmtree(other.parent)
    assert checkout.run().said == ""  # the first Python's is still there


@pytest.mark.slow
def test_a_package_that_is_not_the_locked_one_is_refused(checkout: Checkout) -> None:
    checkout.require("1.0", digest="0" * 64)
    refused = checkout.run()
    assert refused.status == 1
    assert refused.out == ""
    assert "hash" in refused.said.lower()
    assert "Traceback" not in refused.said
    checkout.require("1.0")
    elsewhere = checkout.folder.parent / "environments"
    assert str(elsewhere) in str(checkout.run(ONRECORD_ENVIRONMENT=str(elsewhere)).told["prefix"])


def test_a_checkout_that_cannot_be_written_names_the_way_out(checkout: Checkout) -> None:
    (checkout.folder / ".venv").touch()
    refused = checkout.run()
    assert refused.status == 1
    assert "ONRECORD_ENVIRONMENT" in refused.said
    assert "Traceback" not in refused.said


def test_without_venv_it_says_what_to_install(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(environment.CannotSetUp, match="apt-get install python3-venv"):
        environment.make("/nowhere", [], None, 0)


def test_an_old_python_gives_way_to_a_newer_one_or_says_so(tmp_path: Path) -> None:
    newer = tmp_path / "python3.12"
    newer.write_text('#!/bin/sh\necho "newer: $*"\n')
    newer.chmod(0o755)
    program = ROOT / "requirements" / "environment.py"
    script = (
        "import runpy, sys; sys.version_info = (3, 9, 2); sys.argv = ['', 'base', '-m', 'onrecord'];"
        f"runpy.run_path({str(program)!r}, run_name='__main__')"
    )

    def run(path: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", script], env={"PATH": str(path)}, capture_output=True, text=True)

    assert run(tmp_path).stdout == f"newer: -I -S {program} base -m onrecord\n"
    newer.unlink()
    refused = run(tmp_path)
    assert refused.returncode == 1
    assert "3.11 or newer, and python3 is 3.9" in refused.stderr


def test_an_environment_unused_for_a_week_goes_unless_somebody_runs_in_it(
    environment: ModuleType, tmp_path: Path
) -> None:
    ages = {"base-old": 8, "base-running": 8, "base-young": 1, "notes": 100}
    for name, days in ages.items():
        (tmp_path / name).mkdir()
        stamp = tmp_path / name / "complete"
        stamp.touch()
        if name == "base-running":
            assert environment.hold(str(tmp_path / name))
        os.utime(stamp, (time.time() - days * 86400,) * 2)
    (tmp_path / "test-half-made").mkdir()
    environment.remove_leftovers(str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base-running", "base-young", "notes"]
