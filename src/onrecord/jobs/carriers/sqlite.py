"""SQLite: the row itself is the message. A conditional UPDATE claims it; a heartbeat keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from onrecord.jobs.carriers import SILENCE
from onrecord.jobs.models import State, Step


class RowCarrier:
    """All workers are on one machine and look at the rows."""

    def open(self) -> None:
        """Nobody keeps a list of workers."""

    def send(self, steps: Sequence[Step]) -> None:
        """A row that is waiting is found by whoever looks next."""

    def claim(self, step: Step, worker: str) -> Step | None:
        """Ours if it is still as it was when it was read."""
        return step.begin(worker)

    def beat(self, steps: Sequence[Step]) -> None:
        """Write the heartbeat of the rows that are still ours."""
        if steps:
            ours = Step.objects.filter(pk__in=[step.pk for step in steps], worker=steps[0].worker, state=State.RUNNING)
            ours.update(heartbeat=timezone.now())

    def silent(self) -> list[Step]:
        """Rows whose heartbeat is too old."""
        return list(Step.objects.filter(state=State.RUNNING, heartbeat__lt=timezone.now() - timedelta(seconds=SILENCE)))

    def settle(self, step: Step) -> None:
        """The row says it."""

    def tidy(self) -> None:
        """There is nothing beside the rows."""

    def close(self) -> None:
        """Nobody keeps a list of workers."""
