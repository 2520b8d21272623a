"""What is kept of a person: who may see it, and all of it in one file."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from onrecord.discussion import erasing, letters, log, notices, writers
from onrecord.discussion.models import Comment, Event, Notice, OwnLink, State, Statement, Writer
from onrecord.lib.errors import BadInput
from onrecord.lib.times import iso
from onrecord.mail import outgoing
from onrecord.references import keeping
from onrecord.references.models import Reference

LINK_LASTS = timedelta(days=1)
MOST_LINKS = 3
"""That are mailed to one address within that time."""

_UNFIT = re.compile(r"[^\w. -]+")


# ── the mailed link ─────────────────────────────────────────────────────────────────────────────────────────────────


def ask(address: str) -> None:
    """Mail a link to whoever has this address, if anything is kept of them. Nobody else learns whether it is."""
    known, now = writers.hash_of(address), timezone.now()
    with transaction.atomic():
        OwnLink.objects.filter(made__lt=now - LINK_LASTS).delete()
        if not erasing.is_known(known) or OwnLink.objects.filter(address_hash=known).count() >= MOST_LINKS:
            return
        secret = secrets.token_urlsafe(32)
        OwnLink.objects.create(digest=_digest(secret), address=writers.sealed(address), address_hash=known, made=now)
        letters.own(address, secret)


def find(secret: str) -> OwnLink | None:
    """The link of this secret, opened or not; None when it is too old, or nobody's."""
    fresh = OwnLink.objects.filter(made__gte=timezone.now() - LINK_LASTS)
    return fresh.filter(digest=_digest(secret)).first()


def open_link(link: OwnLink) -> bool:
    """Open a link; only the first who does may."""
    return bool(OwnLink.objects.filter(pk=link.pk, opened=None).update(opened=timezone.now()))


def forget_links(now: datetime) -> None:
    """Let go of links that lead nowhere any more."""
    OwnLink.objects.filter(made__lt=now - LINK_LASTS).delete()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


# ── everything of theirs ────────────────────────────────────────────────────────────────────────────────────────────


def counted(address_hash: str) -> dict[str, int]:
    """How much there is, for a page."""
    theirs = Comment.objects.filter(writer__address_hash=address_hash)
    mails = sum(1 for _ in outgoing.waiting_for(lambda to: writers.hash_of(to) == address_hash))
    return {
        "comments": theirs.count(),
        "disputes": theirs.filter(dispute__isnull=False).count(),
        "references": Reference.objects.filter(pk__in=theirs.values("cited__reference")).count(),
        "replies": Statement.objects.filter(writer__address_hash=address_hash).count(),
        "notices": Notice.objects.filter(writer__address_hash=address_hash).count(),
        "mails": mails,
    }


def written(address_hash: str) -> QuerySet[Comment]:
    """The comments of theirs that can be taken back, the newest first."""
    theirs = Comment.objects.filter(writer__address_hash=address_hash).exclude(salt="")
    there = theirs.exclude(state__in=(State.SPAM, State.WITHDRAWN))
    return there.select_related("episode__show").order_by("-id")


def packed(address: str) -> IO[bytes]:
    """What `write` writes, as a file without a name, at its beginning; it is gone when it is closed."""
    file = tempfile.TemporaryFile(dir=settings.ONRECORD.work)  # noqa: SIM115 closing it is all that removes it
    write(file, address)
    file.seek(0)
    return file


def write(file: IO[bytes], address: str) -> None:
    """Write all that is kept of whoever has this address: a zip of `yours.json` and the files that they attached.

    Raises BadInput when there is nothing.
    """
    known = writers.hash_of(address)
    writer = Writer.objects.filter(address_hash=known).first()
    if writer is None:
        raise BadInput("Nothing is kept of this address.")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        comments = writer.comments.select_related("episode__show", "parent", "dispute").order_by("id")
        comments = comments.prefetch_related("earlier", "ties", "cited__reference__copy")
        said = writer.statements.select_related("comment__episode__show").order_by("id")
        events = _events(comment.key for comment in comments)
        everything = {
            "publication": settings.ONRECORD.publication.name,
            "made": iso(timezone.now()),
            "you": _writer(writer, address),
            "comments": [_comment(comment, events[comment.key]) for comment in comments],
            "replies": [_statement(statement) for statement in said],
            "invitations": [
                {"name": one.name, "invited": iso(one.created), "expires": iso(one.expires), "used": _date(one.used)}
                for one in writer.invitations.order_by("id")
            ],
            "legal_notices": [
                _notice(one) for one in writer.notices.select_related("episode", "comment").order_by("id")
            ],
            "in_legal_notices": [
                {"comment": one.comment.key, "you_gave": notices.response(one)}
                for one in Notice.objects.filter(comment__in=comments).exclude(response=b"").select_related("comment")
                if one.comment
            ],
            "mails_waiting": [
                {"written": iso(mail.created), "subject": content.subject, "text": content.body}
                for mail, content in outgoing.waiting_for(lambda to: writers.hash_of(to) == known)
            ],
        }
        archive.writestr("yours.json", json.dumps(everything, ensure_ascii=False, indent=1))
        attached = Reference.objects.filter(pk__in=writer.comments.values("cited__reference")).exclude(sha256="")
        for name, sha256 in {file_name(one): one.sha256 for one in attached.order_by("id")}.items():
            if keeping.attached_file(sha256).is_file():
                archive.write(keeping.attached_file(sha256), f"files/{name}")


