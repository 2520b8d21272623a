"""Several processes press while a newsroom changes things at random, and some of them are killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SEEDS

SCRIPT = Path(__file__).with_name("newsroom.py")


class Newsroom:
    """Its processes on one publication (newsroom.py)."""

    def __init__(self, folder: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "ONRECORD_DATABASE_URL"}
        environment |= {"ONRECORD_FOLDER": str(folder)}
        self.desk = subprocess.Popen(
            [sys.executable, str(SCRIPT)], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, *words: object) -> Any:
        assert self.desk.stdin and self.desk.stdout
        print(*words, file=self.desk.stdin, flush=True)
        return json.loads(self.desk.stdout.readline())

    def close(self) -> None:
        """With those that press: they end when nobody is above them."""
        self.desk.kill()
        self.desk.communicate()


@pytest.fixture
def open_folder(folder: Path) -> Path:
    """A publication whose address has a path, so that links are not by accident right."""
    with (folder / "onrecord.toml").open("a") as file:
        file.write('[publication]\naddress = "https://interviews.example.org/on"\n')
    return folder


def publish_under_pressure(folder: Path, seed: int, deeds: int, kills: int) -> dict[str, Any]:
    chance = random.Random(seed)
    newsroom = Newsroom(folder)
    try:
        pressing = [newsroom.ask("press"), newsroom.ask("press")]
        editor = newsroom.ask("edit", seed, deeds)
        for _ in range(kills):
            time.sleep(0.2 + chance.random())
            victim = chance.randrange(2)
            assert newsroom.ask("kill", pressing[victim]) == -signal.SIGKILL, "it pressed until then"
            pressing[victim] = newsroom.ask("press")
        assert newsroom.ask("wait", editor) == 0
        time.sleep(chance.random())
        for number in pressing:
            assert newsroom.ask("kill", number) == -signal.SIGKILL
        return dict(newsroom.ask("finish"))
    finally:
        newsroom.close()


def assert_equals_full(found: dict[str, Any]) -> None:
    assert found["files"] > 10
    assert found | {"files": 0} == {"problems": [], "failures": [], "temporary": [], "files": 0}


def test_two_workers_and_a_kill(open_folder: Path) -> None:
    assert_equals_full(publish_under_pressure(open_folder, seed=7, deeds=40, kills=2))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_many_kills(open_folder: Path, seed: int) -> None:
    assert_equals_full(publish_under_pressure(open_folder, seed=seed, deeds=150, kills=12))
