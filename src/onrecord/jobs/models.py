"""A step: one durable piece of long work, who runs it, and how far it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

MOST_TRIES = 3


class State(models.TextChoices):
    """Where a step stands."""

    BLOCKED = "blocked", "waits for other steps"
    WAITING = "waiting", "ready to run"
    RUNNING = "running", "runs"
    DONE = "done", "done"
    FAILED = "failed", "failed, waits for a person"
    REFUSED = "refused", "the input cannot be used"
    CANCELLED = "cancelled", "no longer wanted"


class Step(models.Model):
    """One step of one subject. `name` is "room.verb", never an import path; `subject` is the id of the row it is about.

    Long work is cut into pieces: one row each, `piece` counted from 0. `after` names the steps of the same subject that
    must be done first. `attempt` counts the starts; finishing checks it, so that a worker that was thought dead cannot
    overwrite its successor. `group` is the episode that a person waits for. `tries_left` counts failures with a reason,
    `interruptions` attempts that ended without a word (jobs/outcomes.py).
    """

    name = models.CharField(max_length=60)
    subject = models.BigIntegerField()
    piece = models.PositiveIntegerField(default=0)
    group = models.BigIntegerField(null=True)
    after = models.JSONField(default=list)
    parameters = models.JSONField(default=dict)
    priority = models.IntegerField(default=0, help_text="higher runs first")
    not_before = models.DateTimeField(null=True, help_text="held back until this date")
    retry_at = models.DateTimeField(null=True, help_text="after a failure: not tried again before")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempt = models.PositiveIntegerField(default=0)
    tries_left = models.PositiveIntegerField(default=MOST_TRIES)
    interruptions = models.PositiveIntegerField(default=0)
    progress = models.FloatField(default=0.0, help_text="0 to 1")
    message = models.TextField(default="", help_text="what is being done, or why it failed")
    worker = models.CharField(max_length=160, default="", help_text="jobs/identity.py")
    ticket = models.BigIntegerField(null=True, help_text="the carrier's own number for this attempt")
    heartbeat = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0.0, help_text="wall time of the attempt that finished")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "subject", "piece"], name="one_row_a_step")]
        indexes = [
            models.Index(fields=["state", "-priority", "id"], name="steps_to_do"),
            models.Index(fields=["subject"], name="steps_of_subject"),
            models.Index(fields=["group"], name="steps_of_group"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.subject}" + (f", piece {self.piece + 1}" if self.piece else "")

    @staticmethod
    def ready(now: datetime) -> Q:
        """What may run at this moment."""
        in_time = Q(not_before=None) | Q(not_before__lte=now)
        not_too_soon = Q(retry_at=None) | Q(retry_at__lte=now)
        return Q(state=State.WAITING) & in_time & not_too_soon

    def begin(self, worker: str, ticket: int | None = None) -> Step | None:
        """Start the next attempt, unless another worker did or the row has changed; returns the row as it is then."""
        now = timezone.now()
        begun: dict[str, Any] = {
            "state": State.RUNNING,
            "attempt": self.attempt + 1,
            "progress": 0.0,
            "message": "",
            "worker": worker,
            "ticket": ticket,
            "heartbeat": now,
            "started": now,
        }
        ours = Step.objects.filter(Step.ready(now), pk=self.pk, attempt=self.attempt).update(**begun)
        return Step.objects.get(pk=self.pk) if ours else None
