"""Ends a decision that can be undone no more: spam is erased now."""

from __future__ import annotations

from onrecord.discussion import moderate
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step


@step(moderate.SETTLE, cores=0)
def settle(attempt: Attempt) -> None:
    """The decision is the subject; nothing is left to do when it was undone."""
    with attempt.finish():
        moderate.settle(attempt.subject)
