"""Takes in what readers write: each in one transaction, which holds all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from onrecord.catalogue.changes import discussion_changed
from onrecord.catalogue.models import Episode
from onrecord.discussion import citing, disputes, erasing, letters, limits, log, moderate, text, writers
from onrecord.discussion.disputes import DisputeDraft
from onrecord.discussion.models import Comment, EarlierWording, Kind, State, UsedForm, Writer, new_salt
from onrecord.lib import erasures
from onrecord.lib.errors import BadInput
from onrecord.recordings.models import Rendition

EDITABLE = timedelta(minutes=15)


class FormUsed(BadInput):
    """Another text has been sent with this form."""


@dataclass(frozen=True)
class Draft:
    """What was typed and found fit. `address` as `mail.letter.address` writes it; `parent` is what it replies to."""

    name: str
    address: str
    words: str
    parent: Comment | None = None
    dispute: DisputeDraft | None = None


@dataclass(frozen=True)
class Sender:
    """What is known of who sends: the form's nonce, the network's name, and whom their browser is known as."""

    nonce: str
    network: str = ""
    writer: Writer | None = None


def post(episode: Episode, draft: Draft, sender: Sender) -> Comment:
    """Take in a comment. The same form sent twice is one comment.

    Raises FormUsed, `limits.TooMany`, or BadInput for an address that was blocked.
    """
    now = timezone.now()
    with transaction.atomic():
        log.lock()
        sent = UsedForm.objects.filter(nonce=sender.nonce).select_related("comment").first()
        if sent is not None:
            return _again(sent.comment, draft)
        writer = sender.writer or writers.find_or_make(draft.address, draft.name)
        if writer.blocked is not None:
            raise BadInput(gettext("Comments from this address are not taken."))
        network = limits.hash_of_network(sender.network, now)
        limits.check(episode, writer, network, sender.writer is not None, now)
        comment = _make(episode, draft, writer, now, network)
        if sender.writer is not None:
            comment.confirmed = now
        comment.save()
        if draft.dispute is not None:
            disputes.keep_draft(comment, draft.dispute)
        UsedForm.objects.create(nonce=sender.nonce, comment=comment, at=now)
        limits.see_to_forgetting()
        log.append(Kind.RECEIVED, comment)
        if may_publish_at_once(comment):
            moderate.publish(comment)
        elif comment.confirmed is None:
            letters.confirm(comment)
    return comment


def _again(before: Comment, draft: Draft) -> Comment:
    if before.text != draft.words:
        raise FormUsed(gettext("Another text has been sent with this form. Please press the button once more."))
    return before


def _make(episode: Episode, draft: Draft, writer: Writer, now: datetime, network: str) -> Comment:
    print_of_words = writers.fingerprint(text.folded(draft.words))
    return Comment(
        episode=episode,
        writer=writer,
        parent=draft.parent,
        name=draft.name,
        text=draft.words,
        html=text.clean_html(draft.words, duration_of(episode)),
        language=episode.language or episode.show.language,
        created=now,
        fingerprint=print_of_words,
        folded_into=None if draft.dispute else _alike(print_of_words),
        network=network,
    )


def _alike(fingerprint: str) -> Comment | None:
    """The first comment with the same words that waits: both are one line in the queue."""
    waiting = Comment.objects.filter(fingerprint=fingerprint, state=State.HELD, folded_into=None, dispute=None)
    return waiting.order_by("id").first()


def duration_of(episode: Episode) -> int:
    """How long its sound is, in milliseconds; 0 when there is none."""
    sound = Rendition.objects.filter(recording__episode=episode, recording__current=True, kind="mp3")
    return sound.values_list("duration_ms", flat=True).first() or 0


def may_publish_at_once(comment: Comment) -> bool:
    """Whether nobody need read it first: the setting says so, and its writer is known for more than a typed address."""
    if settings.ONRECORD.discussion.hold != "first" or comment.writer is None or comment.confirmed is None:
        return False
    return writers.is_trusted(comment.writer)


def confirm(comment: Comment) -> bool:
    """Whoever reads the mails of that address says that the comment is theirs. False when that was said before."""
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        if comment.confirmed is not None or comment.state not in (State.HELD, State.PUBLISHED) or not comment.writer:
            return False
        comment.confirmed = timezone.now()
        comment.save(update_fields=["confirmed"])
        writers.verify(comment.writer)
        log.append(Kind.CONFIRMED, comment)
        if comment.state == State.HELD and may_publish_at_once(comment):
            moderate.publish(comment)
    return True


def may_edit(comment: Comment, now: datetime) -> bool:
    """Whether its writer may still change it: for 15 minutes, and not once somebody else has read and published it."""
    if now - comment.created > EDITABLE:
        return False
    return comment.state == State.HELD or (comment.state == State.PUBLISHED and may_publish_at_once(comment))


def edit(comment: Comment, words: str) -> None:
    """Change the words of a comment; the earlier ones are kept. Raises BadInput when it is too late."""
    now = timezone.now()
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        if not may_edit(comment, now):
            raise BadInput(gettext("This comment cannot be changed any more."))
        if words == comment.text:
            return
        EarlierWording.objects.create(comment=comment, text=comment.text, salt=comment.salt, until=now)
        moderate.unfold(comment)
        comment.text, comment.salt, comment.edited = words, new_salt(), now
        comment.html = text.clean_html(words, duration_of(comment.episode))
        comment.fingerprint = writers.fingerprint(text.folded(words))
        comment.save(update_fields=["text", "salt", "edited", "html", "fingerprint"])
        log.append(Kind.EDITED, comment)
        if comment.state == State.PUBLISHED:
            citing.published(comment)
            discussion_changed(comment.episode_id)


def withdraw(comment: Comment) -> None:
    """Its writer, or whoever has the address that was given, takes it back."""
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        erasures.note(settings.ONRECORD.private, erasing.PERSONAL, comments=[comment.key])
        moderate.take_away(comment, State.WITHDRAWN, Kind.WITHDRAWN)
