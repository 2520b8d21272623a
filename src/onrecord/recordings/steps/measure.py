"""Decodes the whole recording once: how long it is, how loud, and its speech for the steps that follow."""

from collections.abc import Iterator

from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step
from onrecord.lib.files import move_durably
from onrecord.lib.names import clean_name
from onrecord.lib.times import clock
from onrecord.recordings.models import Recording
from onrecord.recordings.originals import original_path, speech_path
from onrecord.recordings.probe import Probe, probe
from onrecord.recordings.speech import Heard, hear

SHORTEST_MS = 3_000
CLAIM_MAY_MISS_MS, CLAIM_MAY_MISS = 2_000, 0.02
WITHOUT_CLAIMS = {"aac", "ac3", "eac3", "amr", "loas", "mp3", "mpeg", "mpegts"}
"""Formats that may say nothing of their length: a claim that is too short is then only a guess."""

CLIPPED_SHARE = 1e-4
"""Share of samples at full scale from which distortion is heard."""


@step("recording.measure", cores=2)
def measure(attempt: Attempt) -> None:
    """Fill in what only decoding tells."""
    recording = Recording.objects.select_related("episode").get(pk=attempt.subject)
    original = original_path(recording.sha256)
    found = probe(original, recording.name)
    speech = attempt.folder / "speech.s16"
    heard = hear(original, recording.name, found, speech, attempt.progress)
    move_durably(speech, speech_path(recording.sha256))
    with attempt.finish():
        recording.duration_ms = heard.duration_ms
        recording.channels = heard.channels
        recording.loudness, recording.peak = heard.loudness.integrated, heard.loudness.peak
        recording.warnings = [*found.warnings, *warnings(found, heard, clean_name(recording.name))]
        recording.save(update_fields=["duration_ms", "channels", "loudness", "peak", "warnings"])


def _spoken(milliseconds: int) -> str:
    return clock(milliseconds) if milliseconds >= 10_000 else f"{milliseconds / 1000:.1f} seconds"


def warnings(found: Probe, heard: Heard, shown: str) -> Iterator[str]:
    """Sentences for the publisher about what can be published, but not as it claims to be."""
    claimed, lasts = found.claimed_ms, heard.duration_ms
    tolerance = max(CLAIM_MAY_MISS_MS, lasts * CLAIM_MAY_MISS)
    if claimed and claimed - lasts > tolerance:
        yield (
            f"{shown} says that it lasts {clock(claimed)}, but only {_spoken(lasts)} of it can be decoded: it may be "
            "cut off. That much is published."
        )
    elif claimed and lasts - claimed > tolerance and not WITHOUT_CLAIMS.intersection(found.format.split(",")):
        yield f"{shown} says that it lasts {clock(claimed)}, but lasts {_spoken(lasts)}: all of it is published."
    if lasts < SHORTEST_MS:
        yield f"{shown} lasts only {lasts / 1000:.1f} seconds."
    if heard.loudness.integrated is None:
        yield f"{shown} is silent, or too short for its loudness to be measured: its sound is published as it is."
    if heard.channels in ("left", "right"):
        yield f"Only the {heard.channels} channel of {shown} has sound: it is published in mono."
    if heard.clipped > CLIPPED_SHARE:
        yield f"The loudest parts of {shown} are distorted (clipped) in the file itself."
