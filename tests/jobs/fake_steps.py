"""Steps that do as their parameters say. Each leaves a row in `effects` when it finishes, and lines in a file."""

import errno
import json
import os
import resource
import subprocess
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from onrecord.jobs import queue
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step
from onrecord.lib.errors import BadInput


def note(attempt: Attempt, what: str) -> None:
    line = {"what": what, "name": attempt.step.name, "subject": attempt.subject, "piece": attempt.piece}
    line |= {"attempt": attempt.step.attempt, "pid": os.getpid(), "at": time.monotonic()}
    with (settings.ONRECORD.folder / "events.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def leave_effect(attempt: Attempt) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO effects (name, subject, piece) VALUES (%s, %s, %s)",
            [attempt.step.name, attempt.subject, attempt.piece],
        )


def work(attempt: Attempt) -> None:
    """A program of its own, a file, and time."""
    note(attempt, "begin")
    with subprocess.Popen(["sleep", "300"]) as program:
        try:
            (attempt.folder / "half-made").write_bytes(b"x" * 1000)
            end = time.monotonic() + attempt.parameters.get("seconds", 0.05)
            while (left := end - time.monotonic()) > 0:
                attempt.progress(0.5, "working")
                time.sleep(min(left, 0.05))
        finally:
            program.kill()
    print("what steps print goes nowhere")
    with attempt.finish():
        leave_effect(attempt)
    note(attempt, "end")


@step("fake.first")
def first(attempt: Attempt) -> None:
    work(attempt)


@step("fake.plan")
def plan(attempt: Attempt) -> None:
    pieces = attempt.parameters.get("pieces", 3)
    with attempt.finish():
        leave_effect(attempt)
        queue.add_all(
            [
                queue.NewStep(
                    "fake.piece",
                    attempt.subject,
                    piece,
                    group=attempt.step.group,
                    after=["fake.plan"],
                    parameters=attempt.parameters,
                )
                for piece in range(pieces)
            ]
        )


@step("fake.piece")
def piece(attempt: Attempt) -> None:
    work(attempt)


@step("fake.last")
def last(attempt: Attempt) -> None:
    work(attempt)


@step("fake.loads", loads=True)
def loads(attempt: Attempt) -> None:
    work(attempt)


@step("fake.wide", cores=2)
def wide(attempt: Attempt) -> None:
    work(attempt)


@step("fake.beside", cores=0)
def beside(attempt: Attempt) -> None:
    work(attempt)


@step("fake.puts_off")
def puts_off(attempt: Attempt) -> None:
    """Five times, and only then does its work."""
    if attempt.step.attempt <= 5:
        with attempt.put_off(timezone.now() + timedelta(seconds=0.1), "not yet"):
            note(attempt, "put off")
    else:
        work(attempt)


@step("fake.deaf")
def deaf(attempt: Attempt) -> None:
    """Reports nothing, so that only its worker can notice that it is not wanted."""
    note(attempt, "begin")
    time.sleep(attempt.parameters.get("seconds", 60))
    with attempt.finish():
        leave_effect(attempt)
    note(attempt, "end")


@step("fake.fails")
def fails(attempt: Attempt) -> None:
    if attempt.step.attempt <= attempt.parameters["times"]:
        kind = attempt.parameters.get("kind", "error")
        if kind == "refuse":
            raise BadInput("talk.wav is a picture: give a recording.")
        if kind == "full disk":
            raise OSError(errno.ENOSPC, "No space left on device")
        if kind == "crash":
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.abort()
        if kind == "killed":
            os.kill(os.getpid(), 9)
        if kind == "forgets to finish":
            return
        if kind == "half-way":
            with attempt.finish():
                leave_effect(attempt)
                raise ValueError("nothing of this stays\nsecond line")
        raise ValueError("no such luck\nsecond line")
    work(attempt)


@step("fake.daemon")
def daemon(attempt: Attempt) -> None:
    """Starts a program that leaves the process group, as no step should."""
    program = subprocess.Popen(["sleep", "300"], start_new_session=True)
    Path(attempt.parameters["tell"]).write_text(str(program.pid))
    time.sleep(60)
