"""Makes the MP3 of the feed: at the publication's loudness, with title, people, picture and chapters in the file."""

from pathlib import Path

from onrecord.catalogue import pictures
from onrecord.catalogue.models import Chapter, Episode
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step
from onrecord.recordings import ffmpeg, renditions
from onrecord.recordings.encode import MP3, Extras, encode
from onrecord.recordings.models import Recording
from onrecord.recordings.sound import aim, prediction_of, sound_of

ARTWORK_SIDE = 600
"""Pixels of the picture in the file."""


@step("recording.encode_audio", cores=2)
def encode_audio(attempt: Attempt) -> None:
    """Leave the MP3, and the chapters that the recording brought along as the episode's."""
    recording = Recording.objects.select_related("episode__show__picture", "episode__picture").get(pk=attempt.subject)
    sound = sound_of(recording)
    chapters = [chapter for chapter in sound.found.chapters if chapter[0] < sound.duration_ms]
    extras = _extras(attempt.folder, recording.episode, chapters, sound.duration_ms)
    file = attempt.folder / "sound.mp3"
    encoded = encode(sound, MP3, aim(), prediction_of(recording), file, extras, attempt.progress)
    made = renditions.made(file, "mp3", sound.duration_ms, encoded.bitrate, encoded.measured)
    with attempt.finish():
        if not recording.renditions.filter(kind="mp3").exists():
            _take_over(chapters, recording.episode)
        renditions.keep(made, recording)
        recording.add_warning(encoded.warning)


def _take_over(chapters: list[tuple[int, str]], episode: Episode) -> None:
    """New sound has new chapters: those in its file, if there are two or more."""
    episode.chapters.all().delete()
    if len(chapters) > 1:
        Chapter.objects.bulk_create(
            Chapter(episode=episode, start_ms=start_ms, title=title) for start_ms, title in chapters
        )


def _extras(folder: Path, episode: Episode, chapters: list[tuple[int, str]], duration_ms: int) -> Extras:
    """ID3: what is said of the episode, its picture, its chapters."""
    tags, cover = folder / "tags.txt", folder / "cover.jpg"
    tags.write_text(_metadata(episode, chapters, duration_ms), encoding="utf-8")
    cover.write_bytes(_cover(episode))
    return Extras(
        inputs=["-f", "ffmetadata", "-i", ffmpeg.address(tags), "-f", "mjpeg", "-i", ffmpeg.address(cover)],
        outputs=[
            *("-map", "2:v", "-c:v", "copy", "-disposition:v", "attached_pic"),
            *("-metadata:s:v", "title=Cover", "-metadata:s:v", "comment=Cover (front)"),
            *("-map_metadata", "1", "-map_chapters", "1", "-id3v2_version", "3", "-write_id3v1", "0"),
        ],
    )


def _cover(episode: Episode) -> bytes:
    picture = episode.picture or episode.show.picture
    return pictures.artwork(picture.sha256 if picture else "", ARTWORK_SIDE, episode.show.name)


def _metadata(episode: Episode, chapters: list[tuple[int, str]], duration_ms: int) -> str:
    """The tags in ffmpeg's own metadata format."""
    people = [credit.person.name for credit in episode.credits.select_related("person")]
    tags = {
        "title": episode.title,
        "artist": ", ".join(people) or episode.show.name,
        "album": episode.show.name,
        "genre": "Podcast",
    }
    lines = [";FFMETADATA1", *(f"{name}={_escaped(value)}" for name, value in tags.items())]
    ends = [start_ms for start_ms, _ in chapters[1:]] + [duration_ms]
    for (start_ms, title), end_ms in zip(chapters, ends, strict=True) if chapters else ():
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start_ms}", f"END={end_ms}", f"title={_escaped(title)}"]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """One printable line, with the characters that the format gives a meaning escaped."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return "".join(f"\\{c}" if c in "=;#\\" else c for c in line)
