"""Passages, and where they stand in later revisions."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models

from onrecord.catalogue.models import Episode, new_key
from onrecord.transcripts.models import Revision


def voices(said: Sequence[tuple[int | None, str]]) -> list[tuple[int | None, int]]:
    """What is kept of who says which words, beside the words: each speaker, and how many characters."""
    return [(speaker, len(words)) for speaker, words in said]


class Passage(models.Model):
    """Words of one revision that somebody shared. Immutable: what becomes of them is told by `Place`."""

    key = models.CharField(max_length=10, unique=True, default=new_key, help_text="in the address: /q/<key>/")
    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="passages")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="passages")
    first = models.PositiveIntegerField(help_text="index of the first word")
    end = models.PositiveIntegerField(help_text="index after the last word")
    anchor_first = models.PositiveIntegerField(
        help_text="first and end, widened by neighbours: transcripts.maps.resolve"
    )
    anchor_end = models.PositiveIntegerField()
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    speaker = models.PositiveIntegerField(null=True, help_text="who says the first word: the tokens' speaker")
    words = models.TextField(help_text="exactly as they stood there")
    voices = models.JSONField(default=list, help_text="who says how many characters of them, in pairs")
    before = models.TextField(default="", help_text="a few words that stood before them")
    after = models.TextField(default="", help_text="a few words that stood after them")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["revision", "first", "end"], name="one_passage_of_the_same_words")
        ]
        indexes = [models.Index(fields=["episode", "created"], name="passages_by_age")]

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Written once. Raises TypeError on any later change."""
        if not self._state.adding:
            raise TypeError("a passage is never changed")
        super().save(*args, update_fields=update_fields, **options)


class State(models.TextChoices):
    """How a passage stands in a revision; `transcripts.maps.State` says what each means."""

    SAME = "same"
    CHANGED = "changed"
    MOVED = "moved"
    TIME = "time"
    ORPHAN = "orphan"


class Place(models.Model):
    """Where a passage stands in one later public revision."""

    passage = models.ForeignKey(Passage, on_delete=models.CASCADE, related_name="places")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices)
    first = models.PositiveIntegerField(null=True, help_text="empty for an orphan")
    end = models.PositiveIntegerField(null=True)
    words = models.TextField(default="", help_text="the words there now")
    voices = models.JSONField(default=list, help_text="as those of a passage")
    decided_by = models.CharField(max_length=120, help_text="map, time or nobody; or the name of who said so")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["passage", "revision"], name="one_place_a_revision")]
