"""Pages as strangers make them: every one is read, or given up, within the limits of its process."""

import json
from pathlib import Path

import pytest

from onrecord.references import reading

pytestmark = pytest.mark.once

URDU = "پُل محفوظ ہے"
PAGE = "<!doctype html><title> A  title </title><p>Grüße “x”</p>"

ENCODED = [
    (PAGE.encode(), "text/html; charset=utf-8"),
    (PAGE.encode(), "text/html"),
    (PAGE.encode("windows-1252"), "text/html; charset=ISO-8859-1"),
    (PAGE.encode("windows-1252"), "text/html"),
    (PAGE.encode("utf-16"), "text/html"),
    (b"\xff\xfe" + PAGE.encode("utf-16-le"), "text/html; charset=iso-8859-1"),
    (b'<meta charset="windows-1252">' + PAGE.encode("windows-1252"), "text/html"),
    (b'<meta charset="klingon">' + PAGE.encode(), "text/html; charset=punycode"),
    (b'<?xml version="1.0" encoding="iso-8859-5"?>' + PAGE.encode(), "application/xhtml+xml; charset=UTF-8"),
    (PAGE.encode(), 'TEXT/HTML;charset="utf-8";a=b'),
    (PAGE.encode(), ""),
]


@pytest.mark.parametrize(("content", "content_type"), ENCODED)
def test_the_charset_is_found_out(content: bytes, content_type: str) -> None:
    found = reading.read(content, content_type)
    assert found
    assert (found.title, found.text) == ("A title", "Grüße “x”")


def test_what_is_seen_is_read_and_what_is_not_is_left_out() -> None:
    page = f"""<html dir=rtl><head><title>T</title><style>.a{{}}</style><script>var secret = 1</script>
    <meta property="og:title" content="The  headline"><meta name=author content="https://x.org/ada">
    <meta property="article:author" content="Ada Hill"><meta property="article:published_time" content="2024-04-17">
    </head><body><h1>Head</h1><p>One <b>bo</b>ld word<br>and <a href=x>a</a> link.</p>
    <!-- no --><script>no()</script>tail
    <table><tr><td>cell</td><td>cell two</td></tr></table><textarea>no</textarea><div><div>{URDU}</div>after</div>"""
    found = reading.read(page.encode(), "text/html")
    assert found == reading.Read(
        title="The headline",
        author="Ada Hill",
        date="2024-04-17",
        text=f"Head\nOne bold word\nand a link.\ntail\ncell\ncell two\n{URDU}\nafter",
    )


def test_what_is_no_text_is_not_read() -> None:
    assert reading.read(b"%PDF-1.7", "application/pdf") is None
    assert reading.read(b"\x89PNG", "image/png") is None
    plain = reading.read("Grüße <b>\n".encode(), "text/plain")
    assert plain
    assert plain.text == "Grüße <b>\n"


MB = 1 << 20
EVIL = {
    "deep": b"<div>" * MB + b"deep words",
    "deeper": b"<b><i>" * MB,
    "paragraphs": b"<p>x" * (2 * MB),
    "links": b"<a>" * (2 * MB),
    "attributes": b"<p " + b" ".join(b"a%d=1" % number for number in range(800_000)) + b">",
    "brackets": b"<" * (8 * MB),
    "entities": b"&lt;" * (2 * MB),
    "comments": b"<!--" * (2 * MB),
    "null": b"\0" * MB,
    "nothing": b"",
    "lies": b'<meta charset="utf-16"><p>words',
    "entity bomb": b'<!DOCTYPE a [<!ENTITY b "cccc"><!ENTITY d "&b;&b;&b;">]><a>&d;</a>',
    "file": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
}


@pytest.mark.parametrize("kind", EVIL)
def test_pages_made_to_be_expensive_come_to_an_end(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 2 * MB)
    found = reading.read(EVIL[kind], "text/html")
    assert found is None or "root:" not in found.text


def test_hostile_pages_are_read_as_text(cases: Path) -> None:
    for payload in json.loads((cases / "hostile" / "html.json").read_text()):
        found = reading.read(f"<title>{payload}</title><p>words {payload}</p>".encode(), "text/html; charset=utf-8")
        assert found
        assert "words" in found.text or "words" in found.title
