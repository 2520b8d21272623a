"""One-time links, signing in, and its limits."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from onrecord.accounts import links, people
from onrecord.accounts.models import Account, Link
from onrecord.lib.errors import BadInput
from tests.conftest import name_address
from tests.studio.conftest import PASSWORD, make_account

GIVEN = {"username": "Ada", "email": "Ada@Example.org", "password": PASSWORD}


def join(secret: str, given: dict[str, str] = GIVEN) -> int:
    return Client().post(reverse("join", args=[secret]), given).status_code


def test_the_owners_link(publication, db):
    spent = links.first_owner()
    secret = links.first_owner()
    assert not Link.objects.filter(digest__contains=secret).exists()
    assert join(spent) == 410, "a later link takes the place of one before it"
    assert Client().get(reverse("join", args=[secret])).status_code == 200
    assert Client().head(reverse("join", args=[secret])).status_code == 200
    assert not Account.objects.exists(), "looking makes nothing"
    assert join(secret, GIVEN | {"password": "short"}) == 200
    assert join(secret, GIVEN | {"password": "ada@example.org"}) == 200, "like the address"
    assert not Account.objects.exists()
    other = links._make(links.FROM_COMMAND_LINE, role="owner")
    assert join(secret) == 303
    assert Account.objects.get().role == "owner"
    assert join(secret) == 410
    assert join(other, GIVEN | {"username": "mallory", "email": ""}) == 410, "there is an owner now"
    for name in ("ADA", "ada@example.org"):
        answer = Client().post(reverse("account_login"), {"login": name, "password": PASSWORD})
        assert answer["Location"] == "/studio/"


def test_invitations(accounts, signed_in):
    owner = signed_in("owner")
    page = owner.post(reverse("people"), {"role": "moderator", "note": "Bo"}).content.decode()
    secret = re.search(r"/studio/join/([^/]+)/", page)[1]
    assert secret not in owner.get(reverse("people")).content.decode()
    assert join(secret, GIVEN | {"username": "editor"}) == 200, "the name is taken"
    assert join(secret, GIVEN | {"role": "owner"}) == 303
    assert Account.objects.get(username="ada").role == "moderator"

    revoked = links.invite(accounts["owner"], "editor")
    link = Link.objects.latest("pk")
    assert owner.post(reverse("revoke", args=[link.pk])).status_code == 302 + 1
    expired = links.invite(accounts["owner"], "editor")
    Link.objects.filter(pk=Link.objects.latest("pk").pk).update(expires=timezone.now() - timedelta(seconds=1))
    orphaned = links.invite(accounts["owner"], "editor")
    make_account("owner", "second")
    people.change(accounts["owner"], "editor", True)
    for secret in (revoked, expired, orphaned, "x" * 43, "\ud800"):
        with pytest.raises(links.Spent):
            links.join(secret, "somebody", "", PASSWORD)
    assert not Account.objects.filter(username="somebody").exists()


def test_a_lost_password(accounts, signed_in):
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=accounts["owner"], type="totp", data={"secret": "x"})
    browser = signed_in("owner")
    secret, account = links.rescue()
    assert account == accounts["owner"]
    assert join(secret, {"password": "another harbour"}) == 303
    assert join(secret, {"password": "another harbour"}) == 410
    assert browser.get(reverse("account")).status_code == 302, "sessions of the old password end"
    assert not Authenticator.objects.exists()
    assert authenticate(username="owner", password="another harbour") == accounts["owner"]
    make_account("owner", "second")
    with pytest.raises(BadInput, match="several owners"):
        links.rescue()
    assert links.rescue("second")[1].username == "second"
    with pytest.raises(BadInput, match="No owner"):
        links.rescue("editor")


def test_the_last_owner_stays(accounts, signed_in):
    browser = signed_in("owner")
    address = reverse("person", args=[accounts["owner"].pk])
    page = browser.post(address, {"role": "editor", "active": "on"}, follow=True).content.decode()
    assert "only owner" in page
    browser.post(address, {"role": "owner"}, follow=True)
    assert Account.objects.filter(role="owner", is_active=True).count() == 1
    browser.post(reverse("person", args=[accounts["editor"].pk]), {"role": "moderator"})
    assert signed_in("editor").get(reverse("episodes")).status_code == 302, "may not sign in any more"


def test_guessing_passwords_is_slowed(accounts):
    address, wrong = reverse("account_login"), {"login": "owner", "password": "wrong"}
    for _ in range(5):
        assert Client().post(address, wrong).status_code == 200
    right = Client().post(address, wrong | {"password": PASSWORD})
    assert right.status_code == 200, "the right one is not taken either"
    assert "Too many failed" in right.content.decode()
    assert Client().post(address, {"login": "editor", "password": PASSWORD}).status_code == 302


def test_second_step(accounts, signed_in):
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    browser = Client()
    browser.post(reverse("account_login"), {"login": "editor", "password": PASSWORD})
    asked = browser.get(reverse("mfa_activate_totp"))["Location"]
    assert asked.startswith(reverse("account_reauthenticate")), "the password is asked for once more"
    page = browser.post(asked, {"password": PASSWORD}, follow=True).content.decode()
    secret = re.search(r'id="secret"[^>]*value="(\w+)"', page)[1]
    assert "style=" not in page

    def code() -> str:
        return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))

    assert browser.post(reverse("mfa_activate_totp"), {"code": code()}).status_code == 302
    assert browser.get(reverse("mfa_view_recovery_codes")).status_code == 200
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))

    other = Client()
    answer = other.post(reverse("account_login"), {"login": "editor", "password": PASSWORD})
    assert answer["Location"].startswith(reverse("mfa_authenticate"))
    assert other.get(reverse("episodes")).status_code == 302, "half signed in is not signed in"
    assert other.get(reverse("mfa_authenticate")).status_code == 200
    assert other.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    assert other.get(reverse("episodes")).status_code == 302


def test_a_form_of_another_site_is_refused_and_its_words_are_kept(accounts):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(accounts["owner"])
    answer = browser.post(reverse("people"), {"role": "owner", "note": "written words", "password": "secret"})
    assert answer.status_code == 403
    assert "written words" in answer.content.decode()
    assert "secret" not in answer.content.decode()
    assert not Link.objects.exists()


def test_the_command_line_prints_the_links(onrecord, folder):
    name_address(folder, "https://talks.example/radio")
    first = onrecord("owner-link")
    assert re.fullmatch(r"https://talks\.example/radio/studio/join/[\w-]{43}/\n", first.stdout), first
    assert onrecord("owner-link", "somebody").returncode == 2


def test_cookies(accounts, settings):
    answer = Client().post(reverse("account_login"), {"login": "owner", "password": PASSWORD, "remember": "on"})
    session = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert (session["path"], session["samesite"], session["httponly"]) == ("/studio/", "Lax", True)
    assert not session["secure"], "the address is http here"
    assert not authenticate(username="owner", password="")
    with pytest.raises(signing.BadSignature):
        signing.loads("x:y")
