"""Several processes press while a newsroom changes things at random, and some of them are killed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("newsroom.py")


def start(folder: Path, *arguments: object) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name != "ONRECORD_DATABASE_URL"}
    environment |= {"ONRECORD_FOLDER": str(folder)}
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *map(str, arguments)], env=environment, text=True, stdout=subprocess.PIPE
    )


def start_pressing(folder: Path) -> subprocess.Popen[str]:
    process = start(folder, "press")
    assert process.stdout and process.stdout.readline() == "presses\n"
    return process


def end(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        process.kill()
        process.wait()


def finish(folder: Path) -> dict[str, Any]:
    output, _ = start(folder, "finish").communicate(timeout=300)
    found: dict[str, Any] = json.loads(output)
    return found


@pytest.fixture
def open_folder(folder: Path) -> Path:
    """A publication whose address has a path, so that links are not by accident right."""
    with (folder / "onrecord.toml").open("a") as file:
        file.write('[publication]\naddress = "https://interviews.example.org/on"\n')
    return folder


def publish_under_pressure(folder: Path, seed: int, deeds: int, kills: int) -> dict[str, Any]:
    chance = random.Random(seed)
    editor = start(folder, "edit", seed, deeds)
    pressing = [start_pressing(folder), start_pressing(folder)]
    try:
        for _ in range(kills):
            time.sleep(0.2 + chance.random())
            victim = chance.randrange(2)
            end(pressing[victim])
            pressing[victim] = start_pressing(folder)
        assert editor.wait(timeout=300) == 0
        time.sleep(chance.random())
    finally:
        end(editor, *pressing)
    return finish(folder)


def assert_equals_full(found: dict[str, Any]) -> None:
    assert found["files"] > 10
    assert found | {"files": 0} == {"problems": [], "failures": [], "temporary": [], "files": 0}


def test_two_workers_and_a_kill(open_folder: Path) -> None:
    assert_equals_full(publish_under_pressure(open_folder, seed=7, deeds=40, kills=2))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_many_kills(open_folder: Path, seed: int) -> None:
    assert_equals_full(publish_under_pressure(open_folder, seed=seed, deeds=150, kills=12))
