"""Forgets what is kept for a time only, each day, also when nobody writes: one step, which never ends."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from onrecord.discussion import limits, personal
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step
from onrecord.references import keeping

EVERY = timedelta(days=1)


@step(limits.FORGET, cores=0)
def forget(attempt: Attempt) -> None:
    """Let go of networks, used forms and links whose time is over, and come again tomorrow."""
    now = timezone.now()
    keeping.sweep()
    limits.forget_what_is_over(now)  # each by itself: once more does no harm, and nobody waits for the steps meanwhile
    personal.forget_links(now)
    with attempt.put_off(now + EVERY):
        return
