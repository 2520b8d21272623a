"""The reader's way in a real Chromium, with JavaScript and without: write, confirm, be read; dispute by keyboard."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.test import Client
from playwright.sync_api import Page, Route, expect

from onrecord import edit
from onrecord.accounts.models import Account
from onrecord.catalogue.models import Episode
from onrecord.discussion import moderate
from onrecord.discussion.models import Comment, Tie
from onrecord.lib.headers import content_type
from onrecord.mail import outgoing
from onrecord.mail.models import Mail
from onrecord.press.check import check
from onrecord.transcripts import revisions
from tests.browser import CHROMIUM, chromium
from tests.discussion.conftest import make_spoken
from tests.press import archive
from tests.press.pressing import press
from tests.site import staging

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]
SITE = "http://127.0.0.1:8000"
JAVASCRIPT = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "none"])


class Site:
    """Public files from disk, the program's routes from Django; one browser has one jar of cookies."""

    def __init__(self, page: Page, public: Path) -> None:
        self.public, self.client, self.editor = public, Client(), Client()
        self.strangers: list[str] = []
        self.errors: list[str] = []
        page.route("**/*", self.answer)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def answer(self, route: Route) -> None:
        request, parts = route.request, urlsplit(route.request.url)
        if not request.url.startswith(SITE):
            self.strangers.append(request.url)
            route.abort()
        elif parts.path.startswith(("/discuss/", "/quote/", "/studio/")):
            with mock.patch("time.time", return_value=time.time() + (5 if request.method == "POST" else 0)):
                answer = self.ask(request, f"{parts.path}?{parts.query}")
            kept = {name: answer[name] for name in ("Content-Type", "Content-Security-Policy")}
            status = 200 if answer.redirect_chain else answer.status_code
            route.fulfill(status=status, body=answer.content, headers=kept)
        else:
            path = parts.path.lstrip("/") + ("index.html" if parts.path.endswith("/") else "")
            file = self.public / path
            body = file.read_bytes() if file.is_file() else b""
            route.fulfill(status=200 if body else 404, body=body, content_type=content_type(path))

    def ask(self, request: Any, path: str) -> Any:
        client = self.editor if path.startswith("/studio/") else self.client
        if request.method == "POST":
            kind = request.headers["content-type"]
            body = request.post_data_buffer or b""
            return client.post(path, body, kind, headers={"Origin": "http://testserver"}, follow=True)
        return client.get(path, follow=True)


@pytest.fixture
def episode(publication: Any) -> Episode:
    episode = archive.make_episode(archive.make_show(), 1)
    press()
    return episode


