"""Fetches one page that a stranger named, and touches nothing but the public internet.

Each address on the way (the one that was given, then each redirect's) goes through the same gate: http or https, a
usual port, no name or password in it, a host that is not ours; then its name is looked up once, every address of it
must be public, and the connection is made to one of those very addresses, so that a second answer of the resolver
changes nothing. The name goes into the Host header and into TLS, which checks the certificate against it.

The protocol is http.client's. Its sockets are ours, and are cut off when the time is over, so that a server that says a
byte now and then holds nobody.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import queue
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urljoin, urlsplit

from onrecord.lib import hosts
from onrecord.lib.addresses import is_web_address
from onrecord.lib.errors import BadInput

SECONDS = 20.0
"""For everything: names, redirects, the page."""
MOST_BYTES = 20 * 1024 * 1024
"""Of the page as it comes, and as it is when unpacked."""
MOST_REDIRECTS = 5
PORTS = {"http": (80, 8080), "https": (443, 8443)}
BLOCK = 1 << 16
MOST_ADDRESSES = 20
REDIRECTS = (301, 302, 303, 307, 308)
PACKED = ("gzip", "x-gzip", "deflate")
AUTOMATIC = 32 + zlib.MAX_WBITS
"""zlib's word for: gzip or zlib, as it begins."""

Resolver = Callable[[str], Sequence[str]]


class Reason(StrEnum):
    """Why there is no page."""

    FORBIDDEN = "forbidden"  # we may not go there
    UNREACHABLE = "unreachable"  # no name, no connection, no TLS, no HTTP
    SLOW = "slow"
    LARGE = "large"


