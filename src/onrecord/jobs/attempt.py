"""One attempt at a step, as the function that runs it sees it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from onrecord.jobs import queue
from onrecord.jobs.carriers import carrier
from onrecord.jobs.models import MOST_TRIES, State, Step

SHORTEST_PAUSE = 0.5
"""Seconds between two writes of progress."""
LONGEST_WAIT = 600.0
"""Seconds that a finished attempt waits for a database that others keep locked."""


class Superseded(BaseException):
    """This attempt is no longer the current one: cancelled, or given to another worker.

    No Exception, so that a step that catches its own errors does not go on.
    """


class Attempt:
    """What a step's function is given: the row, a folder of its own, and the ways to say how far it is.

    `folder` is in work/, empty, and removed afterwards.
    """

    def __init__(self, step: Step, folder: Path) -> None:
        self.step = step
        self.folder = folder
        self.finished = False
        self._began = time.monotonic()
        self._last_write = float("-inf")

    @property
    def subject(self) -> int:
        """The id of the row that the step is about."""
        return self.step.subject

    @property
    def piece(self) -> int:
        """Which piece of a step that is cut into several, from 0."""
        return self.step.piece

    @property
    def parameters(self) -> dict[str, Any]:
        """What was given when the step was added."""
        return dict(self.step.parameters)

    def progress(self, fraction: float, message: str = "") -> None:
        """Say how far it is, 0 to 1; written at most twice a second. Raises Superseded when nobody wants the result."""
        now = time.monotonic()
        if now - self._last_write < SHORTEST_PAUSE:
            return
        self._last_write = now
        try:
            current = self._row().update(progress=min(max(fraction, 0.0), 1.0), message=message)
        except OperationalError:  # busy with somebody else's long write, or away; the next one will tell
            if not connection.in_atomic_block:
                connection.close()
            return
        if not current:
            raise Superseded

    @contextlib.contextmanager
    def finish(self) -> Iterator[None]:
        """One transaction: this attempt is still the current one, the body's rows, "done", then what waited for it.

        Raises Superseded before the body when another attempt has taken its place.
        """
        with self._ending():
            yield
            seconds = time.monotonic() - self._began
            self._row().update(
                state=State.DONE, progress=1.0, message="", finished=timezone.now(), seconds=round(seconds, 3)
            )
            queue.release(self.subject)

    @contextlib.contextmanager
    def put_off(self, until: datetime, message: str = "") -> Iterator[None]:
        """As `finish`, but the step waits until `until` and then runs again. No failure, so that no try is lost."""
        with self._ending():
            yield
            fresh = {"not_before": until, "retry_at": None, "tries_left": MOST_TRIES, "interruptions": 0}
            self._row().update(state=State.WAITING, progress=0.0, message=message, **fresh)
            carrier().send(list(Step.objects.filter(pk=self.step.pk, state=State.WAITING)))

    @contextlib.contextmanager
    def _ending(self) -> Iterator[None]:
        with _transaction_when_free():
            queue.lock(self.subject)
            if not self._row().exists():
                raise Superseded
            yield
        self.finished = True

    def _row(self) -> Any:
        return Step.objects.filter(pk=self.step.pk, attempt=self.step.attempt, state=State.RUNNING)


@contextlib.contextmanager
def _transaction_when_free() -> Iterator[None]:
    """A transaction that waits for its turn: hours of work are not thrown away because a database is busy or away."""
    give_up = time.monotonic() + LONGEST_WAIT
    with contextlib.ExitStack() as stack:
        while True:
            try:
                _drop_dead_connection()
                stack.enter_context(transaction.atomic())
                break
            except OperationalError as error:
                may_pass = connection.vendor == "postgresql" or "locked" in str(error)
                if not may_pass or time.monotonic() > give_up:
                    raise
                time.sleep(SHORTEST_PAUSE)
        yield


def _drop_dead_connection() -> None:
    """An hour of encoding is long enough for a network to forget a connection."""
    if not connection.in_atomic_block and connection.connection is not None and not connection.is_usable():
        connection.close()
