"""Hears one window of a recording."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step
from onrecord.lib.times import clock
from onrecord.recordings.models import Recording
from onrecord.recordings.speech import speech_samples
from onrecord.transcripts.engines.windows import PER_MS, as_sound
from onrecord.transcripts.models import HeardWindow
from onrecord.transcripts.steps.plan import find
from onrecord.transcripts.tokens import pack

if TYPE_CHECKING:
    from onrecord.transcripts.engines.whisper import Ear

MARGIN_MS = 300
"""A window is heard with this much on both sides; words whose middle lies in the neighbour belong to the neighbour."""


@step("transcript.hear", loads=True)
def hear(attempt: Attempt) -> None:
    """Store the words of one window, and where speech was found in it."""
    from onrecord.transcripts.engines import whisper

    recording = Recording.objects.get(pk=attempt.subject)
    window = HeardWindow.objects.get(recording=recording, number=attempt.piece)
    model = find(attempt.parameters["model"], attempt)
    samples = speech_samples(recording)
    start = max(0, window.start_ms - MARGIN_MS)
    sound = as_sound(samples[start * PER_MS : (window.end_ms + MARGIN_MS) * PER_MS])
    length = window.end_ms - window.start_ms

    def told(at: int) -> None:
        attempt.progress(at / max(1, length), f"{clock(start + at)} of {clock(window.end_ms)}")

    ear = _ear(model.path, settings.ONRECORD.speech.device)
    heard = whisper.hear(ear, sound, start, attempt.parameters["language"], told)
    tokens = [token for token in heard.tokens if window.start_ms <= (token.start + token.end) / 2 < window.end_ms]
    with attempt.finish():
        HeardWindow.objects.filter(recording=recording, number=attempt.piece).update(
            tokens=pack(tokens), report={**window.report, **heard.report()}
        )


@functools.lru_cache(maxsize=1)
def _ear(folder: Path, device: str) -> Ear:
    """One loaded model a process, which hears one window after the other."""
    from onrecord.transcripts.engines.whisper import Ear

    return Ear(folder, device)
