"""kill -9 of worker and server at random moments: every recording ends published, once, and nothing is left over."""

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

from tests.conftest import ROOT, Command
from tests.sounds import write_wave

SAMPLE = ROOT / "src" / "onrecord" / "sample"
DEADLINE = 240


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
        time.sleep(1)  # asking starts a program, which takes from what is waited for


def is_finished(folder: Path, onrecord: Command) -> bool:
    import json

    status = json.loads(onrecord("status", "--json").stdout)
    steps = [step for episode in status["episodes"] for step in episode["steps"]]
    return bool(steps) and status["stale"] == 0 and all(step["state"] == "done" for step in steps)


def disturbed_publish(
    folder: Path, onrecord: Command, recording: Path, kills: int, chooser: random.Random
) -> dict[str, bytes]:
    assert (
        onrecord(
            "publish", recording, "--show", "Talks", "--title", "A talk", "--language", "en", "--no-wait"
        ).returncode
        == 0
    )
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
        wait_until(lambda: is_finished(folder, onrecord), "everything is done")
    finally:
        server.terminate()
        server.wait(timeout=30)
    wait_until(lambda: not left_over(folder), f"nothing is left over, found {left_over(folder)}")
    checked = onrecord("check")
    assert checked.returncode == 0, checked.stdout
    return made(folder)


def test_a_few_kills_change_nothing(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    recording = write_wave(tmp_path / "a.wav", seconds=20)
    result = disturbed_publish(folder, onrecord, recording, kills=4, chooser=random.Random(4))
    assert any(name.endswith(".mp3") for name in result)


@pytest.mark.slow
@pytest.mark.speech
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10))
def test_ten_kills_leave_the_same_files(seed: int, folder: Path, onrecord: Command, tmp_path: Path) -> None:
    """Ten runs of ten kills each are the hundred random moments."""
    import shutil

    recording = next(SAMPLE.glob("*.opus"))
    result = disturbed_publish(folder, onrecord, recording, kills=10, chooser=random.Random(seed))
    again = tmp_path / "undisturbed" / folder.name
    again.mkdir(parents=True)
    environment = os.environ | {"ONRECORD_FOLDER": str(again), "PYTHONPATH": str(ROOT / "src")}
    environment.pop("ONRECORD_DATABASE_URL", None)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "onrecord",
            "publish",
            str(recording),
            "--show",
            "Talks",
            "--title",
            "A talk",
            "--language",
            "en",
        ],
        env=environment,
        check=True,
        capture_output=True,
    )
    assert made(again) == result
    shutil.rmtree(again)
