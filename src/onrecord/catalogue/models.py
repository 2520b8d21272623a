"""Shows, series and their parts, episodes, people, credits, tags, pictures, chapters, redirects."""

import secrets
import uuid

from django.db import models
from django.db.models import Q

KEY_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"


def new_key() -> str:
    """Ten characters that identify an episode for ever, without letters that are easily confused."""
    return "".join(secrets.choice(KEY_ALPHABET) for _ in range(10))


def new_guid() -> str:
    """A random identity for feeds; never changes afterwards."""
    return str(uuid.uuid4())


class Picture(models.Model):
    """A picture as it was given: `originals/<sha256>`; the press makes three sizes of it."""

    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=8, help_text="JPEG, PNG or WEBP")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    caption = models.TextField(default="")
    credit = models.TextField(default="")
    alt = models.TextField(default="")


class Show(models.Model):
    """One feed."""

    slug = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=300)
    description = models.TextField(default="")
    language = models.CharField(max_length=20)
    picture = models.ForeignKey(Picture, null=True, on_delete=models.SET_NULL)
    podcast_guid = models.CharField(max_length=36, help_text="UUIDv5")
    guid_from_address = models.BooleanField(default=False, help_text="the guid was made from the feed's public address")
    created = models.DateTimeField(auto_now_add=True)


class Series(models.Model):
    """An interview in parts. In feeds a series is a season; its parts are the season's episodes."""

    show = models.ForeignKey(Show, on_delete=models.CASCADE, related_name="series")
    slug = models.CharField(max_length=80)
    name = models.CharField(max_length=300)
    number = models.PositiveIntegerField(help_text="the season's number within the show, from 1")
    total = models.PositiveIntegerField(null=True, help_text="how many parts there will be")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["show", "slug"], name="one_series_a_slug"),
            models.UniqueConstraint(fields=["show", "number"], name="one_series_a_number"),
        ]


class Person(models.Model):
    """Somebody who is credited, on one page."""

    slug = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=300)


class Tag(models.Model):
    """A subject that episodes share."""

    slug = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=100)


class EpisodeState(models.TextChoices):
    """What the publisher wants of an episode."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Episode(models.Model):
    """One interview, or one part of it. Public when `state` is published and `live_since` is set."""

    key = models.CharField(max_length=10, unique=True, default=new_key)
    guid = models.CharField(max_length=200, unique=True, default=new_guid)
    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="episodes")
    slug = models.CharField(max_length=80)
    title = models.TextField()
    standfirst = models.TextField(default="")
    notes = models.TextField(default="", help_text="Markdown")
    language = models.CharField(max_length=20, default="", help_text="empty: as the show's until it is detected")
    state = models.CharField(max_length=10, choices=EpisodeState.choices, default=EpisodeState.PUBLISHED)
    published_at = models.DateTimeField(help_text="the date that readers see; the page is not public before it")
    live_since = models.DateTimeField(null=True, help_text="when its sound was ready and the page went out")
    series = models.ForeignKey(Series, null=True, on_delete=models.SET_NULL, related_name="parts")
    part = models.PositiveIntegerField(null=True)
    picture = models.ForeignKey(Picture, null=True, on_delete=models.SET_NULL)
    tags = models.ManyToManyField(Tag, related_name="episodes")
    video_url = models.TextField(default="", help_text="where its video is, when another site has it")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["show", "slug"], name="one_episode_a_slug"),
            models.UniqueConstraint(
                fields=["series", "part"], condition=Q(series__isnull=False), name="one_episode_a_part"
            ),
        ]
        indexes = [models.Index(fields=["show", "published_at", "id"], name="episodes_by_date")]

    @property
    def is_public(self) -> bool:
        """Whether readers may see it now."""
        return self.state == EpisodeState.PUBLISHED and self.live_since is not None

    @property
    def folder(self) -> str:
        """Its folder below public/, without slashes at the ends."""
        return f"{self.show.slug}/{self.slug}"


class Role(models.TextChoices):
    """Roles of the Podcasting 2.0 taxonomy that we give."""

    HOST = "host"
    GUEST = "guest"


class Credit(models.Model):
    """Who did what in an episode, in the order in which they are named."""

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="credits")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="credits")
    role = models.CharField(max_length=20, choices=Role.choices)
    position = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["episode", "person", "role"], name="one_credit_a_role")]
        ordering = ["position"]


class Chapter(models.Model):
    """A named moment of an episode."""

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="chapters")
    start_ms = models.PositiveBigIntegerField()
    title = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["episode", "start_ms"], name="one_chapter_a_moment")]
        ordering = ["start_ms"]


class Related(models.Model):
    """A piece that the publisher picked to stand beside an episode: one of ours by identity, or a page elsewhere."""

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="related")
    position = models.PositiveIntegerField()
    piece = models.ForeignKey(Episode, null=True, on_delete=models.CASCADE, related_name="shown_beside")
    url = models.TextField(default="")
    title = models.TextField(default="")
    site = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["episode", "position"], name="one_related_a_position"),
            models.CheckConstraint(
                condition=Q(piece__isnull=False, url="") | (Q(piece__isnull=True) & ~Q(url="")),
                name="related_is_ours_or_elsewhere",
            ),
        ]
        ordering = ["position"]


class PartElsewhere(models.Model):
    """A part of a series that another site has. A part of our own with the same number takes its place.

    `feed_guid` and `item_guid` are what podcast apps find it by, where they are known.
    """

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="elsewhere")
    part = models.PositiveIntegerField()
    url = models.TextField()
    title = models.TextField()
    site = models.TextField()
    feed_guid = models.CharField(max_length=36, default="", help_text="podcast:guid of the feed that has it")
    item_guid = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "part"], name="one_elsewhere_a_part")]
        ordering = ["part"]


class Redirect(models.Model):
    """An address that an episode once had; it leads to where the episode is now."""

    folder = models.CharField(max_length=200, unique=True, help_text="<show>/<episode> as it was")
    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="redirects")


class Change(models.Model):
    """Something that readers can see has changed. Written in the transaction of the change, consumed by the press.

    `kind` is "episode", "show", "passage", "discussion", "log" or "everything"; `subject` is the row's id (of "log" the
    number of a file, of "everything" 0).
    """

    kind = models.CharField(max_length=12)
    subject = models.BigIntegerField(default=0)