class NotFetched(Exception):
    """There is no page. The message is a sentence for the publisher."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True)
class Page:
    """What a server answered. `body` is as it came (perhaps packed), `content` unpacked; `via` are the redirects."""

    address: str
    status: int
    phrase: str
    headers: list[tuple[str, str]]
    body: bytes
    content: bytes
    from_address: str
    via: list[str]

    def header(self, name: str) -> str:
        """The first header of this name, or ""."""
        return next((value for key, value in self.headers if key.lower() == name), "")


@dataclass(frozen=True)
class Visitor:
    """Who asks. `own_hosts` are never visited; `proxy` ("http://host:port") makes the connections where it is set."""

    agent: str
    own_hosts: Collection[str] = ()
    proxy: str = ""
    resolve: Resolver = hosts.look_up


@dataclass(frozen=True)
class _Target:
    """One address on the way."""

    address: str
    scheme: str
    host: str | hosts.Address
    port: int
    path: str


def fetch(address: str, visitor: Visitor, with_body: bool = True) -> Page:
    """GET one page. `with_body=False`: only its status and headers. Raises NotFetched."""
    deadline = time.monotonic() + SECONDS
    via: list[str] = []
    while True:
        target = _target(address, visitor)
        page = _ask(target, _checked(target, visitor, deadline), visitor, deadline, with_body, via)
        where = page.header("location")
        if page.status not in REDIRECTS or not where:
            return page
        if len(via) == MOST_REDIRECTS:
            raise NotFetched(Reason.UNREACHABLE, "It leads on and on, to more than five other addresses.")
        via.append(address)
        address = _next(target.address, where)


def _next(address: str, where: str) -> str:
    """Where a redirect leads. Its header is UTF-8 if anything, which http.client reads as Latin-1."""
    try:
        return urljoin(address, where.encode("latin-1").decode("utf-8", "replace").strip().replace(" ", "%20"))
    except ValueError:
        raise NotFetched(Reason.FORBIDDEN, "It leads to something that is no address of a web page.") from None


# ── the gate ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _target(address: str, visitor: Visitor) -> _Target:
    if not is_web_address(address):
        raise NotFetched(Reason.FORBIDDEN, "It is no address of a web page that may be fetched.")
    parts = urlsplit(address)
    port = parts.port or PORTS[parts.scheme][0]
    if port not in PORTS[parts.scheme]:
        raise NotFetched(Reason.FORBIDDEN, f"Its port {port} is not one of those that web pages have.")
    try:
        host = hosts.canonical_host(parts.hostname or "", in_brackets="[" in parts.netloc)
    except BadInput as error:
        raise NotFetched(Reason.FORBIDDEN, str(error)) from None
    if str(host) in {own.lower() for own in visitor.own_hosts}:
        raise NotFetched(Reason.FORBIDDEN, "It is a page of this site itself.")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._[]")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._[]?')}" if parts.query else ""
    return _Target(address, parts.scheme, host, port, path + query)


def _checked(target: _Target, visitor: Visitor, deadline: float) -> list[hosts.Address]:
    """The addresses to connect to. Every one that the name has must be public."""
    found = [target.host] if not isinstance(target.host, str) else _looked_up(target.host, visitor.resolve, deadline)
    for address in found:
        if not hosts.is_public(address) or hosts.is_this_machine(address):
            raise NotFetched(Reason.FORBIDDEN, "Its host is not on the public internet.")
    return found


def _looked_up(name: str, resolve: Resolver, deadline: float) -> list[hosts.Address]:
    """In a thread of its own: a resolver knows no deadline."""
    answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(name))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=_left(deadline))
    except queue.Empty:
        raise _too_slow() from None
    if isinstance(answer, Exception) or not answer:
        raise NotFetched(Reason.UNREACHABLE, "Its host has no address: there is no such site now.")
    try:
        return [ipaddress.ip_address(text) for text in answer[:MOST_ADDRESSES]]
    except ValueError:
        raise NotFetched(Reason.FORBIDDEN, "Its host is not on the public internet.") from None


# ── the wire ────────────────────────────────────────────────────────────────────────────────────────────────────────


def connect(address: str, port: int, seconds: float) -> socket.socket:
    """A connection to an address that was looked at. Raises OSError."""
    return socket.create_connection((address, port), timeout=seconds)


class _Connection(http.client.HTTPConnection):
    """Speaks HTTP on a connection that is there already, and never makes one."""

    auto_open = 0

    def __init__(self, target: _Target, opened: socket.socket) -> None:
        super().__init__(str(target.host), target.port)
        self.default_port = PORTS[target.scheme][0]
        self.sock = opened


def _ask(
    target: _Target,
    addresses: Sequence[hosts.Address],
    visitor: Visitor,
    deadline: float,
    with_body: bool,
    via: list[str],
) -> Page:
    try:
        opened, address = _open(addresses, target.port, visitor.proxy, deadline)
        with opened, _cut_off(opened, deadline):
            if visitor.proxy:
                _ask_proxy(opened, address, target.port)
            return _talk(_secured(opened, target), target, str(address), visitor, deadline, with_body, via)
    except (OSError, http.client.HTTPException, ValueError, zlib.error) as error:
        if time.monotonic() >= deadline or isinstance(error, TimeoutError):
            raise _too_slow() from None
        raise NotFetched(Reason.UNREACHABLE, _in_words(error)) from None


def _open(
    addresses: Sequence[hosts.Address], port: int, proxy: str, deadline: float
) -> tuple[socket.socket, hosts.Address]:
    """The first of the addresses that answers, each with its share of the time."""
    if proxy:
        parts = urlsplit(proxy)
        return connect(parts.hostname or "", parts.port or 3128, _left(deadline)), addresses[0]
    for number, address in enumerate(addresses):
        try:
            return connect(str(address), port, _left(deadline) / (len(addresses) - number)), address
        except OSError:
            if number == len(addresses) - 1:
                raise
    raise AssertionError("a host has addresses")


def _ask_proxy(opened: socket.socket, address: hosts.Address, port: int) -> None:
    """Have the proxy connect to the address that we looked at, so that it looks nothing up by itself."""
    where = f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
    opened.sendall(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n\r\n".encode())
    answer = http.client.HTTPResponse(opened, method="CONNECT")
    answer.begin()
    if answer.status != http.client.OK:
        raise NotFetched(Reason.UNREACHABLE, f"The proxy does not connect to it: {answer.status} {answer.reason[:100]}")


def _secured(opened: socket.socket, target: _Target) -> socket.socket:
    if target.scheme == "http":
        return opened
    return ssl.create_default_context().wrap_socket(opened, server_hostname=str(target.host))


def _talk(
    opened: socket.socket,
    target: _Target,
    address: str,
    visitor: Visitor,
    deadline: float,
    with_body: bool,
    via: list[str],
) -> Page:
    with contextlib.closing(_Connection(target, opened)) as connection:
        headers = {"User-Agent": visitor.agent, "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        connection.request("GET", target.path, headers=headers | {"Accept-Encoding": "gzip", "Connection": "close"})
        with connection.getresponse() as answer:
            is_redirect = answer.status in REDIRECTS and answer.getheader("location")
            body = _body(answer, deadline) if with_body and not is_redirect else b""
            packing = answer.getheader("content-encoding", "").strip().lower()
            return Page(
                address=target.address,
                status=answer.status,
                phrase=answer.reason,
                headers=answer.getheaders(),
                body=body,
                content=_unpacked(body, packing) if body else b"",
                from_address=address,
                via=list(via),
            )


def _body(answer: http.client.HTTPResponse, deadline: float) -> bytes:
    if (answer.length or 0) > MOST_BYTES:
        raise _too_large()
    body = bytearray()
    while block := answer.read(BLOCK):
        body += block
        if len(body) > MOST_BYTES:
            raise _too_large()
    if time.monotonic() >= deadline:
        raise _too_slow()
    if answer.length:
        raise _broken_off()
    return bytes(body)


def _unpacked(body: bytes, packing: str) -> bytes:
    """Raises NotFetched when it is more than MOST_BYTES, however little it was before."""
    if packing in ("", "identity"):
        return body
    if packing not in PACKED:
        raise NotFetched(Reason.UNREACHABLE, "It is packed in a way that was not asked for.")
    unpacked, rest, wbits = bytearray(), body, AUTOMATIC
    while rest:
        unpacker = zlib.decompressobj(wbits)
        try:
            unpacked += unpacker.decompress(rest, MOST_BYTES + 1 - len(unpacked))
        except zlib.error:
            if packing != "deflate" or wbits != AUTOMATIC or unpacked:
                raise
            wbits = -zlib.MAX_WBITS  # some servers leave the envelope away
            continue
        if len(unpacked) > MOST_BYTES:
            raise _too_large()
        if not unpacker.eof:
            raise _broken_off()
        rest = unpacker.unused_data
    return bytes(unpacked)


@contextlib.contextmanager
def _cut_off(opened: socket.socket, deadline: float) -> Iterator[None]:
    """End the connection, whatever is being done with it, when the time is over."""
    with opened.dup() as other:  # TLS takes the first one over

        def end() -> None:
            with contextlib.suppress(OSError):
                other.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(max(0.0, deadline - time.monotonic()), end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise _too_slow()
    return left


def _too_slow() -> NotFetched:
    return NotFetched(Reason.SLOW, f"It took longer than {SECONDS:.0f} seconds.")


def _too_large() -> NotFetched:
    return NotFetched(Reason.LARGE, f"It is larger than {MOST_BYTES >> 20} megabytes.")


def _broken_off() -> NotFetched:
    return NotFetched(Reason.UNREACHABLE, "It broke off before its end.")


def _in_words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "Its certificate does not prove that it is the site that it claims to be."
    if isinstance(error, http.client.HTTPException | zlib.error | ValueError):
        return "Its server does not answer as a web server does."
    return "Its server cannot be reached, or ended the connection."
