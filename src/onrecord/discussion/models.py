"""Who writes, what they wrote, and the log of what became of it."""

import secrets
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Q

from onrecord.catalogue.models import Episode
from onrecord.passages.models import Passage
from onrecord.references.models import Reference
from onrecord.transcripts.models import Revision


def new_key() -> str:
    """A comment's name for ever, in addresses, receipts and the log; nobody guesses another's."""
    return secrets.token_hex(8)


def new_salt() -> str:
    """What is hashed with a content, so that nobody finds the content by trying."""
    return secrets.token_hex(16)


class Discussion(models.Model):
    """What is counted of an episode's discussion. Numbers are given when a comment is published, and never again."""

    episode = models.OneToOneField(Episode, on_delete=models.CASCADE, related_name="discussion")
    last_number = models.PositiveIntegerField(default=0)


class Writer(models.Model):
    """Somebody who writes: one mail address. Two who share a name are two."""

    key = models.CharField(
        max_length=16,
        unique=True,
        default=new_key,
        help_text="random: cookies, mailed links and erasures name it",
    )
    name = models.CharField(max_length=80, help_text="as they last gave it")
    address = models.BinaryField(help_text="sealed: lib/sealing.py")
    address_hash = models.CharField(max_length=64, unique=True, help_text="keyed; `writers.hash_of`")
    verified = models.DateTimeField(null=True, help_text="when a mailed link was first confirmed")
    mails_stopped = models.BooleanField(default=False)
    blocked = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)


class OwnLink(models.Model):
    """A mailed link by which somebody sees and erases what is kept of them. It is opened once."""

    digest = models.CharField(max_length=64, unique=True, help_text="sha256 of the secret in the link")
    address = models.BinaryField(help_text="sealed: lib/sealing.py")
    address_hash = models.CharField(max_length=64, help_text="keyed; `writers.hash_of`")
    made = models.DateTimeField()
    opened = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["address_hash", "made"], name="own_links_of_address")]


class State(models.TextChoices):
    """Where a comment stands. What has been published once and is so no more leaves a tombstone."""

    HELD = "held"
    PUBLISHED = "published"
    RETURNED = "returned"
    SPAM = "spam"
    WITHDRAWN = "withdrawn"


class Comment(models.Model):
    """What somebody wrote about an episode. It belongs to the episode, whatever address that has."""

    key = models.CharField(max_length=16, unique=True, default=new_key)
    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="comments")
    writer = models.ForeignKey(Writer, null=True, on_delete=models.SET_NULL, related_name="comments")
    parent = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="replies")
    number = models.PositiveIntegerField(null=True, help_text="within the episode, from 1; given when published")
    name = models.CharField(max_length=80, help_text="as it is shown with this comment")
    text = models.TextField(help_text="Markdown")
    html = models.TextField(help_text="clean; made by `text.clean_html`")
    language = models.CharField(max_length=20)
    salt = models.CharField(max_length=32, default=new_salt, help_text="empty once the content is erased")
    state = models.CharField(max_length=10, choices=State.choices, default=State.HELD)
    created = models.DateTimeField()
    confirmed = models.DateTimeField(null=True, help_text="when whoever has the mail address said that it is theirs")
    published = models.DateTimeField(null=True)
    edited = models.DateTimeField(null=True)
    reason = models.TextField(default="", help_text="why it was returned, as its writer was told")
    fingerprint = models.CharField(max_length=64, help_text="keyed hash of its words: the same words are one line")
    folded_into = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="folded")
    network = models.CharField(max_length=32, default="", help_text="keyed hash of where it came from; for 30 days")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["episode", "number"], condition=Q(number__isnull=False), name="one_comment_a_number"
            )
        ]
        indexes = [
            models.Index(
                fields=["created", "id"], condition=Q(state="held", folded_into__isnull=True), name="comments_waiting"
            ),
            models.Index(fields=["fingerprint", "state"], name="comments_alike"),
            models.Index(fields=["network", "created"], condition=~Q(network=""), name="comments_of_network"),
            models.Index(fields=["episode", "created"], name="comments_of_episode"),
        ]


class EarlierWording(models.Model):
    """What a comment said before its writer edited it."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="earlier")
    text = models.TextField()
    salt = models.CharField(max_length=32)
    until = models.DateTimeField()


class Reason(models.TextChoices):
    """What its writer says is wrong."""

    FACT = "fact", "factual error"
    CONTEXT = "context", "missing context"
    OUTDATED = "outdated", "outdated"
    MISQUOTED = "misquoted", "misquoted"
    UNSUPPORTED = "unsupported", "unsupported claim stated as fact"
    OTHER = "other", "something else"
    HEARD = "heard", "I hear something else"


class Dispute(models.Model):
    """A comment that says that something is wrong: with what was said, or, without a tie, with the whole episode."""

    comment = models.OneToOneField(Comment, on_delete=models.CASCADE, related_name="dispute")
    reason = models.CharField(max_length=12, choices=Reason.choices)
    first_hand = models.BooleanField(default=False, help_text="its writer knows it from being there")


class Tie(models.Model):
    """Words that a comment is about. They become a passage when the comment is published; until then nobody sees it."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="ties")
    revision = models.ForeignKey(Revision, null=True, on_delete=models.SET_NULL, related_name="+")
    first = models.PositiveIntegerField(help_text="index of the first word in the revision")
    end = models.PositiveIntegerField(help_text="index after the last word")
    words = models.TextField(help_text="exactly as they stood there")
    speaker = models.PositiveIntegerField(null=True, help_text="the tokens' speaker")
    start_ms = models.PositiveBigIntegerField()
    passage = models.ForeignKey(Passage, null=True, on_delete=models.SET_NULL, related_name="ties")
    tied_by = models.CharField(max_length=120, default="", help_text="the editor who tied it; empty for its writer")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comment", "revision", "first", "end"], name="one_tie_of_the_same_words")
        ]


class Cited(models.Model):
    """A reference of a comment: given in the form, or a link in its text."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="cited")
    reference = models.ForeignKey(Reference, on_delete=models.CASCADE, related_name="+")
    in_text = models.BooleanField(default=False)


class UsedForm(models.Model):
    """A form is good for one comment. Forgotten when the form would have expired."""

    nonce = models.CharField(max_length=32, unique=True)
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_index=True)


class Kind(models.TextChoices):
    """What the log tells."""

    RECEIVED = "received"
    CONFIRMED = "confirmed"
    EDITED = "edited"
    PUBLISHED = "published"
    RETURNED = "returned"
    SPAM = "spam"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"


class Event(models.Model):
    """One line of the log. Only `salt`, `note` and `by` may ever go; they are not hashed as they stand."""

    number = models.PositiveBigIntegerField(unique=True, help_text="from 1, without gaps")
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    episode = models.CharField(max_length=10, help_text="the episode's key")
    comment = models.CharField(max_length=16, db_index=True, help_text="the comment's key")
    digest = models.CharField(max_length=64, help_text="salted hash of the content: log.digest_of")
    previous = models.CharField(max_length=64, help_text="the hash of the event before")
    hash = models.CharField(max_length=64)
    salt = models.CharField(max_length=32, default="", help_text="of the note; a comment's words have their own")
    note = models.TextField(default="", help_text="such as the reason; never public")
    by = models.CharField(max_length=120, default="", help_text="who did it, where it was not the writer")

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Written once. Raises TypeError on any later change."""
        if not self._state.adding:
            raise TypeError("an event is never changed")
        super().save(*args, update_fields=update_fields, **options)


class Head(models.Model):
    """The newest event. One row; who appends to the log holds its lock."""

    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")
