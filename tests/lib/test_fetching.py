"""The guarded fetcher: no address that is not public is ever connected to, and every page comes to an end."""

import gzip
import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from onrecord.lib import fetching, hosts
from onrecord.lib.fetching import NotFetched, Reason
from tests import certificates
from tests.lib import private_addresses
from tests.lib.internet import PUBLIC, Internet, internet, running

__all__ = ["internet"]


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """A real wire: whoever connects to this machine is seen, and so is whoever tries to connect anywhere else."""
    with running() as here:
        real = fetching.connect

        def connect(address: str, port: int, seconds: float) -> socket.socket:
            here.connections.append((address, port))
            return real(address, port, min(seconds, 1.0))

        monkeypatch.setattr(fetching, "connect", connect)
        monkeypatch.setattr(fetching, "PORTS", {"http": (80, here.port), "https": (443, 8443)})
        yield here


def refused(here: Internet, address: str) -> NotFetched:
    with pytest.raises(NotFetched) as error:
        here.fetch(address, own_hosts=["ours.org"])
    return error.value


def test_no_connection_is_made_to_any_form_of_a_private_address(listening: Internet) -> None:
    listening.look_up = socket_like(listening)  # type: ignore[method-assign]
    tried = list(private_addresses.all_of_them(listening.port))
    assert len(tried) == len(set(tried)) >= 220
    for address in tried:
        assert refused(listening, address).reason is Reason.FORBIDDEN, address
    assert (listening.connections, listening.requests) == ([], [])


def socket_like(here: Internet):  # type: ignore[no-untyped-def]
    """A resolver that reads every number as an address, as libraries do, and knows all other names as loopback."""

    def look_up(name: str) -> list[str]:
        here.lookups.append(name)
        try:
            return [socket.inet_ntoa(socket.inet_aton(name))]
        except OSError:
            return ["127.0.0.1"]

    return look_up


PRIVATE = [
    *(host for host in private_addresses.OTHERS if len(host.split(".")) == 4 and not host.startswith(("0", "100.0"))),
    "127.0.0.1",
    *(
        host
        for host in private_addresses.SIX
        if "%" not in host and host not in {"v1.fe80", "1", "::g", "[::1]", "::1:"}
    ),
    "fe80::1%eth0",
    "no address at all",
]


def test_no_connection_is_made_to_a_name_that_has_one_private_address(listening: Internet) -> None:
    for address in PRIVATE:
        for answers in ([address], [PUBLIC, address], [address, PUBLIC], ["2606:2800:220:1::1", address]):
            listening.names["evil.org"] = answers
            assert refused(listening, f"http://evil.org:{listening.port}/").reason is Reason.FORBIDDEN, answers
    assert (listening.connections, listening.requests) == ([], [])
    listening.names["evil.org"] = []
    assert refused(listening, "http://evil.org/").reason is Reason.UNREACHABLE
    assert refused(listening, "http://nobody.org/").reason is Reason.UNREACHABLE


