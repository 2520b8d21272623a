"""Hears recordings again: one episode, or a whole back catalogue as a queue that yields to new episodes."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from onrecord.catalogue.models import Episode
from onrecord.jobs import queue
from onrecord.recordings.pipeline import PIPELINE, YIELDING

TRANSCRIBING = ("transcript.plan", "transcript.speakers", "transcript.assemble")


def transcribe(episodes: Sequence[Episode], model: str = "") -> int:
    """Add the steps that make a new machine transcript of each episode; returns how many recordings are queued.

    `model` is a faster-whisper name or a path; empty means the publication's setting.
    """
    queued = 0
    for episode in episodes:
        recording = episode.recordings.filter(current=True).first()
        if recording is None:
            continue
        with transaction.atomic():
            queue.forget(recording.pk, group=episode.pk, names=("transcript.hear",))
            for entry in PIPELINE:
                if entry.name in TRANSCRIBING:
                    queue.restart(
                        entry.name,
                        recording.pk,
                        group=episode.pk,
                        after=entry.after,
                        priority=entry.priority + YIELDING,
                        parameters={"model": model} if model else {},
                    )
        queued += 1
    return queued
