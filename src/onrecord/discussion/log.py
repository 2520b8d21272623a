"""The log: append-only, each event hashed with the one before, its content only by a salted hash.

What is erased leaves its line: the salt lies beside the content and goes with it, and what stays says nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.utils import timezone

from onrecord.catalogue.changes import log_grew
from onrecord.catalogue.models import Episode
from onrecord.discussion.models import (
    Answer,
    Comment,
    Correction,
    EarlierText,
    EarlierWording,
    Event,
    Head,
    Kind,
    Notice,
    Part,
    Statement,
    new_salt,
)
from onrecord.lib.times import iso

PAGE = 1_000
"""Events in a file of the public log."""

FILE = "discussion/log.json"
"""Below public/: how many events there are, and the hash of the newest."""

KIND_OF_PART = {Part.REPLY: Kind.REPLIED, Part.REJOINDER: Kind.REJOINED}
OF_WORDS = (Kind.RECEIVED, Kind.EDITED, Kind.CUT)
"""What leaves other words: the digest is that of the words, as they are then."""

BEGINNING = ""
"""What the first event has for the hash of the one before."""


class Content(NamedTuple):
    """What an event is about, with the salt that lies beside it."""

    salt: str
    words: str


def append(kind: Kind, comment: Comment, *, content: Content | None = None, note: str = "", by: str = "") -> Event:
    """Write down what happened to a comment, in the caller's transaction.

    The digest is that of `content`; of what changed a comment's words that of the words; else that of the note.
    """
    if content is None:
        return append_all(kind, [comment], note=note, by=by)[0]
    return _chain(_event(kind, comment, by), note, digest_of(*content))


def append_all(kind: Kind, comments: Iterable[Comment], *, note: str = "", by: str = "") -> list[Event]:
    """The same of many comments (with their episodes), each with an event of its own. As many queries as for one."""
    of_words = kind in OF_WORDS
    return _chain_all(
        (_event(kind, one, by), note, digest_of(one.salt, wording(one.name, one.text)) if of_words else "")
        for one in comments
    )


def append_correction(kind: Kind, correction: Correction, *, note: str = "", by: str = "") -> Event:
    """The same of a correction: the digest is that of its text, or, when it is withdrawn, that of the note."""
    event = Event(kind=kind, episode=correction.episode.key, comment=correction.key, by=by)
    of_text = kind in (Kind.CORRECTED, Kind.REWORDED)
    return _chain(event, note, digest_of(correction.salt, correction.text) if of_text else "")


def append_notice(kind: Kind, notice: Notice, *, note: str = "", by: str = "") -> Event:
    """The same of a legal notice, under its own key: when it comes the digest is that of what it says, later that of
    the note."""
    event = Event(kind=kind, episode=notice.episode.key, comment=notice.key, by=by)
    return _chain(event, note, digest_of(*notice_content(notice)) if kind == Kind.NOTICE else "")


def append_redaction(episode: Episode, by: str) -> Event:
    """The same of an episode of which something that was said was taken out. The line has no digest: of nothing that
    is left, and of nothing that went."""
    return _chain(Event(kind=Kind.REDACTED, episode=episode.key, comment="", by=by), "", "")


def _event(kind: Kind, comment: Comment, by: str) -> Event:
    return Event(kind=kind, episode=comment.episode.key, comment=comment.key, by=by)


def _chain(event: Event, note: str, digest: str) -> Event:
    return _chain_all([(event, note, digest)])[0]


def _chain_all(lines: Iterable[tuple[Event, str, str]]) -> list[Event]:
    """Put events behind the newest one, each with its note and the digest of its content; without one the note is
    hashed."""
    head = lock()
    first, now = head.number + 1, timezone.now().replace(microsecond=0)
    events = []
    for event, note, digest in lines:
        event.number, event.previous, event.at = head.number + 1, head.hash, now
        event.note, event.salt = note, new_salt() if note and not digest else ""
        event.digest = digest or digest_of(event.salt, note)
        event.hash = hash_of(event)
        head.number, head.hash = event.number, event.hash
        events.append(event)
    Event.objects.bulk_create(events, batch_size=500)
    head.save(update_fields=["number", "hash"])
    for page in sorted({page_of(number) for number in range(first, head.number + 1)}):
        log_grew(page)
    return events


def forget_notes(comment: str) -> None:
    """Let go of what was noted with the events of a comment. Their lines stay, and say nothing without the salt."""
    Event.objects.filter(comment=comment).exclude(note="").update(note="", salt="")


def lock() -> Head:
    """One writer at a time, to the end of the transaction. Elsewhere than on SQLite this row is waited for."""
    return Head.objects.select_for_update().get_or_create(pk=1)[0]


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
    return [*problems, *_altered_words(), *_altered_corrections(), *_altered_answers(), *_altered_notices()]


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


def answer_content(answer: Answer) -> Content:
    """What is hashed of an answer: as of a comment."""
    return Content(answer.salt, wording(answer.name, answer.text))


def outcome_content(answer: Answer) -> Content:
    """What is hashed of an outcome: its word, and the reason."""
    return Content(answer.salt, wording(answer.outcome, answer.reason))


def statement_content(statement: Statement) -> Content:
    """What is hashed of a guest's reply or a rejoinder: as of a comment."""
    return Content(statement.salt, wording(statement.name, statement.text))


