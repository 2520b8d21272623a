"""Says who speaks, and that a person has read the words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from onrecord.catalogue.changes import episode_changed
from onrecord.catalogue.models import Episode, Person
from onrecord.lib import language
from onrecord.lib.errors import BadInput
from onrecord.transcripts.formats.document import one_line
from onrecord.transcripts.models import Revision, Speaker, Transcript
from onrecord.transcripts.revisions import newest_of, public_revision, transcript_of
from onrecord.transcripts.tokens import Token, text_of, unpack

__all__ = ["approve", "credited", "labels", "listed", "name_speakers", "public_revision"]

LONGEST_NAME = 300


def labels(transcript: Transcript, spoken: str) -> dict[int, str]:
    """What readers see for each of the tokens' speakers; those without a name are numbered in the language `spoken`."""
    with language.speaking(spoken, "en"):
        return {voice.index: voice.label for voice in transcript.speakers.all()}


def name_speakers(episode: Episode, names: Mapping[int, str]) -> None:
    """Name speakers by their number from 1, and link each to the person of that name whom the episode credits.

    Raises BadInput for a number that there is not, or a name that is empty or too long; then nobody is named.
    """
    given = {number: one_line(name) for number, name in names.items()}
    for number, name in given.items():
        if not 1 <= len(name) <= LONGEST_NAME:
            raise BadInput(
                f"The name of speaker {number} has {len(name)} characters; it must have 1 to {LONGEST_NAME}."
            )
    with transaction.atomic():
        transcript = transcript_of(episode)
        voices = {voice.index + 1: voice for voice in transcript.speakers.all()} if transcript else {}
        for number in given:
            if number not in voices:
                known = ", ".join(map(str, voices)) or "none"
                raise BadInput(f"There is no speaker {number} in “{episode.title[:100]}”; speakers are: {known}.")
        changed = [_named(voices[number], name, episode) for number, name in given.items()]
        if any(changed):
            episode_changed(episode.pk)


def _named(voice: Speaker, name: str, episode: Episode) -> bool:
    """Give a speaker its name; whether that changed anything."""
    person = credited(episode, name)
    if (voice.name, voice.person_id) == (name, person.pk if person else None):
        return False
    voice.name, voice.person = name, person
    voice.save(update_fields=["name", "person"])
    return True


def link_to_credits(episode: Episode) -> None:
    """Link each voice that has a name to whom the episode credits by it now. Whoever calls says that it changed."""
    for voice in Speaker.objects.filter(transcript__episode=episode).exclude(name=""):
        _named(voice, voice.name, episode)


def credited(episode: Episode, name: str) -> Person | None:
    """The person of that name whom the episode credits."""
    for credit in episode.credits.select_related("person"):
        if credit.person.name.casefold() == name.casefold():
            return credit.person
    return None


def listed(episode: Episode) -> list[str]:
    """A line for each speaker: number, name, how much they say, and how they begin."""
    revision = newest_of(episode)
    tokens = unpack(revision.tokens)
    words = Counter(token.speaker for token in tokens)
    return [
        f"{voice.index + 1}  {voice.label}  {words[voice.index]} words, first: {_first_words(tokens, voice.index)}"
        for voice in revision.transcript.speakers.all()
    ]


def _first_words(tokens: list[Token], index: int) -> str:
    return text_of([token for token in tokens if token.speaker == index][:8]) or "-"


def approve(episode: Episode) -> Revision:
    """A person has read the newest revision: say so, and show it. Approved again, nothing changes.

    Raises BadInput when there are no words yet.
    """
    with transaction.atomic():
        revision = newest_of(episode)
        if not (revision.public and revision.read_by_person):
            revision.public = True
            revision.read_by_person = revision.read_by_person or timezone.now()
            revision.save(update_fields=["public", "read_by_person"])
            episode_changed(episode.pk)
    return revision
