"""What stands around an interview, in a real Chromium: the ways on from its page, its look and its language, in a frame
on another site, under a finger, and what it asks of others: nothing."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import override_settings
from playwright.sync_api import Page, Route, expect

from onrecord.catalogue.models import PartElsewhere, Related
from onrecord.lib import configuration
from onrecord.press import presser
from tests.browser import CHROMIUM, PATIENCE, chromium, settled
from tests.site import making, staging

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory, django_db_setup, django_db_blocker) -> Iterator[str]:
    """The address of a pressed publication: /talks/river/ with a second part elsewhere, and what stands beside it;
    /talks/ferry/ whose video another site has; /charlas/rio/ in Spanish; /guftagu/river/ in Urdu."""
    publication = configuration.load(tmp_path_factory.mktemp("publication"))
    with django_db_blocker.unblock(), override_settings(ONRECORD=publication), transaction.atomic():
        show = making.make_show()
        river = staging.make_interview(show, "en", 600, moving=True)
        ferry = making.make_episode(
            show, "ferry", 1, title="The ferry", video_url="https://video.example/watch?v=1", picture=staging.picture()
        )
        making.add_transcript(ferry)
        Related.objects.create(episode=river, position=0, piece=ferry)
        Related.objects.create(
            episode=river, position=1, url="https://paper.example/dams", title="Dams", site="The Paper"
        )
        PartElsewhere.objects.create(
            series=river.series, part=2, url="https://radio.example/two", title="After the mill", site="Radio"
        )
        in_spanish(making.make_show("charlas", "Charlas", language="es"))
        staging.make_interview(making.make_show("guftagu", "گفتگو", language="ur"), "ur", 400)
        presser.press_all()
        transaction.set_rollback(True)
    with staging.served(publication.public) as address:
        yield address


def in_spanish(show: Any) -> None:
    """An interview of twenty sentences; its sound is never asked for."""
    episode = making.make_episode(show, "rio", title="Lo que guardó el río", language="es")
    said = making.words(" ".join(f"La palabra {number}." for number in range(20)))
    making.add_transcript(episode, said, language="es")


@dataclass
class Visit:
    """A page, what was asked of other sites, and what the browser complained of."""

    page: Page
    strangers: list[str]
    said: list[str]


@contextlib.contextmanager
def visiting(site: str, path: str, **options: object) -> Iterator[Visit]:
    with chromium() as browser:
        page = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options}).new_page()
        page.set_default_timeout(PATIENCE)
        visit = Visit(page, [], [])

        def answer(route: Route) -> None:
            visit.strangers.append(route.request.url)
            route.fulfill(body="<h1>Elsewhere</h1>", content_type="text/html")

        page.route(lambda address: not address.startswith(site), answer)
        page.on("console", lambda message: visit.said.append(message.text))
        page.on("pageerror", lambda error: visit.said.append(str(error)))
        page.goto(site + path)
        yield visit
        assert visit.said == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_every_way_on_from_the_page(site: str, scripts: bool) -> None:
    """Show, series, part elsewhere, people, subjects, related pieces, neighbours, subscribing: one click each."""
    english = staging.TITLES["en"][0]
    ways = {
        ".kicker a": ("/talks/", "Talks"),
        ".parts h2 a": ("/talks/series/valley/", "The valley"),
        ".byline a:has-text('Ines Marlow')": ("/people/en-host/", "Ines Marlow"),
        ".byline a:has-text('Tobias Arkwright')": ("/people/en-guest/", "Tobias Arkwright"),
        ".tags a:has-text('Water')": ("/tags/water/", "Water"),
        ".related a:has-text('The ferry')": ("/talks/ferry/", "The ferry"),
        ".take .subscribe": ("/talks/subscribe/", "Subscribe"),
        ".further h2 a": ("/talks/", "Talks"),
        ".further a:has-text('The ferry')": ("/talks/ferry/", "The ferry"),
    }
    with visiting(site, "/talks/river/", java_script_enabled=scripts) as visit:
        for selector, (path, heading) in ways.items():
            visit.page.goto(f"{site}/talks/river/")
            visit.page.locator(selector).first.click()
            visit.page.wait_for_url(f"{site}{path}")
            expect(visit.page.locator("h1")).to_contain_text(heading)
        for path in ("/talks/", "/talks/series/valley/", "/people/en-guest/", "/tags/water/", "/talks/2026/", "/"):
            visit.page.goto(site + path)
            visit.page.get_by_role("link", name=english).first.click()
            visit.page.wait_for_url(f"{site}/talks/river/")
        assert visit.strangers == []
        for selector, address in {
            ".parts .elsewhere a": "https://radio.example/two",
            ".related a:has-text('Dams')": "https://paper.example/dams",
        }.items():
            visit.page.goto(f"{site}/talks/river/")
            visit.page.locator(selector).click()
            visit.page.wait_for_url(address)


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_video_elsewhere_loads_nothing_until_it_is_asked_for(site: str, scripts: bool) -> None:
    with visiting(site, "/talks/ferry/", java_script_enabled=scripts) as visit:
        link = visit.page.get_by_role("link", name="Watch the video at video.example")
        link.scroll_into_view_if_needed()
        visit.page.wait_for_load_state("networkidle")
        assert link.locator("img").evaluate("image => image.naturalWidth") > 0, "the still picture is ours"
        assert visit.strangers == []
        link.click()
        visit.page.wait_for_url("https://video.example/watch?v=1")
        assert visit.strangers == ["https://video.example/watch?v=1"]


def test_what_the_system_shows_of_it_works_the_player(site: str) -> None:
    """Media Session: what a lock screen or a headset's buttons ask for."""
    handlers = "window.asked = {}; const set = navigator.mediaSession.setActionHandler.bind(navigator.mediaSession); "
    handlers += "navigator.mediaSession.setActionHandler = (name, act) => { asked[name] = act; set(name, act); };"
    with chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.add_init_script(handlers)
        page.goto(f"{site}/talks/river/#t60")
        page.get_by_role("button", name="Play", exact=True).click()
        settled(page, "document.querySelector('video').currentTime > 60")
        shown = "[navigator.mediaSession.metadata.title, navigator.mediaSession.metadata.artist]"
        assert page.evaluate(shown) == [staging.TITLES["en"][0], "Talks"]
        assert page.evaluate("navigator.mediaSession.metadata.artwork[0].src").startswith(site)
        page.evaluate("asked.seekforward({action: 'seekforward'})")
        settled(page, "document.querySelector('video').currentTime > 89")
        page.evaluate("asked.seekbackward({action: 'seekbackward'})")
        settled(page, "document.querySelector('video').currentTime < 85")
        page.evaluate("asked.seekto({action: 'seekto', seekTime: 10})")
        settled(page, "document.querySelector('video').currentTime < 12")
        page.evaluate("asked.pause({action: 'pause'})")
        settled(page, "document.querySelector('video').paused")


