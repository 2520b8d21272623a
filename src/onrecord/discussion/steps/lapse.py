"""Hides a comment that somebody complained of, when the time to answer is over (section 5, Defamation Act 2013)."""

from __future__ import annotations

from onrecord.discussion import moderate, notices
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step


@step(moderate.LAPSE, cores=0)
def lapse(attempt: Attempt) -> None:
    """The notice is the subject; nothing is left to do when its writer answered, or somebody decided."""
    with attempt.finish():
        notices.lapse(attempt.subject)
