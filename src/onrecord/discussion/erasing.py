"""Erases a person: their rows, and what else was kept because of them. `erase.py` sees to the files behind the rows.

Numbers stay, as tombstones; the lines of the log stay, and say nothing without the salts that go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.conf import settings
from django.db import transaction

from onrecord.catalogue.changes import discussion_changed
from onrecord.discussion import citing, log, moderate, writers
from onrecord.discussion.models import Comment, Kind, Notice, OwnLink, Rule, Stage, State, Statement, Writer
from onrecord.jobs import queue
from onrecord.lib import erasures
from onrecord.mail import outgoing

PERSONAL = "personal"
"""The kind of these entries in the list of erasures."""


def is_known(address_hash: str) -> bool:
    """Whether anything is kept of whoever has this address."""
    return Writer.objects.filter(address_hash=address_hash).exists()


def erase(address_hash: str, by: str = "") -> int:
    """Erase whoever has this address: name, address, its hash, all wordings, mails. Returns how many comments went."""
    with transaction.atomic():
        log.lock()
        writer = Writer.objects.filter(address_hash=address_hash).first()
        theirs, said = _comments(writer) if writer else [], _statements(writer)
        if writer:
            keys = {"comments": [one.key for one in theirs], "statements": [one.key for one in said]}
            keys["notices"] = [one.key for one in writer.notices.all()]
            erasures.note(settings.ONRECORD.private, PERSONAL, writer=writer.key, **keys)
        _forget(address_hash, writer, theirs, said, by)
    return len(theirs)


def replay(writer: str, comments: Iterable[str], statements: Iterable[str] = (), notices: Iterable[str] = ()) -> int:
    """Erase again what an older backup has brought back. Returns how many comments went."""
    with transaction.atomic():
        log.lock()
        row = Writer.objects.filter(key=writer).first() if writer else None
        left = Comment.objects.filter(key__in=list(comments)).exclude(salt="").select_related("episode__show")
        theirs = list({one.pk: one for one in [*left.order_by("id"), *(_comments(row) if row else [])]}.values())
        said = Statement.objects.filter(key__in=list(statements)).select_related("comment__episode")
        _erase_notices(Notice.objects.filter(key__in=list(notices)))
        _forget(row.address_hash if row else "", row, theirs, [*said, *_statements(row)], "")
    return len(theirs)


def _comments(writer: Writer) -> list[Comment]:
    return list(writer.comments.select_related("episode__show").order_by("id"))


def _statements(writer: Writer | None) -> list[Statement]:
    """What they said to disputes: a guest's replies stand beside comments of others."""
    return list(writer.statements.select_related("comment__episode").order_by("id")) if writer else []


def _forget(address_hash: str, writer: Writer | None, theirs: list[Comment], said: list[Statement], by: str) -> None:
    outgoing.forget_quoting([*(one.key for one in theirs), *(one.key for one in said)])
    for statement in {one.pk: one for one in said}.values():
        _take_back(statement, by)
    for comment in theirs:
        comment.refresh_from_db(fields=["folded_into"])
        log.forget_notes(comment.key)
        _forget_in_notices(comment)
        moderate.take_away(comment, State.WITHDRAWN, Kind.ERASED, by)
    if writer:
        _erase_notices(writer.notices.all())
        writer.delete()
    if address_hash:
        OwnLink.objects.filter(address_hash=address_hash).delete()
        Rule.objects.filter(digest=address_hash).delete()
        outgoing.forget(lambda to: writers.hash_of(to) == address_hash)


def _take_back(statement: Statement, by: str) -> None:
    """A reply or a rejoinder goes as if it had not been said; the line of the log that it came stays."""
    log.append(Kind.ERASED, statement.comment, by=by)
    log.forget_notes(statement.comment.key)
    citing.forget_said(statement)
    statement.delete()
    discussion_changed(statement.comment.episode_id)


# ── legal notices ───────────────────────────────────────────────────────────────────────────────────────────────────


def forget_notices(notices: Collection[Notice]) -> None:
    """Erase legal notices because whose they are said to be wants it, in the caller's transaction."""
    erasures.note(settings.ONRECORD.private, PERSONAL, notices=[one.key for one in notices])
    _erase_notices(notices)


def _erase_notices(notices: Iterable[Notice]) -> None:
    """One on which something was done leaves what was decided and when; another goes altogether."""
    for notice in notices:
        log.forget_notes(notice.key)
        outgoing.forget_quoting([notice.key])
        if notice.stage in (Stage.HIDDEN, Stage.DECIDED):
            notice.name = notice.explanation = notice.statement = notice.meaning = notice.wrong = ""
            notice.salt = notice.network = notice.reason = ""
            notice.writer = None
            notice.save()
        else:
            queue.forget(notice.pk, None, [moderate.LAPSE])
            notice.delete()


def _forget_in_notices(comment: Comment) -> None:
    """What legal notices have of the comment's writer: name and postal address, the words, the statement of reasons."""
    for notice in comment.notices.all():
        log.forget_notes(notice.key)
        notice.response, notice.statement, notice.salt, notice.reason = b"", "", "", ""
        notice.save()
