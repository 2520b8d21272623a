"""Who carries a step that is ready to a worker: one module for each database. Nothing outside jobs/ knows which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from django.db import connection

from onrecord.jobs.models import Step

SILENCE = 15.0
"""Seconds without a sign of life after which a worker is taken for dead."""


class Carrier(Protocol):
    """What differs between the databases. One object belongs to one worker, or to one call of `send`."""

    def open(self) -> None:
        """Begin to work: say that this worker is there."""

    def send(self, steps: Sequence[Step]) -> None:
        """These have become ready. Called inside the transaction that made them so."""

    def claim(self, step: Step, worker: str) -> Step | None:
        """Make a ready step ours and return its row as it runs now; None when another was quicker.

        The row that comes back may be another of the same name and group, more urgent by now.
        """

    def beat(self, steps: Sequence[Step]) -> None:
        """Give a sign of life for the steps that this worker runs."""

    def silent(self) -> list[Step]:
        """Running steps of workers that have given no sign of life for `SILENCE` seconds."""

    def settle(self, step: Step) -> None:
        """This attempt is over, whatever came of it: the row says what."""

    def tidy(self) -> None:
        """Now and then: repair what a restored backup or forgotten steps left behind."""

    def close(self) -> None:
        """Work no longer. No step of this worker runs now."""


def carrier() -> Carrier:
    """The one of the database in use."""
    if connection.vendor == "postgresql":
        from onrecord.jobs.carriers.postgresql import TicketCarrier

        return TicketCarrier()
    from onrecord.jobs.carriers.sqlite import RowCarrier

    return RowCarrier()
