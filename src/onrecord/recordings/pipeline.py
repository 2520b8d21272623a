"""What happens to a recording, in order. Each line is one step; each step is one module."""

from dataclasses import dataclass
from datetime import datetime

from onrecord.jobs import queue
from onrecord.recordings.models import Recording

YIELDING = -1000
"""Added to the priority of work that must not hold up new episodes."""


@dataclass(frozen=True)
class PipelineStep:
    """A step, the steps that must be done first, and how urgent it is: what readers wait for goes first."""

    name: str
    after: tuple[str, ...]
    priority: int
    only_video: bool = False


PIPELINE = (
    PipelineStep("recording.measure", after=(), priority=90),
    PipelineStep("recording.encode_audio", after=("recording.measure",), priority=80),
    PipelineStep("episode.go_live", after=("recording.encode_audio",), priority=100),
    PipelineStep("recording.waveform", after=("recording.measure",), priority=70),
    PipelineStep("transcript.plan", after=("recording.measure",), priority=60),
    # transcript.hear: one piece a window, added by transcript.plan
    PipelineStep("recording.encode_opus", after=("recording.encode_audio",), priority=50),
    PipelineStep("recording.encode_video", after=("recording.encode_audio",), priority=55, only_video=True),
    PipelineStep("transcript.speakers", after=("transcript.plan", "transcript.hear"), priority=45),
    PipelineStep("transcript.assemble", after=("transcript.speakers",), priority=45),
)
HEAR_PRIORITY = 40


def begin(recording: Recording, scheduled_for: datetime | None = None) -> None:
    """Add all steps of a new recording, inside the caller's transaction. `scheduled_for` holds the page back."""
    for entry in PIPELINE:
        if entry.only_video and recording.kind != "video":
            continue
        queue.add(
            entry.name,
            recording.pk,
            group=recording.episode_id,
            after=entry.after,
            priority=entry.priority,
            not_before=scheduled_for if entry.name == "episode.go_live" else None,
        )


def remake(recording: Recording, after: str, scheduled_for: datetime | None = None) -> None:
    """Make everything again that is made of a recording's file, behind the step `after`; its words stay.

    What goes on in its files now is superseded. Called in the caller's transaction, after `after` was added.
    """
    for entry in PIPELINE:
        if entry.name.startswith("transcript.") or (entry.only_video and recording.kind != "video"):
            continue
        queue.restart(
            entry.name,
            recording.pk,
            group=recording.episode_id,
            after=entry.after or (after,),
            priority=entry.priority,
            not_before=scheduled_for if entry.name == "episode.go_live" else None,
        )


def go_live(recording: Recording, not_before: datetime | None = None) -> None:
    """Let the page go up once more, or at another time, as soon as the sound is ready."""
    entry = next(entry for entry in PIPELINE if entry.name == "episode.go_live")
    queue.restart(
        entry.name,
        recording.pk,
        group=recording.episode_id,
        after=entry.after,
        priority=entry.priority,
        not_before=not_before,
    )
