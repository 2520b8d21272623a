"""PostgreSQL: procrastinate carries a ticket with the step's id, on as many machines as wanted.

The ticket says that a step may be run, and who runs it: procrastinate's `doing` with its workers' heartbeats. The row
stays the truth: a ticket whose row has changed is void and is thrown away when it comes up. Tickets lie in queues
named "step/group", so that a worker can take only steps of one name or one episode.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker
from procrastinate.jobs import Job, Status

from onrecord.jobs.carriers import SILENCE
from onrecord.jobs.models import State, Step

TASK = "onrecord.step"


class TicketCarrier:
    """One worker known to procrastinate. All calls go through Django's connection of the calling thread."""

    def __init__(self) -> None:
        self.worker_id: int | None = None

    def open(self) -> None:
        """Join procrastinate's list of workers."""
        self.worker_id = async_to_sync(app.job_manager.register_worker)()

    def send(self, steps: Sequence[Step]) -> None:
        """Write tickets, in the caller's transaction."""
        alike: dict[tuple[str, int, datetime | None], list[dict[str, Any]]] = defaultdict(list)
        for step in steps:
            alike[_queue(step), step.priority, _not_before(step)].append({"step": step.pk})
        for (queue, priority, at), tickets in alike.items():
            task = app.configure_task(TASK, queue=queue, priority=priority, schedule_at=at, allow_unknown=True)
            task.batch_defer(*tickets)

    def claim(self, step: Step, worker: str) -> Step | None:
        """Take the most urgent ticket of the step's queue and begin what it names, in one transaction."""
        while True:
            with transaction.atomic():
                ticket = async_to_sync(app.job_manager.fetch_job)(queues=[_queue(step)], worker_id=self.worker_id)
                if ticket is None:
                    return None
                row = Step.objects.filter(pk=_step_of(ticket)).first()
                begun = row.begin(worker, ticket.id) if row else None
                if begun:
                    return begun
                _throw_away(ticket.id)
                if row and row.state == State.WAITING:
                    self.send([row])  # due by the database's clock, not yet by ours
                    return None

    def beat(self, steps: Sequence[Step]) -> None:
        """One heartbeat for the worker covers its tickets. Join again if others took us for dead."""
        if ProcrastinateWorker.objects.filter(pk=self.worker_id).exists():
            async_to_sync(app.job_manager.update_heartbeat)(self.worker_id)
        else:
            self.open()

    def silent(self) -> list[Step]:
        """Steps that run without a ticket that a living worker holds."""
        running = list(Step.objects.filter(state=State.RUNNING))
        # read after the rows: a row runs only while its ticket is held
        held = set(ProcrastinateJob.objects.filter(status="doing").values_list("pk", flat=True))
        stalled = {
            ticket.id for ticket in async_to_sync(app.job_manager.get_stalled_jobs)(seconds_since_heartbeat=SILENCE)
        }
        for ticket_of_nothing in stalled - {step.ticket for step in running}:
            _throw_away(ticket_of_nothing)
        return [step for step in running if step.ticket in stalled or step.ticket not in held]

    def settle(self, step: Step) -> None:
        """The ticket has done its duty."""
        if step.ticket is not None:
            _throw_away(step.ticket)

    def tidy(self) -> None:
        """Give every ready step a ticket, after a restore for instance, and throw away those of forgotten steps."""
        async_to_sync(app.job_manager.prune_stalled_workers)(4 * SILENCE)
        tickets = dict(ProcrastinateJob.objects.filter(status="todo", task_name=TASK).values_list("pk", "args__step"))
        # read after the tickets, so that a step that is added meanwhile keeps its ticket; one too many does no harm
        waiting = {step.pk: step for step in Step.objects.filter(state=State.WAITING)}
        for ticket in [ticket for ticket, step in tickets.items() if step not in waiting]:
            app.job_manager.cancel_job_by_id(ticket, delete_job=True)
        for without_ticket in waiting.keys() - set(tickets.values()):
            self.send([waiting[without_ticket]])

    def close(self) -> None:
        """Leave procrastinate's list of workers."""
        async_to_sync(app.job_manager.unregister_worker)(self.worker_id)


def _queue(step: Step) -> str:
    return f"{step.name}/{step.group or 0}"


def _step_of(ticket: Job) -> int:
    """Django's connections leave it to its own fields to read JSON, so that it comes as text."""
    arguments: Any = ticket.task_kwargs
    step: int = json.loads(arguments)["step"]
    return step


def _not_before(step: Step) -> datetime | None:
    dates = [date for date in (step.not_before, step.retry_at) if date is not None and date > timezone.now()]
    return max(dates, default=None)


def _throw_away(ticket: int) -> None:
    """Remove a ticket that is held, if it is still there."""
    with transaction.atomic():
        if app.job_manager.list_jobs(id=ticket, status="doing"):
            async_to_sync(app.job_manager.finish_job_by_id_async)(ticket, status=Status.ABORTED, delete_job=True)
