"""Sends one mail, or tries again later: after a quarter of a minute first, then less and less often, for five days."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step
from onrecord.lib.files import write_atomically
from onrecord.mail import outgoing
from onrecord.mail.delivery import Undelivered, deliver
from onrecord.mail.letter import Letter
from onrecord.mail.models import Mail, State

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)
"""Each pause is three times the one before."""
PATIENCE = timedelta(days=5)
MOST_REFUSALS = 4
"""Tries of a mail that the server itself does not want."""
KEPT = timedelta(days=30)
"""How long a mail that was given up can be tried again by a person; then it is deleted."""


@step(outgoing.STEP, cores=0)
def send(attempt: Attempt) -> None:
    """Send the mail whose id is the subject."""
    mail = Mail.objects.filter(pk=attempt.subject).first()
    if mail is None or not mail.sealed:
        with attempt.finish():
            return
    if mail.due is not None and mail.due > timezone.now():  # somebody hurried it
        with attempt.put_off(mail.due):
            return
    if mail.state == State.FAILED:
        with attempt.finish():
            _note(mail, sealed=b"")
        return
    try:
        _hand_over(mail, outgoing.opened(mail))
    except Undelivered as error:
        _try_again_later(attempt, mail, error)
    else:
        with attempt.finish():
            _note(mail, state=State.SENT, sent=timezone.now(), sealed=b"", problem="")


def _hand_over(mail: Mail, content: Letter) -> None:
    ours = settings.ONRECORD
    written = outgoing.message(mail, content)
    if outgoing.is_set_up():
        deliver(written, content.to, ours.mail, ours.folder, outgoing.domain())
    else:
        name = f"{mail.created:%Y-%m-%dT%H%M%S}-{mail.key}.eml"
        write_atomically(outgoing.outbox() / name, written.as_bytes(), mode=0o600)


def _try_again_later(attempt: Attempt, mail: Mail, error: Undelivered) -> None:
    now, tries = timezone.now(), mail.tries + 1
    if now > mail.created + PATIENCE or (error.for_good and tries >= MOST_REFUSALS):
        with attempt.put_off(mail.created + KEPT, str(error)):
            _note(mail, state=State.FAILED, tries=tries, problem=str(error))
    else:
        with attempt.put_off(_next_try(now, tries), str(error)):
            _note(mail, tries=tries, problem=str(error))


def _next_try(now: datetime, tries: int) -> datetime:
    pause: timedelta = FIRST_PAUSE * 3 ** min(tries - 1, 10)
    return now + min(pause, LONGEST_PAUSE)


def _note(mail: Mail, **changes: object) -> None:
    Mail.objects.filter(pk=mail.pk).update(**changes)
