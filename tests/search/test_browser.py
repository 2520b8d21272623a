"""Search in a real Chromium, from our own server with its own worker: with JavaScript and without."""

import contextlib
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import CHROMIUM, PATIENCE, chromium
from tests.conftest import ROOT
from tests.doors.serving import free_port
from tests.sounds import write_wave

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]


@pytest.fixture
def site(folder: Path) -> Iterator[str]:
    """A publication that is served, and whose pages and index the worker has made by itself, in whichever order."""
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if k != "ONRECORD_DATABASE_URL"}
    environment |= {"ONRECORD_FOLDER": str(folder), "PYTHONPATH": str(ROOT / "src")}
    with (folder / "onrecord.toml").open("a") as file:
        file.write("\n[worker]\nprocesses = 1\n")
    script = str(ROOT / "tests/search/killed.py")
    subprocess.run([sys.executable, script, "rows"], env=environment, check=True)
    command = [sys.executable, "-m", "onrecord", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/search/?q=machinery", "1 moment")
            wait_for(f"http://127.0.0.1:{port}/people/ada/", "Everything this person said")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def wait_for(address: str, words: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if words in urllib.request.urlopen(address).read().decode():
                return
        time.sleep(0.2)
    raise AssertionError(f"the worker has not made {address}")


class Sound:
    """Answers for every MP3 with a minute of noise, in parts as a server does."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.content = write_wave(folder / "a.wav", seconds=60, rate=8000).read_bytes()
        self.strangers: list[str] = []
        page.route("**/*.mp3*", self.answer)
        page.on("request", lambda request: "//127.0.0.1:" in request.url or self.strangers.append(request.url))

    def answer(self, route: Route) -> None:
        start = int((re.search(r"bytes=(\d+)", route.request.headers.get("range", "")) or [0, "0"])[1])
        size = len(self.content)
        headers = {"Content-Range": f"bytes {start}-{size - 1}/{size}", "Accept-Ranges": "bytes"}
        route.fulfill(status=206, headers=headers, content_type="audio/wav", body=self.content[start:])


@contextlib.contextmanager
def opened(java_script: bool) -> Iterator[Page]:
    with chromium() as browser:
        page = browser.new_page(java_script_enabled=java_script, viewport={"width": 390, "height": 800})
        page.set_default_timeout(PATIENCE)
        yield page


def test_searching_without_and_with_java_script(site: str, tmp_path: Path) -> None:
    with opened(java_script=False) as page:
        page.goto(f"{site}/people/ada/")
        page.get_by_role("link", name="Everything this person said").click()
        expect(page.locator(".said").first).to_contain_text("Today I am talking")
        page.goto(f"{site}/search/")
        page.get_by_role("searchbox").fill("machinery")
        page.get_by_role("button", name="Search").click()
        assert page.url.endswith("/search/?q=machinery&speaker=&show=&from=&to=&sort=")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.set_viewport_size({"width": 320, "height": 256})  # a screen magnified four times
        page.locator("summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        page.get_by_role("link", name="Play from").click()
        found = re.search(r"/talks/sample/\?play=(\d+)#(t\d+)$", page.url)
        assert found
        expect(page.locator(f"#{found[2]}")).to_contain_text("machinery")
    with opened(java_script=True) as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        sound = Sound(page, tmp_path)
        page.goto(f"{site}/search/")
        page.get_by_role("searchbox").press_sequentially("machi")
        expect(page.locator("mark")).to_have_text("machinery")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("Nobody said this.")
        page.get_by_role("searchbox").press_sequentially("nery")
        expect(page.locator("mark")).to_have_text("machinery")
        expect(page.get_by_role("status")).to_have_text("1 moment")
        assert page.url == f"{site}/search/?q=machinery"
        page.emulate_media(forced_colors="active")
        assert page.locator("mark").evaluate("mark => getComputedStyle(mark).backgroundColor").startswith("rgb(")
        page.emulate_media(forced_colors="none")
        page.get_by_role("link", name="Play from").click()
        play = page.locator("a.play")
        start = float(play.get_attribute("data-start") or 0)
        expect(play).to_have_attribute("data-playing", "")
        expect(play).to_have_accessible_name("Pause")
        page.wait_for_function("start => document.querySelector('.found audio').currentTime >= start", arg=start)
        assert page.evaluate("document.querySelector('.found audio').currentTime") < start + 20
        play.click()
        expect(play).not_to_have_attribute("data-playing", "")
        page.get_by_role("searchbox").fill("nobody said this")
        expect(page.get_by_role("status")).to_have_text("Nobody said this.")
        expect(page.locator("audio")).to_have_count(0)
        page.reload()
        expect(page.get_by_role("searchbox")).to_have_value("nobody said this")
        assert sound.strangers == []
        assert said == []


@pytest.mark.parametrize("java_script", [True, False])
def test_narrowing_ordering_and_every_script(site: str, java_script: bool) -> None:
    """Who, where, when and in which order; words in four scripts, found however they are written."""
    with opened(java_script) as page:
        page.goto(f"{site}/search/")
        box, count = page.get_by_role("searchbox"), page.get_by_role("status")

        def ask() -> None:
            page.get_by_role("button", name="Search").click()

        for words, found in {
            "كتاب": {"کتاب", "الكِتابَ"},
            "елка": {"ёлки"},
            "東京都": {"東京都"},
            "HAUSER": {"Häuser", "Haus"},
            "ninez": {"niñez"},
            "السنة": set(),
        }.items():
            box.fill(words)
            ask()
            if found:
                expect(page.locator("mark").filter(has_text=min(found)).first).to_be_visible()
                assert found <= set(page.locator("mark").all_inner_texts()), words
            else:
                expect(count).to_have_text("Nobody said this.")
            assert page.evaluate("document.documentElement.scrollWidth") == 390, words
        box.fill("the")
        page.locator("summary").click()
        page.get_by_label("Who says it").fill("edwin tarn")
        ask()
        expect(page.locator(".who b").first).to_have_text("Edwin Tarn")
        assert set(page.locator(".who b").all_inner_texts()) == {"Edwin Tarn"}
        page.get_by_label("Order").select_option("oldest")
        ask()
        expect(page).to_have_url(re.compile("sort=oldest"))
        starts = page.locator("a.play").evaluate_all("all => all.map(one => Number(one.dataset.start))")
        assert len(starts) > 2 and starts == sorted(starts)
        page.get_by_label("Who says it").fill("")
        page.get_by_label("Show").select_option("gespraeche")
        box.fill("haus")
        ask()
        expect(page.locator(".found .byline").first).to_contain_text("Gespräche")
        page.get_by_label("Show").select_option("talks")
        ask()
        expect(count).to_have_text("Nobody said this.")
        page.get_by_label("Show").select_option("")
        page.get_by_label("From").fill("2030-01-01")
        ask()
        expect(page).to_have_url(re.compile("from=2030-01-01"))
        expect(count).to_have_text("Nobody said this.")
        page.get_by_label("From").fill("2020-01-01")
        ask()
        expect(page.locator(".found .byline").first).to_contain_text("Gespräche")


def test_quoting_without_java_script(site: str) -> None:
    """From the episode's page to a page of these words, with their sound, and back to them."""
    with opened(java_script=False) as page:
        page.goto(f"{site}/talks/sample/")
        page.locator("a.quote").nth(1).click()
        words = page.locator("label").filter(has=page.locator("input:checked")).inner_text().strip()
        page.get_by_role("button", name="Quote these words").click()
        expect(page.locator("q")).to_have_text(words)
        expect(page.locator("audio")).to_be_visible()
        copied = page.get_by_label("Quotation to be copied").input_value()
        assert words in copied and page.get_by_label("Link to this passage").input_value() in copied
        page.get_by_role("button", name="Share as a page with a picture").click()
        page.wait_for_url(re.compile(r"/q/[2-9a-z]{10}/$"))
        expect(page.locator("blockquote q")).to_have_text(words)
        card = page.locator("meta[property='og:image']").get_attribute("content") or ""
        assert urllib.request.urlopen(site + urlsplit(card).path).read(8) == b"\x89PNG\r\n\x1a\n"
        page.get_by_role("link", name="Listen and read on").click()
        expect(page.locator(":target")).to_contain_text(words)
