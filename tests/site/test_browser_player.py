"""An episode's page in a real Chromium: the player, the transcript that follows, finding in it; by keyboard, without
JavaScript, and how much of it goes over the wire."""

from __future__ import annotations

import contextlib
import gzip
import re
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings
from playwright.sync_api import Browser, Page, expect

from onrecord.lib import configuration
from onrecord.press import presser
from onrecord.site import assets
from tests.browser import CHROMIUM, PATIENCE, chromium, settled
from tests.site import making, staging

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]

EPISODE = "/talks/river/"
BAR = "#player .bar"


@pytest.fixture(scope="module")
def site(tmp_path_factory, django_db_setup, django_db_blocker) -> Iterator[str]:
    """The address of a pressed publication with one watchable episode of 600 words, four minutes.

    Pages are read from its files by all these tests; its rows are taken back.
    """
    publication = configuration.load(tmp_path_factory.mktemp("publication"))
    with django_db_blocker.unblock(), override_settings(ONRECORD=publication), transaction.atomic():
        staging.make_interview(making.make_show(), "en", 600, moving=True)
        presser.press_all()
        transaction.set_rollback(True)
    with staging.served(publication.public) as address:
        yield address


@contextlib.contextmanager
def opened(browser: Browser, address: str, **options: object) -> Iterator[Page]:
    """A page of its own, that must not complain."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    yield page
    context.close()
    assert said == []


def at(page: Page, medium: str) -> float:
    return float(page.evaluate(f"document.querySelector('#player {medium}').currentTime"))


def playing(page: Page, medium: str) -> bool:
    return not page.evaluate(f"document.querySelector('#player {medium}').paused")


def marked(page: Page, name: str = "voice") -> list[str]:
    return page.evaluate(f"[...(CSS.highlights.get('{name}') ?? [])].map(range => range.toString())")


def test_one_player_for_sound_and_pictures(site):
    with chromium() as browser, opened(browser, site + EPISODE) as page:
        expect(page.locator("audio")).to_be_hidden()
        assert not page.evaluate("document.querySelector('video').controls")
        expect(page.locator(".frame img")).to_be_visible()
        settled(page, "document.querySelector('.wave path').getAttribute('d')")
        page.get_by_role("button", name="Play", exact=True).click()
        settled(page, "document.querySelector('video').currentTime > 0.3")
        page.get_by_role("button", name="Forward 30 seconds").click()
        page.get_by_role("button", name="Forward 30 seconds").click()
        page.get_by_role("button", name="Back 15 seconds").click()
        assert 45 <= at(page, "video") < 50
        page.get_by_label("Speed").select_option("1.5")
        page.get_by_role("button", name="Captions").click()
        assert page.evaluate("document.querySelector('video').textTracks[0].mode") == "showing"
        page.get_by_role("button", name="Listen").click()
        settled(page, "document.querySelector('audio').currentTime > 45")
        assert at(page, "audio") < 60 and playing(page, "audio") and not playing(page, "video")
        assert page.evaluate("document.querySelector('audio').playbackRate") == 1.5
        expect(page.get_by_role("button", name="Captions")).to_be_hidden()
        expect(page.locator(".frame video")).to_be_hidden()
        assert page.evaluate("navigator.mediaSession.metadata.title") == staging.TITLES["en"][0]
        page.locator(".chapters .time").nth(2).click()
        settled(page, "document.querySelector('audio').currentTime >= 80")
        assert at(page, "audio") < 90
        expect(page.locator(".chapters [aria-current]")).to_contain_text("Two meetings")
        page.locator(".marks button").nth(1).click()
        assert 40 <= at(page, "audio") < 45
        page.get_by_role("button", name="Watch", exact=True).click()
        settled(page, "document.querySelector('video').currentTime > 40")
        page.get_by_role("button", name="Pause").click()
        left = at(page, "video")
        page.reload()
        assert abs(at(page, "video") - left) < 0.2
        assert page.get_by_label("Speed").input_value() == "1.5"
        slider = page.get_by_role("slider", name="Position")
        assert " of 4:0" in (slider.get_attribute("aria-valuetext") or "")


def test_links_start_where_they_say(site):
    places = {"?t=75": 75, "?t=1:15": 75, "#t=1m15s": 75, "#t75": 75, "?t=nonsense": 0, "?t=75#transcript": 75}
    with chromium() as browser:
        for link, second in places.items():
            with opened(browser, site + EPISODE + link) as page:
                assert at(page, "video") == second, link
                assert not playing(page, "video")
        with opened(browser, site + EPISODE + "?play=90500") as page:
            settled(
                page, "!document.querySelector('video').paused || document.querySelector('video').currentTime === 90.5"
            )
            assert 90 < at(page, "video") < 95
            event = "new CustomEvent('onrecord:play', {detail: {from: 20000, to: 20800}})"
            page.locator(".play").click()
            page.evaluate(f"document.dispatchEvent({event})")
            settled(page, "document.querySelector('video').currentTime > 20 && document.querySelector('video').paused")
            assert at(page, "video") < 22
            page.evaluate("location.hash = '#t75'")
            settled(page, "document.querySelector('video').currentTime === 75")
            assert not playing(page, "video"), "a link within the page cues, whatever brought the reader here"


def test_the_transcript_follows_and_never_takes_the_page_away(site):
    with chromium() as browser, opened(browser, site + EPISODE) as page:
        words = page.evaluate("fetch('words.json').then(answer => answer.json())")
        assert page.evaluate("performance.getEntriesByName(location.href + 'words.json').length") == 1, "only ours"
        sentence = page.locator("#t60 .s, #t60.s").first
        sentence.scroll_into_view_if_needed()
        wanted = sentence.evaluate(
            """span => { const range = document.createRange(), text = span.firstChild.data.split(' ');
            range.setStart(span.firstChild, text[0].length + 2); range.setEnd(span.firstChild, text[0].length + 3);
            const box = range.getBoundingClientRect();
            return [text[1], +span.dataset.word + 1, box.x + box.width / 2, box.y + box.height / 2]; }"""
        )
        page.mouse.click(wanted[2], wanted[3])
        settled(page, "document.querySelector('video').currentTime > 0")
        assert at(page, "video") * 1000 == sum(words["start"][: wanted[1] + 1])
        settled(page, "CSS.highlights.get('voice')?.size")
        assert marked(page) == [wanted[0]]
        assert not playing(page, "video"), "a click while reading makes no sound"
        expect(page.locator(BAR)).to_have_class("bar docked")
        page.get_by_role("button", name="Play", exact=True).click()
        settled(page, f"[...CSS.highlights.get('voice')].some(range => range.toString() !== {wanted[0]!r})")
        page.mouse.wheel(0, 3000)
        voice = page.get_by_role("button", name="Back to the voice")
        expect(voice).to_be_visible()
        place = page.evaluate("scrollY")
        page.evaluate("document.querySelector('video').currentTime += 8")
        page.wait_for_timeout(1500)
        assert page.evaluate("scrollY") == place, "the reader's place is the reader's"
        voice.click()
        expect(voice).to_be_hidden()
        expect(page.locator(".s.voice")).to_be_in_viewport()
        page.wait_for_timeout(1500)
        expect(page.locator(".s.voice")).to_be_in_viewport()
        begun = page.evaluate("scrollY")
        page.evaluate("document.querySelector('video').playbackRate = 8")
        settled(page, "document.querySelector('video').currentTime > 130")
        expect(page.locator(".s.voice")).to_be_in_viewport()
        assert page.evaluate("scrollY") > begun, "the page goes along"
        assert page.locator(".turns [aria-live], .turns[aria-live], .bar [aria-live]").count() == 0


@pytest.mark.parametrize(
    "deed",
    [
        "scrollBy(0, 60)",  # the scrollbar, a screen reader, another script
        "getSelection().selectAllChildren(document.querySelector('.s.voice'))",
        "document.querySelector('.turn a.quote').focus({ preventScroll: true })",
        "document.querySelector('#quote').showModal()",
    ],
)
def test_whoever_takes_the_page_keeps_it(site, deed):
    with chromium() as browser, opened(browser, f"{site}{EPISODE}#t60") as page:
        expect(page.locator(BAR)).to_have_class("bar docked")  # or else the way to its button is one of the reader's
        page.get_by_role("button", name="Play", exact=True).click()
        settled(page, "document.querySelector('video').currentTime > 60.2")
        expect(page.locator(".s.voice")).to_be_in_viewport()
        page.evaluate("document.querySelector('video').pause()")
        page.wait_for_timeout(1300)  # our own way to the moment has ended
        page.evaluate(deed)
        page.wait_for_timeout(200)
        place = page.evaluate("scrollY")
        sentence = page.locator(".s.voice").get_attribute("data-word")
        page.evaluate("document.querySelector('video').currentTime += 60")
        settled(page, f"document.querySelector('.s.voice').dataset.word != {sentence}")
        page.wait_for_timeout(500)
        assert page.evaluate("scrollY") == place


LATE = """
const Prompt = IntersectionObserver;
window.IntersectionObserver = class extends Prompt {
  constructor(callback) {
    const kept = [];
    super((entries) => { kept.push(...entries); setTimeout(() => kept.length && callback(kept.splice(0)), 1000); });
  }
};
"""


def test_the_bar_is_where_the_page_is_when_the_browser_tells_late(site):
    """A busy machine tells of several changes at once."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(LATE)
        page.goto(f"{site}{EPISODE}#t60")
        page.evaluate("new Promise(requestAnimationFrame)")
        page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
        page.wait_for_timeout(1500)
        assert "docked" not in (page.locator(BAR).get_attribute("class") or "")
        page.evaluate("document.querySelector('#t60').scrollIntoView({behavior: 'instant'})")
        expect(page.locator(BAR)).to_have_class("bar docked")


