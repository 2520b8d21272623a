"""Transcripts: windows as they were heard, immutable revisions, speakers' names, maps between revisions."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils.translation import gettext

from onrecord.catalogue.models import Episode, Person
from onrecord.lib import language
from onrecord.recordings.models import Recording


class HeardWindow(models.Model):
    """What the engine heard in one window of a recording, stored when done so that little has to be done again."""

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="windows")
    number = models.PositiveIntegerField()
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    tokens = models.BinaryField(null=True, help_text="transcripts.tokens.pack, times from the recording's start")
    report = models.JSONField(default=dict, help_text="language, its probability, what was dropped and why")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recording", "number"], name="one_row_a_window")]


class Transcript(models.Model):
    """The words of one recording, whatever their revision."""

    recording = models.OneToOneField(Recording, on_delete=models.CASCADE, related_name="transcript")
    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="transcripts")
    missing_because = models.TextField(default="", help_text="why there are no words, as `transcripts.missing` has it")
    missing_details = models.JSONField(default=dict, help_text="what the sentence for readers names: model, language")


class Origin(models.TextChoices):
    """How a revision came to be."""

    MACHINE = "machine"
    IMPORT = "import"
    EDIT = "edit"


CHANGEABLE = frozenset({"public", "read_by_person"})
"""What may be said of a revision after it was written."""


class Revision(models.Model):
    """An immutable list of tokens. The newest public one is what readers see."""

    transcript = models.ForeignKey(Transcript, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(help_text="from 1, through all recordings of the episode")
    tokens = models.BinaryField(help_text="transcripts.tokens.pack")
    words = models.PositiveIntegerField()
    language = models.CharField(max_length=20)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    engine = models.CharField(max_length=120, default="", help_text="program and model that heard it")
    note = models.TextField(default="")
    created = models.DateTimeField(auto_now_add=True)
    public = models.BooleanField(default=False)
    read_by_person = models.DateTimeField(null=True, help_text="when a person said that it had been read")
    map_from_previous = models.BinaryField(null=True, help_text="transcripts.maps.pack; empty for the first")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["transcript", "number"], name="one_row_a_revision")]
        ordering = ["number"]

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Written once. Raises TypeError on any later change but of CHANGEABLE fields, named in `update_fields`."""
        if not self._state.adding and not (update_fields and set(update_fields) <= CHANGEABLE):
            raise TypeError("a revision is never changed: add another one (transcripts.revisions.add)")
        super().save(*args, update_fields=update_fields, **options)


class Speaker(models.Model):
    """Who a speaker is; "Speaker 1" until the publisher says. `index` is the tokens' speaker, from 0."""

    transcript = models.ForeignKey(Transcript, on_delete=models.CASCADE, related_name="speakers")
    index = models.PositiveIntegerField()
    name = models.CharField(max_length=300, default="")
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["transcript", "index"], name="one_row_a_speaker")]
        ordering = ["index"]

    @property
    def label(self) -> str:
        """The name that readers see."""
        return self.name or unnamed(self.index)


def unnamed(index: int) -> str:
    """What a speaker is called until the publisher says, in the language that is spoken: "Speaker 1"."""
    return gettext("Speaker %(number)s") % {"number": language.number(index + 1)}
