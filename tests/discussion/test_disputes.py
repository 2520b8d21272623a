"""Disputes: tied to words that are followed through every revision, or to the whole episode; with references."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from lxml import html

from onrecord.catalogue.models import Episode
from onrecord.discussion import log, moderate, post, waiting
from onrecord.discussion.models import Cited, Comment, Tie
from onrecord.passages.models import Passage
from onrecord.press.check import check
from onrecord.references.models import Kind, Reference
from onrecord.transcripts import revisions
from onrecord.transcripts.models import Origin
from tests.discussion.making import TEXT, fields_of, opened, said, said_by, send, settled, tree_of
from tests.press.pressing import press

pytestmark = pytest.mark.django_db

SEVEN = "\n\n".join(f"Paragraph {n}: {'what the book says of that winter. ' * 13}" for n in range(7))


def correct(episode: Episode, text: str) -> None:
    transcript = revisions.transcript_of(episode)
    assert transcript
    revisions.add(
        transcript, revisions.newest(transcript), said(text), language="en", origin=Origin.IMPORT, public=True
    )
    press()


def page_at(public: Path, path: str) -> Any:
    return html.document_fromstring((public / path).read_text())


def card(public: Path, number: int = 1) -> str:
    found = page_at(public, "talks/e1/discussion/index.html").xpath(f"//article[@id='c{number}']")[0]
    return " ".join(found.text_content().split())


def typed(**more: Any) -> dict[str, Any]:
    return {"text": "They did not.", "name": "Ada", "address": "ada@example.org", "reason": "fact"} | more


def taken(answer: Any) -> Comment:
    assert answer.status_code == 303, said_by(answer)
    return Comment.objects.get(key=answer["Location"].split("/")[-2])


def disputed(episode: Episode, words: str = "4-10", **more: Any) -> Comment:
    comment = taken(send(opened(episode, dispute="1", revision="1", words=words) | typed(**more)))
    moderate.publish(comment)
    press()
    comment.refresh_from_db()
    return comment


def test_from_the_words_to_the_card_without_javascript(episode: Episode, public: Path) -> None:
    page = page_at(public, "talks/e1/index.html")
    chooser = tree_of(Client().get(page.xpath("//a[@class='quote']/@href")[0]))
    hidden = {field.get("name"): field.get("value") for field in chooser.xpath("//form//input[@type='hidden']")}
    words = Client().get("/quote/", hidden | {"words": ["4-11"]})
    form = Client().get(tree_of(words).xpath("//a[text()='Dispute this']/@href")[0])
    tree = tree_of(form)
    assert "Guest · 0:01 They did sign the paper that night." in said_by(form)
    assert tree.xpath("//figure//audio/source/@src")[0].endswith("#t=1.6,4.4")
    fields = fields_of(form)
    sent = fields | typed(
        reference=["https://example.org/minutes", "", ""],
        sentence=["Nobody signed anything that night.", "", ""],
        first_hand="on",
    )
    comment = taken(send(sent))
    assert not Passage.objects.exists() and Reference.objects.get().published is None, "nobody sees it yet"
    moderate.publish(comment)
    press()
    text = card(public)
    for part in (
        "Dispute · Factual error · first-hand knowledge · waiting for an answer since",
        "They did sign the paper",
        "Guest · 0:01",
        "They did not.",
        "https://example.org/minutes",
        "A copy will be saved.",
        "Nobody signed anything",
    ):
        assert part in text, part
    order = [text.index(part) for part in ("They did sign", "They did not.", "https://example.org/minutes")]
    assert order == sorted(order)
    mark = page_at(public, "talks/e1/index.html").xpath("//a[@class='disputed']")[0]
    assert mark.get("href") == "/talks/e1/discussion/#c1" and mark.get("aria-label") == "Disputed: #1"
    assert mark.getprevious().text == "They did sign the paper that night." and not mark.text
    assert Reference.objects.get().published
    assert check() == [] and log.verify() == []


def test_it_stands_at_the_right_words_after_every_correction(episode: Episode, public: Path) -> None:
    disputed(episode)
    mark = "//a[@class='disputed']"
    correct(episode, f"Well, then. {TEXT}")
    page = page_at(public, "talks/e1/index.html")
    assert page.xpath(mark)[0].getprevious().text == "They did sign the paper that night."
    correct(episode, f"Well, then. {TEXT}".replace("did sign", "did not sign"))
    page = page_at(public, "talks/e1/index.html")
    assert page.xpath(mark)[0].getprevious().text == "They did not sign the paper that night."
    assert "They did sign the paper thatAs it stands now: They did not sign the paper that" in card(public)
    correct(episode, "Where did it begin? Nothing was written down. And so we left.")
    assert check() == []
    tie = Tie.objects.get()
    state = tie.passage.places.order_by("-revision__number").first().state
    assert state in ("time", "orphan")
    correct(episode, "Quite other things were said here by everybody who came and went all through the night.")
    text = card(public)
    assert "They did sign the paper that" in text and "They did not." in text
    assert Comment.objects.get().number == 1
    if Tie.objects.get().passage.places.order_by("-revision__number").first().state == "orphan":
        assert "no longer in the transcript" in text
        assert not page_at(public, "talks/e1/index.html").xpath(mark)
    assert check() == []


def test_the_whole_episode_with_a_lost_link(episode: Episode, public: Path) -> None:
    sent = opened(episode, dispute="1") | typed(
        text=SEVEN,
        reason="unsupported",
        reference=["My article of 17 April 1998", "https://gone.example/a", ""],
        sentence=["", "It was never signed.", ""],
        lost=["1"],
    )
    assert len(SEVEN) > 3000
    comment = taken(send(sent))
    moderate.publish(comment)
    press()
    text = card(public)
    assert "about the whole episode" in text and "Unsupported claim stated as fact" in text
    assert "My article of 17 April 1998" in text and "The link to it is lost" in text and "It was never signed." in text
    shown = page_at(public, "talks/e1/discussion/index.html").xpath("//article[@id='c1']//div[@class='said']/p")
    assert [" ".join(p.text_content().split()) for p in shown] == [part.strip() for part in SEVEN.split("\n\n")]
    assert sorted(Reference.objects.values_list("kind", flat=True)) == [Kind.LOST, Kind.WORK]
    assert not page_at(public, "talks/e1/index.html").xpath("//a[@class='disputed']")
    assert check() == []


def test_i_hear_something_else(episode: Episode, public: Path) -> None:
    form = Client().get("/discuss/", {"episode": episode.key, "dispute": "heard", "revision": "1", "words": "4-10"})
    assert not tree_of(form).xpath("//select | //input[@name='reference']"), "the recording is the reference"
    comment = taken(send(fields_of(form) | typed(text="They did *sink* the paper.")))
    moderate.publish(comment)
    press()
    assert "Transcript · I hear something else" in card(public)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"reason": ""}, "choose one of the reasons"),
        ({"words": "4-9999"}, "no such words"),
        ({"sentence": ["Alone."], "reference": [""]}, "give its reference"),
        ({"reference": ["x" * 2001], "sentence": [""]}, "at most 2,000"),
    ],
)
def test_what_cannot_be_taken_keeps_every_word(episode: Episode, more: dict[str, Any], problem: str) -> None:
    fields = opened(episode, dispute="1", revision="1", words="4-10")
    answer = send(fields | typed(reference=["A book"], sentence=["Its sentence"]) | more)
    assert answer.status_code in (400, 409)
    assert problem in tree_of(answer).xpath("//*[@role='alert']")[0].text_content()
    again = tree_of(answer)
    assert again.xpath("//input[@name='words']/@value") == [more.get("words", "4-10")], "it is not about the whole"
    assert again.xpath("//textarea")[0].text_content().strip() == "They did not."
    if "reference" not in more:
        assert again.xpath("//input[@name='reference']/@value")[0] == "A book"
        assert again.xpath("//input[@name='sentence']/@value")[0] == "Its sentence"
    assert not Comment.objects.exists() and not Reference.objects.exists()


def test_links_in_plain_comments_are_references_once_they_are_published(episode: Episode, public: Path) -> None:
    fields = opened(episode) | {"text": "See https://example.org/a, and https://example.org/a again.", "name": "Ada"}
    comment = taken(send(fields | {"address": "ada@example.org"}))
    assert not Reference.objects.exists()
    moderate.publish(comment)
    assert [one.reference.given for one in Cited.objects.all()] == ["https://example.org/a"]
    press()
    moderate.spam(comment)
    assert Reference.objects.get().published is None, "nobody is visited for its sake"
    settled()
    assert not Reference.objects.exists() and not Tie.objects.exists()
    press()
    assert check() == []


def test_disputes_of_the_same_words_are_not_folded(episode: Episode) -> None:
    for n in range(2):
        draft = post.Draft(f"N{n}", f"a{n}@example.org", "No.", None)
        post.post(episode, draft, post.Sender(f"n{n}"))
    taken(send(opened(episode, dispute="1") | typed(text="No.")))
    assert [one.alike for one in waiting.with_histories(waiting.waiting())] == [1, 0]
