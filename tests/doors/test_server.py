"""The server as it runs: over real connections, with a real worker process below it."""

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from onrecord.lib.errors import BadInput
from tests.doors.serving import HASH, MEDIA, PAGE, ask, free_port, make_public, running, start, wait_until_listening

pytestmark = pytest.mark.once

MP3 = f"/talks/one/{HASH}.mp3"
LARGE = 60_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("show")
    (folder / "onrecord.toml").write_text("")
    make_public(folder / "public")
    return folder


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[tuple[psutil.Process, int]]:
    with running(folder) as (process, port):
        yield psutil.Process(process.pid), port


@pytest.fixture
def port(served: tuple[psutil.Process, int]) -> int:
    return served[1]


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_page(port: int) -> None:
    page = ask(port, "/talks/one/")
    assert (page.status, page.body) == (200, PAGE)
    assert page.headers["content-length"] == str(len(PAGE))
    assert "Content-Security-Policy".lower() in page.headers
    again = ask(port, "/talks/one/", if_none_match=page.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert ask(port, "/talks/one/?from=mail").body == PAGE


def test_head_says_what_get_would_send(port: int) -> None:
    for path in ("/talks/one/", MP3, "/nothing", "/robots.txt", "/healthz", "/talks/one/empty.txt"):
        head, whole = ask(port, path, "HEAD"), ask(port, path)
        assert (head.status, head.body) == (whole.status, b"")
        for name in ("content-length", "content-type", "etag", "last-modified", "accept-ranges"):
            assert head.headers.get(name) == whole.headers.get(name), (path, name)


def test_media_and_parts(port: int) -> None:
    assert ask(port, MP3).body == MEDIA
    small, large = ask(port, MP3, range="bytes=10-19"), ask(port, MP3, range=f"bytes=7-{len(MEDIA) - 2}")
    assert (small.status, small.body, small.headers["content-length"]) == (206, MEDIA[10:20], "10")
    assert (large.status, large.body) == (206, MEDIA[7:-1])
    assert ask(port, MP3, range="bytes=99999999-").status == 416


def test_paths_are_decoded_once(port: int, folder: Path) -> None:
    (folder / "public" / "a b%41.txt").write_text("odd")
    assert ask(port, "/a%20b%2541.txt").body == b"odd"
    assert ask(port, "/a%20b%41.txt").status == 404
    for path in ("/%2e%2e/onrecord.toml", "/..%2fonrecord.toml", "/%00", "/talks%2fone/.secret.tmp", "/%ff", "/%"):
        assert ask(port, path).status == 404, path


def test_healthz(port: int) -> None:
    reply = ask(port, "/healthz")
    assert (reply.status, reply.body) == (200, b"ok")
    assert ask(port, "/healthz", "POST", b"").status == 405


def test_a_new_file_is_there_at_once(port: int, folder: Path) -> None:
    assert ask(port, "/new.txt").status == 404
    (folder / "public" / "new.txt").write_text("new")
    assert ask(port, "/new.txt").body == b"new"


def test_a_page_is_whole_while_it_is_replaced(port: int, folder: Path) -> None:
    """Each answer is one version, with the length and the tag of that version."""
    page, done = folder / "public" / "changing.html", threading.Event()
    page.write_bytes(b"0" * 50_000)

    def replace() -> None:
        number = 0
        while not done.is_set():
            number += 1
            fresh = page.with_suffix(".tmp")
            fresh.write_bytes(str(number % 10).encode() * (20_000 + 7_000 * (number % 10)))
            fresh.replace(page)

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        seen = [ask(port, "/changing.html") for _ in range(300)]
    finally:
        done.set()
        writer.join()
    assert all(len(set(reply.body)) == 1 and len(reply.body) > 0 for reply in seen)
    assert len({len(reply.body) for reply in seen}) > 3
    tags: dict[str, bytes] = {}
    assert all(tags.setdefault(reply.headers["etag"], reply.body) == reply.body for reply in seen)


# ── the program ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_form_reaches_django(port: int) -> None:
    reply = ask(
        port,
        "/discuss/echo?a=1&a=%C3%A9",
        "POST",
        b"name=Zo%C3%AB&said=x",
        content_type="application/x-www-form-urlencoded",
        cookie="k=v; l=w",
        host="show.example:8",
        x_one="1",
    )
    said = json.loads(reply.body)
    assert reply.status == 201
    assert said["form"] == {"name": "Zoë", "said": "x"}
    assert (said["method"], said["query"], said["cookies"]) == ("POST", {"a": "é"}, {"k": "v", "l": "w"})
    assert (said["host"], said["address"]) == ("show.example:8", "127.0.0.1")
    assert said["thread"].startswith("django")


def test_both_cookies_come_back(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /discuss/echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: connection.recv(65536), b"")).lower()
    assert text.count(b"set-cookie:") == 2


def test_path_is_decoded_once_for_django(port: int) -> None:
    assert json.loads(ask(port, "/discuss/echo/caf%C3%A9%2541").body)["path"] == "/discuss/echo/café%41"


