"""Which public files exist and which are stale."""

from django.db import models


class PublicFile(models.Model):
    """One path below public/. Stale while `generation` is above `pressed`; the press clears only what it rendered.

    `owner` is what it belongs to ("episode:12", "list:tag:3:2", "site"), so that what is no longer wanted is found.
    """

    path = models.CharField(max_length=400, unique=True)
    kind = models.CharField(max_length=30)
    owner = models.CharField(max_length=80, db_index=True)
    order = models.IntegerField(help_text="media before pages before lists before feeds")
    generation = models.PositiveBigIntegerField(default=1)
    pressed = models.PositiveBigIntegerField(default=0)
    wanted = models.BooleanField(default=True, help_text="going away is a stale state like any other")
    sha256 = models.CharField(max_length=64, default="")
    size = models.PositiveBigIntegerField(default=0)
    claimed_by = models.CharField(max_length=60, default="")
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["order", "id"],
                condition=models.Q(generation__gt=models.F("pressed")),
                name="stale_files",
            )
        ]


class Listed(models.Model):
    """On which page of a numbered list an episode stands now, so that a change touches only the pages it moves."""

    episode = models.BigIntegerField()
    list = models.CharField(max_length=60, help_text="home, show:1, feed:1, person:2, tag:3, sitemap")
    page = models.PositiveIntegerField(help_text="from 1, the oldest")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["episode", "list"], name="one_row_a_listing")]
        indexes = [models.Index(fields=["list", "page"], name="listed_by_page")]
