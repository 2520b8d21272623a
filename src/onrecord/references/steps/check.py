"""Checks the links whose time has come, and comes again: one step for all of them, which never ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step
from onrecord.references import checking, cite, keeping

AT_ONCE = 10
"""Links that one attempt visits; what it learns is written when it ends."""
LONGEST_PAUSE = timedelta(days=1)
PAUSE_WITHOUT_CONNECTION = timedelta(hours=1)


@step(cite.CHECK, cores=0)
def check(attempt: Attempt) -> None:
    """Visit some links that are due, and come again when the next are."""
    links = checking.due(timezone.now(), AT_ONCE)
    attempt.progress(0.1, "visiting")
    felt = checking.feel(links)
    keeping.sweep()
    if checking.is_our_own_line(felt):
        with attempt.put_off(timezone.now() + PAUSE_WITHOUT_CONNECTION, "No site answers: are we connected?"):
            return
    with attempt.put_off(_next_time(is_more=len(links) == AT_ONCE)):
        for link, pulse in felt:
            checking.note(link, pulse)


def _next_time(is_more: bool) -> datetime:
    """At once when there is more to do, else when the next link is due; within a day, in any case."""
    now = timezone.now()
    if is_more:
        return now
    return min(filter(None, (checking.next_due(now), now + LONGEST_PAUSE)))