def test_finding_in_this_transcript(site):
    with chromium() as browser, opened(browser, site + EPISODE) as page:
        field = page.get_by_role("searchbox", name="Find in this transcript")
        field.fill("NOTÉBOOK")
        settled(page, "CSS.highlights.get('found')?.size")
        assert {text.lower() for text in marked(page, "found")} == {"notebook"}
        expect(page.locator(".find output")).to_have_text(str(len(marked(page, "found"))))
        field.press("Enter")
        expect(page.locator(".find output")).to_contain_text(f"1/{len(marked(page, 'found'))} ")
        assert page.url == site + EPISODE
        page.get_by_role("button", name="Later").click()
        assert page.evaluate("[...CSS.highlights.get('found-here')][0].getBoundingClientRect().top < innerHeight"), (
            "shown, though its turn had not been laid out before"
        )
        field.fill("zebra")
        expect(page.locator(".find output")).to_have_text("not found")


def test_by_keyboard_alone(site):
    with chromium() as browser, opened(browser, site + EPISODE) as page:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('.play')"):
                break
        page.keyboard.press("Space")
        settled(page, "!document.querySelector('video').paused")
        page.keyboard.press("k")
        assert not playing(page, "video")
        page.keyboard.press("l")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("j")
        assert 44 < at(page, "video") < 50
        page.get_by_role("slider").focus()
        before = at(page, "video")
        page.keyboard.press("ArrowRight")
        assert 0 < at(page, "video") - before <= 5.5
        page.keyboard.press("k")
        settled(page, "document.querySelector('video').currentTime > 52")
        told = "document.activeElement.getAttribute('aria-valuetext')"
        quiet = page.evaluate(told)
        settled(page, "document.querySelector('video').currentTime > 54")
        assert page.evaluate(told) == quiet, "the slider does not read itself out"
        page.keyboard.press("ArrowRight")
        assert at(page, "video") > 58 and page.evaluate(told) != quiet
        page.keyboard.press("k")
        page.locator("#find").focus()
        before = at(page, "video")
        page.keyboard.type("jkl k")
        assert page.locator("#find").input_value() == "jkl k"
        assert (at(page, "video"), playing(page, "video")) == (before, False)
        page.keyboard.press("Escape")
        assert page.locator("#find").input_value() == ""


