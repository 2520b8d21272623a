"""Hands one mail to the mail server, within a minute."""

from __future__ import annotations

import contextlib
import os
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

from onrecord.lib.configuration import MailSettings

PORTS = {"starttls": 587, "tls": 465, "none": 25}
PATIENCE = 20.0
"""Seconds that the server may be silent."""
LONGEST = 60.0
"""Seconds for all of it: a server that says a letter now and then would hold us for ever."""
PASSWORD = "ONRECORD_MAIL_PASSWORD"  # noqa: S105
"""The environment's name for it."""


class Undelivered(Exception):
    """The server did not take it. The message is for the publisher and never names an address.

    `for_good`: it refused this mail itself, and is likely to do so again.
    """

    def __init__(self, problem: str, for_good: bool = False) -> None:
        super().__init__(problem)
        self.for_good = for_good


def deliver(mail: EmailMessage, to: str, server: MailSettings, folder: Path, domain: str) -> None:
    """Send it. `folder`: the publication's, `domain`: who we say we are. Raises Undelivered."""
    try:
        with _open(server, domain) as connection, _ended_after(connection, LONGEST):
            if server.security == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, _password(server, folder))
            connection.send_message(mail, from_addr=str(mail["From"].addresses[0].addr_spec), to_addrs=[to])
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise Undelivered(
            _without(to, f"The mail server refuses the address: {code} {_plain(text)}"), code >= 500
        ) from None
    except smtplib.SMTPDataError as error:
        problem = f"The mail server refuses the mail: {error.smtp_code} {_plain(error.smtp_error)}"
        raise Undelivered(_without(to, problem), error.smtp_code >= 500) from None
    except smtplib.SMTPNotSupportedError as error:
        raise Undelivered(_without(to, f"The mail server cannot do that: {error}")) from None
    except smtplib.SMTPResponseException as error:
        problem = f"The mail server says {error.smtp_code} {_plain(error.smtp_error)}"
        raise Undelivered(_without(to, problem)) from None
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise Undelivered(_without(to, f"The mail server does not answer as it should: {error or 'silence'}")) from None


def _open(server: MailSettings, domain: str) -> smtplib.SMTP:
    port = server.port or PORTS[server.security]
    if server.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, port, local_hostname=domain, timeout=PATIENCE, context=context)
    return smtplib.SMTP(server.host, port, local_hostname=domain, timeout=PATIENCE)


@contextlib.contextmanager
def _ended_after(connection: smtplib.SMTP, seconds: float) -> Iterator[None]:
    def end() -> None:
        if connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _password(server: MailSettings, folder: Path) -> str:
    """From the environment, the file that the settings name, or the settings."""
    if from_environment := os.environ.get(PASSWORD):
        return from_environment
    if server.password_file:
        try:
            return (folder / server.password_file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Undelivered(f"[mail] password_file cannot be read: {type(error).__name__}.") from None
    return server.password


def _plain(text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(words.split())[:300]


def _without(address: str, problem: str) -> str:
    """Problems are kept longer than addresses are."""
    name, _, _ = address.partition("@")
    return (
        problem.replace(address, "(address)").replace(name, "(address)")
        if len(name) > 2
        else problem.replace(address, "(address)")
    )
