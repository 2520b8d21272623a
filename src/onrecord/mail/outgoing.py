"""Sends mail: a row in the caller's transaction, and a step that hands it to the server when that is committed.

Every mail is sent at least once, or given up with a reason that `status` shows; a mail that comes twice (its process
died between the server's yes and our note of it) has the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from onrecord.jobs import queue
from onrecord.lib import keys, sealing
from onrecord.lib.addresses import is_web_address, mail_address
from onrecord.mail import letter
from onrecord.mail.letter import Letter
from onrecord.mail.models import Mail, State

STEP = "mail.send"
LONGEST_UNSUBSCRIBE = 900
"""A line of a mail has at most 998 characters."""


@transaction.atomic
def send(
    to: str,
    subject: str,
    body: str,
    *,
    kind: str,
    unsubscribe: str = "",
    files: Mapping[str, str] | None = None,
    due: datetime | None = None,
    quotes: str = "",
) -> Mail:
    """Send a plain text mail to one address, once the caller's transaction is committed.

    `kind`: one word for what it is for; it is kept, as the date is, when the mail itself is deleted. `unsubscribe`: an
    address of ours that a POST ends such mails at. `files`: small text files to go with it, name -> text. `due`: not
    before this, whoever hurries it; until then `take_back` ends it. `quotes`: the key of what somebody else wrote and
    this carries, for `forget_quoting`. Raises BadInput when `to` is no mail address.
    """
    if unsubscribe and not (
        is_web_address(unsubscribe) and unsubscribe.isascii() and len(unsubscribe) <= LONGEST_UNSUBSCRIBE
    ):
        raise ValueError("this cannot stand in a List-Unsubscribe header")
    content = Letter(mail_address(to), letter.one_line(subject), letter.body_of(body), unsubscribe, dict(files or {}))
    mail = Mail.objects.create(kind=kind, sealed=sealing.seal(_key(), content.packed()), due=due, quotes=quotes)
    queue.add(STEP, mail.pk, not_before=due)
    return mail


def take_back(mails: Collection[int]) -> None:
    """Let mails that are not sent yet not be sent, in the caller's transaction."""
    Mail.objects.filter(pk__in=mails).exclude(state=State.SENT).delete()


def is_set_up() -> bool:
    """Whether there is a mail server. Without one each mail becomes a file in private/outbox/."""
    return bool(settings.ONRECORD.mail.host)


@transaction.atomic
def retry() -> int:
    """Try all mails now that wait for their next try, or were given up and are still there; returns how many."""
    Mail.objects.filter(state=State.FAILED).exclude(sealed=b"").update(state=State.WAITING, tries=0)
    return queue.hurry(STEP)


Theirs = Callable[[str], bool]
"""Whether a mail address is that of whom one asks about."""


def waiting_for(theirs: Theirs) -> Iterator[tuple[Mail, Letter]]:
    """The mails that are not sent yet to whoever it is, each with what is in it."""
    for mail in Mail.objects.exclude(sealed=b"").order_by("id").iterator():
        content = opened(mail)
        if theirs(content.to):
            yield mail, content


@transaction.atomic
def forget(theirs: Theirs) -> int:
    """Delete what is not sent yet to whoever it is, in the outbox too; returns how many mails that were."""
    found = [mail.pk for mail, _ in waiting_for(theirs)]
    Mail.objects.filter(pk__in=found).delete()
    files = [file for file in outbox().glob("*.eml") if theirs(_addressee(file))]
    for file in files:
        file.unlink()
    return len(found) + len(files)


@transaction.atomic
def forget_quoting(written: Collection[str]) -> None:
    """Delete what carries any of these words to others, by their keys, and is not sent yet or lies in the outbox."""
    for mail in Mail.objects.filter(quotes__in=written):
        for file in outbox().glob(f"*-{mail.key}.eml"):
            file.unlink()
        mail.delete()


def sweep() -> None:
    """Remove from the outbox what no row knows any more: it was being written while it was forgotten."""
    files = {file.stem.rpartition("-")[2]: file for file in outbox().glob("*.eml")}
    known = set(Mail.objects.filter(key__in=files).values_list("key", flat=True))
    for key in files.keys() - known:
        files[key].unlink(missing_ok=True)


def standing() -> dict[str, Any]:
    """For `status`: whether there is a server, how many mails wait or were given up, and the newest reason why."""
    counts = {state: Mail.objects.filter(state=state).count() for state in (State.WAITING, State.FAILED)}
    troubled = Mail.objects.exclude(problem="").exclude(state=State.SENT).order_by("-id").first()
    return {
        "server": is_set_up(),
        "waiting": counts[State.WAITING],
        "failed": counts[State.FAILED],
        "problem": troubled.problem if troubled else "",
    }


def opened(mail: Mail) -> Letter:
    """What is in it. Raises Failed when it was sealed with another key."""
    return letter.unpack(sealing.unseal(_key(), bytes(mail.sealed)))


def message(mail: Mail, content: Letter) -> EmailMessage:
    """As it travels, from whom the settings say."""
    ours = settings.ONRECORD
    sender = mail_address(ours.mail.from_address or ours.publication.email or f"onrecord@{domain()}")
    return letter.message(
        content,
        key=mail.key,
        sender=Address(letter.one_line(ours.publication.name), addr_spec=sender),
        domain=domain(),
        at=mail.created,
    )


def domain() -> str:
    """The publication's host, as mails name it."""
    return urlsplit(settings.ONRECORD.address).hostname or "localhost"


def outbox() -> Path:
    """Where mails lie as files when there is no server."""
    private: Path = settings.ONRECORD.private
    return private / "outbox"


def _addressee(file: Path) -> str:
    return str(message_from_bytes(file.read_bytes(), policy=default)["To"] or "")


def _key() -> bytes:
    return keys.key(settings.ONRECORD.private, "mail")