def test_without_javascript(site):
    with chromium() as browser, opened(browser, site + EPISODE, java_script_enabled=False) as page:
        for medium in ("video", "audio"):
            expect(page.locator(medium)).to_be_visible()
            assert page.locator(medium).get_attribute("controls") is not None
        expect(page.locator(".frame img")).to_be_visible()
        expect(page.locator(".bar")).to_have_count(0)
        page.locator(".chapters .title").nth(3).click()
        expect(page.get_by_role("heading", name="The upper meadow", level=3)).to_be_in_viewport()
        key = page.locator("[name=episode]").get_attribute("value")
        page.route("**/search/**", lambda route: route.fulfill(body="found"))
        page.locator("#find").fill("a small fish")
        page.locator("#find").press("Enter")
        assert page.url == f"{site}/search/?episode={key}&q=a+small+fish"


def test_the_pages_own_digits(publication):
    staging.make_interview(making.make_show(language="ar-EG"), "ur", 60, audible=False)
    presser.press_all()
    with chromium() as browser, staging.served(publication.public) as site, opened(browser, site + EPISODE) as page:
        expect(page.locator(".clock")).to_have_text("٠:٠٠ / ٠:٢٤")
        assert (page.get_by_role("slider").get_attribute("aria-valuetext") or "").startswith("٠:٠٠")
        page.locator("#find").fill("دریا")
        expect(page.locator(".find output")).to_have_text(re.compile("^[٠-٩]+$"))


