"""What becomes of a step whose attempt ended without finishing. Nothing, when another attempt is the current one."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from onrecord.jobs.carriers import carrier
from onrecord.jobs.models import MOST_TRIES, State, Step

RETRY_AFTER = (2, 10)
"""Seconds before the second and third try."""
RETRY_AFTER_FULL_DISK = (15, 60)

MOST_INTERRUPTIONS = 200
KILLED_ALONE = 20
"""How much an attempt counts whose process was killed while its worker lived on: ten of them are the step's own fault,
such as taking more memory than there is. A worker that dies counts 1: the step may be innocent, but a step that takes
the whole machine down with it must come to an end too."""
KILLED_TOO_OFTEN = "Its process was killed again and again: it may need more memory than there is."


def refuse(step: Step, message: str) -> None:
    """The input cannot be used: never tried again."""
    with transaction.atomic():
        if row := _current(step):
            row.state, row.message, row.finished = State.REFUSED, message, timezone.now()
            row.save()


def fail(step: Step, message: str, pauses: tuple[int, ...]) -> None:
    """Something went wrong: tried again while there are tries left, then waits for a person.

    `pauses`: seconds before the second try, the third, ...
    """
    with transaction.atomic():
        if row := _current(step):
            row.tries_left -= 1
            row.message = message
            if row.tries_left == 0:
                row.state, row.finished = State.FAILED, timezone.now()
                row.save()
            else:
                pause = pauses[min(MOST_TRIES - 1 - row.tries_left, len(pauses) - 1)]
                _wait_again(row, timedelta(seconds=pause))


def interrupt(step: Step, weight: int = 1) -> None:
    """It ended without a word: process, worker or machine died. Tried again at once, but not for ever."""
    with transaction.atomic():
        if row := _current(step):
            row.interruptions += weight
            if row.interruptions >= MOST_INTERRUPTIONS:
                row.state, row.finished = State.FAILED, timezone.now()
                row.message = KILLED_TOO_OFTEN
                row.save()
            else:
                _wait_again(row)


def put_back(step: Step) -> None:
    """Its worker was told to stop: nobody's fault."""
    with transaction.atomic():
        if row := _current(step):
            _wait_again(row)


def _current(step: Step) -> Step | None:
    same_attempt = Step.objects.filter(pk=step.pk, attempt=step.attempt, state=State.RUNNING)
    return same_attempt.select_for_update().first()


def _wait_again(row: Step, pause: timedelta | None = None) -> None:
    row.state, row.progress = State.WAITING, 0.0
    row.retry_at = timezone.now() + pause if pause else None
    row.save()
    carrier().send([row])
