"""Rows for tests of what readers get: one episode with everything, and plain ones."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from onrecord.catalogue.models import Chapter, Credit, Episode, Person, Picture, Related, Series, Show, Tag
from onrecord.recordings.models import Recording, Rendition
from onrecord.transcripts import tokens as blobs
from onrecord.transcripts.models import Origin, Revision, Speaker, Transcript
from onrecord.transcripts.tokens import Token

BEGINNING = datetime(2026, 11, 1, 18, 0, tzinfo=UTC)
GUID = "9b024349-ccf0-5f69-a609-6b82873eab3c"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def make_show(slug: str = "talks", name: str = "Talks", **fields: object) -> Show:
    fields = {"description": "Long talks with people who know.", "language": "en", "podcast_guid": GUID} | fields
    return Show.objects.create(slug=slug, name=name, **fields)


def make_picture(width: int = 2000, height: int = 1200) -> Picture:
    return Picture.objects.create(
        sha256=digest(f"picture {width}"),
        format="JPEG",
        width=width,
        height=height,
        caption="At the harbour",
        credit="A. Photographer",
        alt="A person beside a boat",
    )


def make_episode(show: Show, slug: str = "first", day: int = 0, public: bool = True, **fields: object) -> Episode:
    """An episode with its MP3 and nothing else."""
    at = BEGINNING + timedelta(days=day)
    fields = {"title": f"The {slug} talk", "published_at": at, "live_since": at if public else None} | fields
    episode = Episode.objects.create(show=show, slug=slug, **fields)
    recording = Recording.objects.create(
        episode=episode, sha256=digest(f"{show.slug}/{slug}"), name="a.wav", size=9, kind="audio", format="wav"
    )
    add_rendition(recording, "mp3", "audio/mpeg")
    return episode


def add_rendition(recording: Recording, kind: str, mime_type: str, **fields: object) -> Rendition:
    sha256 = digest(f"{recording.sha256} {kind}")
    fields = {"size": 12_345_678, "duration_ms": 3_725_400, "bitrate": 128_000} | fields
    return Rendition.objects.create(
        recording=recording,
        kind=kind,
        sha256=sha256,
        suffix=kind,
        path=f"{recording.episode.folder}/{sha256[:16]}.{kind}",
        mime_type=mime_type,
        **fields,
    )


def words(text: str, speaker: int | None = 0, start: int = 0, each: int = 400) -> list[Token]:
    """One token a word, `each` milliseconds long."""
    return [
        Token(word, start + at * each, start + (at + 1) * each, speaker, 0.9, True)
        for at, word in enumerate(text.split())
    ]


CONVERSATION = [
    *words("Where did it begin? In a small harbour, I think.", 0, 0),
    *words("It began with a boat. We mended it all winter & sang <loudly>.", 1, 5_000),
    *words("And then?", 0, 12_000),
]


def add_transcript(
    episode: Episode,
    tokens: list[Token] = CONVERSATION,
    origin: str = Origin.MACHINE,
    read: datetime | None = None,
    number: int = 1,
    public: bool = True,
    language: str = "en",
) -> Revision:
    recording = episode.recordings.get(current=True)
    transcript, made = Transcript.objects.get_or_create(recording=recording, episode=episode)
    if made:
        for index in sorted({token.speaker for token in tokens if token.speaker is not None}):
            Speaker.objects.create(transcript=transcript, index=index)
    revision = Revision.objects.create(
        transcript=transcript,
        number=number,
        tokens=blobs.pack(tokens),
        words=len(tokens),
        language=language,
        origin=origin,
        engine="faster-whisper base" if origin == Origin.MACHINE else "",
        public=public,
        read_by_person=read,
    )
    Revision.objects.filter(pk=revision.pk).update(created=BEGINNING + timedelta(hours=number))
    return revision


def make_full_episode(show: Show | None = None) -> Episode:
    """Part 1 of 2 with picture, credits, tags, notes, chapters, three renditions, peaks and a machine's transcript."""
    show = show or make_show()
    series = Series.objects.create(show=show, slug="harbour", name="The harbour", number=3, total=2)
    episode = make_episode(
        show,
        "boats",
        title="Boats & <b>ropes</b>",
        standfirst="On mending things that float.",
        notes="# Read on\n\nSee [the list](https://example.org/list) and [ours](../second/).\n\n- one\n- two\n",
        series=series,
        part=1,
        picture=make_picture(),
    )
    recording = episode.recordings.get()
    add_rendition(recording, "opus", "audio/ogg", bitrate=48_000)
    add_rendition(recording, "mp4", "video/mp4", width=1280, height=720, bitrate=2_000_000)
    add_rendition(recording, "peaks", "application/json", bitrate=0)
    host, guest = (
        Person.objects.create(slug="ada", name="Ada Host"),
        Person.objects.create(slug="bo", name="Bo O'Guest"),
    )
    Credit.objects.create(episode=episode, person=guest, role="guest", position=0)
    Credit.objects.create(episode=episode, person=host, role="host", position=0)
    episode.tags.set([Tag.objects.create(slug="sea", name="Sea"), Tag.objects.create(slug="craft", name="Craft")])
    for start, title in ((0, "Beginnings"), (5_000, "The boat"), (12_500, "Afterwards")):
        Chapter.objects.create(episode=episode, start_ms=start, title=title)
    other = make_episode(show, "nets", day=2, title="On nets", standfirst="Knots.", picture=make_picture(700, 350))
    Related.objects.create(episode=episode, position=0, piece=other)
    Related.objects.create(episode=episode, position=1, url="https://example.org/tar", title="Tar", site="Harbour News")
    add_transcript(episode)
    Speaker.objects.filter(transcript__episode=episode, index=0).update(name="Ada Host", person=host)
    return episode
