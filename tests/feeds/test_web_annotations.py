"""Comments as W3C annotations: the model's musts, whatever was written, and words that are found on the page."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from onrecord import edit
from onrecord.catalogue.models import Episode
from onrecord.discussion import moderate
from onrecord.discussion.models import Comment
from onrecord.press.check import check
from tests.discussion.conftest import episode, public
from tests.discussion.making import TEXT, opened, published, send
from tests.discussion.test_disputes import correct, disputed, typed
from tests.press.pressing import press

__all__ = ["episode", "public"]

pytestmark = pytest.mark.django_db

SITE = "http://127.0.0.1:8000/"
CONTEXT = "http://www.w3.org/ns/anno.jsonld"
ALL_MOTIVATIONS = """assessing bookmarking classifying commenting describing editing highlighting identifying linking
    moderating questioning replying tagging"""
MOTIVATIONS = frozenset(ALL_MOTIVATIONS.split())


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def is_iri(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://")) and not set(value) & set(' <>"{}|\\^`')


def check_annotation(one: dict[str, Any]) -> None:
    """The musts of the data model, sections 3 and 4, for what we use of it."""
    assert is_iri(one["id"]) and "Annotation" in as_list(one["type"])
    assert ("body" in one) != ("bodyValue" in one) and one["target"]
    for date in ("created", "modified"):
        if date in one:
            assert one[date].endswith("Z") and datetime.fromisoformat(one[date])
    assert set(as_list(one["motivation"])) <= MOTIVATIONS
    assert set(one["creator"]) == {"type", "name", "nickname"}
    for body in as_list(one["body"]):
        if body["type"] == "TextualBody":
            assert isinstance(body["value"], str) and len(as_list(body["format"])) == 1
        else:
            check_specific(body)
        assert body.get("purpose", "commenting") in MOTIVATIONS
    for target in as_list(one["target"]):
        if isinstance(target, dict):
            check_specific(target)
        else:
            assert is_iri(target)


def check_specific(resource: dict[str, Any]) -> None:
    assert resource["type"] == "SpecificResource" and is_iri(resource["source"])
    for selector in as_list(resource.get("selector", [])):
        if selector["type"] == "TextQuoteSelector":
            assert selector["exact"] and {type(selector[part]) for part in ("exact", "prefix", "suffix")} == {str}
        else:
            assert selector["type"] == "FragmentSelector" and selector["value"].startswith("t=")
            start, end = map(float, selector["value"].removeprefix("t=").split(","))
            assert 0 <= start < end and selector["conformsTo"] == "http://www.w3.org/TR/media-frags/"


def read(public: Path, address: str) -> dict[str, Any]:
    document = json.loads((public / address.removeprefix(SITE)).read_text())
    assert document["@context"] == CONTEXT and document["id"] == address
    return document  # type: ignore[no-any-return]


def collected(public: Path, episode: Episode) -> list[dict[str, Any]]:
    """All annotations of an episode, by walking the collection as a stranger does; each with its own file, if any."""
    collection = read(public, f"{SITE}discussion/{episode.key}/annotations.json")
    assert collection["type"] == "AnnotationCollection" and collection["label"]
    found: list[dict[str, Any]] = []
    address, before = collection["first"], None
    while address:
        page = read(public, address)
        assert page["type"] == "AnnotationPage" and page["partOf"]["id"] == collection["id"]
        assert page.get("prev") == before and page["startIndex"] == len(found) and page["items"]
        found += page["items"]
        before, address = address, page.get("next")
    assert before == collection["last"] and collection["total"] == len(found)
    for one in found:
        check_annotation(one)
        if one["id"].endswith(".json"):
            assert read(public, one["id"]) == {"@context": CONTEXT} | one
        else:
            assert "#c" in one["id"]
    return found


def test_everything_that_is_written_is_an_annotation(
    episode: Episode, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onrecord.readmodel.discussion.PAGE", 2)
    mine = disputed(episode, "4-8", reference=["https://example.org/a?b=1&c"], sentence=["No."])
    plain = published(episode, "At 0:01 **bells**.", name="Bö <b>", address="b@example.org")
    published(episode, "A reply.", name="Cy", address="c@example.org", to="1")
    gone = published(episode, "Gone.", name="Di", address="d@example.org")
    send(opened(episode, dispute="1") | typed(text="All of it.", reason="context", address="e@example.org"))
    moderate.publish(Comment.objects.get(text="All of it."))
    press()
    words, comment, reply, _, whole = collected(public, episode)
    assert [one["motivation"] for one in (words, comment, reply, whole)] == [
        "assessing",
        "commenting",
        "replying",
        "assessing",
    ]
    page = f"{SITE}talks/e1/"
    assert (comment["target"], reply["target"], whole["target"]) == (page, words["id"], page)
    assert comment["creator"] == {"type": "Person", "name": "Bö <b>", "nickname": "Bö <b>"}
    assert comment["body"]["value"].startswith(f'<p>At <a href="{page}?t=1" rel=')
    assert comment["body"]["value"].endswith(">0:01</a> <strong>bells</strong>.</p>")
    assert words["body"][1:] == [
        {"type": "TextualBody", "purpose": "classifying", "value": "factual error", "format": "text/plain"},
        {"type": "SpecificResource", "purpose": "linking", "source": "https://example.org/a?b=1&c"},
    ]
    quote, sound = words["target"]
    assert quote["source"] == page
    assert quote["selector"] == {
        "type": "TextQuoteSelector",
        "exact": "They did sign the",
        "prefix": "Where did it begin? ",
        "suffix": " paper that night. Nothing was written down. And so we left.",
    }
    assert sound["source"].endswith(".mp3") and sound["selector"]["value"] == "t=1.6,3.2"
    everything = "".join(file.read_text() for file in (public / "discussion" / episode.key).rglob("*.json"))
    assert "example.org" in everything and "@example.org" not in everything
    link = html.fromstring((public / "talks/e1/index.html").read_bytes()).xpath(
        "//link[contains(@type, 'anno.jsonld')]/@href"
    )
    assert link == [f"/discussion/{episode.key}/annotations.json"]
    record = json.loads((public / "talks/e1/episode.json").read_text())
    assert record["discussion"]["annotations"] == f"{SITE}discussion/{episode.key}/annotations.json"
    moderate.spam(gone)
    moderate.spam(mine)
    press()
    comment, reply, whole = collected(public, episode)
    assert reply["target"] == f"{page}discussion/#c1", "its place is there still"
    assert not (public / f"discussion/{episode.key}/annotations/1.json").exists()
    edit.rename(episode, "elsewhere")
    press()
    assert [one["id"] for one in collected(public, episode)] == [comment["id"], reply["id"], whole["id"]]
    assert plain.number == 2 and check() == []


def test_the_words_are_those_that_stand_on_the_page(episode: Episode, public: Path) -> None:
    disputed(episode)

    def quoted() -> tuple[dict[str, str], str]:
        quote, sound = collected(public, episode)[0]["target"]
        return quote["selector"], sound["selector"]["value"]

    def stands_there(selector: dict[str, str]) -> bool:
        page = html.fromstring((public / "talks/e1/index.html").read_bytes())
        said = " ".join(" ".join(page.xpath("//section[contains(@class, 'transcript')]//text()")).split())
        return " ".join((selector["prefix"] + selector["exact"] + selector["suffix"]).split()) in said

    assert quoted()[0]["exact"] == "They did sign the paper that" and stands_there(quoted()[0])
    correct(episode, f"Well, then. {TEXT}".replace("did sign", "did not sign"))
    selector, moment = quoted()
    assert selector["exact"] == "They did not sign the paper that" and stands_there(selector)
    assert moment == "t=2.4,5.2"
    correct(episode, "Quite other things were said here by everybody who came and went all through the night.")
    selector, moment = quoted()
    assert selector["exact"] == "They did sign the paper that", "what stood there, and nothing that looks like it"
    assert moment == "t=1.6,4"


def test_i_hear_something_else_asks_for_a_change(episode: Episode, public: Path) -> None:
    fields = opened(episode, dispute="heard", revision="1", words="4-10")
    send(fields | typed(text="They did sink the paper."))
    moderate.publish(Comment.objects.get())
    press()
    assert collected(public, episode)[0]["motivation"] == "editing"
