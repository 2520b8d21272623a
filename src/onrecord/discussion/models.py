"""Who writes, what they wrote, and the log of what became of it."""

import secrets
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Q

from onrecord.accounts.models import Account
from onrecord.catalogue.models import Episode
from onrecord.mail.models import Mail
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
    spam = models.PositiveIntegerField(default=0, help_text="comments that were taken away as spam, and are gone")
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
    REMOVED = "removed"
    RESTRICTED = "restricted"  # hidden for legal reasons; its words are there, for those who decide


class Returned(models.TextChoices):
    """Why a comment was returned, as it is counted for everybody; its writer is told more."""

    TOPIC = "topic", "not about this episode"
    GROUNDS = "grounds", "a claim without grounds"
    TONE = "tone", "insults"
    PRIVATE = "private", "says private things of others"
    UNLAWFUL = "unlawful", "against the law"
    SAID = "said", "said already"
    OTHER = "other", "another reason"


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
    returned_for = models.CharField(max_length=10, choices=Returned.choices, default="", help_text="the same, counted")
    fingerprint = models.CharField(max_length=64, help_text="keyed hash of its words: the same words are one line")
    folded_into = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="folded")
    network = models.CharField(max_length=32, default="", help_text="keyed hash of where it came from; for 30 days")
    held_for = models.TextField(default="", help_text="the rule that holds it, in words")
    assigned = models.ForeignKey(
        Account, null=True, on_delete=models.SET_NULL, related_name="+", help_text="whose it is to decide"
    )

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
            # the same as SQLite wants it, which looks for the rows that are folded into nothing and would sort them
            models.Index(
                fields=["folded_into", "created", "id"], condition=Q(state="held"), name="comments_waiting_in_line"
            ),
            models.Index(
                fields=["writer", "created", "id"], condition=Q(state="held"), name="comments_waiting_of_writer"
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


class Outcome(models.TextChoices):
    """What came of a dispute. None of them is a verdict on who is right."""

    CORRECTED = "corrected", "corrected"
    CLARIFIED = "clarified", "clarified"
    CONTEXT = "context", "context added"
    TRANSCRIPT = "transcript", "transcript fixed"
    STANDS = "stands", "stands"
    OPINION = "opinion", "opinion"
    DUPLICATE = "duplicate", "duplicate of another"
    WITHDRAWN = "withdrawn", "withdrawn by the reader"
    REMOVED = "removed", "removed for legal reasons"


class Answer(models.Model):
    """The publisher's answer to a comment, and what came of a dispute. Each row is one wording: a change is another.

    The newest that is published stands; those before it are its earlier wordings. One that is not published yet waits
    for a second pair of eyes.
    """

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="answers")
    name = models.CharField(max_length=80, help_text="who answers, as it is shown")
    text = models.TextField(help_text="Markdown; empty where the outcome says all")
    html = models.TextField(help_text="clean; made by `text.clean_html`")
    salt = models.CharField(max_length=32, default=new_salt)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, default="", help_text="empty: it stays open")
    reason = models.TextField(default="", help_text="why this is the outcome, in plain text")
    duplicate_of = models.ForeignKey(Comment, null=True, on_delete=models.SET_NULL, related_name="+")
    old_revision = models.PositiveIntegerField(null=True, help_text="of the transcript, before it was fixed")
    new_revision = models.PositiveIntegerField(null=True)
    correction_text = models.TextField(default="", help_text="of the correction that is published with it")
    correction = models.ForeignKey("Correction", null=True, on_delete=models.SET_NULL, related_name="answers")
    by = models.CharField(max_length=120, help_text="the account that wrote it; never public")
    confirmed_by = models.CharField(max_length=120, default="", help_text="the second pair of eyes")
    created = models.DateTimeField()
    published = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["comment"], condition=Q(published__isnull=True), name="one_answer_waits_for_a_comment"
            )
        ]


class Part(models.TextChoices):
    """Whose further word a statement is."""

    REPLY = "reply", "the guest's reply"
    REJOINDER = "rejoinder", "rejoinder"


