"""Makes the MP4: moving pictures with the sound at the publication's loudness."""

from onrecord.catalogue.changes import episode_changed
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step
from onrecord.recordings import renditions
from onrecord.recordings.encode import AAC, encode
from onrecord.recordings.models import Recording
from onrecord.recordings.sound import aim, prediction_of, sound_of
from onrecord.recordings.video import encode_video as encode_pictures


@step("recording.encode_video", cores=2)
def encode_video(attempt: Attempt) -> None:
    """Leave the MP4; nothing when there are no pictures after all."""
    recording = Recording.objects.select_related("episode__show").get(pk=attempt.subject)
    sound = sound_of(recording)
    if sound.found.video is None:
        with attempt.finish():
            return
    audio, file = attempt.folder / "sound.m4a", attempt.folder / "video.mp4"
    encoded = encode(sound, AAC, aim(), prediction_of(recording), audio)
    filmed = encode_pictures(sound, sound.found.video, audio, file, attempt.progress)
    made = renditions.made(file, "mp4", sound.duration_ms, filmed.bitrate, encoded.measured, filmed.size)
    with attempt.finish():
        renditions.keep(made, recording)
        recording.add_warning(encoded.warning)
        episode_changed(recording.episode_id)
