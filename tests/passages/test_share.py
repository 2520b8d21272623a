"""Sharing a passage: who may, what is pressed, and what becomes of it when the episode or its words change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html
from PIL import Image

from onrecord import edit, share
from onrecord.catalogue.models import Episode, EpisodeState
from onrecord.passages.models import Passage, Place
from onrecord.press.check import check
from onrecord.site import quote_card
from onrecord.site.quote_card import Card, draw
from onrecord.transcripts import revisions, tokens
from onrecord.transcripts.models import Origin, Revision, Speaker
from onrecord.transcripts.tokens import Token
from tests.press import archive
from tests.press.pressing import press

pytestmark = pytest.mark.django_db

ACCENT = (0x8A, 0x1C, 0x2C)
TEXT = "Where did it begin? They did sign the paper that night. Nothing was written down. And so we left."


def said(text: str, each: int = 400) -> list[Token]:
    return [Token(word, n * each, (n + 1) * each, 1) for n, word in enumerate(text.split())]


@pytest.fixture
def public(publication: Any) -> Path:
    share.addresses.moments.clear()
    return publication.public


@pytest.fixture
def episode(public: Path) -> Episode:
    episode = archive.make_episode(archive.make_show(), 1)
    Revision.objects.filter(transcript__episode=episode).update(tokens=tokens.pack(said(TEXT)), words=len(TEXT.split()))
    press()
    return episode


def correct(episode: Episode, text: str) -> None:
    transcript = revisions.transcript_of(episode)
    assert transcript
    newest = revisions.newest(transcript)
    revisions.add(transcript, newest, said(text), language="en", origin=Origin.IMPORT, public=True)
    press()


def ask(episode: Episode, words: str = "4-10", **given: str) -> Any:
    return Client().get("/quote/", {"episode": episode.key, "revision": "1", "words": words} | given)


def fields_of(answer: Any) -> dict[str, str]:
    tree = html.document_fromstring(answer.content.decode())
    return {field.get("name"): field.get("value") for field in tree.xpath("//form[@method='post']//input[@name]")}


def send(fields: dict[str, str], **headers: str) -> Any:
    return Client().post("/quote/", fields, headers={"Origin": "http://testserver"} | headers)


def shared(episode: Episode, words: str = "4-10") -> Passage:
    answer = send(fields_of(ask(episode, words)))
    assert answer.status_code == 303, answer.content.decode()
    return Passage.objects.get(key=answer["Location"].split("/")[-2])


def page_of(public: Path, passage: Passage) -> str:
    text = (public / "q" / passage.key / "index.html").read_text()
    return " ".join(html.document_fromstring(text).text_content().split())


def test_a_turn_without_javascript(episode: Episode, public: Path) -> None:
    page = html.document_fromstring((public / "talks/e1/index.html").read_text())
    address = page.xpath("//a[@class='quote']/@href")[0]
    tree = html.document_fromstring(Client().get(address).content.decode())
    boxes = tree.xpath("//input[@type='checkbox']")
    assert [box.get("value") for box in boxes] == ["0-4", "4-11", "11-15", "15-19"]
    chosen = [box.get("value") for box in boxes[1:3]]
    hidden = {field.get("name"): field.get("value") for field in tree.xpath("//input[@type='hidden']")}
    answer = Client().get("/quote/", hidden | {"words": chosen})
    assert "They did sign the paper that night. Nothing was written down." in answer.content.decode()
    assert answer["Content-Security-Policy"] and answer["Cache-Control"] == "no-store"
    assert not Passage.objects.exists(), "following links shares nothing"


def test_sharing_presses_a_page_and_a_card_and_nothing_else(episode: Episode, public: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in public.rglob("*") if file.is_file()}
    passage = shared(episode)
    after = {file: file.stat().st_mtime_ns for file in public.rglob("*") if file.is_file()}
    assert {name for name, at in before.items() if after.get(name) != at} == set()
    fresh = {str(name.relative_to(public)) for name in after.keys() - before.keys()}
    assert len({name.removesuffix(".gz") for name in fresh}) == 2
    assert re.fullmatch("[2-9a-z]{10}", passage.key)
    assert (passage.words, passage.before) == ("They did sign the paper that", "Where did it begin?")
    assert (passage.start_ms, passage.end_ms) == (1600, 4000)
    page = html.document_fromstring((public / f"q/{passage.key}/index.html").read_text())
    properties = {m.get("property") or m.get("name"): m.get("content") for m in page.xpath("//meta")}
    assert properties["og:description"] == "“They did sign the paper that”"
    assert properties["twitter:card"] == "summary_large_image"
    link = page.xpath("//blockquote/@cite")[0]
    assert link == "/talks/e1/?passage=1.4-10#t1"
    assert page.xpath("//audio/source/@src")[0].endswith("#t=1.6,4")
    card = Image.open(public / properties["og:image"].removeprefix("http://127.0.0.1:8000/"))
    assert card.size == (1200, 630)
    assert check() == []


def test_the_form_gives_everything_to_take_along(episode: Episode) -> None:
    """As the page's own menu does: the words, who said them, show, date, time and link, and their sound."""
    answer = html.document_fromstring(ask(episode).content.decode())
    (text,) = answer.xpath("//textarea/text()")
    link = "http://127.0.0.1:8000/talks/e1/?passage=1.4-10#t1"
    said = "“They did sign the paper that” Guest"
    assert text.splitlines() == [said, "Episode 1, Talks, 2 January 2026, 0:01", link]
    assert answer.xpath("//audio/source/@src")[0].endswith("#t=1.6,4")
    assert answer.xpath("//time/@datetime")


