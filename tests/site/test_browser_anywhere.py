"""Pages in a real Chromium wherever they are read: zoomed to 400 %, saved to a disk, on paper, by keyboard alone,
without motion. Both directions. One site and one browser for all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from lxml import etree, html
from playwright.sync_api import Browser, Page, expect

from onrecord.lib import configuration
from onrecord.press import presser
from tests.site import making, staging
from tests.site.test_browser import CHROMIUM, chromium
from tests.site.test_browser_player import at, opened, playing, settled

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]

SHOWS = {"en": "talks", "ur": "guftagu"}
LANGUAGES = sorted(SHOWS)


@pytest.fixture(scope="module")
def public(tmp_path_factory: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[Path]:
    """The files of a show in each direction, with an interview of four minutes; the rows are not kept."""
    folder = tmp_path_factory.mktemp("anywhere")
    former, settings.ONRECORD = settings.ONRECORD, configuration.load(folder)
    with django_db_blocker.unblock(), transaction.atomic():
        for language, slug in SHOWS.items():
            show = making.make_show(slug, language=language, description=staging.ABOUT[language])
            staging.make_interview(show, language, 600)
        presser.press_all()
        transaction.set_rollback(True)
    yield folder / "public"
    settings.ONRECORD = former


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(public: Path) -> Iterator[str]:
    with staging.served(public) as address:
        yield address


def episode(language: str) -> str:
    return f"/{SHOWS[language]}/river/"


# ── 400 % ───────────────────────────────────────────────────────────────────────────────────────────────────────────

OUTSIDE = """() => [...document.querySelectorAll("a, button, input, select, h1, h2, h3, p, li")].filter((one) => {
  const box = one.getBoundingClientRect();
  return one.checkVisibility({ visibilityProperty: true }) && !one.closest(".hidden, .skip, .marks")
    && box.width > 0 && (box.left < -0.5 || box.right > innerWidth + 0.5);
}).map((one) => one.outerHTML.slice(0, 90))"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_at_400_percent_nothing_is_out_of_reach(site: str, browser: Browser, language: str) -> None:
    """A window of 1280 by 1024 pixels at 400 % has room for 320 by 256."""
    show = SHOWS[language]
    zoomed = {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 4}
    pages = ("/", f"/{show}/", f"/{show}/subscribe/", f"/{show}/series/valley/", "/404.html", episode(language))
    with opened(browser, site + episode(language), **zoomed) as page:
        for path in pages:
            page.goto(site + path)
            assert page.evaluate("document.documentElement.scrollWidth") == 320, path
            assert page.evaluate(OUTSIDE) == [], path
        page.locator("#player .play").click()
        settled(page, "document.querySelector('#player audio').currentTime > 0.2")
        page.evaluate("document.querySelector('#transcript').scrollIntoView()")
        page.wait_for_timeout(200)
        bar = page.locator("#player .bar").bounding_box()
        assert bar and (bar["y"] + bar["height"] < 0 or bar["height"] < 128), "the bar leaves room to read"
        page.locator("#player .play").click()
        assert not playing(page, "audio")
        page.locator("a.quote").first.click()
        dialog = page.locator("#quote").bounding_box()
        assert dialog and dialog["x"] >= 0 and dialog["x"] + dialog["width"] <= 320 and dialog["height"] <= 256
        page.locator("#quote form button").click()
        expect(page.locator("#quote")).to_be_hidden()


