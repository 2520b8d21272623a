"""Makes the Opus rendition: better sound in fewer bytes, for players that know it."""

from onrecord.catalogue.changes import episode_changed
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step
from onrecord.recordings import renditions
from onrecord.recordings.encode import OPUS, encode
from onrecord.recordings.models import Recording
from onrecord.recordings.sound import aim, prediction_of, sound_of


@step("recording.encode_opus", cores=2)
def encode_opus(attempt: Attempt) -> None:
    """Leave the Ogg Opus file."""
    recording = Recording.objects.select_related("episode__show").get(pk=attempt.subject)
    sound = sound_of(recording)
    file = attempt.folder / "sound.opus"
    encoded = encode(sound, OPUS, aim(), prediction_of(recording), file, progress=attempt.progress)
    made = renditions.made(file, "opus", sound.duration_ms, encoded.bitrate, encoded.measured)
    with attempt.finish():
        renditions.keep(made, recording)
        recording.add_warning(encoded.warning)
        episode_changed(recording.episode_id)