def test_a_phone_has_the_bar_at_hand(site):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with chromium() as browser, opened(browser, site + EPISODE, **phone) as page:
        assert not page.evaluate("document.documentElement.classList.contains('has-dock')")
        page.get_by_role("button", name="Play", exact=True).tap()
        settled(page, "document.querySelector('video').currentTime > 0.2")
        page.locator("#transcript").scroll_into_view_if_needed()
        page.evaluate("document.querySelector('#transcript').scrollIntoView()")
        expect(page.locator(f"{BAR}.docked")).to_be_visible()
        box = page.locator(BAR).bounding_box()
        assert box and box["y"] + box["height"] == 844 and box["height"] < 100
        for name in ("Pause", "Back 15 seconds", "Forward 30 seconds"):
            target = page.get_by_role("button", name=name).bounding_box()
            assert target and min(target["width"], target["height"]) >= 44
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_magnified_four_times(site):
    """A window of 1280 by 1024 has then the room of 320 by 256."""
    with chromium() as browser, opened(browser, site + EPISODE, viewport={"width": 320, "height": 256}) as page:
        page.get_by_role("button", name="Play", exact=True).click()
        page.locator("#transcript").evaluate("heading => heading.scrollIntoView()")
        expect(page.locator(f"{BAR}.docked")).to_be_visible()
        box = page.locator(BAR).bounding_box()
        assert box and box["y"] + box["height"] == 256 and box["height"] < 256 / 3
        assert page.get_by_role("button", name="Pause").is_visible()
        page.locator(".who .quote").first.focus()
        for _ in range(6):
            page.keyboard.press("Tab")
            focused = page.evaluate("document.activeElement.getBoundingClientRect().toJSON()")
            assert 0 <= focused["top"] < focused["bottom"] <= box["y"], "the bar does not cover what has the focus"
        assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_paper_and_forced_colours(site):
    with chromium() as browser:
        with opened(browser, site + EPISODE) as page:
            page.emulate_media(media="print")
            for gone in (".controls", ".find", ".seek"):
                expect(page.locator(gone)).to_be_hidden()
            assert page.locator(".turn").last.evaluate("turn => getComputedStyle(turn).contentVisibility") == "visible"
            assert page.locator(".turn .who").last.inner_text().split() == ["Ines", "Marlow", "3:50"], "and no menu"
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        with opened(browser, site + EPISODE, forced_colors="active") as page:
            stroke = "getComputedStyle(document.querySelector('.wave .played')).stroke"
            assert page.evaluate(stroke) != page.evaluate(stroke.replace(" .played", " path"))