class Statement(models.Model):
    """What is said to a dispute besides the answer, once by each: the guest's reply, its writer's rejoinder."""

    key = models.CharField(max_length=16, unique=True, default=new_key)
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="statements")
    part = models.CharField(max_length=10, choices=Part.choices)
    writer = models.ForeignKey(Writer, null=True, on_delete=models.SET_NULL, related_name="statements")
    name = models.CharField(max_length=80, help_text="as it is shown")
    text = models.TextField(help_text="Markdown")
    html = models.TextField(help_text="clean; made by `text.clean_html`")
    salt = models.CharField(max_length=32, default=new_salt)
    state = models.CharField(max_length=10, choices=State.choices, default=State.HELD)
    created = models.DateTimeField()
    published = models.DateTimeField(null=True)
    reason = models.TextField(default="", help_text="why it was returned, as its writer was told")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["comment", "part"], condition=Q(state__in=["held", "published"]), name="one_statement_of_each"
            )
        ]
        indexes = [models.Index(fields=["created", "id"], condition=Q(state="held"), name="statements_waiting")]


class Invitation(models.Model):
    """A guest is asked to reply to one dispute: a mailed link, good for one reply. Only its secret's hash is kept."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="invitations")
    writer = models.ForeignKey(Writer, on_delete=models.CASCADE, related_name="invitations")
    name = models.CharField(max_length=80, help_text="as it is shown with the reply")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret, hexadecimal")
    by = models.CharField(max_length=120, help_text="who invited them; never public")
    created = models.DateTimeField()
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)


class Cited(models.Model):
    """A reference of a comment: given in the form, or a link in its text; or a link in what was said to it."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="cited")
    answer = models.ForeignKey(Answer, null=True, on_delete=models.CASCADE, related_name="cited")
    statement = models.ForeignKey(Statement, null=True, on_delete=models.CASCADE, related_name="cited")
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
    REMOVED = "removed"
    ANSWERED = "answered"
    REPLIED = "replied"
    REJOINED = "rejoined"
    CLOSED = "closed"
    CORRECTED = "corrected"
    REWORDED = "correction reworded"
    CORRECTION_WITHDRAWN = "correction withdrawn"
    UNDONE = "undone"
    TIED = "tied"
    UNTIED = "untied"
    CUT = "cut"
    ERASED = "erased"
    RESTRICTED = "restricted"
    NOTICE = "notice received"
    NOTICE_CONFIRMED = "notice confirmed"
    ASKED = "writer asked"
    RESPONDED = "writer responded"
    LAPSED = "no response in time"
    RULED = "notice decided"
    REDACTED = "redacted"


class Event(models.Model):
    """One line of the log. Only `salt`, `note` and `by` may ever go; they are not hashed as they stand."""

    number = models.PositiveBigIntegerField(unique=True, help_text="from 1, without gaps")
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    episode = models.CharField(max_length=10, help_text="the episode's key")
    comment = models.CharField(
        max_length=16, db_index=True, help_text="the comment's key, the correction's or the notice's, or empty"
    )
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
    corrections = models.PositiveIntegerField(default=0, help_text="the number of the newest correction")


class CorrectionKind(models.TextChoices):
    """What a correction does. The words that were said stay, whatever it is."""

    CORRECTION = "correction", "correction"
    CLARIFICATION = "clarification", "clarification"
    UPDATE = "update", "update"
    NOTE = "note", "editor's note"
    TRANSCRIPT = "transcript", "transcript fix"
    WITHDRAWAL = "withdrawal", "withdrawal"


