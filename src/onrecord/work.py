"""Runs steps, presses what is stale and keeps the search index: for ever, or until one episode is finished."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.sessions.backends.db import SessionStore

from onrecord.catalogue.models import Episode
from onrecord.discussion import limits
from onrecord.display import Throttle, step_display
from onrecord.jobs import queue
from onrecord.jobs.models import State, Step
from onrecord.jobs.worker import Worker
from onrecord.lib.errors import BadInput
from onrecord.press import presser
from onrecord.publish import discard
from onrecord.recordings.models import Recording
from onrecord.search import index
from onrecord.status import group_steps

SEARCH_UPDATES = 50
"""How far search is brought up to date at once. What is left, as while a large index is made, a worker does."""


def work(only: str = "") -> None:
    """Work until told to stop: steps (or only those of one name), and the press."""
    presser.notice_settings()
    presser.clean_up()
    SessionStore.clear_expired()
    limits.see_to_forgetting()
    Worker(only=only or None, background=[] if only else [press_some, index.update_some]).run()


def press_some() -> bool:
    """Press a little of what is stale; says whether there was anything."""
    return presser.press_some() > 0


def press_now() -> None:
    """Write what is stale, and let search find it."""
    presser.press_what_is_stale()
    for _ in range(SEARCH_UPDATES):
        if not index.update_some():
            break


@dataclass(frozen=True)
class Outcome:
    """What became of the steps of one recording. `failed` holds sentences; `seconds` is per step."""

    seconds: dict[str, float]
    failed: list[str]


def work_until_done(episode: Episode, recording: Recording) -> Outcome:
    """Work on one episode until nothing of it is left to do, showing how far each step is.

    Raises BadInput when a step found that the recording cannot be used; then nothing of it remains.
    """
    rows = _finished(episode, recording)
    refused = next((row for row in rows if row.state == State.REFUSED), None)
    if refused is not None:
        discard(recording)
        press_now()
        raise BadInput(refused.message)
    return Outcome(
        seconds={step.name: step.seconds for step in group_steps(rows)},
        failed=_failures(rows, State.FAILED),
    )


def finish(recording: Recording) -> list[str]:
    """Work on a recording's episode as above, whatever becomes of it. Returns what failed, in sentences."""
    return _failures(_finished(recording.episode, recording), State.FAILED, State.REFUSED)


def _finished(episode: Episode, recording: Recording) -> list[Step]:
    """The recording's steps, when nothing of the episode can be done any more."""
    presser.notice_settings()
    if not _is_done(episode):
        _work_on(episode, recording)
    return _steps_of(recording)


def _failures(rows: Iterable[Step], *states: State) -> list[str]:
    return [f"{row.name}: {row.message}" for row in rows if row.state in states]


def _steps_of(recording: Recording) -> list[Step]:
    return [step for step in queue.overview(recording.episode_id) if step.subject == recording.pk]


def _is_done(episode: Episode) -> bool:
    return queue.is_settled(episode.pk) and not presser.is_stale(episode.pk)


def _work_on(episode: Episode, recording: Recording) -> None:
    throttle = Throttle()
    with step_display() as display:

        def done() -> bool:
            if not throttle.due():
                return False
            display.show(group_steps(_steps_of(recording)))
            return _is_done(episode)

        Worker(group=episode.pk, background=[press_some, index.update_some]).run(until=done)
        display.show(group_steps(_steps_of(recording)))