def test_a_page_saved_on_a_disk(site, tmp_path):
    """As browsers save it, with its style sheet; its scripts do not run from there, and nothing else is there."""
    with chromium() as browser:
        context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800})
        text = context.request.get(site + EPISODE).text()
        sheet = re.search(r'rel="stylesheet" href="/([^"]+)"', text)[1]
        (tmp_path / "style.css").write_bytes(assets.files()[sheet])
        (tmp_path / "saved.html").write_text(text.replace(f"/{sheet}", "style.css"))
        page = context.new_page()
        page.goto((tmp_path / "saved.html").as_uri())
        assert page.evaluate("getComputedStyle(document.body).margin") == "0px", "it has its style"
        assert page.evaluate("document.documentElement.scrollWidth") == 1280
        for turn in (page.locator(".turn").first, page.locator(".turn").last):
            turn.scroll_into_view_if_needed()
            last = turn.locator(".s").last.text_content() or ""
            expect(turn).to_contain_text(last, use_inner_text=True)  # what is drawn, once it is
        for part in ("audio", "video", "h1", "#find"):
            expect(page.locator(part)).to_be_visible()


def test_a_page_saved_as_it_stood(site, tmp_path):
    """Browsers save what the scripts have made of a page: the sound can still be played, and no button is dead."""
    with chromium() as browser, opened(browser, site + EPISODE) as page:
        expect(page.locator(BAR)).to_be_visible()
        expect(page.locator("audio")).to_be_hidden()
        text = page.content()
        sheet = re.search(r'rel="stylesheet" href="/([^"]+)"', text)[1]
        (tmp_path / "style.css").write_bytes(assets.files()[sheet])
        (tmp_path / "saved.html").write_text(text.replace(f"/{sheet}", "style.css"))
        saved = browser.new_page()
        saved.goto((tmp_path / "saved.html").as_uri())
        expect(saved.locator("audio[controls]")).to_be_visible()
        expect(saved.locator(BAR)).to_be_hidden()


def test_how_much_goes_over_the_wire(publication):
    """An hour of talk: 10,000 words that do not repeat as ours do would take about three times as much."""
    show = making.make_show()
    staging.make_interview(show, "en", 10_000, audible=False)
    presser.press_all()
    seen: dict[str, int] = {}
    with chromium() as browser, staging.served(publication.public) as address:
        page = browser.new_page()
        page.on("response", lambda answer: seen.update({answer.url: len(gzip.compress(answer.body()))}))
        page.goto(address + EPISODE)
        page.wait_for_load_state("networkidle")
    assert all(url.startswith(address) for url in seen), "nothing from a third party"
    assert len(seen) <= 8
    text = {url: size for url, size in seen.items() if not url.endswith((".jpg", ".webp"))}
    assert sum(text.values()) < 60_000
    studio = ("static/htmx-", "static/passkeys-", "static/queue-")
    scripts = [text for name, text in assets.files().items() if name.endswith(".js") and not name.startswith(studio)]
    assert sum(len(gzip.compress(content)) for content in scripts) < 20_000
    assert not any("words.json" in url for url in seen)
