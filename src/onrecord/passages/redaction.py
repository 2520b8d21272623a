"""Takes what was redacted out of passages and their places, which keep a copy of the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onrecord.passages.models import Passage, Place
from onrecord.passages.quote import as_kept
from onrecord.transcripts.tokens import Token


def redact(revisions: Mapping[int, Sequence[Token]]) -> None:
    """Write the words of these revisions (by their id) again wherever they were copied. They keep their indices."""
    for passage in Passage.objects.filter(revision__in=list(revisions)):
        kept = as_kept(revisions[passage.revision_id], range(passage.first, passage.end))
        Passage.objects.filter(pk=passage.pk).update(**kept)
    for place in Place.objects.filter(revision__in=list(revisions), first__isnull=False):
        now = range(place.first or 0, place.end or 0)
        kept = as_kept(revisions[place.revision_id], now)
        Place.objects.filter(pk=place.pk).update(words=kept["words"], voices=kept["voices"])