def file_name(reference: Reference) -> str:
    """What an attached file is called in the zip: never a path, and never another's name."""
    return f"{reference.sha256[:12]}-{_UNFIT.sub('_', reference.file_name).strip('. ')[:80]}"


def _events(comments: Iterable[str]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for event in Event.objects.filter(comment__in=list(comments)).order_by("number"):
        found[event.comment].append(event)
    return found


def _writer(writer: Writer, address: str) -> dict[str, Any]:
    return {
        "address": address,
        "name": writer.name,
        "since": iso(writer.created),
        "address_confirmed": _date(writer.verified),
        "mails_stopped": writer.mails_stopped,
        "blocked": _date(writer.blocked),
    }


def _comment(comment: Comment, events: Sequence[Event]) -> dict[str, Any]:
    episode, dispute = comment.episode, getattr(comment, "dispute", None)
    received = [event for event in events if event.kind in log.OF_WORDS]
    return {
        "comment": comment.key,
        "episode": episode.key,
        "title": episode.title,
        "page": f"{settings.ONRECORD.address}/{episode.folder}/",
        "number": comment.number,
        "in_reply_to": comment.parent.number if comment.parent else None,
        "name": comment.name,
        "text": comment.text,
        "language": comment.language,
        "state": comment.state,
        "received": iso(comment.created),
        "confirmed": _date(comment.confirmed),
        "published": _date(comment.published),
        "edited": _date(comment.edited),
        "returned_because": comment.reason,
        "hash_of_network": comment.network,
        "earlier_wordings": [{"text": one.text, "until": iso(one.until)} for one in comment.earlier.all()],
        "dispute": {
            "reason": dispute.reason,
            "first_hand": dispute.first_hand,
            "about": [tie.words for tie in comment.ties.all()],
        }
        if dispute
        else None,
        "references": [_reference(one.reference) for one in comment.cited.all()],
        "log": [
            {"number": event.number, "at": iso(event.at), "kind": event.kind, "note": event.note} for event in events
        ],
        "receipt": log.receipt_of(comment.key, received[-1], comment) if comment.salt and received else None,
    }


def _statement(statement: Statement) -> dict[str, Any]:
    """What they said to a dispute, as a guest or as the one who disputed."""
    comment = statement.comment
    return {
        "part": statement.part,
        "to": comment.number,
        "page": f"{settings.ONRECORD.address}/{comment.episode.folder}/",
        "name": statement.name,
        "text": statement.text,
        "state": statement.state,
        "received": iso(statement.created),
        "published": _date(statement.published),
        "returned_because": statement.reason,
    }


def _notice(notice: Notice) -> dict[str, Any]:
    """A legal notice that they gave."""
    return {
        "notice": notice.key,
        "law": notice.get_law_display(),
        "episode": notice.episode.title,
        "comment": notice.comment.number if notice.comment else None,
        "second": notice.second,
        "name": notice.name,
        "explanation": notice.explanation,
        "statement": notice.statement,
        "meaning": notice.meaning,
        "wrong": notice.wrong,
        "received": iso(notice.created),
        "confirmed": _date(notice.confirmed),
        "hash_of_network": notice.network,
        "decided": _date(notice.decided),
        "decision": notice.get_ruling_display(),
        "reason": notice.reason,
        "ground": notice.ground,
    }


def _reference(reference: Reference) -> dict[str, Any]:
    return {
        "kind": reference.kind,
        "given": reference.given,
        "title": reference.title,
        "author": reference.author,
        "date": reference.date,
        "sentence": reference.sentence,
        "given_at": iso(reference.created),
        "saved": _date(reference.copy.made) if reference.copy else None,
        "file": f"files/{file_name(reference)}" if reference.sha256 else None,
    }


def _date(at: datetime | None) -> str | None:
    return iso(at) if at else None
