"""One mail on its way, to one address."""

import secrets

from django.db import models


class State(models.TextChoices):
    """Where a mail stands."""

    WAITING = "waiting", "will be sent"
    SENT = "sent", "sent"
    FAILED = "failed", "given up"


def new_key() -> str:
    """A mail's name for ever: it stands in its Message-ID, so that one that comes twice is known as the same."""
    return secrets.token_hex(12)


class Mail(models.Model):
    """A mail and what became of it. Address and content are sealed, and deleted when it is sent or long given up."""

    key = models.CharField(max_length=24, unique=True, default=new_key)
    kind = models.CharField(max_length=40, help_text="what it is for, such as confirm or account")
    sealed = models.BinaryField(help_text="lib/sealing.py: letter.Letter as JSON; empty when it is gone")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    tries = models.PositiveIntegerField(default=0)
    quotes = models.CharField(max_length=40, default="", db_index=True, help_text="whose words it carries: a key")
    problem = models.TextField(default="", help_text="why the last try failed; never an address")
    created = models.DateTimeField(auto_now_add=True)
    due = models.DateTimeField(null=True, help_text="not before this; what it tells can still be undone")
    sent = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "created"], name="mails_by_state")]

    def __str__(self) -> str:
        return f"mail {self.pk} ({self.kind})"
