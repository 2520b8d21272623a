"""Mail servers to send to: one that works or refuses, and two that only pretend."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


@dataclass
class PostOffice:
    """What came in, and what to answer: `recipient` and `data` are the server's lines, None for yes."""

    recipient: str | None = None
    data: str | None = None
    drop: bool = False
    """Take the mail and die before saying so."""
    received: list[tuple[str, EmailMessage]] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if self.recipient:
            return self.recipient.format(address=address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data:
            return self.data
        mail = message_from_bytes(envelope.content, policy=default)
        self.received += [(to, mail) for to in envelope.rcpt_tos]
        if self.drop:
            server.transport.abort()
            await asyncio.sleep(0)
        return "250 OK"

    def to(self) -> list[str]:
        return sorted(to for to, _ in self.received)


@contextlib.contextmanager
def working(office: PostOffice, **options: Any) -> Iterator[PostOffice]:
    """A real mail server, on `office.port` or a free one."""
    controller = Controller(office, hostname="127.0.0.1", port=office.port or free_port(), **options)
    controller.start()
    office.port = controller.port
    try:
        yield office
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def silent(greeting: bytes = b"") -> Iterator[int]:
    """Takes connections, says the greeting, a byte every 50 ms, and nothing more. Gives its port."""
    over = threading.Event()

    def listen(listener: socket.socket) -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                threading.Thread(target=drip, args=(connection,), daemon=True).start()

    def drip(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            for byte in greeting:
                connection.send(bytes([byte]))
                over.wait(0.05)
            over.wait()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=listen, args=(listener,), daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            over.set()
            thread.join()


def only(user: str, password: str) -> dict[str, Any]:
    """Options of `working`: no mail without this login."""

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, login: Any) -> AuthResult:
        assert isinstance(login, LoginPassword)
        return AuthResult(success=(login.login, login.password) == (user.encode(), password.encode()), handled=False)

    return {"auth_required": True, "authenticator": authenticate}


def with_starttls(certificate: str, key: str) -> dict[str, Any]:
    """Options of `working`: TLS, and nothing without it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return {"tls_context": context, "require_starttls": True}
