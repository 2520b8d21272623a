"""What stands around every page of the studio, and the list of its screens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from onrecord import readmodel
from onrecord.accounts.middleware import is_studio
from onrecord.accounts.models import Account, Role
from onrecord.site import assets
from onrecord.studio.access import EDITORS, EVERYBODY, OWNERS


@dataclass(frozen=True)
class Screen:
    """An entry of the navigation: the name of its route, what it is called, and whose it is."""

    route: str
    name: str
    roles: Sequence[Role]


SCREENS = (
    Screen("episodes", gettext_noop("Episodes"), EDITORS),
    Screen("upload", gettext_noop("New episode"), EDITORS),
    Screen("corrections", gettext_noop("Corrections"), EDITORS),
    Screen("queue", gettext_noop("Comments"), EVERYBODY),
    Screen("disputes", gettext_noop("Disputes"), EDITORS),
    Screen("rules", gettext_noop("Rules"), EDITORS),
    Screen("people", gettext_noop("Who may sign in"), OWNERS),
)
"""All screens, in their order. Signing in leads to the first that one may see, or else to one's own account."""


def first_screen(account: Account) -> str:
    """Where somebody begins."""
    return next((reverse(screen.route) for screen in SCREENS if account.role in screen.roles), reverse("account"))


def frame(request: HttpRequest) -> dict[str, Any]:
    """For templates: Django calls it for every page that is made with a request."""
    if not is_studio(request):
        return {}
    us = readmodel.publication()
    user = request.user if isinstance(request.user, Account) else None
    return {
        "publication": us,
        "site_link": us.link(""),
        "styles": [us.link(assets.address(name)) for name in ("style.css", "studio.css")],
        "icon": us.link(assets.address("icon.svg")),
        "scripts": {name: us.link(assets.address(f"{name}.js")) for name in ("htmx", "passkeys", "queue")},
        "me": user,
        "screens": [_entry(screen, request) for screen in SCREENS if user and user.role in screen.roles],
    }


def _entry(screen: Screen, request: HttpRequest) -> dict[str, Any]:
    address = reverse(screen.route)
    return {"name": gettext(screen.name), "address": address, "here": request.path.startswith(address)}
