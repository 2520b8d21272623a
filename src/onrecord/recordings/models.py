"""Recordings (what was uploaded), renditions (what we made of it), and what was redacted of them."""

from django.db import models

from onrecord.catalogue.models import Episode


class Recording(models.Model):
    """One uploaded file, kept unaltered in originals/, but for what is redacted: then a file with a tone in that place
    takes over (recordings/redaction.py), and recordings that were replaced before lose their files.

    An episode has one current recording: what readers hear. A replacement becomes current when its sound is ready;
    the one before it then has `replaced_at`.
    """

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="recordings")
    sha256 = models.CharField(max_length=64, db_index=True, help_text="empty once the file is gone")
    name = models.TextField(help_text="the file's name as given, cleaned of control characters")
    size = models.PositiveBigIntegerField(help_text="bytes")
    kind = models.CharField(max_length=5, choices=[("audio", "audio"), ("video", "video")])
    format = models.CharField(max_length=80, help_text="container, as ffmpeg names it")
    duration_ms = models.PositiveBigIntegerField(null=True, help_text="as decoded, not as claimed")
    channels = models.CharField(
        max_length=6, default="", help_text="what is heard: mono, stereo, or only the left or the right of two"
    )
    loudness = models.FloatField(null=True, help_text="integrated loudness as uploaded, LUFS")
    peak = models.FloatField(null=True, help_text="of its samples as uploaded, dBFS")
    warnings = models.JSONField(default=list, help_text="sentences for the publisher")
    current = models.BooleanField(default=True)
    replaced_at = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["episode"], condition=models.Q(current=True), name="one_current_recording"),
            models.UniqueConstraint(
                fields=["sha256"], condition=models.Q(replaced_at=None), name="one_episode_a_recording"
            ),
        ]

    def add_warning(self, sentence: str) -> None:
        """Tell the publisher something more, once. Reads the row again: other steps add theirs at the same time."""
        self.refresh_from_db(fields=["warnings"])
        if sentence and sentence not in self.warnings:
            self.warnings.append(sentence)
            self.save(update_fields=["warnings"])


class Rendition(models.Model):
    """A file made of a recording: `mp3`, `opus`, `mp4` or `peaks`.

    Kept in private/renditions/<sha256>.<suffix> until the episode is public; then it stands at `path` below public/,
    which is given once and never changes, whatever happens to titles and slugs.
    """

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="renditions")
    kind = models.CharField(max_length=10)
    sha256 = models.CharField(max_length=64)
    suffix = models.CharField(max_length=5)
    path = models.CharField(max_length=300, unique=True)
    size = models.PositiveBigIntegerField(help_text="bytes")
    mime_type = models.CharField(max_length=60)
    duration_ms = models.PositiveBigIntegerField()
    bitrate = models.PositiveIntegerField(default=0, help_text="bits per second")
    loudness = models.FloatField(null=True, help_text="LUFS, measured on this file")
    true_peak = models.FloatField(null=True, help_text="dBTP, measured on this file")
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recording", "kind"], name="one_rendition_a_kind")]


class Redaction(models.Model):
    """What was said from one moment to another and is heard no more: for the law, somebody's safety, a name.

    Its words are blanked everywhere in the transaction that makes this row; the file follows (step recording.redact).
    """

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="redactions")
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    reason = models.TextField(default="", help_text="as readers see it; empty where none is given")
    at = models.DateTimeField()
    original = models.CharField(
        max_length=64, default="", help_text="sha256 of the file that still has the sound; empty once it is gone"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recording", "start_ms", "end_ms"], name="one_redaction_of_the_same_sound")
        ]
        ordering = ["start_ms", "end_ms"]
