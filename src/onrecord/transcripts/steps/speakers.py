"""Tells who speaks, over the whole recording."""

from __future__ import annotations

from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step
from onrecord.recordings.models import Recording
from onrecord.recordings.speech import speech_samples
from onrecord.transcripts.engines import clustering, voices, weights
from onrecord.transcripts.engines.loops import Range
from onrecord.transcripts.models import HeardWindow
from onrecord.transcripts.tokens import Token, pack, unpack

SHARE = 0.95
"""How much of the work is listening to the voices."""


@step("transcript.speakers", loads=True)
def speakers(attempt: Attempt) -> None:
    """Give every word of the windows its speaker, counted from 0 in the order of their first words."""
    recording = Recording.objects.get(pk=attempt.subject)
    windows = list(HeardWindow.objects.filter(recording=recording).order_by("number"))
    heard = [unpack(bytes(window.tokens)) if window.tokens else [] for window in windows]
    said = _who_said(attempt, recording, [token for tokens in heard for token in tokens], _speech(windows))
    with attempt.finish():
        at = 0
        for window, tokens in zip(windows, heard, strict=True):
            window.tokens = pack(said[at : at + len(tokens)])
            at += len(tokens)
            window.save(update_fields=["tokens"])


def _who_said(attempt: Attempt, recording: Recording, tokens: list[Token], speech: list[Range]) -> list[Token]:
    if not tokens:
        return []
    model = voices.VoiceModel(weights.find_voice_weights(weights.cache_folder(), attempt.progress))
    stretches = voices.stretches(speech, tokens)
    found = voices.embed(
        model,
        speech_samples(recording),
        stretches,
        lambda share: attempt.progress(SHARE * share, "telling the voices apart"),
    )
    return clustering.with_speakers(tokens, stretches, found)


def _speech(windows: list[HeardWindow]) -> list[Range]:
    """Where somebody speaks. Windows overlap a little: each tells of its own part."""
    result: list[Range] = []
    for window in windows:
        for start, end in window.report.get("speech", ()):
            own = (max(start, window.start_ms), min(end, window.end_ms))
            if own[1] > own[0]:
                result.append(own)
    return result
