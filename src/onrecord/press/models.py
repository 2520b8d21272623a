"""Which public files exist and which are stale."""

from django.db import models


class PublicFile(models.Model):
    """One path below public/. Stale while `generation` is above `pressed`; the press clears only what it rendered.

    `owner` is what it belongs to ("episode:12", "show:1", "person:2", "tag:3", "series:4", "site"), so that what is no
    longer wanted is found. A file that could not be made keeps the reason in `error` and is tried again later.
    """

    path = models.CharField(max_length=400, unique=True)
    kind = models.CharField(max_length=30)
    owner = models.CharField(max_length=80, db_index=True)
    order = models.IntegerField(help_text="media before pages before lists before feeds; the other way when it goes")
    generation = models.PositiveBigIntegerField()
    pressed = models.PositiveBigIntegerField(default=0)
    wanted = models.BooleanField(default=True, help_text="going away is a stale state like any other")
    sha256 = models.CharField(max_length=64, default="")
    size = models.PositiveBigIntegerField(default=0)
    claimed_by = models.CharField(max_length=120, default="")
    claimed_until = models.DateTimeField(null=True)
    error = models.TextField(default="", help_text="why it could not be made the last time")
    retry_at = models.DateTimeField(null=True, help_text="when it is tried again")

    class Meta:
        indexes = [
            models.Index(
                fields=["order", "id"],
                condition=models.Q(generation__gt=models.F("pressed")),
                name="stale_files",
            ),
            models.Index(
                fields=["claimed_by"],
                condition=~models.Q(claimed_by=""),
                name="claimed_files",
            ),
        ]


class Listed(models.Model):
    """Where an episode stands in a list now, so that a change touches only the pages that it moves.

    A list runs from the oldest: its order is (`at`, `episode`), and a page's number follows from the rank. Beside the
    lists that have pages there is "beside:12", which those are on that show episode 12 as a related piece.
    """

    list = models.CharField(max_length=60, help_text="all, show:1, person:2, tag:3, series:4")
    at = models.DateTimeField(help_text="the episode's date")
    episode = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["episode", "list"], name="one_row_a_listing")]
        indexes = [models.Index(fields=["list", "at", "episode"], name="listed_by_rank")]


class KeptItem(models.Model):
    """What a show's feeds said of one of its newest episodes the last time (`press/kept_items.py`)."""

    episode = models.BigIntegerField(unique=True)
    show = models.BigIntegerField(db_index=True)
    generation = models.PositiveBigIntegerField(help_text="of the episode's record, when this was made")
    item = models.BinaryField(help_text="compressed")


class Standing(models.Model):
    """How the press stands. One row; who turns changes into stale paths holds its lock, so that one does at a time."""

    generation = models.PositiveBigIntegerField(default=0, help_text="the newest that was given to a stale path")
    fingerprint = models.CharField(max_length=64, default="", help_text="settings and program of the last press")
    looked_for_old_media = models.DateField(null=True)
