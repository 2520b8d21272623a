"""Who may sign in: accounts, their roles, and invitations. Owners only."""

from __future__ import annotations

from urllib.parse import urljoin

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from onrecord.accounts import links
from onrecord.accounts import people as accounts
from onrecord.accounts.models import Account, Link, Role
from onrecord.studio.access import OWNERS, account_of, for_roles, page, see_other, seeing_to


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*OWNERS)
def people(request: HttpRequest) -> HttpResponse:
    """Everybody who may sign in; POST makes an invitation, whose link is shown this once."""
    invitation = ""
    if request.method == "POST":
        role = request.POST.get("role", "")
        if role not in Role.values:
            return page(request, "studio/refused.html", status=400)
        secret = links.invite(account_of(request), role, request.POST.get("note", ""))
        us = settings.ONRECORD
        here = us.address if us.has_public_address else request.build_absolute_uri("/")
        invitation = urljoin(here, reverse("join", args=[secret]))
    return page(
        request,
        "studio/people.html",
        accounts=Account.objects.order_by("-is_active", "username"),
        invitations=Link.objects.filter(Link.open()).select_related("made_by", "account").order_by("-created"),
        roles=Role.choices,
        invitation=invitation,
    )


@require_POST
@for_roles(*OWNERS)
def change(request: HttpRequest, account: int) -> HttpResponse:
    """Another role, or no right to sign in any more."""
    row = get_object_or_404(Account, pk=account)
    role = request.POST.get("role", "")
    if role not in Role.values:
        return page(request, "studio/refused.html", status=400)
    may_sign_in = request.POST.get("active") == "on"
    seeing_to(request, gettext("Saved: %(name)s.") % {"name": row}, lambda: accounts.change(row, role, may_sign_in))
    return see_other(reverse("people"))


@require_POST
@for_roles(*OWNERS)
def revoke(request: HttpRequest, link: int) -> HttpResponse:
    """An invitation that is not to be used."""
    links.revoke(get_object_or_404(Link, pk=link))
    messages.success(request, gettext("The invitation is revoked."))
    return see_other(reverse("people"))
