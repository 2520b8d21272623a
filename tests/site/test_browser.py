"""Pages in a real Chromium: nothing of strangers runs, nothing is asked of others, nothing is wider than the screen."""

import json

import pytest
from playwright.sync_api import Page, Route

from onrecord import readmodel
from onrecord.catalogue.models import Chapter, Episode, Person
from onrecord.lib import headers
from onrecord.readmodel import ListPage
from onrecord.site import assets, embedding, pages
from tests.browser import CHROMIUM, chromium
from tests.site import making

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]
SITE = "http://site.test/"


class Site:
    """Serves pages from memory, and writes down what else is asked for and what is said."""

    def __init__(self, page: Page) -> None:
        self.page, self.text = page, ""
        self.strangers: list[str] = []
        self.said: list[str] = []
        page.route("**/*", self.answer)
        page.on("dialog", lambda dialog: (self.said.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if route.request.url == SITE or route.request.url.startswith(f"{SITE}?"):
            route.fulfill(body=self.text, content_type="text/html")
        elif path in assets.files():
            route.fulfill(body=assets.files()[path], content_type=headers.content_type(path))
        elif route.request.url.startswith(f"{SITE}talks/"):
            route.fulfill(status=204)
        else:
            self.strangers.append(route.request.url)
            route.abort()

    def show(self, text: str) -> None:
        self.text = text
        self.page.goto(SITE)


def test_hostile_words_do_nothing(publication, cases):
    episode = making.make_full_episode()
    hostile = [text.replace("\x00", "") for text in json.loads((cases / "hostile" / "html.json").read_text())]
    texts = []
    for at in range(0, len(hostile), 8):
        some = hostile[at : at + 8]
        Episode.objects.update(title=some[0], standfirst=" ".join(some), notes="\n\n".join(some))
        Chapter.objects.update(title=some[1])
        Person.objects.update(name=some[2][:300])
        texts.append(pages.episode(readmodel.episode(episode.pk)))
    with chromium() as browser:
        site = Site(browser.new_page())
        for text in texts:
            site.show(text)
            site.page.mouse.move(200, 200)
            site.page.keyboard.press("Tab")
    assert site.strangers == []
    assert site.said == []


def test_a_page_that_would_do_something_is_noticed(publication):
    """The watch itself: what the test above would see."""
    with chromium() as browser:
        site = Site(browser.new_page())
        site.show("<img src=x onerror=alert(1)><img src=http://elsewhere.test/a>")
    assert site.strangers == [f"{SITE}x", "http://elsewhere.test/a"]
    assert "dialog 1" in site.said


@pytest.mark.parametrize("language", ["en", "ur"])
def test_pages_fit_the_screen(publication, language):
    show = making.make_show(language=language)
    episode = making.make_full_episode(show)
    Episode.objects.update(title="An_unbroken_word_that_is_wider_than_a_telephone_" * 2, notes="`" + "x" * 300 + "`")
    cards = ListPage(readmodel.cards([episode.pk]), 1, 1)
    texts = [
        pages.episode(readmodel.episode(episode.pk)),
        pages.home(cards),
        pages.show(readmodel.show(show.pk), cards),
        pages.people(readmodel.people()),
    ]
    with chromium() as browser:
        for width in (320, 390, 1280):
            site = Site(browser.new_page(viewport={"width": width, "height": 800}))
            for text in texts:
                site.show(text)
                assert site.page.evaluate("document.documentElement.scrollWidth") == width
                assert site.page.evaluate("document.styleSheets[0].cssRules.length") > 50
            assert site.said == []


def test_the_player_for_other_sites_begins_where_it_is_told(publication):
    text = embedding.embed(readmodel.episode(making.make_full_episode().pk))
    with chromium() as browser:
        site = Site(browser.new_page(viewport={"width": 320, "height": 220}))
        site.text = text
        times = {}
        for asked in ("?t=90", "?t=1m30s", "?t=1:02:03", "#t=7.5,9", "?t=later", "?t=-4", ""):
            site.page.goto("about:blank")
            site.page.goto(SITE + asked)
            times[asked] = site.page.evaluate("document.querySelector('audio').currentTime")
        assert site.page.evaluate("document.documentElement.scrollWidth") == 320
        site.page.locator("summary").click()
        site.page.locator("[data-start='12.5']").click()
        assert site.page.evaluate("document.querySelector('audio').currentTime") == 12.5
        assert site.page.url == SITE, "a chapter leads into the player, not away"
        cookies = site.page.evaluate("document.cookie")
    assert list(times.values()) == [90, 90, 3723, 7.5, 0, 0, 0]
    assert cookies == ""
    assert site.strangers == []


def test_the_data_block_is_no_script_to_the_policy(publication):
    """Chromium reports what the policy refuses; JSON-LD and the QR code are not refused."""
    show = making.make_show()
    texts = [
        pages.episode(readmodel.episode(making.make_full_episode(show).pk)),
        pages.subscribe(readmodel.show(show.pk)),
    ]
    with chromium() as browser:
        site = Site(browser.new_page(viewport={"width": 320, "height": 700}))
        for text in texts:
            site.show(text)
            assert site.page.evaluate("document.documentElement.scrollWidth") == 320
        assert site.page.locator("svg.qr").bounding_box()["width"] > 100
    assert site.said == []
