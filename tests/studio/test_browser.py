"""The publisher's way in a real Chromium: by keyboard, with JavaScript and without; every screen at two widths."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.urls import resolve
from playwright.sync_api import Browser, Page, expect

from tests import browser
from tests.browser import CHROMIUM, PATIENCE
from tests.studio.site import PASSWORD, served
from tests.studio.test_who_may import WHO_MAY

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]
AXE = Path(os.environ.get("ONRECORD_NODE_MODULES", "absent")) / "axe-core" / "axe.min.js"
CORRECT = re.compile(r"^Correct\b")
ENGLISH, URDU = "Boats & <b>ropes</b>", "ڈاک خانے کی کہانی"


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    with served(folder) as port:
        yield f"http://localhost:{port}/studio/"


@pytest.fixture
def chromium() -> Iterator[Browser]:
    with browser.chromium() as shared:
        yield shared


def opened(shared: Browser, **options: object) -> Page:
    page = shared.new_context(viewport={"width": 1280, "height": 900}, **options).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE)
    page.said = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.said.append(str(error)))  # type: ignore[attr-defined]
    page.on("console", lambda message: page.said.append(message.text))  # type: ignore[attr-defined]
    return page


def sign_in(page: Page, address: str, name: str = "editor") -> None:
    """By keyboard alone."""
    page.goto(f"{address}sign-in/")
    page.get_by_label("User name or e-mail address").focus()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_the_publishers_way(address, chromium, scripts):
    page = opened(chromium, java_script_enabled=scripts)
    sign_in(page, address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Episodes")
    expect(page.locator(".entry")).to_have_count(3)
    expect(page.locator(".entry").filter(has_text=ENGLISH)).to_contain_text("The disk was full.")
    page.get_by_label("Title or person").fill("nets")
    if not scripts:
        page.get_by_role("button", name="Find").click()
    expect(page.locator(".entry")).to_have_count(1)
    page.goto(f"{address}episodes/?kind=failed")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("status")).to_contain_text("will be tried again")
    if scripts:
        here = page.url
        page.goto(f"{address}episodes/")
        link = page.get_by_role("link", name=ENGLISH)
        link.focus()
        with page.expect_response(lambda answer: "part=now" in answer.url) as renewed:
            pass
        assert renewed.value.ok
        expect(link).to_be_focused()
        page.goto(here)

    page.get_by_label("Title", exact=True).fill("Ropes & boats")
    page.get_by_label("Guests").fill("Cy Guest\nBo O'Guest")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ropes & boats")

    page.get_by_role("link", name="Words").click()
    page.locator(".spoken").filter(has_text="It began with a boat").get_by_role("link", name=CORRECT).click()
    words = page.get_by_label("What is said")
    expect(words).to_have_value("It began with a boat. We mended it all winter & sang <loudly>.")
    words.fill("It began with a goat. We mended it all winter & sang <loudly>.")
    page.get_by_label("Note").fill("Misheard")
    page.get_by_role("button", name="Save as a new revision").click()
    expect(page.get_by_role("status")).to_contain_text("revision 2")
    expect(page.locator(".words")).to_contain_text("It began with a goat.")
    page.get_by_role("button", name="I have read it").click()
    expect(page.locator(".words")).to_contain_text("Read by a person")
    page.get_by_role("link", name="Speakers").click()
    page.get_by_label("Speaker 2").fill("Cy Guest")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Cy Guest")).to_have_value("Cy Guest")

    page.get_by_role("link", name="Page", exact=True).click()
    page.get_by_role("button", name="Withdraw").click()
    expect(page.locator(".state")).to_have_text("withdrawn")
    page.get_by_role("link", name="Preview").click()
    expect(page.locator("article.episode")).to_contain_text("It began with a goat.")
    page.go_back()
    page.get_by_role("button", name="Publish again").click()
    expect(page.locator(".state")).to_have_text("public")


def test_two_who_correct_the_same_words(address, chromium):
    first, second = opened(chromium), opened(chromium)
    for page in (first, second):
        sign_in(page, address)
        page.get_by_role("link", name=URDU).click()
        page.get_by_role("link", name="Words").click()
        page.get_by_role("link", name=CORRECT).first.click()
        expect(page.get_by_label("What is said")).to_have_css("direction", "rtl")
    first.get_by_label("What is said").fill("یہ کہاں سے شروع ہوا؟")
    first.get_by_role("button", name="Save as").click()
    expect(first.get_by_role("status")).to_contain_text("revision 2")
    second.get_by_label("What is said").fill("یہ کب شروع ہوا؟")
    second.get_by_role("button", name="Save as").click()
    expect(second.get_by_role("alert")).to_contain_text("Somebody else was faster")
    expect(second.locator("blockquote")).to_contain_text("یہ کہاں سے شروع ہوا؟")
    expect(second.get_by_label("What is said")).to_have_value("یہ کب شروع ہوا؟")
    second.get_by_role("button", name="Save as").click()
    expect(second.get_by_role("status")).to_contain_text("revision 3")


def test_a_passkey(address, chromium):
    page = opened(chromium)
    sign_in(page, address, "owner")
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options | {"isUserVerified": True}})
    page.goto(f"{address}account/second-step/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.locator("[name=name]").fill("My phone")
    page.locator("[name=passwordless]").check()
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url(re.compile("recovery-codes|second-step/$"))
    page.goto(f"{address}account/second-step/webauthn/")
    expect(page.get_by_role("heading", name="My phone")).to_be_visible()
    page.goto(f"{address}account/")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Episodes")


def test_a_moderator_sees_only_comments(address, chromium):
    page = opened(chromium)
    sign_in(page, address, "moderator")
    expect(page.get_by_role("heading", level=1)).to_have_text("Comments")
    assert page.get_by_role("navigation", name="Studio").get_by_role("link").all_inner_texts() == [
        "Comments",
        "moderator",
        "The site",
    ]


def test_the_queue_by_keyboard(address, chromium):
    page = opened(chromium)
    sign_in(page, address, "moderator")
    items = page.locator(".queue > li")
    expect(items).to_have_count(3)
    expect(items.nth(0)).to_be_focused()
    expect(items.nth(1)).to_contain_text("<b>Ropes</b> & boats")
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.keyboard.type("Say which ropes, please.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Returned to its writer.")
    expect(items.nth(0)).to_be_focused()
    page.keyboard.press("p")
    expect(page.get_by_role("status")).to_have_text("Published.")
    expect(items).to_have_count(1)
    expect(items).to_contain_text("Reader 2")


def test_the_queue_without_javascript(address, chromium):
    page = opened(chromium, java_script_enabled=False)
    sign_in(page, address, "moderator")
    page.get_by_role("button", name="Publish").first.click()
    expect(page.get_by_role("status")).to_have_text("Published.")
    page.get_by_role("button", name="Spam").first.click()
    expect(page.get_by_role("status")).to_have_text("Taken away.")
    page.get_by_text("Return it", exact=True).click()
    page.get_by_label("What its writer should know").fill("Say more.")
    page.get_by_role("button", name="Return it with this reason").click()
    expect(page.get_by_text("Nothing waits to be read.")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "plain"])
def test_several_comments_at_once_and_undone(address, chromium, scripts):
    page = opened(chromium, java_script_enabled=scripts)
    sign_in(page, address, "moderator")
    items, bar = page.locator(".queue > li"), page.get_by_role("form", name="Those chosen")
    if scripts:
        expect(items.nth(0)).to_be_focused()
        for key in "xjx":
            page.keyboard.press(key)
        expect(bar).to_contain_text("2 chosen")
        for key in ("b", "Tab", "Enter"):
            page.keyboard.press(key)
    else:
        for n in range(2):
            items.nth(n).get_by_role("checkbox").check()
        bar.get_by_role("button", name="Spam").click()
    expect(page.get_by_role("status")).to_have_text("2 taken away.")
    expect(items).to_have_count(1)
    if scripts:
        expect(items.nth(0)).to_be_focused()
        page.keyboard.press("u")
        page.keyboard.press("Enter")
    else:
        page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_have_text("It is as it was before.")
    expect(items).to_have_count(3)


SCREENS = (
    *("episodes/", "episodes/?kind=draft", "ENGLISH", "ENGLISHwords/", "ENGLISHwords/10-23/", "ENGLISHspeakers/"),
    *("URDU", "URDUwords/", "upload/", "comments/", "comments/decisions/", "COMMENTall/", "COMMENTtie/?time=0:01"),
    *("COMMENTanswer/", "disputes/", "ENGLISHcorrections/", "ENGLISHredact/", "corrections/", "corrections/1/"),
    *("readers/", "comments/of/1/", "notices/", "NOTICE", "rules/?new=1", "people/", "account/", "account/password/"),
    "account/confirm/",
    *("account/second-step/", "account/second-step/webauthn/", "account/second-step/webauthn/add/"),
    *("account/second-step/totp/activate/", "nothing/", "sign-out/", "sign-in/closed/"),
)
SECOND_STEPS = (
    *("reauthenticate/", "recovery-codes/", "recovery-codes/generate/", "totp/deactivate/"),
    *("webauthn/", "webauthn/reauthenticate/", "webauthn/keys/KEY/edit/", "webauthn/keys/KEY/remove/"),
)
NO_SCREENS = {
    *("studio", "release", "withdraw", "retry", "approve", "decide", "person", "revoke"),  # lead to screens
    *("decide_all", "decide_statement", "undo", "note", "assign", "cut", "untie", "apply_rule", "remove_rule"),
    *("confirm_answer", "invite_guest", "ask_writer"),
    *("file", "attached", "mfa_download_recovery_codes", "mfa_login_webauthn"),  # files and data
    "preview",  # the reader's page
}


@pytest.mark.slow
def test_every_screen_fits_and_axe_finds_nothing(address, chromium):
    """With ONRECORD_NODE_MODULES, a folder where npm's axe-core is installed; without it, widths and errors only."""
    for scheme, width, second in (("light", 1280, "editor"), ("dark", 390, "moderator")):
        page = opened(chromium, color_scheme=scheme, bypass_csp=AXE.is_file(), reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        seen = set()

        def look(path: str = "", page: Page = page, scheme: str = scheme, seen: set[str] = seen) -> None:
            if path:
                page.goto(address + path)
            look_at(page, scheme)
            seen.add(urlsplit(page.url).path)

        look("join/nothing/")
        look("sign-in/")
        sign_in(page, address, "owner")
        addresses = {
            name: page.get_by_role("link", name=title).get_attribute("href").removeprefix("/studio/")  # type: ignore[union-attr]
            for name, title in (("ENGLISH", ENGLISH), ("URDU", URDU))
        }
        look("account/second-step/totp/activate/")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
        page.goto(f"{address}comments/")
        addresses["COMMENT"] = f"comments/{page.locator('.queue > li').first.get_attribute('id')}/"
        make_a_rule_and_a_note(page, address, addresses["COMMENT"])
        addresses["NOTICE"] = give_a_notice(page, address, addresses["ENGLISH"].split("/")[1])
        make_a_correction(page, f"{address}{addresses['ENGLISH']}corrections/")
        for screen in SCREENS:
            name = next((name for name in addresses if screen.startswith(name)), "")
            look(addresses.get(name, "") + screen.removeprefix(name))
        look_at_an_invitation(page, address, look)
        look_at_second_steps(page, address, second, look)
        names = {resolve(path).url_name for path in seen if "nothing" not in path}
        assert sorted(set(WHO_MAY) - NO_SCREENS - names - {"join"}) == [], "screens that nobody looked at"
        unexpected = [line for line in page.said if "Failed to load" not in line and "[DOM]" not in line]  # type: ignore[attr-defined]
        assert unexpected == []
        page.context.close()


def look_at_an_invitation(page: Page, address: str, look: Callable[..., None]) -> None:
    """The link that is made, what it shows to whoever follows it, and what is wrong with a form."""
    page.goto(f"{address}people/")
    page.get_by_role("button", name="Make a link").click()
    look()
    link = page.locator(".fresh input").input_value()
    page.get_by_role("link", name="owner").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(link)
    look()


def look_at_second_steps(page: Page, address: str, name: str, look: Callable[..., None]) -> None:
    """All that somebody sees who sets up an authenticator app and a passkey, and signs in with them."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options | {"isUserVerified": True}})
    sign_in(page, address, name)
    steps = f"{address}account/second-step/"
    page.goto(f"{steps}totp/activate/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Code").fill(code_of(page.get_by_role("textbox", name="Secret").input_value()))
    page.get_by_role("button", name="Use this app").click()
    page.goto(f"{steps}webauthn/add/")
    page.locator("[name=name]").fill("My phone")
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url(re.compile("recovery-codes|second-step/$"))
    page.goto(f"{steps}webauthn/")
    key = page.get_by_role("link", name="Rename").get_attribute("href").split("/")[-3]  # type: ignore[union-attr]
    for screen in SECOND_STEPS:
        look(f"account/second-step/{screen.replace('KEY', key)}")
    page.goto(f"{steps}recovery-codes/")
    code = page.locator(".codes code").first.inner_text()
    look("account/second-step/")
    page.goto(f"{address}account/")
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, address, name)
    look()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "authenticate" not in url)


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def make_a_rule_and_a_note(page: Page, address: str, comment: str) -> None:
    """What the screens of moderation show when there is something; and the last comment is taken away."""
    page.goto(f"{address}rules/")
    page.get_by_label("What it looks for").fill("ropes *")
    page.get_by_role("button", name="Add the rule").click()
    page.goto(f"{address}{comment}all/")
    page.get_by_label("A note").fill("Ask Eva about the harbour.")
    page.get_by_role("button", name="Note it of the person").click()
    page.goto(f"{address}comments/")
    if page.locator(".queue > li").count() == 3:
        page.locator(".queue > li").last.get_by_role("button", name="Spam").click()
    look_at(page, "comments")


def give_a_notice(page: Page, address: str, episode: str) -> str:
    """As a reader does; where the studio shows it."""
    page.goto(f"{address.removesuffix('studio/')}discuss/notice/?episode={episode}")
    page.get_by_label("Why it is against the law").fill("At 0:12 a name is given that a court has forbidden to give.")
    page.get_by_label("Your name").fill("Nora Note")
    page.get_by_label("Your mail address").fill("nora@example.org")
    page.get_by_label("I believe in good faith").check()
    page.wait_for_timeout(3_100)
    look_at(page, "notice")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your notice has arrived")
    look_at(page, "notice")
    page.goto(f"{address}comments/")
    look_at(page, "comments with a notice")
    return page.locator("a[href*='/studio/notices/']").last.get_attribute("href").removeprefix("/studio/")  # type: ignore[union-attr]


def make_a_correction(page: Page, address: str) -> None:
    """About a whole episode."""
    page.goto(address)
    page.locator("[name=text]").fill("It was a raft.")
    page.get_by_role("button", name="Publish the correction").click()
    look_at(page, "corrections")


def look_at(page: Page, scheme: str) -> None:
    where = (page.url, scheme)
    assert page.locator("h1").count() == 1, where
    size = page.viewport_size
    assert size
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], where
    folder = os.environ.get("ONRECORD_SCREENSHOTS")
    if folder:
        name = re.sub(r"\W+", "-", page.url.partition("/studio/")[2]).strip("-") or "first"
        page.screenshot(path=f"{folder}/{name}-{size['width']}.png", full_page=True)
    if AXE.is_file():
        page.add_script_tag(path=AXE)
        found = page.evaluate("axe.run().then(result => result.violations)")
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == [], where
