"""kill -9 of worker and server at random moments: every recording ends published, once, and nothing is left over."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT, SEEDS, Command, Rows, run_command
from tests.sounds import write_wave

DEADLINE = 240
ABOUT = ("--show", "Talks", "--title", "A talk", "--language", "en")


def sample() -> Path:
    return next((ROOT / "src" / "onrecord" / "sample").glob("*.opus"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(folder: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"ONRECORD_FOLDER": str(folder), "PYTHONPATH": str(ROOT / "src")}
    environment.pop("ONRECORD_DATABASE_URL", None)
    return subprocess.Popen(
        [sys.executable, "-m", "onrecord", "serve", "--port", str(free_port())],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_something(server: subprocess.Popen[bytes], chooser: random.Random) -> None:
    """-9 to the server, or to one of the processes that it started."""
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    chooser.choice(family).send_signal(signal.SIGKILL)


def made(folder: Path) -> dict[str, bytes]:
    """What a listener gets, by name; renditions are named by their content."""
    return {
        str(path.relative_to(folder / "public")): path.read_bytes()
        for path in (folder / "public").rglob("*")
        if path.suffix in (".mp3", ".opus", ".vtt", ".txt", ".srt") or path.name.startswith("peaks")
    }


def left_over(folder: Path) -> list[str]:
    temporary = [str(path) for path in folder.rglob("*") if ".tmp" in path.name]
    work = [path for path in (folder / "work").iterdir() if path.is_dir() and path.name not in ("speech", "uploads")]
    attempts = [str(path) for path in [*work, *(folder / "work" / "uploads").glob("*")]]
    running = [
        " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline"])
        if process.info["cmdline"] and str(folder) in " ".join(process.info["cmdline"])
    ]
    return temporary + attempts + running


def wait_until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < end, f"not in {DEADLINE} s: {what}"
        time.sleep(0.2)


def is_finished(onrecord: Command) -> bool:
    status = json.loads(onrecord("status", "--json").stdout)
    steps = [step for episode in status["episodes"] for step in episode["steps"]]
    return bool(steps) and status["stale"] == 0 and all(step["state"] == "done" for step in steps)


NOT_DONE = "SELECT count(*) FROM jobs_step WHERE state <> 'done' AND name <> 'discussion.forget'"
"""But for the one that waits for tomorrow, always."""


def disturbed_publish(
    folder: Path, rows: Rows, onrecord: Command, recording: Path, kills: int, chooser: random.Random
) -> dict[str, bytes]:
    assert onrecord("publish", recording, *ABOUT, "--no-wait").returncode == 0
    for _ in range(kills):
        server = start_server(folder)
        time.sleep(chooser.uniform(0.3, 4.0))
        if server.poll() is None:
            kill_something(server, chooser)
            time.sleep(chooser.uniform(0.0, 0.5))
        server.kill()
        server.wait()
    server = start_server(folder)
    try:
        wait_until(lambda: rows(NOT_DONE) == [(0,)], "every step is done")
        wait_until(lambda: is_finished(onrecord), "everything is done, and pressed")
    finally:
        server.terminate()
        server.wait(timeout=30)
    wait_until(lambda: not left_over(folder), f"nothing is left over, found {left_over(folder)}")
    checked = onrecord("check")
    assert checked.returncode == 0, checked.stdout
    return made(folder)


@pytest.mark.slow
def test_a_few_kills_change_nothing(folder: Path, rows: Rows, onrecord: Command, tmp_path: Path) -> None:
    recording = write_wave(tmp_path / "a.wav", seconds=20)
    result = disturbed_publish(folder, rows, onrecord, recording, kills=4, chooser=random.Random(4))
    assert any(name.endswith(".mp3") for name in result)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What listeners get of the sample when nothing is killed."""
    folder = tmp_path_factory.mktemp("undisturbed") / "my-show"
    folder.mkdir()
    run_command(folder, "publish", sample(), *ABOUT).check_returncode()
    return made(folder)


@pytest.mark.slow
@pytest.mark.speech
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", SEEDS)
def test_ten_kills_leave_the_same_files(
    seed: int, undisturbed: dict[str, bytes], folder: Path, rows: Rows, onrecord: Command
) -> None:
    """Ten runs of ten kills each are a hundred random moments; one of them runs on each database by default."""
    result = disturbed_publish(folder, rows, onrecord, sample(), kills=10, chooser=random.Random(seed))
    assert result == undisturbed
