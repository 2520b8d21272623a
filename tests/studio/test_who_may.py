"""Each route of the studio, each role, and nobody. A route that is not in the table fails the test."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from onrecord.accounts import links
from onrecord.accounts.models import Role
from tests.site import making

OWNERS, EDITORS = {"owner"}, {"owner", "editor"}
SIGNED_IN = {"owner", "editor", "moderator"}
ANYBODY = {*SIGNED_IN, ""}
WHO_MAY = {
    "studio": SIGNED_IN,
    "episodes": EDITORS,
    "episode": EDITORS,
    "release": EDITORS,
    "withdraw": EDITORS,
    "retry": EDITORS,
    "approve": EDITORS,
    "preview": EDITORS,
    "file": EDITORS,
    "speakers": EDITORS,
    "words": EDITORS,
    "turn": EDITORS,
    "upload": EDITORS,
    "queue": SIGNED_IN,
    "decide": SIGNED_IN,
    "reader": OWNERS,
    "people": OWNERS,
    "person": OWNERS,
    "revoke": OWNERS,
    "account": SIGNED_IN,
    "account_change_password": SIGNED_IN,
    "account_reauthenticate": SIGNED_IN,
    "account_inactive": ANYBODY,
    "account_login": ANYBODY,
    "account_logout": ANYBODY,
    "join": ANYBODY,
    "mfa_index": SIGNED_IN,
    "mfa_authenticate": ANYBODY,  # the second half of signing in: leads back to the first without it
    "mfa_reauthenticate": SIGNED_IN,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": SIGNED_IN,
    "mfa_view_recovery_codes": SIGNED_IN,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "mfa_download_recovery_codes": SIGNED_IN,
    "mfa_list_webauthn": SIGNED_IN,
    "mfa_add_webauthn": SIGNED_IN,
    "mfa_reauthenticate_webauthn": SIGNED_IN,
    "mfa_remove_webauthn": SIGNED_IN,
    "mfa_edit_webauthn": SIGNED_IN,
    "mfa_login_webauthn": ANYBODY,
}


def routes() -> Iterator[tuple[str, str]]:
    """Name and pattern of every route below studio/."""
    for entry in get_resolver().url_patterns:
        yield from _below(entry, "")


def _below(entry: URLPattern | URLResolver, before: str) -> Iterator[tuple[str, str]]:
    path = before + str(entry.pattern)
    if isinstance(entry, URLResolver):
        for inner in entry.url_patterns:
            yield from _below(inner, path)
    elif path.startswith("studio/"):
        yield entry.name or path, path


def test_every_route_is_in_the_table():
    assert sorted(name for name, _ in routes()) == sorted(WHO_MAY)


@pytest.mark.parametrize("name", sorted(WHO_MAY))
def test_who_may(signed_in, accounts, name):
    episode = making.make_full_episode()
    parameters = {
        "key": episode.key,
        "name": "sound",
        "first": 0,
        "end": 2,
        "account": accounts["moderator"].pk,
        "link": 1,
        "pk": 1,
        "secret": links.invite(accounts["owner"], "editor"),
    }
    pattern = dict(routes())[name]
    address = reverse(name, kwargs={key: value for key, value in parameters.items() if f":{key}>" in pattern})
    allowed = WHO_MAY[name]
    seen = set()
    for role in ["", *sorted(set(Role.values) - allowed), *sorted(allowed - {""})]:
        for method in ("get", "post"):
            browser = signed_in(role)
            if role == "owner" and name in ("person", "account_logout"):
                continue  # would change what is asked about
            answer = getattr(browser, method)(address)
            if answer.status_code == 405:
                continue
            asked = answer.status_code == 302 and answer["Location"].startswith("/studio/sign-in/")
            assert answer["Cache-Control"] == "no-store", (role, method)
            assert "script-src 'self'" in answer["Content-Security-Policy"]
            if role in allowed:
                assert answer.status_code != 403, (role, method)
                assert "" in allowed or not asked, (role, method)
            elif role:
                assert answer.status_code == 403, (role, method)
            else:
                assert asked, (method, answer.status_code)
            seen.add(role)
    assert seen >= {*Role.values, ""} - ({"owner"} if name in ("person", "account_logout") else set())


def test_closed_routes_of_allauth_are_not_there(signed_in):
    for path in ("signup/", "password/reset/", "email/", "login/code/", "account/second-step/webauthn/signup/"):
        assert signed_in("").get(f"/studio/{path}").status_code == 404
    assert signed_in("").get("/accounts/login/").status_code == 404


def test_readers_routes_get_no_cookie_and_no_studio_header(signed_in):
    answer = signed_in("").get("/search/?q=x")
    assert not answer.cookies
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert "Cookie" not in answer.get("Vary", "")
