"""Runs attempts, one after the other, in a process of its own: `python -m onrecord.jobs.child PARENT`.

A line of JSON on standard input names an attempt; a line on standard output says how it ended; the end of input ends
the process with all that it started. It never outlives its worker, whatever way the worker dies.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import faulthandler
import json
import logging
import os
import queue
import shutil
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from typing import IO, Any

LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"
PR_SET_PDEATHSIG = 1
"""prctl(2)"""
POSTGRESQL_DISK_FULL = "53100"
"""An SQLSTATE."""

log = logging.getLogger("onrecord.jobs")


def main() -> None:
    """Serve the worker that started this process, until it closes the pipe or dies."""
    _die_with(parent=int(sys.argv[1]))
    commands, answers = _take_pipes()
    faulthandler.enable()
    logging.basicConfig(format=LOG_FORMAT, level=logging.INFO)
    import django

    django.setup()
    _import_steps()
    for command in _read_in_background(commands):
        answers.write(json.dumps(run(command["step"], command["attempt"])) + "\n")
        answers.flush()


def _die_with(parent: int) -> None:
    """Be killed when the worker dies, even by kill -9, even while a step is deep in foreign code."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we could ask
        sys.exit(1)


def _import_steps() -> None:
    """Ahead of the first step."""
    from onrecord.jobs import registry

    try:
        registry.load_modules()
    except Exception:  # any step that is given to this process will fail with the same words
        log.exception("the modules of steps cannot be imported")


def _take_pipes() -> tuple[IO[str], IO[str]]:
    """Keep the pipes for ourselves: what steps and their programs read is empty, what they print goes to the log."""
    commands = os.fdopen(os.dup(0), "r")
    answers = os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return commands, answers


def _read_in_background(commands: IO[str]) -> Iterator[dict[str, Any]]:
    """The worker's commands. Once there can be no more, this process and all that it started are killed at once."""
    received: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def read() -> None:
        for line in commands:
            received.put(json.loads(line))
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield received.get()


def run(pk: int, attempt: int) -> dict[str, Any]:
    """Run one attempt. Returns how it `end`ed (done, superseded, refused, failed), its `message`, and `full_disk`."""
    from django.db import connection

    from onrecord.jobs.attempt import Superseded
    from onrecord.lib.errors import BadInput

    end, message, full_disk = "done", "", False
    try:
        connection.close_if_unusable_or_obsolete()
        _run(pk, attempt)
    except Superseded:
        end = "superseded"
    except BadInput as error:
        end, message = "refused", str(error)
    except (Exception, SystemExit) as error:  # whatever a step raises is its failure, not ours
        log.exception("step %s, attempt %s", pk, attempt)
        end, message, full_disk = "failed", _in_words(error), _is_full_disk(error)
    return {"step": pk, "attempt": attempt, "end": end, "message": message, "full_disk": full_disk}


def _run(pk: int, number: int) -> None:
    from onrecord.jobs import registry
    from onrecord.jobs.attempt import Attempt, Superseded
    from onrecord.jobs.models import State, Step

    step = Step.objects.filter(pk=pk, attempt=number, state=State.RUNNING).first()
    if step is None:
        raise Superseded
    registered = registry.find(step.name)
    with _own_folder(step) as folder:
        attempt = Attempt(step, folder)
        registered.function(attempt)
        if not attempt.finished:
            raise RuntimeError(f"{step.name} came to its end without finishing")


@contextlib.contextmanager
def _own_folder(step: Any) -> Iterator[Any]:
    from onrecord.jobs import leftovers

    folder = leftovers.folder_of(step)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ[leftovers.ENVIRONMENT] = str(folder)
    try:
        yield folder
    finally:
        del os.environ[leftovers.ENVIRONMENT]
        shutil.rmtree(folder, ignore_errors=True)


def _in_words(error: BaseException) -> str:
    if _is_full_disk(error):
        return "The disk is full: make room; it will be tried again."
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}"[:500] if lines else type(error).__name__


def _is_full_disk(error: BaseException | None) -> bool:
    """Also when it is the cause of another error."""
    if error is None:
        return False
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
        return True
    if getattr(error, "sqlstate", "") == POSTGRESQL_DISK_FULL:
        return True
    return _is_full_disk(error.__cause__)


if __name__ == "__main__":
    main()
