"""The revisions of an episode's transcript: which there are, and adding one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from onrecord.catalogue.changes import episode_changed
from onrecord.catalogue.models import Episode
from onrecord.lib.errors import BadInput, Failed
from onrecord.transcripts import maps, missing
from onrecord.transcripts.maps import WordMap
from onrecord.transcripts.models import Origin, Revision, Transcript
from onrecord.transcripts.tokens import Token, pack, unpack


class Overtaken(Failed):
    """Another revision was added meanwhile."""


def transcript_of(episode: Episode) -> Transcript | None:
    """The transcript of the recording that readers hear."""
    return Transcript.objects.filter(recording__episode=episode, recording__current=True).first()


def newest(transcript: Transcript) -> Revision | None:
    """The last revision, whether readers see it or not."""
    return transcript.revisions.order_by("-number").first()


def newest_of(episode: Episode) -> Revision:
    """The last revision of the episode's transcript. Raises BadInput when there are no words yet."""
    transcript = transcript_of(episode)
    revision = newest(transcript) if transcript else None
    if revision is None:
        reason = missing.sentence(transcript.missing_because, transcript.missing_details) if transcript else ""
        raise BadInput(f"“{episode.title[:100]}” has no transcript. {reason or '`onrecord status` says why.'}")
    return revision


def public_revision(transcript: Transcript) -> Revision | None:
    """What readers see: the newest public one."""
    return transcript.revisions.filter(public=True).order_by("-number").first()


def goes_public(transcript: Transcript) -> bool:
    """Whether readers see a person's new revision at once: not while they see none and the setting says to wait."""
    return not settings.ONRECORD.speech.approve_first or public_revision(transcript) is not None


def add(
    transcript: Transcript,
    previous: Revision | None,
    tokens: Sequence[Token],
    *,
    language: str,
    origin: Origin,
    engine: str = "",
    note: str = "",
    public: bool = False,
    read_by_person: datetime | None = None,
    word_map: WordMap | None = None,
) -> Revision:
    """Add the revision that follows `previous`, with the word map between them, and say that the episode changed.

    Numbers go on through all recordings of an episode: a link to words of one that was replaced never means others.
    Slow work is done before the transaction; inside one of its own, a caller makes the map before it begins. Raises
    Overtaken when another revision was added meanwhile.
    """
    if previous and word_map is None:
        word_map = maps.make(unpack(previous.tokens), tokens)
    revision = Revision(
        transcript=transcript,
        tokens=pack(tokens),
        words=len(tokens),
        language=language,
        origin=origin,
        engine=engine,
        note=note,
        public=public,
        read_by_person=read_by_person,
        map_from_previous=maps.pack(word_map) if word_map else None,
    )
    with transaction.atomic():
        of_episode = Transcript.objects.select_for_update().filter(episode=transcript.episode_id).order_by("pk")
        numbers = Revision.objects.filter(transcript__in=[one.pk for one in of_episode])
        last = numbers.filter(transcript=transcript).order_by("-number").values_list("pk", flat=True).first()
        if last != (previous.pk if previous else None):
            raise Overtaken("The transcript got another revision meanwhile; do it again.")
        revision.number = (numbers.aggregate(last=Max("number"))["last"] or 0) + 1
        revision.save()
        episode_changed(transcript.episode_id)
    return revision
