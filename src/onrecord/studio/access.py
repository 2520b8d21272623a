"""Who may see which screen, and what is answered to those who may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render

from onrecord.accounts.middleware import is_studio
from onrecord.accounts.models import Account, Role
from onrecord.lib.errors import BadInput, Failed
from onrecord.lib.headers import ALWAYS
from onrecord.site import pages

EVERYBODY = (Role.OWNER, Role.EDITOR, Role.MODERATOR)
EDITORS = (Role.OWNER, Role.EDITOR)
OWNERS = (Role.OWNER,)

NOT_SHOWN = frozenset(
    {"csrfmiddlewaretoken", "password", "oldpassword", "password1", "password2", "code", "credential"}
)
"""Fields of a form that are not repeated when it is refused."""

View = Callable[..., HttpResponseBase]


def for_roles(*roles: Role) -> Callable[[View], View]:
    """A view for those who are signed in and have one of these roles; others are asked to sign in, or refused."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if account_of(request).role not in roles:
                return page(request, "studio/refused.html", status=403)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def account_of(request: HttpRequest) -> Account:
    """Who is signed in; called behind `for_roles` only."""
    assert isinstance(request.user, Account)  # noqa: S101 for_roles saw to it
    return request.user


def page(request: HttpRequest, template: str, status: int = 200, **context: Any) -> HttpResponse:
    """A page of the studio."""
    return render(request, template, context, status=status)


def seeing_to(request: HttpRequest, done: str, change: Callable[[], object]) -> bool:
    """Make a change and say so on the next page, or say why it could not be made. Whether it was."""
    try:
        change()
    except (BadInput, Failed) as error:
        messages.error(request, sayable(error))
        return False
    messages.success(request, done)
    return True


def sayable(error: Exception) -> str:
    """The sentence of an error, without the names of the command line's options."""
    return re.sub(r"--([a-z]+(?:-[a-z]+)*)", lambda option: f"“{option[1].replace('-', ' ')}”", str(error))


def see_other(address: str) -> HttpResponse:
    """After a form was taken in."""
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token has expired or is another browser's. What was written in it is not lost."""
    written = [(name, value) for name, value in request.POST.items() if name not in NOT_SHOWN and value]
    return page(request, "studio/expired.html", status=403, written=written)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Below /studio/ one of its pages, elsewhere the readers' own."""
    if is_studio(request):
        return page(request, "studio/not_found.html", status=404)
    return HttpResponse(pages.not_found(), status=404, headers=ALWAYS)