def test_a_large_body_is_taken_and_a_larger_refused(port: int) -> None:
    body = b"x" * 3_000_000
    assert json.loads(ask(port, "/discuss/echo", "PUT", body[:2_000_000]).body)["length"] == 2_000_000
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST /discuss/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\nx")
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_a_body_in_chunks(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST /discuss/echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n")
        connection.sendall(b"Connection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        text = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b'"body": "abcde"' in text


def test_a_streamed_answer(port: int) -> None:
    assert ask(port, "/discuss/stream?count=5").body == b"".join(b"%09d\n" % n * 1000 for n in range(5))


def test_a_reader_who_goes_away_ends_the_stream(port: int) -> None:
    before = json.loads(ask(port, "/discuss/log").body)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /discuss/stream?count=100000000 HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.recv(1000)
    for _ in range(100):
        after = json.loads(ask(port, "/discuss/log").body)[len(before) :]
        if after == ["begun", "closed"]:
            return
        time.sleep(0.1)
    raise AssertionError(after)


def test_a_view_that_fails(port: int) -> None:
    assert ask(port, "/discuss/fails").status == 500
    assert ask(port, "/discuss/echo").status == 201


def test_head_of_the_program(port: int) -> None:
    reply = ask(port, "/discuss/echo", "HEAD")
    assert (reply.status, reply.body) == (201, b"")


def test_files_flow_while_django_is_busy(port: int, tmp_path: Path) -> None:
    end = tmp_path / "end"
    with ThreadPoolExecutor(100) as pool:
        busy = [pool.submit(ask, port, f"/discuss/slow?until={end}") for _ in range(90)]
        try:
            until = time.monotonic() + 15
            while sum(future.done() for future in busy) < 10 and time.monotonic() < until:
                time.sleep(0.05)
            assert all(ask(port, "/talks/one/").status == 200 for _ in range(20))
            assert sum(future.done() for future in busy) < 30, "the others still wait"
        finally:
            end.touch()
        statuses = [future.result().status for future in busy]
    assert statuses.count(503) >= 10, "more than can wait are told to try later"
    assert statuses.count(200) >= 60


# ── slow readers ────────────────────────────────────────────────────────────────────────────────────────────────────


def seconds_of_a_page(port: int) -> float:
    """The median of 100."""
    seconds = []
    for _ in range(100):
        started = time.perf_counter()
        assert ask(port, "/talks/one/").status == 200
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[50]


def test_slow_downloads_cost_neither_time_nor_memory(served: tuple[psutil.Process, int], folder: Path) -> None:
    process, port = served
    large = folder / "public" / f"{HASH}.mp4"
    with large.open("wb") as file:
        file.truncate(LARGE)
    before, usual = process.memory_info().rss, seconds_of_a_page(port)
    connections = []
    try:
        for _ in range(100):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.sendall(f"GET /{large.name} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
            connections.append(connection)
        assert seconds_of_a_page(port) < 10 * usual + 0.1  # benchmarks/server.py measures, on a machine at rest
        assert process.memory_info().rss - before < 100_000_000
    finally:
        for connection in connections:
            connection.close()


# ── starting and ending ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_port_in_use(port: int) -> None:
    from onrecord.server import check_address

    with pytest.raises(BadInput, match=f"Port {port} is in use by another program: .* --port"):
        check_address("127.0.0.1", port)
    with pytest.raises(BadInput, match="is not an address"):
        check_address("no such host", 80)
    with pytest.raises(BadInput, match="cannot be listened on"):
        check_address("192.0.2.1", free_port())


WORKER = "import os,sys,time; open(sys.argv[1],'a').write(f'{os.getpid()}\\n'); time.sleep(1e6)"


def _workers(log: Path, count: int) -> list[int]:
    """Process ids of the workers that were started, once there are so many."""
    for _ in range(200):
        lines = log.read_text().split() if log.exists() else []
        if len(lines) >= count:
            return [int(line) for line in lines]
        time.sleep(0.05)
    raise AssertionError(f"{count} workers were expected, {lines} were started")


def _gone(pid: int) -> bool:
    for _ in range(200):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_the_worker_is_started_again_and_ended(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "workers"
    command = json.dumps([sys.executable, "-c", WORKER, str(log)])
    with running(folder, command) as (process, _port):
        first = _workers(log, 1)[0]
        os.kill(first, signal.SIGKILL)
        second = _workers(log, 2)[1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert _gone(second)


@pytest.mark.skipif(sys.platform != "linux", reason="a worker is tied to the server's life on Linux only")
def test_the_worker_ends_when_the_server_is_killed(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "workers"
    command = json.dumps([sys.executable, "-c", WORKER, str(log)])
    with running(folder, command) as (process, _port):
        worker = _workers(log, 1)[0]
        process.kill()
        process.wait()
    assert _gone(worker)


def test_it_ends_in_spite_of_slow_readers(folder: Path) -> None:
    (folder / "public" / "big.bin").write_bytes(bytes(30_000_000))
    with running(folder) as (process, port), socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /big.bin HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.recv(10)
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0


def test_it_can_be_started_again_at_once(folder: Path) -> None:
    with running(folder) as (process, port):
        assert ask(port, "/robots.txt").status == 200
        process.send_signal(signal.SIGTERM)
        process.wait(15)
        again = start(folder, port)
        try:
            wait_until_listening(port)
            assert ask(port, "/robots.txt").status == 200
        finally:
            again.kill()
            again.wait()


def test_a_large_body_must_say_how_large_it_is() -> None:
    from types import SimpleNamespace

    from onrecord.server.program import Uploads

    uploads = Uploads("/up/", lambda query: query == "ours", Path, 10)

    def takes(query: str = "ours", path: str = "/up/", method: str = "POST", **headers: str) -> bool:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return uploads.takes(SimpleNamespace(method=method, path=path, query_string=query, headers=named))

    assert takes(content_length="9")
    assert not takes()
    assert not takes(content_length="9", transfer_encoding="chunked")
    assert not takes(content_length="nine")
    assert not takes("theirs", content_length="9")
    assert not takes(path="/up/other/", content_length="9")
    assert not takes(method="PUT", content_length="9")