def between_two(episode: Episode, answer: str = "No, never. I was in the harbour.") -> list[Token]:
    """A question and its answer, with the names of those who speak."""
    words = [*said("Did you sign it? That night?"), *said(answer)]
    words = [Token(t.text, n * 400, n * 400 + 400, 0 if n < 6 else 1) for n, t in enumerate(words)]
    transcript = revisions.transcript_of(episode)
    for index, name in enumerate(("Ada", "Bo <b>")):
        Speaker.objects.update_or_create(transcript=transcript, index=index, defaults={"name": name})
    return words


def test_a_question_and_its_answer(episode: Episode, public: Path) -> None:
    """Words of several speakers are one passage: each with the name of who says them, also after a correction."""
    two = between_two(episode)
    Revision.objects.update(tokens=tokens.pack(two), words=len(two))
    archive.episode_changed(episode.pk)
    press()
    form = html.document_fromstring(Client().get("/quote/", {"episode": episode.key, "turn": "t1"}).content.decode())
    assert len(form.xpath("//fieldset")) == 1
    more = form.xpath("//a[contains(@href, 'further')]/@href")[0]
    form = html.document_fromstring(Client().get(more).content.decode())
    assert [legend.text_content() for legend in form.xpath("//legend")] == ["Ada", "Bo <b>"]
    assert not form.xpath("//a[contains(@href, 'further')]"), "there is no third turn"
    passage = shared(episode, "4-8")
    page = html.document_fromstring((public / f"q/{passage.key}/index.html").read_text())
    assert [p.text_content() for p in page.xpath("//blockquote/p")] == [
        "Ada … Did you sign it? That night?",
        "Bo <b> No, never. I was in the harbour. …",
    ]
    described = page.xpath("//meta[@property='og:description']/@content")[0]
    assert described == "Ada: “That night?” Bo <b>: “No, never.”"
    assert page.findtext("head/title") == "“That night? No, never.” · Ada · Bo <b>"
    transcript = revisions.transcript_of(episode)
    changed = between_two(episode, "No, not ever. I was in the harbour.")
    revisions.add(transcript, revisions.newest(transcript), changed, language="en", origin=Origin.IMPORT, public=True)
    press()
    page = html.document_fromstring((public / f"q/{passage.key}/index.html").read_text())
    now, before = ([p.text_content() for p in one.xpath("./p")] for one in page.xpath("//blockquote"))
    assert now == ["Ada That night?", "Bo <b> No, not ever."]
    assert before == ["Ada That night?", "Bo <b> No, never."]
    assert check() == []


