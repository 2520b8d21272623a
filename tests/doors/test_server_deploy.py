"""docs/deploy: nginx and Caddy, run with the very files that we give away, answer as our own server does."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from onrecord.lib.headers import ALWAYS, TYPES
from onrecord.urls import PROGRAM_PATHS
from tests.doors.serving import (
    HASH,
    MEDIA,
    ROOT,
    Reply,
    ask,
    free_port,
    make_public,
    program,
    running,
    wait_until_listening,
)

pytestmark = pytest.mark.once

DEPLOY = ROOT / "docs" / "deploy"
PATHS = [
    "/",
    "/talks/one/",
    "/talks/one",
    "/talks/feed.xml",
    "/talks/feed/1.xml",
    "/talks/feed.json",
    "/talks/atom.xml",
    "/talks/one/embed/",
    "/talks/one/embed/index.html",
    "/sitemap.xml",
    "/robots.txt",
    "/404.html",
    "/talks/one/episode.json",
    "/talks/one/chapters.json",
    "/discussion/k2m4p6r8tv/annotations.json",
    "/discussion/k2m4p6r8tv/annotations/1.json",
    "/discussion/k2m4p6r8tv/annotations/page/1.json",
    "/talks/one/transcript.vtt",
    "/talks/one/transcript.srt",
    "/talks/one/empty.txt",
    f"/talks/one/{HASH}.mp3",
    f"/talks/one/{HASH}.opus",
    f"/talks/one/{HASH}.mp4",
    f"/talks/one/picture-{HASH}-640.jpg",
    f"/talks/one/picture-{HASH}-640.webp",
    f"/talks/artwork-{HASH}.jpg",
    "/static/style.css",
    "/static/player.js",
    "/nothing",
    "/talks/",
    "/talks/one/.secret.tmp",
    "/.hidden/",
    "/.hidden/index.html",
]
SAME = [
    "content-type",
    "content-length",
    "content-encoding",
    "content-range",
    "cache-control",
    "access-control-allow-origin",
    *(name.lower() for name in ALWAYS),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("show")
    (folder / "onrecord.toml").write_text("")
    make_public(folder / "public")
    for part in (folder, *folder.parents):  # nginx's worker may be another user
        if part.owner() == folder.owner() and part != Path("/"):
            part.chmod(part.stat().st_mode | 0o055)
    return folder


@pytest.fixture(scope="module")
def ours(folder: Path) -> Iterator[int]:
    with running(folder) as (_process, port):
        yield port


@pytest.fixture(scope="module")
def nginx(folder: Path, ours: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Our nginx.conf with this folder, a certificate of its own, and plain HTTP beside TLS on one port each."""
    binary, openssl = program("nginx"), shutil.which("openssl")
    if binary is None or openssl is None:
        pytest.skip("nginx or openssl is not here")
    place = tmp_path_factory.mktemp("nginx")
    names = ["-keyout", place / "privkey.pem", "-out", place / "fullchain.pem", "-subj", "/CN=localhost"]
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names], check=True, capture_output=True)
    port, redirecting, secure = free_port(), free_port(), free_port()
    text = (DEPLOY / "nginx.conf").read_text()
    text = text.replace("/srv/my-show", str(folder)).replace("127.0.0.1:8000", f"127.0.0.1:{ours}")
    text = text.replace("/etc/letsencrypt/live/interviews.example.org", str(place))
    text = re.sub(r"listen \[::\]:.*\n", "", text)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{redirecting};")
    text = text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{secure} ssl http2; listen 127.0.0.1:{port};")
    (place / "site.conf").write_text(text)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {place}/{kind};" for kind in kinds)
    (place / "nginx.conf").write_text(
        f"user root; daemon off; pid {place}/pid; error_log {place}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary} include {place}/site.conf; }}\n"
    )
    yield from _run([binary, "-e", f"{place}/error.log", "-c", f"{place}/nginx.conf"], port, place)