# ── saved ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def save(public: Path, path: str, folder: Path) -> Path:
    """A page and what it loads, as a browser saves them: the addresses of these lead into a folder beside it, others to
    the site."""
    page = html.document_fromstring((public / path.strip("/") / "index.html").read_text())
    beside = folder / "page_files"
    beside.mkdir(parents=True)
    for element in page.iter("link", "script", "img", "source", "audio", "video", "a"):
        for name in {"href", "src", "srcset", "poster"} & set(element.attrib):
            address = element.get(name).split(" ")[0]
            loaded = element.tag != "a" and element.get("rel") not in ("canonical", "alternate")
            if loaded and address.startswith("/") and (public / address[1:]).is_file():
                (beside / Path(address).name).write_bytes((public / address[1:]).read_bytes())
                element.set(name, f"page_files/{Path(address).name}")
            elif address.startswith("/"):
                element.set(name, f"https://site.test{address}")
    saved = folder / "page.html"
    saved.write_bytes(b"<!DOCTYPE html>\n" + etree.tostring(page, method="html", encoding="utf-8"))
    return saved


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_saved_page_reads_fine_from_disk(public: Path, browser: Browser, language: str, tmp_path: Path) -> None:
    saved = save(public, episode(language), tmp_path / "saved")
    context = browser.new_context(viewport={"width": 390, "height": 800}, offline=True)
    page = context.new_page()
    page.goto(saved.as_uri())
    reads_fine(page, language)
    expect(page.locator("#player audio")).to_be_visible()
    assert page.locator("#player audio").get_attribute("controls") is not None
    assert page.locator(".frame img").evaluate("image => image.naturalWidth") > 0
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_saved_as_one_file_reads_fine(site: str, browser: Browser, language: str, tmp_path: Path) -> None:
    """What a browser saves while its scripts run: without them there."""
    with opened(browser, site + episode(language)) as page:
        snapshot = page.context.new_cdp_session(page).send("Page.captureSnapshot", {"format": "mhtml"})["data"]
    (tmp_path / "page.mhtml").write_text(snapshot, newline="")
    context = browser.new_context(viewport={"width": 390, "height": 800}, offline=True)
    page = context.new_page()
    page.goto((tmp_path / "page.mhtml").as_uri())
    reads_fine(page, language)
    context.close()


def reads_fine(page: Page, language: str) -> None:
    """Headline, chapters and every word, in the page's own hand, in one column that fits."""
    expect(page.locator("h1")).to_have_text(staging.TITLES[language][0])
    assert page.locator(".turns h3").all_inner_texts() == list(staging.CHAPTERS[language])
    said = [token.text for token in staging.tokens(language, 600)]
    shown = " ".join(page.locator(".turn .s").all_inner_texts()).split()
    assert shown == said
    assert page.evaluate("getComputedStyle(document.body).maxWidth") is not None
    assert page.evaluate("getComputedStyle(document.querySelector('header.site')).display") == "grid", "styled"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    last = page.locator(".turn").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()


# ── paper ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
def test_paper_has_the_words_and_nothing_to_press(site: str, browser: Browser, language: str) -> None:
    with opened(browser, site + episode(language), color_scheme="dark") as page:
        page.locator("#player .play").click()
        page.evaluate("document.querySelector('#transcript').scrollIntoView()")
        page.emulate_media(media="print", color_scheme="dark")
        pressed = page.evaluate(
            "[...document.querySelectorAll('button, input, select, nav:not(.chapters, .parts), .bar, video, audio')]"
            ".filter((one) => one.checkVisibility()).map((one) => one.outerHTML.slice(0, 90))"
        )
        assert pressed == []
        for shown in ("h1", ".standfirst", "h2#transcript", ".turns h3 >> nth=0", ".turn >> nth=-1"):
            expect(page.locator(shown)).to_be_visible()
        ink = page.locator(".turn p:not(.who)").last.evaluate("words => getComputedStyle(words).color")
        assert ink == "rgb(0, 0, 0)", "black, in a dark room too"
        sheet = page.pdf(format="A4", outline=True, tagged=True)
        words = page.evaluate("document.querySelector('.text').innerText.split(/\\s+/).length")
    assert 2 <= len(re.findall(rb"/Type /Page\b", sheet)) <= 3 + words // 250, "no empty sheets"
    titles = outline(sheet)
    for chapter in staging.CHAPTERS[language]:
        assert chapter in titles, "chapters are headings on paper too"


