"""Quoting in a real Chromium: with the mouse, with the keyboard alone, without JavaScript; and where links lead."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from onrecord import readmodel
from onrecord.feeds.moves import _move, moves_json
from onrecord.lib.headers import content_type
from onrecord.passages.anchoring import widened
from onrecord.recordings.models import Recording
from onrecord.site import assets, pages
from onrecord.transcripts import maps, revisions
from onrecord.transcripts.anchors import sentence_spans
from onrecord.transcripts.models import Origin, Transcript
from onrecord.transcripts.tokens import Token
from tests.browser import CHROMIUM, chromium
from tests.site import making
from tests.site.test_browser import SITE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]

HARBOUR = "It began with a boat. We mended it all winter and sang loudly. Nobody wrote it down."


class Pressed:
    """An episode's page with what belongs to it, from memory."""

    def __init__(self, episode: Any) -> None:
        view = readmodel.episode(episode.pk)
        tokens = view.transcript.tokens
        starts = [token.start for token in tokens]
        words = {
            "revision": view.transcript.revision,
            "start": [after - before for before, after in pairwise([0, *starts])],
            "length": [len(token.text) + token.space for token in tokens],
        }
        self.folder = f"{SITE}{view.path}"
        self.files: dict[str, bytes] = {
            self.folder: pages.episode(view).encode(),
            f"{self.folder}words.json": json.dumps(words).encode(),
            f"{self.folder}moves.json": moves_json(view.transcript),
        }
        self.files |= {f"{SITE}{path}": content for path, content in assets.files().items()}
        self.key = view.key
        self.said: list[str] = []

    def open(self, page: Page, end: str = "") -> None:
        page.route("**/*", self._answer)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.goto(f"{self.folder}{end}")
        page.wait_for_load_state("networkidle")

    def _answer(self, route: Any) -> None:
        address = route.request.url.partition("?")[0]
        if address in self.files:
            kind = "text/html" if address.endswith("/") else content_type(address)
            route.fulfill(body=self.files[address], content_type=kind)
        else:
            route.fulfill(status=204)


@pytest.fixture
def pressed(publication: Any, settings: Any) -> Pressed:
    return Pressed(conversation())


def conversation() -> Any:
    episode = making.make_episode(making.make_show(), title="Boats")
    tokens = [
        *making.words("Where did it begin?", 0, 0),
        *making.words(HARBOUR, 1, 5_000),
        *making.words("And then?", 0, 20_000),
    ]
    making.add_transcript(episode, tokens)
    return episode


def correct(episode: Any, change: Any) -> None:
    transcript = revisions.transcript_of(episode)
    assert transcript
    newest = revisions.newest(transcript)
    tokens = readmodel.episode(episode.pk).transcript.tokens
    revisions.add(transcript, newest, change(tokens), language="en", origin=Origin.IMPORT, public=True)


def marked(page: Page) -> str | None:
    script = "() => { const marks = CSS.highlights.get('passage'); return marks ? [...marks][0].toString() : null; }"
    return page.evaluate(script)


def select(page: Page, text: str) -> None:
    """With the mouse: from the middle of the first word to the middle of the last."""
    box = page.evaluate(
        """(text) => {
            const walker = document.createTreeWalker(document.querySelector(".turns"), NodeFilter.SHOW_TEXT);
            for (let node; (node = walker.nextNode());) {
                const at = node.data.indexOf(text);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(node, at + 1);
                range.setEnd(node, at + text.length - 1);
                range.startContainer.parentElement.scrollIntoView();
                const boxes = [...range.getClientRects()];
                const first = boxes[0], last = boxes.at(-1);
                return [first.left, first.top + first.height / 2, last.right, last.top + last.height / 2];
            }
        }""",
        text,
    )
    page.mouse.move(box[0], box[1])
    page.mouse.down()
    page.mouse.move(box[2], box[3], steps=4)
    page.mouse.up()


