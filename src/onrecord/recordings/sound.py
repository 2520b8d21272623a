"""A recording as its encoders take it."""

from django.conf import settings

from onrecord.recordings.encode import Aim, Sound
from onrecord.recordings.loudness import Loudness, Prediction
from onrecord.recordings.models import Recording
from onrecord.recordings.originals import original_path
from onrecord.recordings.probe import probe
from onrecord.recordings.speech import speech_samples


def sound_of(recording: Recording) -> Sound:
    """A measured recording's original, what it is, what is heard of it and how long it is."""
    original = original_path(recording.sha256)
    return Sound(original, probe(original, recording.name), recording.channels, recording.duration_ms or 0)


def prediction_of(recording: Recording) -> Prediction:
    """What a limiter will take from a measured recording."""
    return Prediction(speech_samples(recording), Loudness(recording.loudness, recording.peak))


def aim() -> Aim:
    """What the publication's settings ask of every rendition."""
    wanted = settings.ONRECORD.recordings
    return Aim(wanted.loudness, wanted.true_peak)
