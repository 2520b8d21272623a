"""Each route of the program, each role, and nobody. A route that is not in a table fails the test."""

import re
from collections.abc import Iterator

import pytest
from django.core import signing
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from onrecord.accounts import links
from onrecord.accounts.models import Role
from onrecord.discussion import corrections, post
from onrecord.discussion.corrections import CorrectionDraft
from onrecord.discussion.letters import CONFIRM
from onrecord.discussion.models import CorrectionKind
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
    "episode_corrections": EDITORS,
    "redact": EDITORS,
    "corrections": EDITORS,
    "correction": EDITORS,
    "upload": EDITORS,
    "queue": SIGNED_IN,
    "decide": SIGNED_IN,
    "decide_statement": SIGNED_IN,
    "disputes": EDITORS,
    "answer": EDITORS,
    "confirm_answer": EDITORS,
    "invite_guest": EDITORS,
    "decide_all": SIGNED_IN,
    "decisions": SIGNED_IN,
    "undo": SIGNED_IN,
    "writer": SIGNED_IN,
    "comment": SIGNED_IN,
    "attached": SIGNED_IN,
    "note": SIGNED_IN,
    "assign": SIGNED_IN,
    "cut": SIGNED_IN,
    "tie": EDITORS,
    "untie": EDITORS,
    "notices": SIGNED_IN,
    "notice": SIGNED_IN,
    "ask_writer": SIGNED_IN,
    "rules": EDITORS,
    "apply_rule": EDITORS,
    "remove_rule": EDITORS,
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


READERS = {
    "discuss/",
    "discuss/confirm/<str:token>/",
    "discuss/edit/<str:key>/",
    "discuss/forget/",
    "discuss/receipt/<str:key>/",
    "discuss/notice/",
    "discuss/notice/confirm/<str:token>/",
    "discuss/notice/respond/<str:token>/",
    "discuss/notice/sent/<str:key>/",
    "discuss/rejoin/<str:token>/",
    "discuss/reply/<str:secret>/",
    "discuss/sent/<str:key>/",
    "discuss/stop/<str:token>/",
    "discuss/to/<str:episode>/<int:number>/",
    "discuss/yours/",
    "discuss/yours/<str:secret>/",
    "oembed/",
    "quote/",
    "search/",
}
"""Routes of readers, by their patterns: anybody's, and who is signed in to the studio is nobody in particular there."""


def every_route() -> Iterator[tuple[str, str]]:
    """Name and pattern of every route, of every package whose routes we have."""
    for entry in get_resolver().url_patterns:
        yield from _below(entry, "")


def routes() -> list[tuple[str, str]]:
    """Those below studio/."""
    return [(name, path) for name, path in every_route() if path.startswith("studio/")]


def _below(entry: URLPattern | URLResolver, before: str) -> Iterator[tuple[str, str]]:
    path = before + str(entry.pattern)
    if isinstance(entry, URLResolver):
        for inner in entry.url_patterns:
            yield from _below(inner, path)
    else:
        yield entry.name or path, path


def test_every_route_is_in_a_table():
    assert sorted(name for name, _ in routes()) == sorted(WHO_MAY)
    assert sorted(path for _, path in every_route() if not path.startswith("studio/")) == sorted(READERS)


@pytest.mark.parametrize("pattern", sorted(READERS))
def test_readers_routes_are_anybodys(signed_in, pattern):
    """The same answer for each role and for nobody: neither a way to sign in nor a cookie of the studio."""
    episode = making.make_full_episode()
    answers = {"get": [], "post": []}
    for number, role in enumerate(["", *Role.values]):
        draft = post.Draft("Ada", f"ada{number}@example.org", f"I was there, in {number}.")
        key = post.post(episode, draft, post.Sender(f"form {number}")).key
        keys = {
            "key": key,
            "episode": episode.key,
            "number": 1,
            "token": signing.dumps(key, salt=CONFIRM),
            "secret": key,
        }
        path = "/" + re.sub(r"<\w+:(\w+)>", lambda found, keys=keys: str(keys[found[1]]), pattern)
        for method, given in answers.items():
            given.append(getattr(signed_in(role), method)(path, {"episode": episode.key}))
    for method, given in answers.items():
        assert len({answer.status_code for answer in given}) == 1, method
        for answer in given:
            assert not answer.get("Location", "").startswith("/studio/")
            assert answer.status_code != 403
            assert not set(answer.cookies) - {"discuss"}


@pytest.mark.parametrize("name", sorted(WHO_MAY))
def test_who_may(signed_in, accounts, name):
    episode = making.make_full_episode()
    corrections.publish(CorrectionDraft(episode, CorrectionKind.UPDATE, "It sank."), "editor")
    parameters = {
        "number": 1,
        "key": episode.key,
        "name": "sound",
        "first": 0,
        "end": 2,
        "account": accounts["moderator"].pk,
        "link": 1,
        "pk": 1,
        "writer": 1,
        "tie": 1,
        "reference": 1,
        "rule": 1,
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