def test_the_same_words_are_one_passage(episode: Episode) -> None:
    assert shared(episode) == shared(episode)
    assert shared(episode, "4-11") != shared(episode)
    assert Passage.objects.count() == 2


def test_a_passage_is_never_changed(episode: Episode) -> None:
    passage = shared(episode)
    passage.words = "They did not"
    with pytest.raises(TypeError):
        passage.save()


def test_a_correction_shows_both_old_and_new_words(episode: Episode, public: Path) -> None:
    passage = shared(episode)
    correct(episode, f"Well, then. {TEXT}")
    assert 'cite="/talks/e1/?passage=2.6-12#t1"' in (public / f"q/{passage.key}/index.html").read_text()
    correct(episode, TEXT.replace("did sign", "did not sign"))
    text = page_of(public, passage)
    assert "As it stands now They did not sign the paper that" in text
    assert "As it was quoted They did sign the paper that" in text
    places = Place.objects.filter(passage=passage).order_by("revision__number")
    assert [(place.state, place.decided_by) for place in places] == [
        ("same", "map"),
        ("same", "map"),
        ("changed", "map"),
    ]
    cards = list((public / f"q/{passage.key}").glob("card-*.png"))
    assert len(cards) == 1, "the card has the words as they stand now; the old one is gone"
    assert check() == []


def test_words_that_went_say_so(episode: Episode, public: Path) -> None:
    passage = shared(episode)
    correct(episode, TEXT.replace("They did sign the paper that night. ", ""))
    text = page_of(public, passage)
    assert "These words are no longer in the transcript." in text
    assert "They did sign the paper that" in text
    assert Place.objects.filter(passage=passage).latest("id").state in ("time", "orphan")
    moves = (public / "talks/e1/moves.json").read_text()
    assert moves.startswith('{"revision":2,"from":{"1":')
    assert check() == []


def test_withdrawn_with_its_episode_and_back(episode: Episode, public: Path) -> None:
    passage = shared(episode)
    edit.withdraw(episode)
    press()
    assert not (public / f"q/{passage.key}").exists()
    Episode.objects.filter(pk=episode.pk).update(state=EpisodeState.PUBLISHED)
    edit.edit(episode, edit.Changes(title="Another title"))
    press()
    assert "Another title" in page_of(public, passage)


def test_renaming_changes_where_it_leads(episode: Episode, public: Path) -> None:
    passage = shared(episode)
    edit.rename(episode, "renamed")
    press()
    assert "/talks/renamed/?passage=1.4-10#t1" in (public / f"q/{passage.key}/index.html").read_text()
    assert check() == []


def test_a_recording_that_was_replaced_takes_its_words_along(episode: Episode, public: Path) -> None:
    """What was said in it is quoted as it was, by whom it was, with neither the sound nor a moment of the new one."""
    Speaker.objects.filter(transcript__episode=episode, index=1).update(name="Ada Lovelace")
    passage = shared(episode)
    archive.record(episode, 99, words=40)
    archive.episode_changed(episode.pk)
    press()
    page = page_of(public, passage)
    assert "The recording was replaced by another since." in page
    assert "They did sign the paper that Ada Lovelace · in an earlier recording" in page
    made = html.document_fromstring((public / f"q/{passage.key}/index.html").read_bytes())
    assert not made.xpath("//audio")
    assert set(made.xpath("//article//a[contains(@href, '/e1/')]/@href")) == {"/talks/e1/"}
    assert (passage.revision.number, revision_shown(public)) == (1, 2), "a number never means other words"
    assert check() == []


def revision_shown(public: Path) -> int:
    page = html.document_fromstring((public / "talks/e1/index.html").read_bytes())
    return int(page.xpath("//div[@data-revision]/@data-revision")[0])


