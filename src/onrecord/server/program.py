"""Hands requests to Django, in a bounded number of threads, so that files go on while Django is busy."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from granian.rsgi import ProtocolClosed, ProtocolError  # type: ignore[attr-defined]

from onrecord.server.files import PublicFiles

THREADS = 8
WAITING = 64
"""How many requests may wait for a thread; further ones are told to try later."""
LARGEST_BODY = 64 << 20
"""Bytes of a request; more is taken only as `Uploads` says."""
IN_MEMORY = 1 << 20
ROOM_BESIDE = 64 << 20
"""Bytes that an upload must leave free on the disk."""
PATIENCE = 60.0
"""Seconds that a client may take over one piece of a request or an answer."""

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Uploads:
    """The one route that takes large bodies: `path`, when `allows` says so of the query string, up to `largest` bytes.

    They lie in `folder()` while they arrive, in files without a name, of which a broken-off upload leaves nothing.
    """

    path: str
    allows: Callable[[str], bool]
    folder: Callable[[], Path]
    largest: int

    def takes(self, scope: Any) -> bool:
        """Whether this request may be large. Known before its body is read, as is its size."""
        is_said = _claimed(scope) > 0 and "transfer-encoding" not in scope.headers
        return bool(is_said and scope.method == "POST" and scope.path == self.path and self.allows(scope.query_string))

    def has_room(self, size: int) -> bool:
        """Whether a body of so many bytes fits twice: as it arrives, and as the file that was in it."""
        return shutil.disk_usage(self.folder()).free >= 2 * size + ROOM_BESIDE


NO_UPLOADS = Uploads("", lambda query: False, Path, 0)


class Program:
    """A WSGI application behind RSGI.

    The request is read whole before a thread is taken, and a thread is given back before a finished answer is sent: a
    slow client holds no thread. Only an answer that is made while it is sent (Django's streaming responses) keeps its
    thread, because its database connection belongs to that thread.
    """

    def __init__(
        self, application: Wsgi, prefixes: tuple[str, ...], files: PublicFiles, uploads: Uploads = NO_UPLOADS
    ) -> None:
        self.application = application
        self.uploads = uploads
        self.prefixes = prefixes
        self.files = files
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="django")
        self.under_way = 0

    def owns(self, path: str) -> bool:
        """Whether a path is the program's, and not a file's."""
        return path.startswith(self.prefixes)

    async def answer(self, scope: Any, protocol: Any) -> None:
        """Answer one request, or say 413, 408 or 503."""
        if self.under_way >= THREADS + WAITING:
            _later(self.files, protocol)
            return
        self.under_way += 1
        try:
            if self.uploads.takes(scope):
                await self._upload(scope, protocol)
            else:
                with tempfile.SpooledTemporaryFile(IN_MEMORY) as body:
                    if await _read_body(scope, protocol, body, LARGEST_BODY):
                        await self._call(scope, protocol, body)
        finally:
            self.under_way -= 1

    async def _upload(self, scope: Any, protocol: Any) -> None:
        """A large request; or 507, when the disk is full before it arrives or meanwhile."""
        try:
            if self.uploads.has_room(min(_claimed(scope), self.uploads.largest)):
                with tempfile.TemporaryFile(dir=self.uploads.folder()) as body:
                    if await _read_body(scope, protocol, body, self.uploads.largest):
                        await self._call(scope, protocol, body)
                    return
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
        protocol.response_str(507, [("connection", "close")], "The disk is too full for this recording.")

    async def _call(self, scope: Any, protocol: Any, body: IO[bytes]) -> None:
        loop = asyncio.get_running_loop()
        call = Call(self.application, environ_of(scope, body), protocol, loop)
        await loop.run_in_executor(self.threads, call.run)
        if call.streamed:
            return
        if scope.method == "HEAD":
            protocol.response_empty(call.status, call.headers)
        else:
            protocol.response_bytes(call.status, call.headers, call.content)


class Call:
    """One call of the WSGI application, in a thread."""

    def __init__(self, application: Wsgi, environ: dict[str, Any], protocol: Any, loop: Any) -> None:
        self.application = application
        self.environ = environ
        self.protocol = protocol
        self.loop = loop
        self.status = 500
        self.headers: list[tuple[str, str]] = []
        self.content = b""
        self.streamed = False

    def run(self) -> None:
        """Call it and take what it answers, or send that piece by piece."""
        parts = self.application(self.environ, self._start)
        try:
            if getattr(parts, "streaming", False) and self.environ["REQUEST_METHOD"] != "HEAD":
                self._stream(parts)
            else:
                self.content = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.status = int(status.split(" ", 1)[0])
        self.headers = [(name.lower(), value) for name, value in headers if name.lower() != "content-length"]

    def _stream(self, parts: Iterable[bytes]) -> None:
        """Send piece by piece; a client that has gone away, or takes too long over one piece, gets no more."""
        self.streamed = True
        transport = self.protocol.response_stream(self.status, self.headers)
        with contextlib.suppress(ProtocolClosed, ProtocolError, TimeoutError):
            for part in parts:
                if part:
                    asyncio.run_coroutine_threadsafe(_send(transport, part), self.loop).result(PATIENCE)


async def _send(transport: Any, part: bytes) -> None:
    await transport.send_bytes(part)


def _claimed(scope: Any) -> int:
    """How many bytes the client says that it sends."""
    claimed = scope.headers.get("content-length", "0")
    return int(claimed) if claimed.isdecimal() and len(claimed) < 20 else 0


async def _read_body(scope: Any, protocol: Any, body: IO[bytes], largest: int) -> bool:
    """Take in the request's body; False when it was too large or too slow, and that was answered, or was broken off."""
    size = claimed = _claimed(scope)
    if "transfer-encoding" not in scope.headers and not claimed:
        return True
    pieces, held, arrived = aiter(protocol), bytearray(), 0
    while size <= largest:
        try:
            piece = await asyncio.wait_for(anext(pieces), PATIENCE)
        except StopAsyncIteration:
            body.write(held)
            return not claimed or arrived == claimed
        except TimeoutError:
            protocol.response_str(408, [("connection", "close")], "The request did not arrive in time.")
            return False
        held += piece
        arrived += len(piece)
        size = max(size, arrived)
        if len(held) >= IN_MEMORY:
            await asyncio.to_thread(body.write, bytes(held))
            held.clear()
    protocol.response_str(413, [("connection", "close")], "This is larger than is taken here.")
    return False


def environ_of(scope: Any, body: IO[bytes]) -> dict[str, Any]:
    """PEP 3333's dictionary of an RSGI request. Repeated headers are joined; names with underscores are dropped,
    because they cannot be told from those with hyphens."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(_length(body)),
    }
    for name, value in scope.headers.items():
        if "_" in name or name in ("content-length", "transfer-encoding"):
            continue
        key = "CONTENT_TYPE" if name == "content-type" else "HTTP_" + name.upper().replace("-", "_")
        joint = "; " if name == "cookie" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    return environ


def _length(body: IO[bytes]) -> int:
    length = body.seek(0, 2)
    body.seek(0)
    return length


def _later(files: PublicFiles, protocol: Any) -> None:
    answer = files.page("later.html", 503)
    headers = [(name.lower(), value) for name, value in answer.headers.items()]
    protocol.response_bytes(503, [*headers, ("retry-after", "10")], answer.body)
