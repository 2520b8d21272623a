"""A small public folder, our server on it in a process of its own, and a client that sends what it is told."""

import gzip
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HASH = "0123456789abcdef" * 2
PAGE = b"<!doctype html><title>An interview</title>" + b"<p>word " * 4000
MEDIA = bytes(range(256)) * 12_000

RUNNER = """
import json, os, sys
import django
django.setup()
from django.conf import settings
settings.ROOT_URLCONF = "tests.doors.program_urls"
from onrecord import server
from onrecord.server import child
host, port, command = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
if command:
    child.COMMAND = tuple(command)
server.serve(host, port, with_worker=bool(command), ready=lambda: print("ready", flush=True))
"""


def make_public(public: Path) -> None:
    """One file of each kind that we publish."""
    files = {
        "index.html": PAGE,
        "404.html": b"<!doctype html><title>Not here</title>",
        "later.html": b"<!doctype html><title>Later</title>",
        "talks/feed.xml": b"<rss/>" * 300,
        "talks/feed/1.xml": b"<rss/>",
        "talks/feed.json": b"{}",
        "talks/atom.xml": b"<feed/>",
        "talks/one/embed/index.html": b"<!doctype html><title>Player</title>",
        "sitemap.xml": b"<urlset/>",
        "robots.txt": b"User-agent: *\n",
        "talks/one/index.html": PAGE,
        "talks/one/episode.json": b"{}",
        "talks/one/chapters.json": b"{}",
        "discussion/k2m4p6r8tv/annotations.json": b"{}",
        "discussion/k2m4p6r8tv/annotations/1.json": b"{}",
        "discussion/k2m4p6r8tv/annotations/page/1.json": b"{}",
        "talks/one/peaks.json": b"[]",
        "talks/one/transcript.vtt": b"WEBVTT\n",
        "talks/one/transcript.srt": b"1\n",
        "talks/one/empty.txt": b"",
        f"talks/one/{HASH}.mp3": MEDIA,
        f"talks/one/{HASH}.opus": MEDIA[:5000],
        f"talks/one/{HASH}.mp4": MEDIA,
        f"talks/one/picture-{HASH}-640.jpg": b"\xff\xd8",
        f"talks/one/picture-{HASH}-640.webp": b"RIFF",
        f"talks/artwork-{HASH}.jpg": b"\xff\xd8",
        "static/style.css": b"p{}" * 500,
        "static/player.js": b"1",
        "talks/one/.secret.tmp": b"half-made",
        ".hidden/index.html": b"hidden",
    }
    for name, content in files.items():
        path = public / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if len(content) > 1000 and path.suffix in (".html", ".xml", ".css"):
            Path(f"{path}.gz").write_bytes(gzip.compress(content, mtime=0))
        os.utime(path, (1_700_000_000, 1_700_000_000))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, port: int, command: str = "[]", host: str = "127.0.0.1") -> subprocess.Popen[str]:
    """Start our server; `command` is the worker's, as JSON."""
    environment = {k: v for k, v in os.environ.items() if k != "ONRECORD_DATABASE_URL"}
    environment |= {
        "ONRECORD_FOLDER": str(folder),
        "DJANGO_SETTINGS_MODULE": "onrecord.settings",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
    }
    return subprocess.Popen(
        [sys.executable, "-c", RUNNER, host, str(port), command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


@contextmanager
def running(folder: Path, command: str = "[]") -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Our server, ready, on a free port."""
    port = free_port()
    process = start(folder, port, command)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process, port
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        finally:
            process.kill()
            process.wait()


class Reply:
    """Status, headers by lower-case name, body."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()


def ask(port: int, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
    """One request, its path sent as it stands. Header names are given with underscores."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host="host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return Reply(connection.getresponse())
    finally:
        connection.close()


def wait_until_listening(port: int, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")


def program(name: str) -> str | None:
    """Where nginx or caddy is; Debian keeps servers outside of a person's PATH."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
