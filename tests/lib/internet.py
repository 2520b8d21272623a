"""An internet of one machine: names have public addresses, and the wire leads to a server here."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from onrecord.lib import fetching
from onrecord.lib.fetching import Page, Visitor

PUBLIC = "93.184.216.34"
Answer = Callable[[socket.socket, threading.Event], None]


@dataclass
class Internet:
    """Its sites by name and path, and what was asked of them."""

    names: dict[str, list[str]] = field(default_factory=dict)
    pages: dict[str, bytes | Answer] = field(default_factory=dict)
    connections: list[tuple[str, int]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)
    port: int = 0
    context: ssl.SSLContext | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def look_up(self, name: str) -> Sequence[str]:
        self.lookups.append(name)
        if name not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.names[name]

    def put(self, path: str, page: bytes | Answer, status: str = "200 OK", **headers: str) -> None:
        """Let a path answer with a page and headers, or as a function does."""
        if callable(page):
            self.pages[path] = page
            return
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(page)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.pages[path] = "\r\n".join(lines).encode() + b"\r\n\r\n" + page

    def redirect(self, path: str, to: str, status: str = "302 Found") -> None:
        self.put(path, b"", status, location=to)

    def visitor(self, **more: Any) -> Visitor:
        return Visitor("onrecord-test", resolve=self.look_up, **more)

    def fetch(self, address: str, **more: Any) -> Page:
        return fetching.fetch(address, self.visitor(**more))

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        """In the place of `fetching.connect`."""
        self.connections.append((address, port))
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self.context and connection.recv(1, socket.MSG_PEEK) == b"\x16":  # TLS begins
                connection = self.context.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head and (block := connection.recv(4096)):
                head += block
            self.requests.append(head.decode("latin-1"))
            path = self.requests[-1].split(" ")[1] if head else "/"
            answer = self.pages.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            if callable(answer):
                answer(connection, self.over)
            else:
                connection.sendall(answer)


@contextlib.contextmanager
def running() -> Iterator[Internet]:
    """The server, on every address of this machine."""
    internet = Internet()

    def listen(listener: socket.socket) -> None:
        while not internet.over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                connection.settimeout(None)
                threading.Thread(target=internet.serve, args=(connection,), daemon=True).start()

    dual = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if dual else socket.AF_INET
    with socket.create_server(("", 0), family=family, dualstack_ipv6=dual) as listener:
        listener.settimeout(0.1)
        internet.port = listener.getsockname()[1]
        thread = threading.Thread(target=listen, args=(listener,), daemon=True)
        thread.start()
        try:
            yield internet
        finally:
            internet.over.set()
            thread.join()


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """news.org and other.org have public addresses, and every wire ends at our server."""
    with running() as here:
        here.names = {"news.org": [PUBLIC], "other.org": ["198.41.0.4"]}
        monkeypatch.setattr(fetching, "connect", here.connect)
        yield here