def test_no_redirect_leads_to_a_private_address(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PORTS", {"http": (80, internet.port), "https": (443, 8443)})
    targets = [
        address
        for address in private_addresses.all_of_them(internet.port)
        if address.startswith(("http:", "https:", "file:", "//")) and address.isprintable() and " " not in address
    ]
    assert len(targets) > 150
    stays = []
    for number, target in enumerate(targets):
        internet.redirect(
            "/r", target.encode().decode("latin-1"), status=("301 A", "302 B", "303 C", "307 D", "308 E")[number % 5]
        )
        internet.connections.clear()
        try:
            internet.fetch("http://news.org/r", own_hosts=["ours.org"])
            stays.append(target)
        except NotFetched as error:
            if error.reason is not Reason.FORBIDDEN:
                stays.append(target)
        assert {address for address, _ in internet.connections} == {PUBLIC}, target
    assert len(stays) == 4  # "http:127.0.0.1", with one slash or three, and "http://" are paths of the same site


def test_a_second_answer_of_the_resolver_changes_nothing(internet: Internet) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"], ["169.254.169.254"]])
    internet.look_up = lambda name: next(answers)  # type: ignore[method-assign]
    internet.put("/", b"hello")
    assert internet.fetch("http://news.org/").content == b"hello"
    assert internet.connections == [(PUBLIC, 80)]
    assert refused(internet, "http://news.org/").reason is Reason.FORBIDDEN  # the next visit asks, and looks, again


def test_this_machines_own_public_addresses_are_not_visited(
    internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hosts.is_this_machine(ipaddress.ip_address("127.0.0.1"))
    monkeypatch.setattr(hosts, "is_this_machine", lambda address: str(address) == PUBLIC)
    assert refused(internet, "http://news.org/").reason is Reason.FORBIDDEN
    assert internet.connections == []


def test_a_page_comes_as_it_is(internet: Internet) -> None:
    internet.put("/a%20b/%C3%BC?q=%C3%A9", b"<p>\xff\xfe not utf-8 \x81", content_type="text/html; charset=klingon")
    page = internet.fetch("http://news.org/a%20b/ü?q=é#part")
    assert (page.status, page.content, page.body) == (200, b"<p>\xff\xfe not utf-8 \x81", page.content)
    assert page.header("content-type") == "text/html; charset=klingon"
    assert (page.address, page.from_address, page.via) == ("http://news.org/a%20b/ü?q=é#part", PUBLIC, [])
    asked = internet.requests[0]
    assert "Host: news.org\r\n" in asked
    assert "User-Agent: onrecord-test\r\n" in asked
    assert not {"cookie", "referer", "authorization"} & {line.partition(":")[0].lower() for line in asked.splitlines()}


def test_redirects_are_followed_five_times(internet: Internet) -> None:
    for number in range(6):
        internet.redirect(f"/{number}", f"http://other.org/{number + 1}" if number % 2 else f"/{number + 1}")
    internet.put("/6", b"there")
    page = internet.fetch("http://news.org/1")
    assert (page.content, page.address) == (b"there", "http://other.org/6")
    assert [address for address, _ in internet.connections[-2:]] == ["198.41.0.4", "198.41.0.4"]
    assert len(page.via) == 5
    assert "five" in str(refused(internet, "http://news.org/0"))


def test_the_second_address_is_tried_when_the_first_does_not_answer(
    internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    internet.names["news.org"] = ["2606:2800:220:1::1", PUBLIC]

    def connect(address: str, port: int, seconds: float) -> socket.socket:
        if ":" in address:
            raise OSError("no route")
        return internet.connect(address, port, seconds)

    monkeypatch.setattr(fetching, "connect", connect)
    internet.put("/", b"hello")
    assert internet.fetch("http://news.org/").from_address == PUBLIC


def test_packed_pages_are_unpacked(internet: Internet) -> None:
    page = b"hello " * 1000
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(page),
        "x-gzip": gzip.compress(page[:3000]) + gzip.compress(page[3000:]),
        "deflate": zlib.compress(page),
        "DEFLATE": raw.compress(page) + raw.flush(),
        "identity": page,
    }
    for packing, body in packed.items():
        internet.put("/", body, content_encoding=packing)
        assert internet.fetch("http://news.org/").content == page, packing
    for packing in ("br", "gzip, gzip", "zstd"):
        internet.put("/", gzip.compress(gzip.compress(page)), content_encoding=packing)
        assert refused(internet, "http://news.org/").reason is Reason.UNREACHABLE
    internet.put("/", b"no gzip", content_encoding="gzip")
    assert refused(internet, "http://news.org/").reason is Reason.UNREACHABLE


def head(*lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()


def drips(before: bytes, drop: bytes, pause: float = 0.02):  # type: ignore[no-untyped-def]
    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(before)
        while not over.is_set():
            connection.sendall(drop)
            time.sleep(pause)

    return answer


SLOW = {
    "says nothing": drips(b"", b"", 0.1),
    "a status line without end": drips(b"HTTP/1.1 200 ", b"O"),
    "headers without end": drips(b"HTTP/1.1 200 OK\r\n", b"X"),
    "a body byte by byte": drips(head("Content-Length: 100000"), b"x"),
    "a body without length": drips(head(), b"x"),
    "chunks without end": drips(head("Transfer-Encoding: chunked"), b"1\r\nx\r\n"),
    "trailers without end": drips(head("Transfer-Encoding: chunked") + b"0\r\n", b"a: b\r\n"),
    "continue, continue": drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("kind", [*SLOW, "a resolver that sleeps", "TLS that never begins"])
def test_the_slow_are_cut_off(internet: Internet, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.4)
    scheme = "http"
    if kind in SLOW:
        internet.put("/", SLOW[kind])
    elif kind.startswith("TLS"):
        scheme = "https"  # the server waits for the end of a request's head
    else:
        internet.look_up = lambda name: time.sleep(2) or [PUBLIC]  # type: ignore[method-assign]
    assert refused(internet, f"{scheme}://news.org/").reason is Reason.SLOW


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)) + packer.flush()


def test_the_huge_are_cut_off(internet: Internet) -> None:
    packed = bomb(200 << 20)
    assert len(packed) < 300_000
    pages = {
        "a bomb": head("Content-Encoding: gzip", f"Content-Length: {len(packed)}") + packed,
        "deflate": head("Content-Encoding: deflate", f"Content-Length: {len(packed)}") + packed,
        "says so": head("Content-Length: 99999999999"),
        "endless": drips(head(), bytes(1 << 20), 0),
        "endless chunks": drips(head("Transfer-Encoding: chunked"), b"100000\r\n" + bytes(1 << 20) + b"\r\n", 0),
    }
    for kind, page in pages.items():
        internet.pages["/"] = page
        assert refused(internet, "http://news.org/").reason is Reason.LARGE, kind
    packed = bomb(19 << 20)
    internet.put("/", packed, content_encoding="gzip")
    assert len(internet.fetch("http://news.org/").content) == 19 << 20


BROKEN = {
    "nothing": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "too many headers": head(*(f"X-{n}: 1" for n in range(200))),
    "a long header": head("X: " + "x" * 100_000),
    "a long chunk size": head("Transfer-Encoding: chunked") + b"f" * 70_000,
    "a chunk of no size": head("Transfer-Encoding: chunked") + b"zz\r\nx",
    "less than it said": head("Content-Length: 100") + b"x",
    "chunks that break off": head("Transfer-Encoding: chunked") + b"5\r\nab",
    "a negative length": head("Content-Length: -1", "Content-Encoding: gzip") + b"x",
    "a redirect to nothing": b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_the_broken_are_said_to_be_broken(internet: Internet, kind: str) -> None:
    internet.pages["/"] = BROKEN[kind]
    assert refused(internet, "http://news.org/").reason in (Reason.UNREACHABLE, Reason.FORBIDDEN)


def test_tls_is_asked_for_by_name_and_the_name_is_proved(
    internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = certificates.make(tmp_path, "news.org")
    asked_for = []
    internet.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    internet.context.load_cert_chain(*files)
    internet.context.sni_callback = lambda sock, name, context: asked_for.append(name)
    internet.put("/", b"secret")
    assert "certificate" in str(refused(internet, "https://news.org/"))
    monkeypatch.setenv("SSL_CERT_FILE", files[0])
    assert internet.fetch("https://news.org/").content == b"secret"
    assert "certificate" in str(refused(internet, "https://other.org/"))
    assert asked_for == ["news.org", "news.org", "other.org"]
    assert internet.connections == [(PUBLIC, 443), (PUBLIC, 443), ("198.41.0.4", 443)]


def test_a_proxy_is_told_the_address_that_was_looked_at(internet: Internet) -> None:
    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        internet.serve(connection)

    internet.pages[f"{PUBLIC}:80"] = answer
    internet.put("/", b"through it")
    page = internet.fetch("http://news.org/", proxy="http://proxy.lan:3129")
    assert page.content == b"through it"
    assert internet.connections == [("proxy.lan", 3129)]
    assert internet.requests[0].startswith(f"CONNECT {PUBLIC}:80 HTTP/1.1\r\n")
    internet.names["evil.org"] = ["10.0.0.1"]
    with pytest.raises(NotFetched) as error:
        internet.fetch("http://evil.org/", proxy="http://proxy.lan:3129")
    assert error.value.reason is Reason.FORBIDDEN
    with pytest.raises(NotFetched, match="404"):
        internet.fetch("http://other.org/", proxy="http://proxy.lan:3129")


def test_only_the_headers_may_be_asked_for(internet: Internet) -> None:
    internet.put("/", drips(head("Content-Type: text/html"), b"x"))
    page = fetching.fetch("http://news.org/", internet.visitor(), with_body=False)
    assert (page.status, page.body) == (200, b"")
