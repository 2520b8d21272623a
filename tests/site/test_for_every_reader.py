"""What a screen reader is told, in a real Chromium; and what other people's checkers, axe and v.Nu, say of pages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from onrecord import readmodel
from onrecord.passages import quote
from onrecord.press import presser
from tests.browser import CHROMIUM, chromium
from tests.search.making import refresh
from tests.site import making, staging
from tests.site.test_browser_player import EPISODE, at, opened, settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
]
in_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
MODULES = Path(os.environ.get("ONRECORD_NODE_MODULES", "absent"))


# ── a screen reader ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Told:
    """What is told of one thing on the page."""

    role: str
    name: str
    states: dict[str, Any]
    element: int


class ScreenReader:
    """Knows the page from its accessibility tree alone, in reading order, and acts with the keyboard."""

    def __init__(self, page: Page) -> None:
        self.page, self.browser = page, page.context.new_cdp_session(page)
        self.browser.send("Accessibility.enable")
        self.browser.send("DOM.enable")

    def read(self) -> list[Told]:
        nodes = {node["nodeId"]: node for node in self.browser.send("Accessibility.getFullAXTree")["nodes"]}
        return list(self._below(nodes, next(iter(nodes))))

    def _below(self, nodes: dict[str, Any], id: str) -> Iterator[Told]:
        node = nodes[id]
        if not node["ignored"]:
            states = {each["name"]: each["value"].get("value") for each in node.get("properties", ())}
            role, name = node["role"]["value"], node.get("name", {}).get("value", "")
            yield Told(role, name, states, node.get("backendDOMNodeId", 0))
        for child in node.get("childIds", ()):
            if child in nodes:
                yield from self._below(nodes, child)

    def all(self, role: str) -> list[Told]:
        return [told for told in self.read() if told.role == role]

    def find(self, role: str, name: str) -> Told:
        """The first of that role whose name begins so."""
        found = [told for told in self.read() if told.role == role and told.name.startswith(name)]
        assert found, (role, name)
        return found[0]

    def press(self, told: Told, key: str = "Enter") -> None:
        self.browser.send("DOM.focus", {"backendNodeId": told.element})
        self.page.keyboard.press(key)

    def focused(self) -> Told:
        return [told for told in self.read() if told.states.get("focused") and told.role != "RootWebArea"][-1]


@in_chromium
def test_a_screen_reader_finds_a_moment_plays_it_and_quotes_it(publication: Any) -> None:
    staging.make_interview(making.make_show(), "en", 600, moving=False)
    presser.press_all()
    with (
        chromium() as browser,
        staging.served(publication.public) as address,
        opened(browser, address + EPISODE) as page,
    ):
        reader = ScreenReader(page)
        headings = [(told.states["level"], told.name) for told in reader.all("heading")]
        assert headings[0] == (1, "What the river kept")
        assert all(after <= before + 1 for (before, _), (after, _) in pairwise(headings))
        assert (2, "Transcript") in headings and (3, "A very small fish") in headings
        quotes = [told.name for told in reader.all("link") if told.name.startswith("Quote")]
        assert len(set(quotes)) == len(quotes) == page.locator(".turn").count() > 10, (
            "a list of links tells turns apart"
        )

        reader.press(reader.find("searchbox", "Find in this transcript"), "v")
        page.keyboard.type("ery small fish")
        page.keyboard.press("Enter")
        settled(page, "document.querySelector('.find output').textContent.includes('/')")
        assert reader.all("status"), "how many there are is spoken"
        inside = reader.read()
        there = next(
            told
            for told in inside[inside.index(reader.all("status")[0]) :]
            if told.role == "link" and not told.name.startswith("Quote")
        )
        speaker, _, time = there.name.rpartition(" ")
        reader.press(there)
        reader.press(reader.find("button", "Play"))
        settled(page, "!document.querySelector('#player audio').paused")
        assert reader.find("button", "Pause")
        minutes, _, seconds = time.partition(":")
        begun = int(minutes) * 60 + int(seconds)
        assert begun <= at(page, "audio") < begun + 60, "it plays from the sentence that was found"
        reader.press(reader.find("button", "Pause"))

        menu = reader.find("link", f"Quote: {speaker}, {time}")
        reader.press(menu)
        settled(page, "document.querySelector('#quote').open")
        assert reader.find("dialog", "Quote").states["modal"]
        sentences = reader.all("checkbox")
        assert all(told.name for told in sentences)
        assert [told.states["checked"] for told in sentences] == ["true", *["false"] * (len(sentences) - 1)]
        reader.press(reader.find("button", "Show what was said next"))
        assert len(reader.all("checkbox")) > len(sentences)
        assert reader.focused().role == "checkbox", "at the first sentence that came"
        page.keyboard.press("Space")
        page.evaluate("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }")
        reader.press(reader.find("button", "Copy quotation"))
        settled(page, "document.querySelector('#quote [role=status]').textContent")
        lines = page.evaluate("copied").splitlines()
        assert lines[0].endswith(f" {speaker}") and not lines[1].endswith(speaker), "both speakers are named"
        assert reader.find("StaticText", "The quotation is copied.")
        reader.press(reader.find("button", "Close"))
        assert reader.focused().name == menu.name, "and is back where it was"


# ── other people's checkers ─────────────────────────────────────────────────────────────────────────────────────────


def everything(language: str) -> tuple[list[str], dict[str, str]]:
    """Presses an interview with all that can be around it. Paths of pages, and pages that the program makes."""
    show = making.make_show(language=language)
    interview = staging.make_interview(show, language, 200, moving=True)
    other = making.make_episode(show, "other", 5)
    assert readmodel.episode(other.pk).is_public
    passages = [
        quote.find_or_make(interview, quote.quotation(interview, 1, words)) for words in (range(5), range(0, 60))
    ]
    staging.discuss(interview)
    presser.press_all()
    refresh()
    form = f"/quote/?episode={interview.key}"
    write = f"/discuss/?episode={interview.key}"
    asked = (
        *(write, f"{write}&to=1", f"{write}&dispute=1", f"{write}&dispute=heard&revision=1&words=0-5"),
        *(f"/discuss/notice/?episode={interview.key}&comment=1", "/discuss/yours/"),
        *("/search/?q=notebook", "/search/?q=%DB%81%DB%92", f"{form}&turn=t0", f"{form}&turn=t0&further=2"),
        *(f"{form}&revision=1&words=0-5", f"{form}&revision=1&words=0-60", f"{form}&turn=none"),
    )
    program = {path: Client().get(path).content.decode() for path in asked}
    assert 'class="play"' in program["/search/?q=%DB%81%DB%92" if language == "ur" else "/search/?q=notebook"]
    pages = (
        *(EPISODE, "/", "/talks/", f"/people/{language}-guest/", "/people/", "/talks/series/valley/", "/404.html"),
        *(f"{EPISODE}discussion/", "/corrections/", "/corrections/1/", "/tags/", "/later.html"),
        *(f"/tags/{tag.slug}/" for tag in interview.tags.all()),
        *("/talks/2026/", "/talks/subscribe/", f"{EPISODE}embed/", *(f"/q/{passage.key}/" for passage in passages)),
    )
    return [*pages, *asked], program


@in_chromium
@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ur"])
def test_axe_finds_nothing(publication: Any, language: str) -> None:
    """Needs ONRECORD_NODE_MODULES: a folder where npm's axe-core is installed."""
    axe = MODULES / "axe-core" / "axe.min.js"
    if not axe.is_file():
        pytest.skip("axe-core is not installed: ./test does that where npm is")
    pages, program = everything(language)

    def check(page: Page, *about: str) -> None:
        found = page.evaluate("axe.run().then(result => result.violations)")
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == [], about

    with chromium() as browser, staging.served(publication.public) as address:
        for scheme, width in (("light", 1280), ("dark", 390)):
            context = browser.new_context(
                color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True, reduced_motion="reduce"
            )
            page = context.new_page()
            for path, answer in program.items():
                page.route(
                    address + path, lambda route, _, answer=answer: route.fulfill(body=answer, content_type="text/html")
                )
            for path in pages:
                page.goto(address + path)
                assert page.locator("h1").count() == 1, path
                page.add_script_tag(path=axe)
                if path == EPISODE:
                    page.evaluate("document.dispatchEvent(new CustomEvent('onrecord:play', {detail: {from: 4000}}))")
                    page.evaluate("document.querySelector('.transcript').scrollIntoView()")
                check(page, path, scheme)
                if path == EPISODE:
                    page.locator("a.quote").first.click()
                    expect(page.locator("#quote")).to_be_visible()
                    page.locator("#quote [data-more]").click()
                    page.locator("#quote [data-do=quotation]").click()
                    expect(page.locator("#quote [role=status]")).not_to_be_empty()
                    check(page, "the dialog", scheme)
            context.close()


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ur"])
def test_vnu_finds_no_error(publication: Any, language: str, tmp_path: Path) -> None:
    """Needs Java, and ONRECORD_NODE_MODULES: a folder where npm's vnu-jar is installed. Style sheets are not checked:
    it does not know what is newer than it. What it warns of is how our policy looks at files without an address."""
    vnu, java = MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar", shutil.which("java")
    if java is None or not vnu.is_file():
        pytest.skip("vnu-jar or Java is not installed: ./test --all does that where it may")
    _, program = everything(language)
    for number, page in enumerate(program.values()):
        (tmp_path / f"program-{number}.html").write_text(page)
    check = [java, "-jar", vnu, "--skip-non-html", "--format", "json", "--exit-zero-always"]
    done = subprocess.run([*check, publication.public, *tmp_path.glob("program-*.html")], capture_output=True)
    messages = json.loads(done.stderr)["messages"]
    assert [(m["url"], m["message"], m.get("extract")) for m in messages if m["type"] != "info"] == []
    ours = ("Content Security Policy", "Article lacks heading")  # comments are articles, which have no headlines
    others = [(m["url"], m["message"]) for m in messages if not any(known in m["message"] for known in ours)]
    assert others == []