@pytest.fixture(scope="module")
def caddy(folder: Path, ours: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Our Caddyfile with this folder, over plain HTTP: certificates are Caddy's own affair."""
    binary = program("caddy")
    if binary is None:
        pytest.skip("caddy is not here")
    place = tmp_path_factory.mktemp("caddy")
    port = free_port()
    text = (DEPLOY / "Caddyfile").read_text()
    text = text.replace("/srv/my-show", str(folder)).replace("127.0.0.1:8000", f"127.0.0.1:{ours}")
    text = text.replace("interviews.example.org {", f"http://:{port} {{\n\tbind 127.0.0.1\n")
    (place / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text)
    yield from _run([binary, "run", "--adapter", "caddyfile", "--config", f"{place}/Caddyfile"], port, place)


def _run(command: list[str], port: int, place: Path) -> Iterator[int]:
    with (place / "output").open("w") as output:
        environment = {"HOME": str(place), "XDG_DATA_HOME": str(place), "PATH": "/usr/bin:/bin"}
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        try:
            wait_until_listening(port)
            yield port
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(params=["nginx", "caddy"])
def other(request: pytest.FixtureRequest) -> int:
    return int(request.getfixturevalue(request.param))


Asking = Callable[[int], Reply]


def _agree(ours: int, other: int, asking: Asking, names: list[str]) -> Reply:
    mine, theirs = asking(ours), asking(other)
    assert theirs.status == mine.status
    for name in names:
        assert theirs.headers.get(name) == mine.headers.get(name), name
    return theirs


@pytest.mark.parametrize("path", PATHS)
def test_the_same_file_with_the_same_headers(ours: int, other: int, path: str) -> None:
    moved = ask(ours, path).status == 301
    names = [name.lower() for name in ALWAYS] if moved else SAME
    theirs = _agree(ours, other, lambda port: ask(port, path), names)
    if moved:
        assert theirs.headers["location"] == f"{path}/"
    else:
        assert theirs.body == ask(ours, path).body


@pytest.mark.parametrize("path", ["/", "/talks/feed.xml", "/static/style.css"])
def test_compressed(ours: int, other: int, path: str) -> None:
    theirs = _agree(ours, other, lambda port: ask(port, path, accept_encoding="gzip"), SAME)
    assert theirs.headers["vary"] == "Accept-Encoding"
    assert theirs.body == ask(ours, path, accept_encoding="gzip").body


@pytest.mark.parametrize(
    "wanted", ["bytes=0-1", "bytes=-5", "bytes=1000000-", "bytes=9999999-", "bytes=9-1", "bytes=0-1,5-6"]
)
def test_parts(ours: int, other: int, wanted: str) -> None:
    path = f"/talks/one/{HASH}.mp3"
    mine, theirs = ask(ours, path, range=wanted), ask(other, path, range=wanted)
    if theirs.status == 416:
        assert mine.status in (416, 200), "what cannot be read may be ignored or refused"
        if mine.status == 416:
            assert theirs.headers["content-range"] == mine.headers["content-range"] == f"bytes */{len(MEDIA)}"
    elif wanted.count("-") == 1:
        assert (theirs.status, theirs.body) == (mine.status, mine.body)
        assert theirs.headers.get("content-range") == mine.headers.get("content-range")
    else:
        assert theirs.status in (200, 206)


def test_head_and_conditions(other: int) -> None:
    for path in ("/", f"/talks/one/{HASH}.mp3", "/talks/feed.xml"):
        whole = ask(other, path)
        assert ask(other, path, "HEAD").headers["content-length"] == str(len(whole.body))
        assert ask(other, path, if_none_match=whole.headers["etag"]).status == 304
        assert ask(other, path, if_modified_since=whole.headers["last-modified"]).status == 304


def test_other_methods(ours: int, other: int) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert ask(other, "/talks/one/", method, b"x").status == ask(ours, "/talks/one/", method, b"x").status == 405


def test_the_program_is_reached(other: int) -> None:
    assert ask(other, "/healthz").body == b"ok"
    reply = ask(other, "/discuss/echo?q=1", "POST", b"a=b", content_type="application/x-www-form-urlencoded")
    assert reply.status == 201
    assert b'"form": {"a": "b"}' in reply.body


def test_no_path_leads_out(other: int) -> None:
    for path in ("/%2e%2e/onrecord.toml", "/talks/..%2f..%2fonrecord.toml", "/../onrecord.toml"):
        assert ask(other, path).status in (400, 404)


def test_every_path_of_the_program_is_named() -> None:
    nginx, caddy = (DEPLOY / "nginx.conf").read_text(), (DEPLOY / "Caddyfile").read_text()
    words = [path.strip("/") for path in PROGRAM_PATHS]
    assert f"location ~ ^/(({'|'.join(words)})/|healthz$)" in nginx
    assert f"@program path {' '.join(f'/{word}/*' for word in words)} /healthz\n" in caddy


def test_every_type_is_named() -> None:
    nginx, caddy = (DEPLOY / "nginx.conf").read_text(), (DEPLOY / "Caddyfile").read_text()
    for suffix, kind in TYPES.items():
        written = re.escape(f'"{kind}"' if " " in kind else kind)
        assert re.search(rf"{written} +([a-z ]+ )?{suffix[1:]}[ ;]", nginx), suffix
        assert f'"{kind}"' in caddy


def test_symlinks_do_not_lead_out(folder: Path, ours: int, nginx: int) -> None:
    (folder / "public" / "out.txt").symlink_to(folder / "onrecord.toml")
    assert ask(ours, "/out.txt").status == 404
    assert ask(nginx, "/out.txt").status in (403, 404)


def test_readers_do_not_notice_that_the_program_is_down(
    folder: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each with a program that does not listen: pages as ever, forms say "later" with 503."""
    dead = free_port()
    for name, make in (("nginx", nginx), ("caddy", caddy)):
        if program(name) is None:
            continue
        behind = make.__wrapped__(folder, dead, tmp_path_factory)  # type: ignore[attr-defined]
        port = next(behind)
        try:
            assert ask(port, "/talks/one/").status == 200
            reply = ask(port, "/discuss/echo")
            assert (reply.status, reply.body) == (503, (folder / "public" / "later.html").read_bytes()), name
            assert reply.headers["retry-after"] == "10"
            assert reply.headers["cache-control"] == "no-cache"
            assert reply.headers["content-type"] == "text/html; charset=utf-8"
        finally:
            for _ in behind:
                pass
