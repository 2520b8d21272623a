"""The log: append-only, each event hashed with the one before, its content only by a salted hash.

What is erased leaves its line: the salt lies beside the content and goes with it, and what stays says nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from onrecord.catalogue.changes import log_grew
from onrecord.discussion.models import Comment, EarlierWording, Event, Head, Kind, new_salt
from onrecord.lib.times import iso

PAGE = 1_000
"""Events in a file of the public log."""

FILE = "discussion/log.json"
"""Below public/: how many events there are, and the hash of the newest."""

OF_WORDS = (Kind.RECEIVED, Kind.EDITED)
"""Events whose digest is that of a comment's words."""

BEGINNING = ""
"""What the first event has for the hash of the one before."""


def append(kind: Kind, comment: Comment, *, note: str = "", by: str = "") -> Event:
    """Write down what happened to a comment, in the caller's transaction.

    Of what a writer did the digest is that of the words, else that of the note.
    """
    head = lock()
    of_words = kind in OF_WORDS
    salt = new_salt() if note and not of_words else ""
    event = Event(
        number=head.number + 1,
        at=timezone.now().replace(microsecond=0),
        kind=kind,
        episode=comment.episode.key,
        comment=comment.key,
        digest=digest_of(comment.salt, wording(comment.name, comment.text)) if of_words else digest_of(salt, note),
        previous=head.hash,
        salt=salt,
        note=note,
        by=by,
    )
    event.hash = hash_of(event)
    event.save(force_insert=True)
    head.number, head.hash = event.number, event.hash
    head.save(update_fields=["number", "hash"])
    log_grew(page_of(event.number))
    return event


def forget_notes(comment: str) -> None:
    """Let go of what was noted with the events of a comment. Their lines stay, and say nothing without the salt."""
    Event.objects.filter(comment=comment).exclude(note="").update(note="", salt="")


def lock() -> Head:
    """One writer at a time, to the end of the transaction. Elsewhere than on SQLite this row is waited for."""
    Head.objects.get_or_create(pk=1)
    return Head.objects.select_for_update().get(pk=1)


def wording(name: str, text: str) -> str:
    """What is hashed of a comment: the name that stands above it, and its Markdown."""
    return f"{name}\n{text}"


def digest_of(salt: str, content: str) -> str:
    """SHA-256 of the salt (hexadecimal) and the content, in UTF-8; empty without a salt."""
    return hashlib.sha256(f"{salt}{content}".encode()).hexdigest() if salt else ""


def public_line(event: Event) -> dict[str, Any]:
    """What the public log says of an event; `hash_of` is made of it."""
    return {
        "number": event.number,
        "at": iso(event.at),
        "kind": str(event.kind),
        "episode": event.episode,
        "comment": event.comment,
        "digest": event.digest,
        "previous": event.previous,
    }


def hash_of(event: Event) -> str:
    """SHA-256 of the public line as JSON without spaces, in UTF-8."""
    return hash_of_line(public_line(event))


def hash_of_line(line: dict[str, Any]) -> str:
    """The same of a line as the public log has it, without its hash."""
    return hashlib.sha256(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def page_of(number: int) -> int:
    """Which file of the public log has an event; the oldest is 1.

    >>> page_of(1), page_of(1000), page_of(1001)
    (1, 1, 2)
    """
    return (number - 1) // PAGE + 1


def page_count() -> int:
    """How many files the public log has."""
    newest = Head.objects.first()
    return page_of(newest.number) if newest and newest.number else 0


def file_of(page: int) -> str:
    """Where a file of the public log stands below public/.

    >>> file_of(2)
    'discussion/log/2.json'
    """
    return f"discussion/log/{page}.json"


def lines(page: int) -> list[dict[str, Any]]:
    """The events of a file of the public log, each with its hash."""
    rows = Event.objects.filter(number__gt=(page - 1) * PAGE, number__lte=page * PAGE).order_by("number")
    return [public_line(event) | {"hash": event.hash} for event in rows]


def verify() -> list[str]:
    """What is wrong with the log, in sentences; nothing when every line follows from the one before it.

    A content that is still there must have the digest that its line says.
    """
    problems: list[str] = []
    expected, previous = 1, BEGINNING
    for event in Event.objects.order_by("number").iterator():
        if event.number != expected:
            problems.append(f"Event {expected} is missing.")
        if event.previous != previous or event.hash != hash_of(event):
            problems.append(f"Event {event.number} is not as it was written.")
        if event.salt and digest_of(event.salt, event.note) != event.digest:
            problems.append(f"The note of event {event.number} is not as it was written.")
        expected, previous = event.number + 1, event.hash
    head = Head.objects.first()
    if head and (head.number, head.hash) != (expected - 1, previous):
        problems.append("The last events are missing.")
    return [*problems, *_altered_words()]


def _altered_words() -> Iterator[str]:
    """Comments whose words stand in no line."""
    digests: dict[str, set[str]] = {}
    rows = Event.objects.filter(kind__in=OF_WORDS).values_list("comment", "digest")
    for key, digest in rows.iterator():
        digests.setdefault(key, set()).add(digest)
    for comment in Comment.objects.exclude(salt="").iterator():
        if digest_of(comment.salt, wording(comment.name, comment.text)) not in digests.get(comment.key, ()):
            yield f"The words of comment {comment.key} are not as they were received."
    for earlier in EarlierWording.objects.exclude(salt="").select_related("comment").iterator():
        kept = wording(earlier.comment.name, earlier.text)
        if digest_of(earlier.salt, kept) not in digests.get(earlier.comment.key, ()):
            yield f"Earlier words of comment {earlier.comment.key} are not as they were received."


def receipt(comment: Comment) -> dict[str, Any]:
    """What the writer keeps: with it anyone can see in the public log that these words came in then."""
    return receipt_of(comment, Event.objects.filter(comment=comment.key, kind__in=OF_WORDS).latest("number"))


def receipt_of(comment: Comment, received: Event) -> dict[str, Any]:
    """The same, when the line is at hand that says so."""
    return {
        "comment": comment.key,
        "received": iso(received.at),
        "event": received.number,
        "hash": received.hash,
        "digest": received.digest,
        "salt": comment.salt,
        "name": comment.name,
        "text": comment.text,
    }