def test_words_selected_with_the_mouse(pressed: Pressed) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 900, "height": 700})
        pressed.open(page)
        select(page, "mended it all winter")
        page.get_by_role("button", name="Quote").click()
        assert page.locator("#quote blockquote").inner_text() == "mended it all winter"
        page.get_by_role("button", name="Copy link").click()
        field = page.get_by_label("To be copied")  # a page without TLS has no clipboard
        expected = "http://127.0.0.1:8000/talks/first/?passage=1.10-14#t7"
        assert field.input_value() == expected
        assert page.evaluate("document.activeElement.selectionEnd") == len(expected)
        page.get_by_role("button", name="Copy quotation").click()
        assert field.input_value().split("\n") == [
            "“mended it all winter” Speaker 2",
            "Boats, Talks, 1 November 2026, 0:07",
            expected,
        ]
        share = page.get_by_role("link", name="Share as a page").get_attribute("href")
        assert share == f"/quote/?episode={pressed.key}&revision=1&words=10-14"
        page.keyboard.press("Escape")
        assert not page.locator("#quote").is_visible()
    assert pressed.said == []


def test_a_turn_with_the_keyboard_alone(pressed: Pressed) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.add_init_script(
            "window.copied = []; Object.defineProperty(navigator, 'clipboard', "
            "{value: {writeText: (text) => { copied.push(text); return Promise.resolve(); }}});"
        )
        pressed.open(page)
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.closest('#t5 a.quote') !== null"):
                break
        page.keyboard.press("Enter")
        boxes = page.locator("#quote input")
        boxes.first.wait_for()
        assert boxes.count() == 3 and boxes.nth(0).is_checked()
        assert page.evaluate("document.activeElement.closest('#quote') !== null"), "focus is in the menu"
        page.keyboard.press("Tab")
        while not page.evaluate("document.activeElement.value === '3'"):
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert [boxes.nth(n).is_checked() for n in range(3)] == [True, True, True], "from the first to the last"
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Space")
        assert [boxes.nth(n).is_checked() for n in range(3)] == [True, False, False]
        while page.evaluate("document.activeElement.dataset.do") != "link":
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.locator("#quote [role=status]", has_text="The link is copied.").wait_for()
        assert page.evaluate("copied") == ["http://127.0.0.1:8000/talks/first/?passage=1.4-9#t5"]
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.matches('#t5 a.quote')"), "focus is back where it was"
    assert pressed.said == []


def test_without_javascript(pressed: Pressed) -> None:
    with chromium() as browser:
        page = browser.new_context(java_script_enabled=False, viewport={"width": 600, "height": 200}).new_page()
        pressed.open(page, "?passage=1.10-14#t7")
        assert page.locator("#t7").inner_text() == "We mended it all winter and sang loudly."
        assert 0 <= page.locator("#t7").bounding_box()["y"] < 200, "the page stands at the sentence"
        assert not page.locator("#quote").is_visible()
        assert page.locator("#t5 a.quote").get_attribute("href") == f"/quote/?episode={pressed.key}&turn=t5"


def test_a_link_marks_exactly_its_words_and_cues_the_player(pressed: Pressed) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 600, "height": 300})
        pressed.open(page, "?passage=1.10-14#t7")
        assert marked(page) == "mended it all winter"
        box = page.locator("#t7").bounding_box()
        assert 0 <= box["y"] < 300
        assert page.evaluate("document.querySelector('audio').currentTime") == pytest.approx(7.4)
        for wrong in ("1.10-9", "1.0-9999", "7.1-3", "x", "1.1-"):
            pressed.open(page, f"?passage={wrong}#t7")
            assert marked(page) is None
    assert pressed.said == []


def test_an_older_link_after_a_correction(publication: Any) -> None:
    episode = conversation()
    correct(episode, lambda tokens: [*making.words("Well, hello.", 0, 0), *tokens[:11], *tokens[12:]])
    correct(episode, lambda tokens: [t for n, t in enumerate(tokens) if not 18 <= n < 22])
    pressed = Pressed(episode)
    with chromium() as browser:
        page = browser.new_page()
        pressed.open(page, "?passage=1.4-9#t5")
        assert marked(page) == "It began with a boat."
        assert not page.locator(".quote-note").count()
        pressed.open(page, "?passage=1.10-14#t7")
        assert marked(page) == "mended all winter"
        note = page.locator(".quote-note")
        assert "corrected since this link was made" in note.inner_text()
        assert note.locator("q").inner_text() == "mended it all winter", "old and new beside each other"
        pressed.open(page, "?passage=1.17-21#t10")
        assert marked(page) is None
        assert page.locator(".quote-note").inner_text().startswith("These words are no longer in the transcript.")
        assert page.locator(".quote-note q").inner_text() == "Nobody wrote it down."
        pressed.open(page, "#t10")
        assert "no longer in the transcript" in page.locator(".quote-note").inner_text()
    assert pressed.said == []


