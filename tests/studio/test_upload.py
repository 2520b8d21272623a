"""Recordings sent by the form, through our own server: what is taken, what is refused before it is read."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.studio.site import PASSWORD, served

BOUNDARY = "a-boundary-that-stands-nowhere-else"


class Browser:
    """Keeps cookies, and sends forms as a browser without JavaScript does."""

    def __init__(self, port: int, name: str = "") -> None:
        self.port, self.cookies = port, dict[str, str]()
        if name:
            self.token(self.ask("GET", "/studio/sign-in/")[1])
            form = {"login": name, "password": PASSWORD, "csrfmiddlewaretoken": self.csrf}
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            assert self.ask("POST", "/studio/sign-in/", urlencode(form).encode(), kind)[0] == 302

    def token(self, page: str) -> None:
        self.csrf = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1]  # type: ignore[index]

    def headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, self.headers() | (headers or {}))
        answer = connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.strip().partition("=")
                self.cookies[key] = rest.partition(";")[0]
        text = answer.read().decode(errors="replace")
        connection.close()
        return answer.status, text, answer.getheader("Location", "")

    def upload(self, name: str, content: bytes, action: str = "", **fields: str) -> tuple[int, str, str]:
        if not action:
            page = self.ask("GET", "/studio/upload/")[1]
            self.token(page)
            action = re.search(r'action="(/studio/upload/\?token=[^"]+)"', page)[1]  # type: ignore[index]
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        return self.ask("POST", action, form(name, content, csrfmiddlewaretoken=self.csrf, **fields), kind)


def form(name: str, content: bytes, **fields: str) -> bytes:
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="recording"; filename="{name}"\r\n\r\n'
    return "".join([*parts, head]).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def sound(path: Path, seconds: float, rate: int = 44100) -> bytes:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes([7, 1, 9, 2]) * int(seconds * rate))
    return path.read_bytes()


@pytest.fixture
def port(folder: Path) -> Iterator[int]:
    with (folder / "onrecord.toml").open("a") as file:
        file.write("\n[server]\nlargest_upload_gb = 0.2\n")
    with served(folder) as port:
        yield port


def episodes(onrecord) -> list[str]:
    return [episode["title"] for episode in json.loads(onrecord("status", "--json").stdout)["episodes"]]


def nothing_is_left(folder: Path) -> bool:
    until = time.monotonic() + 10
    while any((folder / "work" / "uploads").iterdir()) and time.monotonic() < until:
        time.sleep(0.1)
    return not any((folder / "work" / "uploads").iterdir())


def raw(port: int, head: str, body: bytes = b"") -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head.encode() + body)
        return connection.recv(100) if not body else b""


def test_uploads(port, folder, onrecord, tmp_path):
    editor, moderator = Browser(port, "editor"), Browser(port, "moderator")
    small = sound(tmp_path / "a.wav", 2)
    status, _, where = editor.upload("An evening \u202etalk.wav", small, draft="on")
    assert (status, where[:17]) == (303, "/studio/episodes/")
    assert "An evening talk" in episodes(onrecord)
    assert "already" in editor.ask("GET", editor.upload("again.wav", small)[2])[1]
    large = sound(tmp_path / "b.wav", 420)
    assert len(large) > 70_000_000, "more than any other route takes"
    assert editor.upload("b.wav", large, title="A long <talk>")[0] == 303
    assert "A long <talk>" in episodes(onrecord)
    assert len(list((folder / "originals").iterdir())) == 3, "two recordings and a picture"

    status, page, _ = editor.upload("words.txt", b"no sound at all" * 100)
    assert status == 422
    assert "words.txt" in page
    count = len(episodes(onrecord))
    page = editor.ask("GET", "/studio/upload/")[1]
    action = re.search(r'action="(/studio/upload/\?token=[^"]+)"', page)[1]

    assert moderator.upload("a.wav", small, action=action)[0] == 403, "somebody else's token"
    assert moderator.ask("GET", "/studio/upload/")[0] == 403
    assert Browser(port).ask("POST", action, b"x=y", {"Content-Type": "application/x-www-form-urlencoded"})[0] == 403
    for path in ("/studio/upload/", "/studio/upload/?token=x:y:z", action.replace("upload", "people")):
        answer = raw(port, f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413"), path
    too_large = raw(port, f"POST {action} HTTP/1.1\r\nHost: h\r\nContent-Length: 200000001\r\n\r\n")
    assert too_large.startswith(b"HTTP/1.1 413")

    head = "".join(f"{name}: {value}\r\n" for name, value in editor.headers().items())
    head += f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(large) + 1000}\r\n"
    whole = form("broken.wav", large, csrfmiddlewaretoken=editor.csrf, title="Broken off")
    raw(port, f"POST {action} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}\r\n", whole[: len(whole) // 2])
    assert nothing_is_left(folder)
    assert len(episodes(onrecord)) == count
    assert editor.ask("GET", "/studio/episodes/")[0] == 200


def test_a_full_disk_is_said_before_anything_is_sent(folder, onrecord):
    (folder / "onrecord.toml").open("a").write("\n[server]\nlargest_upload_gb = 1000000000.0\n")
    with served(folder) as port:
        page = Browser(port, "owner").ask("GET", "/studio/upload/")[1]
        action = re.search(r'action="(/studio/upload/\?token=[^"]+)"', page)[1]
        answer = raw(port, f"POST {action} HTTP/1.1\r\nHost: h\r\nContent-Length: {10**16}\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 507")
    assert nothing_is_left(folder)