def outline(sheet: bytes) -> set[str]:
    """The headings of a PDF: in its own encoding, or as UTF-16 in hexadecimal digits."""
    plain = {text.decode("latin-1") for text in re.findall(rb"/Title \(([^)]*)\)", sheet)}
    coded = [bytes.fromhex(text.decode()) for text in re.findall(rb"/Title <([0-9A-Fa-f]+)>", sheet)]
    return plain | {text.decode("utf-16") for text in coded}


# ── hands ───────────────────────────────────────────────────────────────────────────────────────────────────────────

SEEN = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
  const x = Math.min(Math.max(box.x + box.width / 2, 1), innerWidth - 1), y = box.y + Math.min(box.height / 2, 20);
  const top = document.elementFromPoint(x, y);
  const uncovered = !!top && (one.contains(top) || top.contains(one));
  return uncovered && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""


def tab_to(page: Page, what: str, most: int = 60, key: str = "Tab") -> None:
    """Go there with the keyboard; what has the focus is always seen to have it."""
    for _ in range(most):
        page.keyboard.press(key)
        assert page.evaluate(SEEN), page.evaluate("document.activeElement.outerHTML")[:200]
        if page.evaluate(f"document.activeElement.matches({what!r})"):
            return
    raise AssertionError(f"{what} is not reached")


def test_find_the_moment_play_and_quote_by_keyboard_alone(site: str, browser: Browser) -> None:
    with opened(browser, site + episode("en"), permissions=["clipboard-read", "clipboard-write"]) as page:
        settled(page, "!document.querySelector('.turn:not(.laid-out)')")
        tab_to(page, "#find")
        page.keyboard.type("very small fish")
        page.keyboard.press("Enter")
        settled(page, "document.querySelector('.find output a')")
        tab_to(page, ".find output a")
        page.keyboard.press("Enter")
        settled(page, "location.hash.length > 1")
        tab_to(page, "a.quote", 6)
        turn = page.evaluate("document.activeElement.closest('.turn').id")
        assert page.locator(f"#{turn}").is_visible()
        page.keyboard.press("k")
        settled(page, "!document.querySelector('#player audio').paused")
        page.keyboard.press("k")
        begun = int(turn[1:])
        assert abs(at(page, "audio") - begun) < 90, "it plays what was found"
        page.keyboard.press("Enter")
        expect(page.locator("#quote")).to_be_visible()
        tab_to(page, "[data-do=quotation]", 20)
        page.keyboard.press("Enter")
        settled(page, "document.querySelector('#quote [role=status]').textContent")
        assert "What the river kept" in page.evaluate("navigator.clipboard.readText()")
        page.keyboard.press("Escape")
        expect(page.locator("#quote")).to_be_hidden()
        assert page.evaluate("document.activeElement.matches('a.quote')"), "and is back where it was"


def test_without_motion_nothing_moves_by_itself(site: str, browser: Browser) -> None:
    with opened(browser, site + episode("en"), reduced_motion="reduce") as page:
        page.evaluate("document.dispatchEvent(new CustomEvent('onrecord:play', {detail: {from: 60000}}))")
        settled(page, "CSS.highlights.get('voice')?.size")
        moving = "document.getAnimations().length"
        page.locator("#player .play").hover()
        assert page.evaluate(moving) == 0
        page.evaluate("document.querySelector('#t60, .turn').scrollIntoView({block: 'center'})")
        page.evaluate(
            """() => { window.glides = 0; const real = Element.prototype.scrollIntoView;
            Element.prototype.scrollIntoView = function (how) {
              glides += how?.behavior === "smooth"; real.call(this, how); }; }"""
        )
        page.evaluate("document.querySelector('#player audio').playbackRate = 8")
        settled(page, "document.querySelector('#player audio').currentTime > 110")
        expect(page.locator(".s.voice")).to_be_in_viewport()
        assert page.evaluate("glides") == 0 and page.evaluate(moving) == 0
