"""Django's way to send mail, as django-allauth uses it, leads the same way."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from onrecord.mail import outgoing


class Outgoing(BaseEmailBackend):
    """Sends the plain text of each message to each of its recipients by itself; we say whom it comes from."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Returns how many messages that were. Raises BadInput for an address that is none."""
        for message in email_messages:
            for to in message.recipients():
                outgoing.send(to, str(message.subject), str(message.body), kind="account")
        return len(email_messages)
