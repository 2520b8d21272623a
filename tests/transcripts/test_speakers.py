"""Who speaks, and that a person has read it."""

from __future__ import annotations

import pytest

from onrecord.catalogue.models import Change, Episode, Person
from onrecord.lib.errors import BadInput
from onrecord.transcripts import speakers
from onrecord.transcripts.models import Transcript

pytestmark = pytest.mark.django_db


def test_a_name_is_linked_to_the_person_credited(episode: Episode, transcript: Transcript) -> None:
    Person.objects.create(slug="bob", name="Bob")
    speakers.name_speakers(episode, {1: " ada  lovelace ", 2: "Bob"})
    ada, bob = transcript.speakers.all()
    assert (ada.label, ada.person) == ("ada lovelace", Person.objects.get(slug="ada"))
    assert (bob.label, bob.person) == ("Bob", None)
    assert [change.subject for change in Change.objects.all()] == [episode.pk]
    speakers.name_speakers(episode, {2: "Bob"})
    assert Change.objects.count() == 1


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({1: "Ada", 3: "Eve"}, "no speaker 3"),
        ({0: "Ada"}, "speakers are: 1, 2"),
        ({1: " \n"}, "0 characters"),
        ({1: "x" * 301}, "301 characters"),
    ],
)
def test_all_are_named_or_nobody(
    episode: Episode,
    transcript: Transcript,
    names: dict[int, str],
    says: str,
) -> None:
    with pytest.raises(BadInput, match=says):
        speakers.name_speakers(episode, names)
    assert [voice.name for voice in transcript.speakers.all()] == ["", ""]
    assert not Change.objects.exists()


def test_no_speaker_where_there_is_no_transcript(episode: Episode) -> None:
    with pytest.raises(BadInput, match="speakers are: none"):
        speakers.name_speakers(episode, {1: "Ada"})
    with pytest.raises(BadInput, match="has no transcript"):
        speakers.approve(episode)


def test_speakers_are_listed_with_what_they_say(episode: Episode, transcript: Transcript) -> None:
    speakers.name_speakers(episode, {2: "Ada Lovelace"})
    assert speakers.listed(episode) == [
        "1  Speaker 1  13 words, first: Welcome to the programme. Who raised the terrorists",
        "2  Ada Lovelace  34 words, first: The terrorists were raised by the harbour board.",
    ]


def test_approving_shows_and_dates_it_once(episode: Episode, transcript: Transcript) -> None:
    transcript.revisions.update(public=False)
    assert speakers.public_revision(transcript) is None
    revision = speakers.approve(episode)
    assert revision.public and revision.read_by_person
    assert speakers.public_revision(transcript) == revision
    assert Change.objects.count() == 1
    assert speakers.approve(episode).read_by_person == revision.read_by_person
    assert Change.objects.count() == 1