# ── who may not ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_token_or_with_anothers_nothing_is_shared(episode: Episode) -> None:
    fields = fields_of(ask(episode))
    for wrong in (
        send({name: value for name, value in fields.items() if name != "token"}),
        send(fields | {"token": "x"}),
        send(fields | {"words": "0-4"}),
        send(fields, Origin="https://else.example"),
        send(fields, **{"Sec-Fetch-Site": "cross-site"}),
    ):
        assert wrong.status_code == 403
        assert "press the button once more" in wrong.content.decode()
    assert not Passage.objects.exists()
    assert send(fields_of(wrong)).status_code == 303, "the form that comes back works"


@pytest.mark.parametrize("words", ["0-0", "0-9999", "-1-4", "a-b", "1-2-x", "", "9" * 40, "0-1-٣"])
def test_words_that_there_are_not(episode: Episode, words: str) -> None:
    assert ask(episode, words).status_code == 400
    assert ask(episode, "0-4", revision="7").status_code == 400
    assert Client().get("/quote/", {"episode": episode.key, "turn": "t999"}).status_code == 400


def test_too_many_words(episode: Episode) -> None:
    long = [*said("word " * 301), *said("and others too")]
    Revision.objects.update(tokens=tokens.pack(long), words=len(long))
    assert ask(episode, "0-301").status_code == 400
    assert ask(episode, "0-300").status_code == 200


def test_what_is_not_public_is_not_there(episode: Episode) -> None:
    fields = fields_of(ask(episode))
    Revision.objects.update(public=False)
    assert ask(episode).status_code == 400
    Revision.objects.update(public=True)
    for hidden in ({"state": EpisodeState.DRAFT}, {"state": EpisodeState.PUBLISHED, "live_since": None}):
        Episode.objects.update(**hidden)
        assert ask(episode).status_code == 404
        assert send(fields).status_code == 404
    assert not Passage.objects.exists()
    answer = Client().get("/quote/")
    assert answer.status_code == 404 and b"<h1>Page not found" in answer.content.replace(b"<bdi>", b"")


def test_limits(episode: Episode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "MOST_OF_AN_ADDRESS", 2)
    first, second, third = ("0-1", "0-2", "0-3")
    shared(episode, first)
    shared(episode, second)
    refused = send(fields_of(ask(episode, third)))
    assert refused.status_code == 429
    shared(episode, first)  # found again, not new
    elsewhere = send(fields_of(ask(episode, third)), **{"X-Forwarded-For": "198.51.100.7, 203.0.113.9"})
    assert elsewhere.status_code == 303
    monkeypatch.setattr(share, "MOST_OF_AN_EPISODE_IN_AN_HOUR", 3)
    assert send(fields_of(ask(episode, "0-4")), **{"X-Forwarded-For": "192.0.2.1"}).status_code == 429
    Passage.objects.update(created=timezone.now() - timedelta(hours=2))
    assert send(fields_of(ask(episode, "0-4")), **{"X-Forwarded-For": "192.0.2.1"}).status_code == 303
    monkeypatch.setattr(share, "MOST_OF_AN_EPISODE", 4)
    assert send(fields_of(ask(episode, "1-4")), **{"X-Forwarded-For": "192.0.2.2"}).status_code == 429


def test_a_busy_press_lets_the_reader_wait(episode: Episode, public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "WORTH_WAITING_FOR", -1)
    answer = send(fields_of(ask(episode)))
    assert answer.status_code == 202
    assert f"url=/q/{Passage.objects.get().key}/" in answer.content.decode()
    press()
    assert send(fields_of(ask(episode))).status_code == 303


# ── the card ────────────────────────────────────────────────────────────────────────────────────────────────────────

SHAPED = pytest.mark.skipif(
    not quote_card.can_shape(), reason="Pillow finds no FriBiDi here (Debian: apt-get install libfribidi0)"
)


