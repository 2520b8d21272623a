"""An episode, and its transcript as a machine left it."""

import pytest
from django.utils import timezone
from hypothesis import settings

from onrecord.catalogue.models import Change, Credit, Episode, Person, Show
from onrecord.recordings.models import Recording
from onrecord.transcripts import revisions
from onrecord.transcripts.models import Origin, Speaker, Transcript
from tests.transcripts.making import heard

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def episode(publication: object) -> Episode:
    show = Show.objects.create(slug="talks", name="Talks", language="en")
    episode = Episode.objects.create(show=show, slug="first", title="First", published_at=timezone.now())
    Credit.objects.create(
        episode=episode, person=Person.objects.create(slug="ada", name="Ada Lovelace"), role="guest", position=0
    )
    Recording.objects.create(
        episode=episode, sha256="0" * 64, name="a.wav", size=1, kind="audio", format="wav", duration_ms=60_000
    )
    return episode


@pytest.fixture
def transcript(episode: Episode) -> Transcript:
    """As a machine left it, shown to readers."""
    transcript = Transcript.objects.create(recording=episode.recordings.get(), episode=episode)
    Speaker.objects.bulk_create(Speaker(transcript=transcript, index=n) for n in range(2))
    revisions.add(transcript, None, heard(), language="en", origin=Origin.MACHINE, engine="test", public=True)
    Change.objects.all().delete()
    return transcript
