"""Adds steps, takes them back, and says how they stand. Everything here runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from onrecord.jobs.carriers import carrier
from onrecord.jobs.models import MOST_TRIES, State, Step

UNFINISHED = (State.BLOCKED, State.WAITING, State.RUNNING, State.FAILED)


@dataclass(frozen=True)
class NewStep:
    """What `add_all` needs to know of a step; see `add`."""

    name: str
    subject: int
    piece: int = 0
    group: int | None = None
    after: Sequence[str] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0
    not_before: datetime | None = None


def add(
    name: str,
    subject: int,
    *,
    piece: int = 0,
    group: int | None = None,
    after: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
    priority: int = 0,
    not_before: datetime | None = None,
) -> None:
    """Add one step; nothing happens when there is one of this name, subject and piece already.

    It waits for all steps of the same subject whose names stand in `after`; names without rows hold nothing up, so add
    what is waited for first. Higher `priority` runs first.
    """
    add_all([NewStep(name, subject, piece, group, after, parameters or {}, priority, not_before)])


@transaction.atomic
def add_all(new_steps: Iterable[NewStep]) -> None:
    """Add many steps at once, as `add` does."""
    rows = [
        Step(
            name=new.name,
            subject=new.subject,
            piece=new.piece,
            group=new.group,
            after=list(new.after),
            parameters=dict(new.parameters),
            priority=new.priority,
            not_before=new.not_before,
            state=State.BLOCKED,
        )
        for new in new_steps
    ]
    subjects = sorted({row.subject for row in rows})
    for subject in subjects:
        lock(subject)
    Step.objects.bulk_create(rows, ignore_conflicts=True)
    for subject in subjects:
        release(subject)


@transaction.atomic
def restart(
    name: str,
    subject: int,
    *,
    piece: int = 0,
    group: int | None = None,
    after: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
    priority: int = 0,
    not_before: datetime | None = None,
) -> None:
    """Run a step again from the beginning, whatever its state, or add it. An attempt that runs now is superseded.

    Steps that waited for it are not run again: restart them too, after it.
    """
    lock(subject)
    Step.objects.update_or_create(
        name=name,
        subject=subject,
        piece=piece,
        defaults={
            "group": group,
            "after": list(after),
            "parameters": dict(parameters or {}),
            "priority": priority,
            "not_before": not_before,
            "state": State.BLOCKED,
            "progress": 0.0,
            "message": "",
            "finished": None,
            "seconds": 0.0,
            **_FRESH_TRIES,
        },
    )
    release(subject)


@transaction.atomic
def ensure(name: str, subject: int) -> None:
    """Have a step run after this transaction: added, or run again, unless it waits already or runs now.

    For steps that look in their `finish()` at all that there is to do: nothing that is written before can be missed.
    """
    lock(subject)
    if not is_underway(name, subject):
        restart(name, subject)


def is_underway(name: str, subject: int) -> bool:
    """Whether a step waits or runs; nobody is kept from changing that."""
    underway = (State.BLOCKED, State.WAITING, State.RUNNING)
    return Step.objects.filter(name=name, subject=subject, state__in=underway).exists()


_FRESH_TRIES: dict[str, Any] = {"tries_left": MOST_TRIES, "interruptions": 0, "retry_at": None}


@transaction.atomic
def cancel(subject: int, group: int | None) -> None:
    """End the steps of a subject in a group that are not done; running attempts are superseded and killed."""
    lock(subject)
    Step.objects.filter(subject=subject, group=group, state__in=UNFINISHED).update(state=State.CANCELLED)


@transaction.atomic
def forget(subject: int, group: int | None, names: Sequence[str] = ()) -> None:
    """Remove a subject's steps in a group, or only those of these names; running attempts are superseded."""
    lock(subject)
    rows = Step.objects.filter(subject=subject, group=group)
    (rows.filter(name__in=names) if names else rows).delete()


@transaction.atomic
def hurry(name: str) -> int:
    """Let the steps of this name that wait for a date be run now; returns how many."""
    early = Step.objects.select_for_update().filter(name=name, state=State.WAITING)
    steps = list(early.filter(Q(not_before__gt=timezone.now()) | Q(retry_at__gt=timezone.now())).order_by("id"))
    Step.objects.filter(pk__in=[step.pk for step in steps]).update(not_before=None, retry_at=None)
    for step in steps:
        step.not_before = step.retry_at = None
    carrier().send(steps)
    return len(steps)


@transaction.atomic
def retry(group: int | None = None) -> int:
    """Let failed steps, or those of one group, be tried again; returns how many."""
    failed = Step.objects.select_for_update().filter(state=State.FAILED).order_by("id")
    steps = list(failed if group is None else failed.filter(group=group))
    Step.objects.filter(pk__in=[step.pk for step in steps]).update(state=State.WAITING, **_FRESH_TRIES)
    for step in steps:
        step.retry_at = None
    carrier().send(steps)
    return len(steps)


def overview(group: int) -> list[Step]:
    """All steps of a group in the order in which they were added."""
    return list(Step.objects.filter(group=group).order_by("id"))


def is_settled(group: int) -> bool:
    """Nothing of a group runs or can run now: all done, held until a later date, or waiting for what failed."""
    can_run = Q(state=State.RUNNING) | Q(state=State.WAITING) & ~Q(not_before__gt=timezone.now())
    return not Step.objects.filter(can_run, group=group).exists()


def lock(subject: int) -> None:
    """Hold all steps of a subject until the transaction ends, so that of two last pieces one sees the other done."""
    list(Step.objects.select_for_update().filter(subject=subject).order_by("id").values_list("pk"))


def release(subject: int) -> None:
    """Make the blocked steps of a subject ready whose predecessors are all done. The caller holds `lock(subject)`."""
    steps = Step.objects.filter(subject=subject)
    blocked = list(steps.filter(state=State.BLOCKED).order_by("id"))
    undone: set[str] = set()
    if any(step.after for step in blocked):
        undone = set(steps.exclude(state=State.DONE).values_list("name", flat=True).distinct())
    ready = [step for step in blocked if undone.isdisjoint(step.after)]
    Step.objects.filter(pk__in=[step.pk for step in ready]).update(state=State.WAITING)
    carrier().send(ready)