def test_a_link_whose_words_are_not_known_marks_nothing_and_says_so(publication: Any) -> None:
    """Of a recording that was replaced, of a revision that there never was, or with numbers that cannot be."""
    episode = conversation()
    episode.recordings.update(current=False, replaced_at=timezone.now())
    recording = Recording.objects.create(episode=episode, sha256="0" * 64, name="b.wav", size=9, kind="audio")
    making.add_rendition(recording, "mp3", "audio/mpeg")
    transcript = Transcript.objects.create(recording=recording, episode=episode)
    said = making.words("Other words were said here, and more of them.")
    new = revisions.add(transcript, None, said, language="en", origin=Origin.MACHINE, public=True)
    assert new.number == 2
    pressed = Pressed(episode)
    with chromium() as browser:
        for words in ("1.0-3", "99.0-3", "2.3-3", "2.0-999"):
            for at in ("#t0", "#t999", ""):
                page = browser.new_page()
                pressed.open(page, f"?passage={words}{at}")
                assert "Where they stand now is not known" in page.get_by_role("note").inner_text()
                assert marked(page) is None
                page.close()
    assert pressed.said == []


def test_the_browser_finds_what_the_program_finds(publication: Any, cases: Path) -> None:
    """The 12 vectors, and 300 passages of random corrections: where words stand is the same in both."""
    asked: list[tuple[dict[str, Any], int, int]] = []
    expected: list[dict[str, Any]] = []

    def add(old: list[Token], new: list[Token], passage: range) -> maps.Projection:
        word_map = maps.make(old, new)
        found = maps.resolve(word_map, old, new, passage, widened(passage, list(sentence_spans(old))))
        asked.append((_move(word_map, old, new), passage.start, passage.stop))
        place = {"first": found.now.start, "end": found.now.stop} if found.now else {}
        expected.append({"state": found.state.value, **place})
        return found

    for case in json.loads((cases / "anchor_vectors.json").read_text()):
        old, new = ([Token(word, 0, 0) for word in case[side].split()] for side in ("old", "new"))
        sounds, quote = [maps.sound(t.text) for t in old], [maps.sound(word) for word in case["quote"].split()]
        starts = [n for n in range(len(old)) if sounds[n : n + len(quote)] == quote]
        first = starts[case["occ"]]
        assert add(old, new, range(first, first + len(quote))).state in case["state"].split("|")
    chance = random.Random(3)
    for _ in range(30):
        old = making.words(" ".join(chance.choices(["a", "b", "c", "d", "e.", "f", "g.", "h", "i", "j"], k=80)))
        new = edited(old, chance)
        for _ in range(10):
            first = chance.randrange(70)
            add(old, new, range(first, first + chance.randrange(1, 10)))
    assert len({place["state"] for place in expected}) == 5
    with chromium() as browser:
        page = browser.new_page()
        script = assets.files()[assets.address("quote.js")].decode()
        page.route(f"{SITE}quote.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
        page.route(SITE, lambda route: route.fulfill(body="<p>", content_type="text/html"))
        page.goto(SITE)
        found = page.evaluate(
            "(asked) => import('/quote.js').then((m) => asked.map((one) => m.resolve(...one)))", asked
        )
    assert found == expected


def edited(old: list[Token], chance: random.Random) -> list[Token]:
    """Words replaced in their time, taken out, put in without time, and a block moved."""
    new: list[Token] = []
    for token in old:
        deed = chance.random()
        if deed < 0.1:
            new.append(Token(chance.choice("xyz"), token.start, token.end))
        elif deed < 0.15:
            new += [token, Token("more", token.end, token.end)]
        elif deed > 0.2:
            new.append(token)
    if chance.random() < 0.5:
        new = [*new[8:], *new[:8]]
    return new
