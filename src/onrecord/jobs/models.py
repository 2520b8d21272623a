"""A step: one durable piece of long work, who runs it, and how far it is."""

from django.db import models
from django.db.models import Q


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
    overwrite its successor. `group` is the episode that a person waits for.
    """

    name = models.CharField(max_length=60)
    subject = models.BigIntegerField()
    piece = models.PositiveIntegerField(default=0)
    group = models.BigIntegerField(null=True)
    after = models.JSONField(default=list)
    parameters = models.JSONField(default=dict)
    priority = models.IntegerField(default=0, help_text="higher runs first")
    not_before = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempt = models.PositiveIntegerField(default=0)
    tries_left = models.PositiveIntegerField(default=3)
    progress = models.FloatField(default=0.0, help_text="0 to 1")
    message = models.TextField(default="", help_text="what is being done, or why it failed")
    worker = models.CharField(max_length=120, default="")
    heartbeat = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0.0, help_text="wall time of the attempt that finished")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "subject", "piece"], name="one_row_a_step")]
        indexes = [
            models.Index(
                fields=["-priority", "id"], condition=Q(state__in=["waiting", "running"]), name="steps_to_do"
            ),
            models.Index(fields=["group"], name="steps_of_group"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.subject}" + (f", piece {self.piece + 1}" if self.piece else "")