def test_the_whole_screen(site: str) -> None:
    with visiting(site, "/talks/river/") as visit:
        visit.page.get_by_role("button", name="Full screen").click()
        settled(visit.page, "document.fullscreenElement?.localName === 'video'")
        assert visit.page.evaluate("document.querySelector('video').controls"), "ours are not on that screen"
        visit.page.evaluate("document.exitFullscreen()")
        settled(visit.page, "!document.querySelector('video').controls")


def test_words_chosen_with_a_finger_are_quoted_and_heard_alone(site: str) -> None:
    phone = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}
    with visiting(site, "/talks/river/", **phone) as visit:
        page = visit.page
        sentence = page.locator(".s").nth(4)
        sentence.scroll_into_view_if_needed()
        words = sentence.evaluate("""sentence => {
            const range = document.createRange();
            range.selectNodeContents(sentence);
            getSelection().removeAllRanges();
            getSelection().addRange(range);
            return range.toString().trim();
        }""")
        button = page.locator("#quote-selection button")
        expect(button).to_be_visible()
        box = button.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert box["height"] >= 24 and box["width"] >= 24, "a finger hits it"
        button.tap()
        expect(page.locator("#quote blockquote")).to_have_text(words)
        page.get_by_role("button", name="Play just this passage").tap()
        first = int(sentence.get_attribute("data-word") or 0) * staging.EACH / 1000
        settled(page, f"document.querySelector('video').currentTime > {first + 0.4}")
        settled(page, "document.querySelector('video').paused")
        heard = page.evaluate("document.querySelector('video').currentTime") - first
        assert abs(heard - len(words.split()) * staging.EACH / 1000) < 1