def by_keyboard(page: Page, words: str) -> None:
    """Tab until the link or button with these words has the focus, and press Enter."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == words:
            page.keyboard.press("Enter")
            page.wait_for_load_state()
            return
    raise AssertionError(f"no way to {words}")


@JAVASCRIPT
def test_write_confirm_be_read(episode: Episode, publication: Any, javascript: bool) -> None:
    with chromium() as browser:
        page = browser.new_page(java_script_enabled=javascript, viewport={"width": 390, "height": 800})
        site = Site(page, publication.public)
        page.goto(f"{SITE}/talks/e1/")
        page.get_by_role("link", name="Write a comment").click()
        page.get_by_label("Your comment").fill("At 0:12 there is a **bell**.\n\nTwo paragraphs.")
        page.get_by_label("Your name").fill("Ada")
        page.get_by_role("button", name="Preview").click()
        assert page.locator(".preview strong").inner_text() == "bell"
        page.get_by_label("Your mail address").fill("ada@example.org")
        page.get_by_role("button", name="Send").click()
        assert page.get_by_role("heading", level=1).inner_text() == "Your comment has arrived"
        page.get_by_role("link", name="Change it").click()
        page.get_by_label("Your comment").fill("At 0:12 there are two **bells**.\n\nTwo paragraphs.")
        page.get_by_role("button", name="Save").click()
        mail = outgoing.opened(Mail.objects.earliest("id"))
        page.goto(next(word for word in mail.body.split() if "/confirm/" in word))
        assert Comment.objects.get().confirmed is None
        page.get_by_role("button", name="Yes, it is mine").click()
        comment = Comment.objects.get()
        assert comment.confirmed and "two" in comment.text
        moderate.publish(comment)
        press()
        page.goto(f"{SITE}/talks/e1/discussion/#c1")
        assert page.locator("#c1 .said p").count() == 2
        assert page.locator("#c1 .said a").get_attribute("href") == "/talks/e1/?t=12"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390 if javascript else True
        edit.rename(comment.episode, "bells")
        press()
        page.goto("about:blank")  # the same address again would be no visit
        page.goto(f"{SITE}/talks/e1/discussion/#c1")
        page.wait_for_url("**/talks/bells/discussion/**")
        assert page.url.endswith("/#c1") or not javascript
        assert page.locator("#c1 .said p").count() == 2
        assert (site.strangers, [error for error in site.errors if "404" not in error]) == ([], [])


def test_dispute_by_keyboard_with_javascript(episode: Episode, publication: Any) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        site = Site(page, publication.public)
        page.goto(f"{SITE}/talks/e1/")
        page.wait_for_load_state("networkidle")
        page.locator(".turn .quote").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog[open]")
        by_keyboard(page, "Dispute this")
        page.wait_for_selector("#reason")
        assert "words=" in page.url
        page.set_viewport_size({"width": 320, "height": 256})  # a screen magnified four times
        page.locator("summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        page.get_by_label("The reason").select_option("fact")
        page.get_by_label("What is wrong").fill("It was not so.")
        page.get_by_label("A link, or a book").first.fill("https://example.org/minutes")
        page.get_by_label("Your name").fill("Ada")
        page.get_by_label("Your mail address").fill("ada@example.org")
        page.get_by_label("Your mail address").press("Enter")
        page.wait_for_selector("text=Your comment has arrived")
        moderate.publish(Comment.objects.get())
        press()
        page.goto(f"{SITE}/talks/e1/")
        mark = page.locator("a.disputed")
        assert mark.get_attribute("aria-label") == "Disputed: #1"
        mark.click()
        page.wait_for_url("**/discussion/#c1")
        assert page.locator("#c1 .about-words blockquote").inner_text() == Tie.objects.get().words
        assert (site.strangers, [error for error in site.errors if "404" not in error]) == ([], [])


@pytest.mark.slow
def test_from_the_dispute_to_the_correction_and_on(publication: Any) -> None:
    """Disputed, confirmed, published, answered "corrected": the words stay. The transcript is fixed, and the dispute
    stands at the right words; then they are taken away, and it says so."""
    episode = make_spoken()
    (publication.work / "uploads").mkdir(parents=True)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        site = Site(page, publication.public)
        site.editor.force_login(Account.objects.create(username="max", email="max@example.org", role="editor"))
        page.goto(f"{SITE}/discuss/?episode={episode.key}&dispute=1&revision=1&words=4-10")
        page.get_by_label("The reason").select_option("fact")
        page.get_by_label("What is wrong").fill("They did not.")
        page.get_by_label("Your name").fill("Ada")
        page.get_by_label("Your mail address").fill("ada@example.org")
        page.get_by_role("button", name="Send").click()
        page.goto(link_in_mail("/confirm/"))
        page.get_by_role("button", name="Yes, it is mine").click()

        page.goto(f"{SITE}/studio/comments/")
        page.keyboard.press("p")
        page.wait_for_selector("text=Published.")
        press()
        before = bytes(revisions.newest_of(episode).tokens)
        page.goto(f"{SITE}/studio/disputes/")
        page.keyboard.press("a")
        page.get_by_label("The answer", exact=True).fill("You are right: see the **minutes**.")
        correction = page.get_by_label("The correction", exact=True)
        assert not correction.is_visible()
        page.get_by_label("Corrected").check()
        assert "They did sign the paper" in correction.input_value()
        correction.fill(correction.input_value().replace("____", "nobody signed it"))
        page.get_by_label("The reason for this outcome").fill("The minutes say so.")
        page.get_by_role("button", name="Publish the answer").click()
        page.wait_for_selector("text=No dispute waits")
        press()
        assert bytes(revisions.newest_of(episode).tokens) == before
        page.goto(f"{SITE}/talks/e1/")
        assert "nobody signed it" in page.locator("main").inner_text()
        mark = page.locator("a.disputed")
        assert mark.get_attribute("aria-label") == "Disputed and answered: #1"
        mark.click()
        page.wait_for_url("**/discussion/#c1")
        assert "Corrected" in page.locator("#c1 .outcome").inner_text()

        page.goto(link_in_mail("/rejoin/"))
        page.get_by_label("Your rejoinder").fill("Thank you.")
        page.get_by_role("button", name="Send").click()
        page.wait_for_selector("text=Your reply has arrived")
        page.goto(f"{SITE}/studio/comments/")
        page.keyboard.press("p")
        page.wait_for_selector("text=Published.")

        page.goto(f"{SITE}/studio/comments/{Comment.objects.get().key}/answer/")
        page.get_by_role("link", name="Correct these words").click()
        words = page.get_by_label("What is said")
        words.fill("Well, then. " + words.input_value().replace("did sign", "did sink"))
        page.get_by_role("button", name="Save as a new revision").click()
        assert page.get_by_label("Transcript fixed").is_checked()
        page.get_by_label("The reason for this outcome").fill("We misheard, too.")
        page.get_by_role("button", name="Publish the answer").click()
        press()
        page.goto(f"{SITE}/talks/e1/")
        before_the_mark = page.locator("xpath=//a[contains(@class, 'disputed')]/preceding-sibling::span[@class='s'][1]")
        assert before_the_mark.inner_text() == "They did sink the paper that night."
        page.goto(f"{SITE}/talks/e1/discussion/")
        card = page.locator("#c1").inner_text()
        assert "They did sink the paper" in card and "revision 1 became 2" in card and "Thank you." in card

        page.goto(f"{SITE}/studio/comments/{Comment.objects.get().key}/answer/")
        page.get_by_role("link", name="Correct these words").click()
        words = page.get_by_label("What is said")
        words.fill("Well, then. Where did it begin? Nothing was written down. And so we left.")
        page.get_by_role("button", name="Save as a new revision").click()
        press()
        page.goto(f"{SITE}/talks/e1/discussion/")
        card = page.locator("#c1").inner_text()
        assert "They did sign the paper" in card and "no longer in the transcript" in card
        page.goto(f"{SITE}/talks/e1/")
        assert page.locator("a.disputed").count() == 0
        assert check() == []
        assert (site.strangers, [error for error in site.errors if "404" not in error]) == ([], [])


def link_in_mail(part: str) -> str:
    """The newest link of that kind."""
    bodies = [outgoing.opened(mail).body for mail in Mail.objects.order_by("-id")]
    return next(word for body in bodies for word in body.split() if part in word)


def test_a_link_leads_to_a_comment_far_below(episode: Episode, publication: Any) -> None:
    """Those above it are as long as people are, and laid out only when one comes near."""
    for number in range(60):
        staging.say(episode, f"Reader{number:04}", "A long comment. " * (3 + number * 7 % 90))
    press()
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        site = Site(page, publication.public)
        page.goto(f"{SITE}/{episode.show.slug}/{episode.slug}/discussion/#c50")
        box = page.locator("#c50").bounding_box()
        assert box and -1 <= box["y"] < 400, "its beginning is in the window"
        last = page.locator(".comment").last
        for _ in range(100):  # what comes near is laid out and grows: a reader goes on to the end, too
            page.keyboard.press("End")
            page.wait_for_timeout(200)
            if last.evaluate("one => one.getBoundingClientRect().bottom <= innerHeight"):
                break
        expect(last).to_be_in_viewport()
        page.emulate_media(media="print")
        ways = page.locator(".comment").evaluate_all("all => all.map(one => getComputedStyle(one).contentVisibility)")
        assert set(ways) == {"visible"}, "on paper there are all of them"
    assert site.errors == []
