"""References on a page: what strangers wrote stays text, and what is known of each is said in words."""

import html
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from onrecord.lib import language
from onrecord.references.models import Kind
from onrecord.references.read import Saved, Standing
from onrecord.site import references

STANDING = Standing(
    pk=1,
    kind=Kind.LINK,
    given="https://www.news.org/ferry#part",
    href="https://www.news.org/ferry#part",
    reached="",
    title="The ferry’s last trip",
    author="Ada Hill",
    date="17 April 1998",
    sentence="It sank at dawn.",
    saved=Saved.WITH_SENTENCE,
    saved_at=datetime(2026, 11, 24, 23, 30, tzinfo=UTC),
    sha256="ab" * 32,
    dead_since=None,
    file_name="",
    file_type="",
    file_size=0,
)


class Us:
    """All that is asked of a publication."""

    time_zone = "Europe/Berlin"


def shown(standing: Standing, page: str = "en") -> str:
    with language.speaking(page):
        return str(references.listed(Us(), [standing], page))  # type: ignore[arg-type]


def words(standing: Standing, page: str = "en") -> str:
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", shown(standing, page))).split())


def test_a_saved_link_says_when_and_which_and_that_the_sentence_is_there() -> None:
    made = shown(STANDING)
    assert '<a href="https://www.news.org/ferry#part" rel="nofollow ugc noopener" class="titled">' in made
    assert words(STANDING) == (
        "The ferry’s last trip Ada Hill · 17 April 1998 · news.org It sank at dawn. "
        "A copy was saved on 25 November 2026 , and this sentence stands in it. abababababab"
    )
    assert f'title="sha256 {"ab" * 32}"' in made
    assert "lang=" not in made
    with language.speaking("en"):
        assert ' lang="en" dir="ltr"' in str(references.listed(Us(), [STANDING], "ur"))  # type: ignore[arg-type]
    assert references.listed(Us(), [], "en") == ""  # type: ignore[arg-type]


def test_a_dead_link_is_no_link_any_more_and_its_address_can_be_read() -> None:
    dead = replace(STANDING, dead_since=datetime(2026, 11, 1, tzinfo=UTC))
    assert "<a " not in shown(dead)
    assert "https://www.news.org/ferry#part" in words(dead)
    assert "This link has led nowhere since 1 November 2026 ." in words(dead)
    assert "A copy was saved" in words(dead)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"saved": Saved.SENTENCE_MISSING}, "this sentence was not found in it"),
        ({"saved": Saved.BLOCKED, "saved_at": None}, "the site keeps programs out"),
        ({"saved": Saved.FAILED, "saved_at": None}, "No copy could be saved."),
        ({"saved": Saved.WAITING, "saved_at": None}, "A copy will be saved."),
        ({"saved": Saved.NOT_APPLICABLE, "saved_at": None, "kind": Kind.LOST, "href": ""}, "The link to it is lost."),
        ({"saved": Saved.NOT_APPLICABLE, "saved_at": None, "kind": Kind.WORK, "href": "", "given": "A book"}, "A book"),
        (
            {
                **{"saved": Saved.NOT_APPLICABLE, "saved_at": None, "kind": Kind.FILE, "href": "", "title": ""},
                **{"file_name": "scan.pdf", "file_type": "application/pdf", "file_size": 1_234_000},
            },
            "An attached file (PDF, 1,234 kB), kept by the publisher.",
        ),
    ],
)
def test_each_outcome_has_its_words(change: dict[str, Any], said: str) -> None:
    assert said in words(replace(STANDING, **change))


def test_hostile_words_stay_words(cases: Path) -> None:
    payloads = json.loads((cases / "hostile" / "html.json").read_text())
    for payload in [*payloads, "\x00\x0b\ud800'\"><script>", "\u202egnp.exe"]:
        for change in (
            {"title": payload, "author": payload, "date": payload, "sentence": payload},
            {"kind": Kind.FILE, "href": "", "file_name": payload, "title": "", "file_type": payload},
            {"kind": Kind.WORK, "href": "", "given": payload, "title": "x"},
            {"dead_since": datetime(2026, 11, 1, tzinfo=UTC), "given": payload},
        ):
            made = shown(replace(STANDING, **change))
            tree = etree.fromstring(made)
            tags = {element.tag for element in tree.iter()}
            assert tags <= {"ul", "li", "cite", "a", "bdi", "span", "blockquote", "p", "time", "code"}, made
            names = {name for element in tree.iter() for name in element.attrib}
            assert names <= {"class", "href", "rel", "dir", "title", "datetime", "lang"}, made