class Correction(models.Model):
    """What the publisher says of something that was said and is wrong. Numbered in the whole publication, for ever.

    Without passages it is about the episode as a whole. A text that is changed leaves an `EarlierText`; one that is
    withdrawn keeps its number and its text, with a sentence.
    """

    number = models.PositiveIntegerField(unique=True, help_text="within the publication, from 1")
    key = models.CharField(max_length=16, unique=True, default=new_key)
    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="corrections")
    kind = models.CharField(max_length=14, choices=CorrectionKind.choices)
    text = models.TextField(help_text="Markdown")
    html = models.TextField(help_text="clean; made by `text.clean_html`")
    language = models.CharField(max_length=20)
    salt = models.CharField(max_length=32, default=new_salt, help_text="empty once the content is erased")
    published = models.DateTimeField()
    changed = models.DateTimeField(null=True, help_text="since when it has this text, if it had another")
    comment = models.ForeignKey(Comment, null=True, on_delete=models.SET_NULL, related_name="corrections")
    credit = models.CharField(max_length=200, default="", help_text="who is thanked, by name")
    passages = models.ManyToManyField(Passage, related_name="corrections")
    references = models.ManyToManyField(Reference, related_name="+", help_text="the links in its text")
    old_revision = models.ForeignKey(Revision, null=True, on_delete=models.SET_NULL, related_name="+")
    new_revision = models.ForeignKey(Revision, null=True, on_delete=models.SET_NULL, related_name="+")
    withdrawn = models.DateTimeField(null=True)
    withdrawn_because = models.TextField(default="")

    class Meta:
        ordering = ["number"]


class EarlierText(models.Model):
    """What a correction said before its text was changed."""

    correction = models.ForeignKey(Correction, on_delete=models.CASCADE, related_name="earlier")
    text = models.TextField()
    html = models.TextField()
    salt = models.CharField(max_length=32)
    until = models.DateTimeField()


class Deed(models.TextChoices):
    """What a publisher decides on comments that wait; the last two only on a legal notice."""

    PUBLISH = "publish"
    RETURN = "return"
    SPAM = "spam"
    REMOVE = "remove"
    RESTRICT = "restrict"


class Decision(models.Model):
    """What was decided on some comments at once. There until it cannot be undone any more."""

    deed = models.CharField(max_length=10, choices=Deed.choices)
    by = models.TextField(help_text="who decided, or which rule")
    by_rule = models.BooleanField(default=False)
    at = models.DateTimeField()
    until = models.DateTimeField(help_text="until when it can be undone")

    class Meta:
        indexes = [models.Index(fields=["until"], name="decisions_by_end")]


class Decided(models.Model):
    """A comment of a decision, and all that the decision changed of it but its words."""

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="decided")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="+")
    was = models.CharField(max_length=10, choices=State.choices)
    published = models.DateTimeField(null=True)
    blocks = models.BooleanField(default=False, help_text="its writer was blocked by this decision")
    mail = models.ForeignKey(Mail, null=True, on_delete=models.SET_NULL, related_name="+")


class Law(models.TextChoices):
    """Under which law a notice is given."""

    DSA = "dsa", "Digital Services Act, article 16"
    UK = "uk", "Defamation Act 2013, section 5"


class Stage(models.TextChoices):
    """How far a notice is."""

    RECEIVED = "received", "received"
    ASKED = "asked", "its writer was asked"
    KEPT = "kept", "its writer stands by it"
    HIDDEN = "hidden", "hidden by itself, until somebody decides"
    DECIDED = "decided", "decided"


class Ruling(models.TextChoices):
    """What was decided on a notice."""

    NONE = "none", "no action"
    RESTRICTED = "restricted", "hidden for legal reasons"
    REMOVED = "removed", "removed for legal reasons"
    CHANGED = "changed", "what was said was changed"
    WITHDRAWN = "withdrawn", "not there any more"


