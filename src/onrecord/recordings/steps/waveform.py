"""Draws the shape of the sound for the player."""

from onrecord.catalogue.changes import episode_changed
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step
from onrecord.recordings import renditions
from onrecord.recordings.models import Recording
from onrecord.recordings.speech import speech_samples
from onrecord.recordings.waveform import peaks_json


@step("recording.waveform")
def draw_waveform(attempt: Attempt) -> None:
    """Leave the peaks file."""
    recording = Recording.objects.select_related("episode__show").get(pk=attempt.subject)
    duration_ms = recording.duration_ms or 0
    file = attempt.folder / "peaks.json"
    file.write_bytes(peaks_json(speech_samples(recording), duration_ms))
    made = renditions.made(file, "peaks", duration_ms)
    with attempt.finish():
        renditions.keep(made, recording)
        episode_changed(recording.episode_id)
