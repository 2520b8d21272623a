"""The folders of attempts in work/, and what attempts leave behind that were killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from pathlib import Path

from django.conf import settings

from onrecord.jobs.models import State, Step

ENVIRONMENT = "ONRECORD_ATTEMPT"
"""Names the attempt's folder to every process that a step starts, so that these are found when all else is dead."""


def folder_of(step: Step) -> Path:
    """Where this attempt works."""
    work: Path = settings.ONRECORD.work
    return work / _name(step.pk, step.attempt)


def _name(pk: int, attempt: int) -> str:
    return f"step-{pk}-{attempt}"


def remove(step: Step) -> None:
    """Remove the folder of an attempt that is over."""
    shutil.rmtree(folder_of(step), ignore_errors=True)


def sweep() -> None:
    """End the processes and remove the folders of all attempts that do not run, whoever left them."""
    folders = list(settings.ONRECORD.work.glob("step-*-*"))
    if not folders:
        return
    # read after the folders: a folder is made after its row runs
    running = {_name(*row) for row in Step.objects.filter(state=State.RUNNING).values_list("pk", "attempt")}
    for folder in folders:
        if folder.name not in running:
            _end_processes(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _end_processes(folder: Path) -> None:
    mark = f"{ENVIRONMENT}={folder}".encode()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in environment.read_bytes().split(b"\0"):
                os.kill(int(environment.parent.name), signal.SIGKILL)
