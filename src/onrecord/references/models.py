"""References, the links that they lead to, and the copies that were saved of these."""

from django.db import models

from onrecord.catalogue.models import Episode


class Link(models.Model):
    """One address, however often it is cited: it is saved and looked after once."""

    address = models.TextField(help_text="as it was given, without what stands behind #")
    digest = models.CharField(max_length=64, unique=True, help_text="sha256 of the address")
    reached = models.TextField(default="", help_text="where it led to when it was last reached")
    visited = models.BooleanField(default=True, help_text="off: never saved and never checked")
    save_failures = models.PositiveIntegerField(default=0, help_text="of the copy that is being made")
    checked = models.DateTimeField(null=True)
    next_check = models.DateTimeField(null=True, help_text="empty until somebody's text that cites it is published")
    failures = models.PositiveIntegerField(default=0, help_text="in a row, each three days or more after the last")
    first_failure = models.DateTimeField(null=True)
    last_failure = models.DateTimeField(null=True)
    dead_since = models.DateTimeField(null=True, help_text="the first of the failures that made it dead")
    problem = models.TextField(default="", help_text="of the last check, in a sentence for the publisher")

    class Meta:
        indexes = [models.Index(fields=["next_check"], name="links_by_check")]

    def __str__(self) -> str:
        return self.address


class Outcome(models.TextChoices):
    """What came of saving a page."""

    SAVED = "saved", "saved"
    BLOCKED = "blocked", "the site keeps programs out"
    FAILED = "failed", "could not be saved"


class SavedCopy(models.Model):
    """A page as it was at one time. Never shown, and never served: readers see when, which, and what came of it.

    The page is kept as WARC, and its text as text, in files named by the WARC's sha256 (`keeping.py`).
    """

    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="copies")
    made = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    problem = models.TextField(default="", help_text="in a sentence for the publisher")
    reached = models.TextField(default="")
    status = models.PositiveIntegerField(default=0, help_text="of HTTP")
    media_type = models.CharField(max_length=100, default="")
    size = models.PositiveBigIntegerField(default=0, help_text="bytes of the page")
    sha256 = models.CharField(max_length=64, default="", help_text="of the page")
    warc = models.CharField(max_length=64, default="", help_text="sha256 of the WARC file")
    title = models.TextField(default="")
    author = models.TextField(default="")
    date = models.CharField(max_length=100, default="", help_text="as the page says it")
    has_text = models.BooleanField(default=False, help_text="whether its text could be read")

    class Meta:
        indexes = [models.Index(fields=["link", "made"], name="copies_by_age")]


class Kind(models.TextChoices):
    """What a reference is."""

    LINK = "link", "a page on the web"
    WORK = "work", "a work without a link"
    FILE = "file", "an attached file"
    LOST = "lost", "a link or a work that could not be found again"


class Reference(models.Model):
    """What somebody cites in support of what they write. `given` is exactly what they gave.

    `found` says whether the sentence stands in the copy; nothing while there is no copy, no sentence, or no text.
    """

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, null=True, related_name="references")
    in_notes = models.BooleanField(default=False, help_text="it is a link of the episode's show notes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    given = models.TextField()
    link = models.ForeignKey(Link, on_delete=models.PROTECT, null=True, related_name="references")
    title = models.TextField(default="")
    author = models.TextField(default="")
    date = models.CharField(max_length=100, default="", help_text="as it was given: a day, a year, “spring 1998”")
    sentence = models.TextField(default="", help_text="the one in it that supports what the reader says")
    created = models.DateTimeField(auto_now_add=True)
    published = models.DateTimeField(null=True, help_text="when the text that cites it was; before, nobody is visited")
    copy = models.ForeignKey(SavedCopy, on_delete=models.SET_NULL, null=True, related_name="+")
    found = models.BooleanField(null=True)
    file_name = models.TextField(default="", help_text="of an attached file, as it was called")
    file_type = models.CharField(max_length=100, default="")
    file_size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, default="", help_text="of an attached file: private/attached/<sha256>")

    class Meta:
        indexes = [models.Index(fields=["sha256"], name="references_by_file")]

    def __str__(self) -> str:
        return f"reference {self.pk} ({self.kind})"
