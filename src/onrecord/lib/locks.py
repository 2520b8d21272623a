"""Locks between processes of one machine: they go with whoever holds them, whatever way it dies."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from onrecord.lib.files import make_folder


@contextmanager
def alone(lock: Path) -> Iterator[IO[str]]:
    """Hold the lock of this file, which is made where it is missing; waits for whoever has it. Gives the open file."""
    make_folder(lock.parent)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


@contextmanager
def if_free(lock: Path) -> Iterator[bool]:
    """The same without waiting; gives whether we have it."""
    make_folder(lock.parent)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
