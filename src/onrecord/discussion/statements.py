"""The guest's reply and the rejoinder: one of each to a dispute, read by the publisher before it is shown."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from onrecord.catalogue.changes import discussion_changed
from onrecord.discussion import answers, citing, letters, log, text, writers
from onrecord.discussion.models import Comment, Invitation, Kind, Part, State, Statement, Writer
from onrecord.lib.addresses import mail_address
from onrecord.lib.errors import BadInput
from onrecord.recordings.renditions import duration_of

INVITATION_LASTS = timedelta(days=30)
REJOINDER_LASTS = timedelta(days=90)
"""After the answer."""

THERE = (State.HELD, State.PUBLISHED)


def waiting() -> QuerySet[Statement]:
    """Replies and rejoinders that wait to be read, the oldest first."""
    rows = Statement.objects.filter(state=State.HELD).select_related("comment__episode__show", "writer")
    return rows.order_by("created", "id")


def there(comment: Comment, part: Part) -> Statement | None:
    """The one that waits or is published."""
    return comment.statements.filter(part=part, state__in=THERE).first()


# ── rejoinder ───────────────────────────────────────────────────────────────────────────────────────────────────────


def may_rejoin(comment: Comment) -> bool:
    """Whether the one who disputed may still say a word to the answer."""
    if comment.state != State.PUBLISHED or comment.writer is None or not hasattr(comment, "dispute"):
        return False
    answer = answers.current(comment)
    if answer is None or answer.published is None or timezone.now() - answer.published > REJOINDER_LASTS:
        return False
    return comment.writer.blocked is None and there(comment, Part.REJOINDER) is None


def rejoin(comment: Comment, words: str) -> Statement:
    """Take in the rejoinder; the same words sent twice are one. Raises BadInput when there is one, or it is late."""
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        before = there(comment, Part.REJOINDER)
        if before is not None and before.text == words:
            return before
        if not may_rejoin(comment):
            raise BadInput(gettext("A rejoinder can be written once, for 90 days after the answer."))
        return _take(comment, Part.REJOINDER, comment.writer, comment.name, words)


# ── the guest's reply ───────────────────────────────────────────────────────────────────────────────────────────────


def invite(comment: Comment, name: str, address: str, by: str) -> Invitation:
    """Ask a guest of the episode to reply to a dispute. Raises BadInput."""
    shown = text.name_of(name)
    if not shown or len(shown) > text.LONGEST_NAME:
        raise BadInput(f"Give the guest's name, as readers know it, in at most {text.LONGEST_NAME} characters.")
    address = mail_address(address)
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        if comment.state != State.PUBLISHED or not hasattr(comment, "dispute"):
            raise BadInput("Guests reply to disputes that are published; publish it first.")
        if there(comment, Part.REPLY):
            raise BadInput("There is a reply of the guest already.")
        guest = writers.find_or_make(address, shown)
        if guest.blocked is not None or guest.mails_stopped:
            raise BadInput("This address takes no mails from here: ask the guest for another.")
        comment.invitations.filter(used=None).update(expires=timezone.now())
        return _invite(comment, guest, shown, by)


def _invite(comment: Comment, guest: Writer, name: str, by: str) -> Invitation:
    invitation, secret = _invitation(comment, guest, name, by)
    letters.invited(invitation, secret)
    return invitation


def _invitation(comment: Comment, guest: Writer, name: str, by: str) -> tuple[Invitation, str]:
    secret, now = secrets.token_urlsafe(32), timezone.now()
    invitation = Invitation.objects.create(
        comment=comment,
        writer=guest,
        name=name,
        digest=digest_of(secret),
        by=by,
        created=now,
        expires=now + INVITATION_LASTS,
    )
    return invitation, secret


def digest_of(secret: str) -> str:
    """By which an invitation is found."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def invitation(secret: str) -> Invitation | None:
    """The invitation of this secret, used or not, while its dispute is public."""
    rows = Invitation.objects.select_related("comment__episode__show", "writer")
    return rows.filter(digest=digest_of(secret), comment__state=State.PUBLISHED).first()


def may_reply(invitation: Invitation) -> bool:
    """Whether its link still works."""
    if invitation.used is not None or invitation.expires <= timezone.now() or invitation.writer.blocked is not None:
        return False
    return there(invitation.comment, Part.REPLY) is None


def reply(invitation: Invitation, words: str) -> Statement:
    """Take in the guest's reply; the same words sent twice are one. Raises BadInput once its link is used or old."""
    with transaction.atomic():
        log.lock()
        invitation.refresh_from_db()
        before = there(invitation.comment, Part.REPLY)
        if before is not None and before.writer_id == invitation.writer_id and before.text == words:
            return before
        if not may_reply(invitation):
            raise BadInput(gettext("This link has been used, or has expired. Please ask for another."))
        invitation.used = timezone.now()
        invitation.save(update_fields=["used"])
        writers.verify(invitation.writer)
        return _take(invitation.comment, Part.REPLY, invitation.writer, invitation.name, words)


# ── both ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _take(comment: Comment, part: Part, writer: Writer | None, name: str, words: str) -> Statement:
    made = Statement.objects.create(
        comment=comment,
        part=part,
        writer=writer,
        name=name,
        text=words,
        html=text.clean_html(words, duration_of(comment.episode)),
        created=timezone.now(),
    )
    log.append(log.KIND_OF_PART[part], comment, content=log.statement_content(made))
    letters.arrived(made)
    return made


def find(key: str) -> Statement:
    """The reply or rejoinder that has this key. Raises Statement.DoesNotExist."""
    return Statement.objects.select_related("comment__episode__show", "writer").get(key=key)


def publish(statement: Statement, by: str = "") -> None:
    """Show it beside its dispute."""
    with transaction.atomic():
        log.lock()
        statement.refresh_from_db()
        comment = statement.comment
        if statement.state != State.HELD:
            raise BadInput("This does not wait to be read any more.")
        if comment.state != State.PUBLISHED:
            raise BadInput("The comment that it belongs to is not public.")
        statement.state, statement.published = State.PUBLISHED, timezone.now()
        statement.save(update_fields=["state", "published"])
        citing.said(statement)
        log.append(Kind.PUBLISHED, comment, content=log.statement_content(statement), by=by)
        discussion_changed(comment.episode_id)
        letters.statement_published(statement)


def send_back(statement: Statement, reason: str, by: str = "") -> None:
    """Return it to who wrote it, with the reason; they may send another. Raises BadInput without one."""
    if not reason.strip():
        raise BadInput("It is returned with a reason: say what its writer should know.")
    with transaction.atomic():
        log.lock()
        statement.refresh_from_db()
        if statement.state != State.HELD:
            raise BadInput("This does not wait to be read any more.")
        statement.state, statement.reason = State.RETURNED, reason.strip()
        statement.save(update_fields=["state", "reason"])
        log.append(Kind.RETURNED, statement.comment, note=statement.reason, by=by)
        secret = ""
        if statement.part == Part.REPLY and statement.writer is not None:
            _, secret = _invitation(statement.comment, statement.writer, statement.name, by)
        letters.statement_returned(statement, secret)
