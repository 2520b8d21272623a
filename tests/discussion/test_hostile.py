"""Hostile words in every place of a discussion that takes words: they are shown, and do nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from lxml import etree, html
from playwright.sync_api import Page, Route

from onrecord.catalogue.models import Episode
from onrecord.discussion import moderate, post, text
from onrecord.discussion.citing import Given
from onrecord.discussion.disputes import DisputeDraft
from onrecord.discussion.models import Reason
from onrecord.lib.headers import content_type
from onrecord.passages import quote
from onrecord.press.check import check
from onrecord.references.models import Outcome, Reference, SavedCopy
from onrecord.transcripts import tokens
from onrecord.transcripts.models import Revision, Speaker
from tests.discussion.making import ORIGIN, opened
from tests.press import archive
from tests.press.pressing import press
from tests.site.test_browser import CHROMIUM, SITE, chromium

pytestmark = pytest.mark.django_db

WRITTEN = ["p", "br", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "s", "a"]
OURS = ["article", "header", "footer", "div", "b", "bdi", "time", "cite", "span", "figure", "figcaption", "q"]
REPLIED = 6
"""Every sixth payload is also a reply."""

ATTRIBUTES = {"class", "dir", "href", "rel", "datetime", "start", "lang", "id", "title", "aria-label"}


@pytest.fixture
def hostile(cases: Path) -> list[str]:
    return [*json.loads((cases / "hostile" / "html.json").read_text()), "</script><script>alert(1)</script>", "]]><b>"]


@pytest.fixture
def public(publication: Any, hostile: list[str]) -> Path:
    """Each payload as a comment, a name, a reply, the words in dispute and who said them, a reference, its sentence,
    the title that somebody gave it and that of the saved page."""
    episode = archive.make_episode(archive.make_show(), 1)
    said = [
        tokens.Token(payload.replace("\x00", ""), n * 900, n * 900 + 800, n % 2) for n, payload in enumerate(hostile)
    ]
    Revision.objects.update(tokens=tokens.pack(said), words=len(said))
    Speaker.objects.update(name=hostile[0][:100])
    with mock.patch("onrecord.discussion.limits.OF_AN_EPISODE", 10**6):
        for n, payload in enumerate(hostile):
            write(episode, n, payload)
    for reference in Reference.objects.order_by("id"):
        payload = hostile[reference.pk % len(hostile)].replace("\x00", "")
        named = {"title": payload[:300], "author": payload[:300]} if reference.pk % 2 else {}
        told = {"title": payload, "author": payload, "date": payload[:100]}
        copy = None
        if reference.link:
            copy = SavedCopy.objects.create(link=reference.link, made=timezone.now(), outcome=Outcome.SAVED, **told)
        Reference.objects.filter(pk=reference.pk).update(copy=copy, **named)
    press()
    folder: Path = publication.public
    return folder


def write(episode: Episode, n: int, payload: str) -> None:
    name, words = text.name_of(payload)[: text.LONGEST_NAME] or "x", text.plain(payload) or "x"
    references = (Given(payload.replace("\x00", ""), words[:2000]), Given(f"https://else.example/{n}", words[:2000]))
    dispute = DisputeDraft(Reason.FACT, quote.quotation(episode, 1, range(n, n + 1)), references=references)
    before = None
    for m, about in enumerate((dispute, None) if n % REPLIED == 0 else (dispute,)):
        draft = post.Draft(name, f"a{n}.{m}@example.org", f"{words}\n\n`{words}`\n> {words}", before, about)
        before = post.post(episode, draft, post.Sender(f"{n} {m}"))
        moderate.publish(before)


def discussed(public: Path) -> Iterator[Any]:
    """The discussion on every page that shows it."""
    for page in [public / "talks/e1/index.html", *(public / "talks/e1/discussion").rglob("index.html")]:
        yield from html.document_fromstring(page.read_text()).xpath("//article[starts-with(@id, 'c')]")


def assert_inert(tree: Any, tags: list[str]) -> None:
    for element in tree.iter(etree.Element):
        assert element.tag in tags, etree.tostring(element)
        assert set(element.attrib) <= ATTRIBUTES, etree.tostring(element)
        assert element.get("href", "/").startswith(("/", "?", "http://", "https://")), etree.tostring(element)


def test_no_element_handler_or_address_comes_of_it(public: Path, hostile: list[str]) -> None:
    found, comments = list(discussed(public)), len(hostile) + len(hostile[::REPLIED])
    assert len(found) == 10 + comments
    for article in found:
        assert_inert(article, WRITTEN + OURS)
    plain = " ".join(" ".join(article.text_content() for article in found).split())
    assert all(" ".join(part.split()) in plain for part in ("I am a dolphin too!", "alert(1)", "</script>"))
    for page in public.rglob("*.html"):
        for script in html.document_fromstring(page.read_text()).xpath("//script"):
            assert script.get("src") or json.loads(script.text), "a data block is whole"
    entries = etree.parse(public / "talks/e1/discussion/atom.xml").findall("{*}entry/{*}content")
    annotations = [json.loads(file.read_text()) for file in (public / "discussion").rglob("annotations/page/*.json")]
    bodies = [one["body"] for page in annotations for one in page["items"]]
    words = [body[0]["value"] if isinstance(body, list) else body["value"] for body in bodies]
    assert len(words) == comments and entries
    for content in [*words, *(entry.text for entry in entries)]:
        assert_inert(html.fragment_fromstring(content, create_parent="p"), WRITTEN)
    assert check() == []


def test_the_form_shows_it_again_as_it_was_typed(publication: Any, hostile: list[str]) -> None:
    episode = archive.make_episode(archive.make_show(), 1)
    typed = "\n\n".join(hostile).replace("\x00", "").replace("\r", "")
    fields = opened(episode, dispute="1") | {"text": typed, "name": hostile[1], "address": hostile[2], "do": "preview"}
    given = {"reference": hostile[3:6], "sentence": hostile[6:9], "to": hostile[9], "revision": hostile[10]}
    answer = Client().post("/discuss/", fields | given, headers=ORIGIN)
    tree = html.document_fromstring(answer.content.decode())
    assert tree.xpath("//textarea")[0].text.strip().split() == typed.split()
    assert tree.xpath("//input[@name='reference']/@value") == [one.strip() for one in hostile[3:6]]
    assert_inert(tree.xpath("//div[@class='said']")[0], [*WRITTEN, "div"])
    assert not tree.xpath("//script[not(@src)] | //img | //iframe | //object | //svg | //style | //@onclick | //@style")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_in_a_browser_nothing_runs_and_nobody_is_asked(public: Path) -> None:
    pages = ["talks/e1/", "talks/e1/discussion/"]
    with chromium() as browser:
        visit = Visit(browser.new_page(), public)
        for path in pages:
            visit.page.goto(f"{SITE}{path}")
            visit.page.mouse.move(200, 300)
            for _ in range(12):
                visit.page.keyboard.press("Tab")
            visit.page.wait_for_load_state("networkidle")
            assert visit.page.locator("article.comment").count() >= 10
        assert (visit.strangers, visit.said) == ([], []), "such a watch notices: tests/site/test_browser.py"


class Visit:
    """Serves the public folder, and writes down what else is asked for and all that a page says."""

    def __init__(self, page: Page, public: Path) -> None:
        self.page, self.public = page, public
        self.strangers: list[str] = []
        self.said: list[str] = []
        page.route("**/*", self.answer)
        page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path.lstrip("/")
        file = self.public / (path + "index.html" if path.endswith("/") or not path else path)
        if route.request.url.startswith(SITE) and file.is_file():
            route.fulfill(body=file.read_bytes(), content_type=content_type(str(file.relative_to(self.public))))
        else:
            self.strangers.append(route.request.url)
            route.abort()