@pytest.fixture
def shaping_nothing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As on a machine without FriBiDi."""
    monkeypatch.setattr(quote_card, "can_shape", lambda: False)
    kept = (quote_card._files, quote_card._font)
    for one in kept:
        one.cache_clear()
    yield
    for one in kept:
        one.cache_clear()


def test_where_nothing_can_be_shaped_there_are_latin_letters_or_bars(shaping_nothing: None) -> None:
    def bars(words: str) -> bool:
        card = Card((("Ada", words),), "A \u2067talk\u2069", "0:04", "Talks", "en", "rtl")
        colours = Image.open(BytesIO(draw(card))).crop((72, 60, 1128, 400)).getcolors(1 << 16) or []
        return ACCENT in {colour for _, colour in colours}

    assert not bars("They did not sign") and bars("میں نے کبھی نہیں کہا")


@pytest.mark.parametrize(
    ("words", "direction"),
    [
        ("They did not sign", "ltr"),
        ("бедняга ребят на его месте", "ltr"),
        ("Ο σιδηρόδρομος έκλεισε", "ltr"),
        pytest.param("میں نے کبھی نہیں کہا", "rtl", marks=SHAPED),
        pytest.param("לא אמרתי את זה", "rtl", marks=SHAPED),
    ],
)
def test_a_card_carries_the_words(words: str, direction: str) -> None:
    """Other words make another picture, so the words stand there; each script has its letters."""

    def drawn(words: str) -> bytes:
        return draw(Card((("Ada", words),), "A talk", "0:04", "Talks", "en", direction))

    one, other = Image.open(BytesIO(drawn(words))), Image.open(BytesIO(drawn(words + words[:3])))
    assert one.size == (1200, 630)
    assert one.crop((72, 60, 1128, 400)).tobytes() != other.crop((72, 60, 1128, 400)).tobytes()
    assert one.crop((72, 440, 1128, 600)).tobytes() == other.crop((72, 440, 1128, 600)).tobytes()
    assert drawn(words) == drawn(words)
    assert ACCENT not in {colour for _, colour in one.crop((72, 60, 1128, 400)).getcolors(1 << 16) or []}, "no bars"


def test_a_card_has_each_speakers_words_and_the_marks_of_its_language() -> None:
    def drawn(*said: tuple[str, str], language: str = "en") -> bytes:
        picture = Image.open(BytesIO(draw(Card(said, "A talk", "0:04", "Talks", language, "ltr"))))
        return picture.crop((72, 60, 1128, 540)).tobytes()

    both = drawn(("Ada", "Did you?"), ("Bo", "No."))
    assert both != drawn(("Ada", "Did you?"), ("Cy", "No."))
    assert both != drawn(("Ada", "Did you?"), ("Bo", "Yes."))
    assert drawn(("Ada", "No."), language="fr") != drawn(("Ada", "No.")) == drawn(("Ada", "No."), language="ga")
    coloured = Card((("Ada", "No."),), "A talk", "0:04", "Talks", "en", "ltr", accent="#005a9c")
    colours = {colour for _, colour in Image.open(BytesIO(draw(coloured))).getcolors(1 << 16) or []}
    assert (0, 0x5A, 0x9C) in colours and ACCENT not in colours, "the publication's own"


@pytest.mark.parametrize(
    ("words", "end"),
    [("word " * 110, "word …”"), ("word " * 400, "word …”"), ("abc" * 300, "abc…”"), ("so it is " * 40, " is”")],
)
def test_what_does_not_fit_a_card_is_cut_at_a_word_within_the_marks(words: str, end: str) -> None:
    def set_of(*said: tuple[str, str]) -> list[str]:
        return [line.text for line in quote_card._fitting(Card(said, "A talk", "0:04", "Talks", "en", "ltr"))]

    lines = set_of(("Ada", words.strip()))
    assert lines[0].startswith("“") and lines[-1].endswith(end.replace("abc", "")) and len(lines) > 5
    two = set_of(("Ada", "Did you?"), ("Bo", words.strip()))
    assert two[:3:2] == ["Ada", "Bo"] and two[-1].endswith("”")
    assert "Bo" not in set_of(("Ada", "word " * 400), ("Bo", words.strip()))


def test_words_without_letters_make_a_card_without_words() -> None:
    card = Image.open(BytesIO(draw(Card((("Ada", "ᚠᚢᚦᚨᚱᚲ"),), "A talk", "0:04", "Talks", "en", "ltr"))))
    assert ACCENT in {colour for _, colour in card.crop((72, 60, 1128, 400)).getcolors(1 << 16) or []}