def notice_content(notice: Notice) -> Content:
    """What is hashed of a legal notice: its name and all that it says, a line each."""
    said = (notice.name, notice.explanation, notice.statement, notice.meaning, notice.wrong)
    return Content(notice.salt, "\n".join(part for part in said if part))


def _altered_notices() -> Iterator[str]:
    """Legal notices whose words stand in no line."""
    received = set(Event.objects.filter(kind=Kind.NOTICE).values_list("comment", "digest"))
    for notice in Notice.objects.exclude(salt="").order_by("id").iterator():
        if (notice.key, digest_of(*notice_content(notice))) not in received:
            yield f"Notice {notice.key} is not as it was received."


def _altered_answers() -> Iterator[str]:
    """Published answers and outcomes, replies and rejoinders, whose words stand in no line."""
    kinds = (Kind.ANSWERED, Kind.CLOSED, Kind.REPLIED, Kind.REJOINED)
    said = {kind: set(Event.objects.filter(kind=kind).values_list("comment", "digest")) for kind in kinds}
    answers = Answer.objects.exclude(published=None).exclude(salt="").select_related("comment")
    for answer in answers.order_by("id").iterator():
        key, at = answer.comment.key, iso(answer.published or answer.created)
        if answer.text and (key, digest_of(*answer_content(answer))) not in said[Kind.ANSWERED]:
            yield f"The answer of {at} to comment {key} is not as it was published."
        if answer.outcome and (key, digest_of(*outcome_content(answer))) not in said[Kind.CLOSED]:
            yield f"The outcome of {at} of comment {key} is not as it was published."
    statements = Statement.objects.exclude(salt="").select_related("comment")
    for statement in statements.order_by("id").iterator():
        kind = KIND_OF_PART[Part(statement.part)]
        if (statement.comment.key, digest_of(*statement_content(statement))) not in said[kind]:
            yield f"The {statement.part} to comment {statement.comment.key} is not as it was received."


def _altered_corrections() -> Iterator[str]:
    """Corrections whose text stands in no line."""
    digests: dict[str, set[str]] = {}
    rows = Event.objects.filter(kind__in=(Kind.CORRECTED, Kind.REWORDED)).values_list("comment", "digest")
    for key, digest in rows.iterator():
        digests.setdefault(key, set()).add(digest)
    for one in Correction.objects.exclude(salt="").iterator():
        if digest_of(one.salt, one.text) not in digests.get(one.key, ()):
            yield f"The text of correction {one.number} is not as it was published."
    for earlier in EarlierText.objects.exclude(salt="").select_related("correction").iterator():
        if digest_of(earlier.salt, earlier.text) not in digests.get(earlier.correction.key, ()):
            yield f"An earlier text of correction {earlier.correction.number} is not as it was published."


def receipt(comment: Comment) -> dict[str, Any]:
    """What the writer keeps: with it anyone can see in the public log that these words came in then."""
    received = Event.objects.filter(comment=comment.key, kind__in=OF_WORDS).latest("number")
    return receipt_of(comment.key, received, comment)


def receipt_of_statement(statement: Statement) -> dict[str, Any]:
    """The same of a guest's reply or a rejoinder."""
    events = Event.objects.filter(comment=statement.comment.key, kind=KIND_OF_PART[Part(statement.part)])
    return receipt_of(statement.comment.key, events.latest("number"), statement)


def receipt_of_notice(notice: Notice) -> dict[str, Any]:
    """The same of a legal notice."""
    received = Event.objects.get(comment=notice.key, kind=Kind.NOTICE)
    salt, words = notice_content(notice)
    line = {"event": received.number, "hash": received.hash, "digest": received.digest}
    return {"notice": notice.key, "received": iso(received.at), **line, "salt": salt, "text": words}


def receipt_of(key: str, received: Event, of: Comment | Statement) -> dict[str, Any]:
    """The same, when the line is at hand that says so."""
    return {
        "comment": key,
        "received": iso(received.at),
        "event": received.number,
        "hash": received.hash,
        "digest": received.digest,
        "salt": of.salt,
        "name": of.name,
        "text": of.text,
    }
