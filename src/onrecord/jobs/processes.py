"""A child process as its worker sees it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

from django.conf import settings

import onrecord
from onrecord.jobs.models import Step

LOG_SIZE = 1 << 20
"""Bytes; then steps.log becomes steps.log.1."""
FREE = ""
"""The name of a child that has loaded nothing: it may be given any step."""


class Child:
    """Runs one step at a time. Leads a process group and session of its own, so that all of it can be ended at once.

    Must be made by the thread that lives as long as the worker: the kernel ends the child when that thread ends.
    """

    def __init__(self, log: IO[bytes]) -> None:
        self.step: Step | None = None
        self.name = FREE
        self.idle_since = time.monotonic()
        self._received = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "onrecord.jobs.child", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=_environment(),
            start_new_session=True,
        )

    def fileno(self) -> int:
        """Readable when there is an answer, or when it is dead."""
        assert self.process.stdout is not None  # noqa: S101 - asked for above
        return self.process.stdout.fileno()

    def give(self, step: Step) -> None:
        """Let it run a step; if it is dead by now, `is_dead` will tell."""
        self.step, self.name = step, step.name
        assert self.process.stdin is not None  # noqa: S101 - asked for above
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps({"step": step.pk, "attempt": step.attempt}).encode() + b"\n")
            self.process.stdin.flush()

    def answer(self) -> dict[str, Any] | None:
        """How its step ended, once it has. Call when `fileno` is readable; None also when it is dead."""
        self._received += os.read(self.fileno(), 1 << 16)
        line, newline, rest = self._received.partition(b"\n")
        if not newline:
            return None
        self._received = rest
        answer: dict[str, Any] = json.loads(line)
        return answer

    def set_idle(self, loaded: bool) -> None:
        """Its step is over; it may be given another, of the same name if it has `loaded` something for it."""
        self.step, self.idle_since = None, time.monotonic()
        if not loaded:
            self.name = FREE

    def is_dead(self) -> bool:
        """Whether it has ended; it is left unburied so that its number stays its own until `bury`."""
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def end(self) -> int:
        """Kill it and everything in its group. Returns its exit status, negative for a signal."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        status = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        return status


def _environment() -> dict[str, str]:
    """Ours, so that the child finds the same package and publication.

    One thread for numpy's products: a step keeps busy the processors that it declares, and on small matrices several
    threads took ten times the processor time of one.
    """
    package = str(Path(onrecord.__file__).parents[1])
    path = os.pathsep.join(part for part in (package, os.environ.get("PYTHONPATH", "")) if part)
    ours = {"PYTHONPATH": path, "ONRECORD_FOLDER": str(settings.ONRECORD.folder), "OPENBLAS_NUM_THREADS": "1"}
    return {**os.environ, **ours}


def open_log() -> IO[bytes]:
    """work/steps.log, where steps and the programs that they start tell of their troubles."""
    path: Path = settings.ONRECORD.work / "steps.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_SIZE:
        path.replace(path.with_name("steps.log.1"))
    return path.open("ab")
