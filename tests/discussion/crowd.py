"""Many who write at once: a publication served in a process of its own, and readers with forms that they opened."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from lxml import html

ROOT = Path(__file__).resolve().parents[2]
QUICKEST = 3
"""Seconds after which a form may be sent."""


@dataclass(frozen=True)
class Posted:
    """A form that was filled in: who writes, what, and all fields as they are sent."""

    address: str
    text: str
    body: bytes
    network: str


def open_forms(port: int, keys: Iterable[str], first: int = 0, clients: int = 8) -> list[Posted]:
    """Open a form for each of these episodes and fill it in, each by another reader; return when all may be sent."""

    def one(numbered: tuple[int, str]) -> Posted:
        number, key = numbered
        status, answer, _ = ask(port, "GET", f"/discuss/?episode={key}")
        assert status == 200, (status, answer[:200])
        fields = html.document_fromstring(answer).xpath("//form[@method='post'][.//textarea]//input[@name]")
        sent = {field.get("name"): field.get("value") or "" for field in fields}
        address = f"reader{number}@readers.example"
        text = f"Reader {number} was there, and says so: {'what I saw at the harbour that winter. ' * 12}".strip()
        sent |= {"do": "post", "name": f"Reader {number}", "address": address, "text": text}
        return Posted(address, text, urlencode(sent).encode(), f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")

    with ThreadPoolExecutor(clients) as threads:
        filled = list(threads.map(one, enumerate(keys, first)))
    time.sleep(QUICKEST)
    return filled


def send(port: int, posted: Posted, patience: float = 60) -> str:
    """The key of the comment that was taken. Who is told to try later, or hears nothing, sends the same form again."""
    until = time.monotonic() + patience
    while True:
        try:
            status, answer, location = ask(port, "POST", "/discuss/", posted.body, posted.network)
        except OSError:
            status, answer, location = 503, b"", ""
        if status == 303:
            return location.split("/")[-2]
        assert status == 503 and time.monotonic() < until, (status, answer[:500])
        time.sleep(0.2)


def ask(port: int, method: str, path: str, body: bytes | None = None, network: str = "") -> tuple[int, bytes, str]:
    """Status, body and where it leads."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": network} if body else {}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheader("Location") or ""
    finally:
        connection.close()


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, str]]:
    """Port and the key of an episode. No worker runs."""
    sys.path[:0] = [str(ROOT)]
    from tests.doors.serving import free_port

    port = free_port()
    environment = {k: v for k, v in os.environ.items() if k != "ONRECORD_DATABASE_URL"}
    environment |= {"ONRECORD_FOLDER": str(folder), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    with subprocess.Popen(
        [sys.executable, __file__, str(port)], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield port, json.loads(process.stdout.readline())
        finally:
            process.terminate()


def main() -> None:
    """Make it, and serve it."""
    from onrecord import opening

    folder = Path(os.environ["ONRECORD_FOLDER"])
    opening.open_publication(folder)
    from onrecord import server
    from tests.press import archive

    key = archive.make_episode(archive.make_show(), 1).key
    server.serve("127.0.0.1", int(sys.argv[1]), with_worker=False, ready=lambda: print(json.dumps(key), flush=True))


if __name__ == "__main__":
    main()
