"""Which answer a request for a public file gets."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord.lib.headers import ALWAYS, ASK_AGAIN, KEEP_FOR_EVER, PAGE_POLICY, cache_control, content_type
from onrecord.server.files import READ_AT_ONCE, Answer, PublicFiles, http_date
from tests.doors.serving import HASH, MEDIA, PAGE, make_public

MP3 = f"/talks/one/{HASH}.mp3"


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "public"
    make_public(folder)
    (folder.parent / "secret.txt").write_text("secret")
    (folder / "way-out.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "way-out").symlink_to(folder.parent)
    (folder / "inside.txt").symlink_to(folder / "robots.txt")
    os.mkfifo(folder / "pipe.txt")
    return folder


def get(public: Path, path: str, method: str = "GET", **headers: str) -> Answer:
    given_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return PublicFiles(public).answer(method, path, given_headers.get)


def content(answer: Answer) -> bytes:
    return Path(answer.file).read_bytes()[answer.start : answer.end] if answer.file else answer.body


def test_a_file_and_a_folder(public: Path) -> None:
    assert get(public, "/robots.txt").body == b"User-agent: *\n"
    assert get(public, "/talks/one/").body == PAGE
    moved = get(public, "/talks/one")
    assert (moved.status, moved.headers["Location"]) == (301, "/talks/one/")
    assert get(public, "/inside.txt").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/talks/",
        "/talks",
        "/../secret.txt",
        "/talks/../../secret.txt",
        "/talks/one/../../robots.txt",
        "/way-out.txt",
        "/way-out/secret.txt",
        "/talks/one/.secret.tmp",
        "/.hidden/",
        "/.hidden",
        "/robots.txt/",
        "/robots.txt\0",
        "/\0",
        "//robots.txt",
        "//etc/passwd",
        "/talks//one/",
        "/./robots.txt",
        "/pipe.txt",
        "/" + "a" * 300,
        "/" + "a/" * 3000,
        "/\ud800",
        "",
    ],
)
def test_nothing_else_is_given_away(public: Path, path: str) -> None:
    answer = get(public, path)
    assert answer.status == 404
    assert answer.body == b"<!doctype html><title>Not here</title>"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@settings(deadline=None)
@given(st.text(alphabet="./\\%a\0-é", max_size=40))
def test_no_path_leaves_the_folder(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "empty"
    folder.mkdir(exist_ok=True)
    assert get(folder, f"/{text}").status == 404


def test_other_methods(public: Path) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get"):
        answer = get(public, "/robots.txt", method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_without_a_404_page(tmp_path: Path) -> None:
    assert (get(tmp_path, "/x").status, get(tmp_path, "/x").body) == (404, b"Not found.")
    assert get(tmp_path / "not there yet", "/").status == 404


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("talks/feed.xml", "application/rss+xml; charset=utf-8"),
        ("talks/feed/12.xml", "application/rss+xml; charset=utf-8"),
        ("sitemap-1.xml", "application/xml; charset=utf-8"),
        ("a/b/chapters.json", "application/json+chapters"),
        ("discussion/k2/annotations.json", 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"'),
        ("discussion/k2/annotations/page/1.json", 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"'),
        ("discussion/log/1.json", "application/json"),
        ("a/b/transcript.json", "application/json"),
        ("a/b/transcript.vtt", "text/vtt; charset=utf-8"),
        ("a/b/transcript.srt", "application/x-subrip; charset=utf-8"),
        ("a/x.MP3", "audio/mpeg"),
        ("a/x.opus", "audio/ogg"),
        ("a/strange.exe", "application/octet-stream"),
        ("feedback.xml", "application/xml; charset=utf-8"),
    ],
)
def test_types(path: str, kind: str) -> None:
    assert content_type(path) == kind


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        (f"a/b/{HASH}.mp3", KEEP_FOR_EVER),
        (f"a/b/picture-{HASH}-640.webp", KEEP_FOR_EVER),
        (f"a/artwork-{HASH}.jpg", KEEP_FOR_EVER),
        (f"static/style-{HASH[:12]}.css", KEEP_FOR_EVER),
        ("static/style.css", ASK_AGAIN),
        ("a/deadbeefdeadbeef/index.html", ASK_AGAIN),
        ("a/feed.xml", ASK_AGAIN),
        ("index.html", ASK_AGAIN),
    ],
)
def test_only_what_is_named_by_its_content_is_kept(path: str, policy: str) -> None:
    assert cache_control(path) == policy


def test_every_answer_carries_the_policies(public: Path) -> None:
    for answer in (get(public, "/"), get(public, "/no"), get(public, "/", "POST"), get(public, "/talks/one")):
        assert ALWAYS.items() <= answer.headers.items()


def test_the_page_and_the_header_say_the_same() -> None:
    assert ALWAYS["Content-Security-Policy"].startswith(f"{PAGE_POLICY}; ")


def test_others_may_read_data_but_not_pages(public: Path) -> None:
    assert get(public, "/talks/one/transcript.vtt").headers["Access-Control-Allow-Origin"] == "*"
    assert get(public, MP3).headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in get(public, "/talks/one/").headers


def test_nothing_changed(public: Path) -> None:
    first = get(public, "/robots.txt")
    tag, date = first.headers["ETag"], first.headers["Last-Modified"]
    assert date == "Tue, 14 Nov 2023 22:13:20 GMT"
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = get(public, "/robots.txt", if_none_match=known)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert get(public, "/robots.txt", if_none_match='"other"').status == 200
    assert get(public, "/robots.txt", if_none_match='"other"', if_modified_since=date).status == 200
    assert get(public, "/robots.txt", if_modified_since=date).status == 304
    assert get(public, "/robots.txt", if_modified_since=http_date(1_699_999_999)).status == 200
    for nonsense in ("yesterday", "", "Tue, 99 Nov 2023 22:13:20 GMT", "1" * 400):
        assert get(public, "/robots.txt", if_modified_since=nonsense).status == 200


def test_conditions_that_protect_a_resumed_download(public: Path) -> None:
    tag = get(public, MP3).headers["ETag"]
    assert get(public, MP3, if_match=tag).status == 200
    assert get(public, MP3, if_match='"other"').status == 412
    assert get(public, MP3, if_match=f"W/{tag}").status == 412
    assert get(public, MP3, if_match="*").status == 200
    assert get(public, MP3, if_unmodified_since=http_date(1_700_000_000)).status == 200
    assert get(public, MP3, if_unmodified_since=http_date(1_699_999_999)).status == 412


def test_the_tag_changes_with_the_content(tmp_path: Path) -> None:
    tags = set()
    for number in range(20):
        (tmp_path / "new").write_text(f"{number:05}")
        (tmp_path / "new").replace(tmp_path / "page.txt")
        os.utime(tmp_path / "page.txt", ns=(number // 2, number // 2))
        tags.add(get(tmp_path, "/page.txt").headers["ETag"])
    assert len(tags) == 20


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [("0-0", 0, 1), ("0-1", 0, 2), ("100-", 100, None), ("-10", -10, None), ("5-99999999", 5, None), ("0-", 0, None)],
)
def test_a_part(public: Path, wanted: str, start: int, end: int | None) -> None:
    answer = get(public, MP3, range=f"bytes={wanted}")
    assert answer.status == 206
    assert content(answer) == MEDIA[start:end]
    first = start % len(MEDIA)
    last = len(MEDIA) - 1 if end is None else end - 1
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(MEDIA)}"


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=-0", f"bytes={len(MEDIA)}-"])
def test_a_part_beyond_the_end(public: Path, wanted: str) -> None:
    answer = get(public, MP3, range=wanted)
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(MEDIA)}")


@pytest.mark.parametrize(
    "wanted", ["bytes=5-2", "bytes=-", "bytes=a-b", "lines=0-1", "bytes", "bytes=0-1,5-6", "bytes=0-1;", "", "0-1"]
)
def test_what_cannot_be_read_gets_the_whole(public: Path, wanted: str) -> None:
    answer = get(public, MP3, range=wanted)
    assert (answer.status, answer.end - answer.start) == (200, len(MEDIA))


def test_a_part_of_what_is_still_the_same(public: Path) -> None:
    tag = get(public, MP3).headers["ETag"]
    for condition in (tag, http_date(1_700_000_000)):
        assert get(public, MP3, range="bytes=0-1", if_range=condition).status == 206
    for condition in ('"other"', f"W/{tag}", http_date(1_700_000_001), "nonsense"):
        assert get(public, MP3, range="bytes=0-1", if_range=condition).status == 200


@settings(deadline=None)
@given(st.binary(max_size=300), st.text(alphabet="bytes=-,0123456789 ", max_size=25))
def test_any_range_is_part_or_whole_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, wanted: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "ranges"
    folder.mkdir(exist_ok=True)
    (folder / "x.mp3").write_bytes(data)
    answer = get(folder, "/x.mp3", range=wanted)
    if answer.status == 206:
        first, last = answer.headers["Content-Range"].removeprefix("bytes ").split("/")[0].split("-")
        assert answer.body == data[int(first) : int(last) + 1] != b""
    else:
        assert (answer.status, answer.body) in ((200, data), (416, b""))


def test_compressed_when_accepted(public: Path) -> None:
    for accepted in ("gzip", "br, gzip;q=0.5", "deflate,gzip", "*", "GZIP"):
        answer = get(public, "/talks/one/", accept_encoding=accepted)
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.body == (public / "talks/one/index.html.gz").read_bytes()
    for refused in ("identity", "gzip;q=0", "gzip; q=0.0", "br", "", "xgzip", "gzip;q=much"):
        answer = get(public, "/talks/one/", accept_encoding=refused)
        assert "Content-Encoding" not in answer.headers
        assert answer.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in get(public, "/robots.txt", accept_encoding="gzip").headers
    part = get(public, "/talks/one/", accept_encoding="gzip", range="bytes=0-4")
    assert (part.status, part.body) == (206, PAGE[:5])


def test_each_form_has_its_tag(public: Path) -> None:
    plain, packed = get(public, "/"), get(public, "/", accept_encoding="gzip")
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert get(public, "/", accept_encoding="gzip", if_none_match=packed.headers["ETag"]).status == 304
    assert get(public, "/", accept_encoding="gzip", if_none_match=plain.headers["ETag"]).status == 200


def test_a_left_over_compressed_form_is_not_a_page(tmp_path: Path) -> None:
    (tmp_path / "gone.html.gz").write_bytes(b"x")
    assert get(tmp_path, "/gone.html", accept_encoding="gzip").status == 404


def test_large_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "large.mp3").write_bytes(bytes(READ_AT_ONCE + 1))
    answer = get(tmp_path, "/large.mp3")
    assert (answer.body, answer.length) == (b"", READ_AT_ONCE + 1)