@pytest.mark.parametrize("width", [390, 1280])
def test_light_and_dark_are_both_to_be_read(site: str, width: int) -> None:
    for path in ("/talks/river/", "/guftagu/river/"):
        colours = {}
        for scheme in ("light", "dark"):
            with visiting(site, path, color_scheme=scheme, viewport={"width": width, "height": 800}) as visit:
                style = "getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color"
                colours[scheme] = visit.page.evaluate(f"[{style}]")
                assert visit.page.evaluate("document.documentElement.scrollWidth") == width
        assert brightness(colours["light"][0]) > 200 > 100 > brightness(colours["light"][1])
        assert brightness(colours["dark"][0]) < 60 < 150 < brightness(colours["dark"][1])


def brightness(colour: str) -> float:
    """Of "rgb(1, 2, 3)", 0 to 255."""
    red, green, blue = (float(number) for number in re.findall(r"[\d.]+", colour)[:3])
    return (red + green + blue) / 3


def test_a_page_speaks_the_language_of_what_it_shows(site: str) -> None:
    with visiting(site, "/charlas/rio/") as visit:
        assert visit.page.locator("html").get_attribute("lang") == "es"
        expect(visit.page.get_by_role("button", name="Reproducir", exact=True)).to_be_visible()
        expect(visit.page.locator("header time").first).to_contain_text("noviembre")
        visit.page.locator("a.quote").first.click()
        expect(visit.page.get_by_role("button", name="Copiar el enlace")).to_be_visible()
    with visiting(site, "/guftagu/river/") as visit:
        page = visit.page
        assert page.locator("html").get_attribute("lang") == "ur"
        assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
        heading, rail = page.locator("h1 bdi").bounding_box(), page.locator(".rail").bounding_box()
        text = page.locator(".text").bounding_box()
        assert heading and rail and text
        assert rail["x"] > text["x"], "what stands at the left of a page in English stands at the right of this one"
        assert heading["x"] + heading["width"] > 640
        line = page.locator("#player .line")
        assert line.evaluate("line => getComputedStyle(line).direction") == "ltr", "time runs as on every player"


def test_in_a_frame_on_another_site(site: str) -> None:
    """The player for other sites: it plays, sets no cookie and asks nobody but us."""
    frame = f'<!DOCTYPE html><title>A blog</title><iframe src="{site}/talks/river/embed/?t=1:15" width="480"></iframe>'

    class Blog(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(frame.encode())

        def log_message(self, *arguments: object) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Blog)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with chromium() as browser:
            context = browser.new_context()
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.goto(f"http://localhost:{server.server_port}/")
            inside = page.frame_locator("iframe")
            player = inside.locator("audio")
            assert player.evaluate("audio => audio.currentTime") == 75
            player.evaluate("audio => audio.play()")
            settled(page.frames[1], "document.querySelector('audio').currentTime > 75.3")
            inside.locator("summary").click()
            inside.locator("[data-start]").first.click()
            settled(page.frames[1], "document.querySelector('audio').currentTime < 75")
            assert context.cookies() == []
            assert {urlsplit(address).netloc for address in asked if not address.endswith("/favicon.ico")} == {
                f"localhost:{server.server_port}",
                urlsplit(site).netloc,
            }
            link = inside.get_by_role("link", name=staging.TITLES["en"][0])
            assert (link.get_attribute("target"), urlsplit(link.get_attribute("href") or "").path) == (
                "_top",
                "/talks/river/",
            )
    finally:
        server.shutdown()
        server.server_close()