class Notice(models.Model):
    """Somebody says that a comment, or what is said in an episode, is against the law. `notices.py` has its clocks."""

    key = models.CharField(max_length=16, unique=True, default=new_key)
    form = models.CharField(max_length=32, unique=True, help_text="the nonce: a form is good for one notice")
    law = models.CharField(max_length=3, choices=Law.choices)
    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="notices")
    comment = models.ForeignKey(Comment, null=True, on_delete=models.SET_NULL, related_name="notices")
    second = models.PositiveIntegerField(null=True, help_text="of the episode, where it is about what is said")
    writer = models.ForeignKey(
        Writer, null=True, on_delete=models.SET_NULL, related_name="notices", help_text="who gives it, where they say"
    )
    name = models.CharField(max_length=200)
    explanation = models.TextField(help_text="why it is held to be against the law")
    statement = models.TextField(default="", help_text="section 5: the words complained of")
    meaning = models.TextField(default="", help_text="section 5: what they are held to mean")
    wrong = models.TextField(default="", help_text="section 5: what is inaccurate, or opinion without support")
    pass_name = models.BooleanField(default=False, help_text="section 5: the comment's writer may have the name")
    pass_address = models.BooleanField(default=False, help_text="section 5: and the mail address")
    salt = models.CharField(max_length=32, default=new_salt, help_text="empty once the content is erased")
    language = models.CharField(max_length=20)
    network = models.CharField(max_length=32, default="", help_text="keyed hash of where it came from; for 30 days")
    created = models.DateTimeField()
    confirmed = models.DateTimeField(null=True)
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.RECEIVED)
    due = models.DateTimeField(null=True, help_text="until when the law wants the next step")
    lapses = models.DateTimeField(null=True, help_text="when the comment is hidden by itself")
    lapsed = models.DateTimeField(null=True, help_text="when it was")
    response = models.BinaryField(default=b"", help_text="sealed: name and postal address of the comment's writer")
    may_pass = models.BooleanField(default=False, help_text="these may be passed on to who gave the notice")
    ruling = models.CharField(max_length=10, choices=Ruling.choices, default="")
    decided = models.DateTimeField(null=True)
    by = models.CharField(max_length=120, default="")
    reason = models.TextField(default="", help_text="the facts, as both sides are told")
    ground = models.TextField(default="", help_text="the law or the term that it rests on")
    public_reason = models.TextField(default="", help_text="what readers see of the reason; may be empty")
    was = models.CharField(max_length=10, choices=Stage.choices, default="", help_text="before it was decided")
    decision = models.ForeignKey(
        Decision, null=True, on_delete=models.SET_NULL, related_name="notices", help_text="while it can be undone"
    )
    mail = models.ForeignKey(Mail, null=True, on_delete=models.SET_NULL, related_name="+", help_text="that tells of it")

    class Meta:
        indexes = [
            models.Index(fields=["due", "created"], condition=~Q(stage="decided"), name="notices_waiting"),
            models.Index(fields=["network", "created"], condition=~Q(network=""), name="notices_of_network"),
        ]


class Note(models.Model):
    """What those who decide tell each other, of a comment or of a person. Nobody else ever sees it."""

    comment = models.ForeignKey(Comment, null=True, on_delete=models.CASCADE, related_name="notes")
    writer = models.ForeignKey(Writer, null=True, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField()
    by = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(comment__isnull=True) ^ Q(writer__isnull=True), name="a_note_is_of_one_thing"
            )
        ]


class RuleKind(models.TextChoices):
    """What a rule looks at."""

    WORDS = "words", "words in the text"
    NAME = "name", "words in the name"
    LINK = "link", "where links lead"
    ADDRESS = "address", "the mail address"
    NETWORK = "network", "the network"


class RuleDeed(models.TextChoices):
    """What a rule does with what it finds."""

    HOLD = "hold", "hold it, whoever writes"
    REFUSE = "refuse", "do not take it"
    SPAM = "spam", "take it away as spam"


class Rule(models.Model):
    """A rule for what comes in. Of a person's address and of a network there is only a keyed hash."""

    kind = models.CharField(max_length=10, choices=RuleKind.choices)
    pattern = models.CharField(max_length=200, default="", help_text="folded words or a domain; * stands for letters")
    digest = models.CharField(max_length=64, default="", help_text="in its place: of an address, or of a network")
    deed = models.CharField(max_length=10, choices=RuleDeed.choices)
    note = models.CharField(max_length=200, default="", help_text="what it is for; only the publisher sees it")
    by = models.CharField(max_length=120)
    created = models.DateTimeField()
    ends = models.DateTimeField(null=True, help_text="when the hash of a network means nothing any more")
    matched = models.PositiveIntegerField(default=0, help_text="how often it was applied")
    last_matched = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "pattern", "digest"], name="one_rule_of_the_same")]
