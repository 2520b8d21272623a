"""One's own account."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from onrecord.accounts.models import Account
from onrecord.studio.access import EVERYBODY, account_of, for_roles, page, see_other
from onrecord.studio.frame import first_screen


class Address(forms.Form):
    """The address that one may sign in with, too."""

    email = forms.EmailField(label=_("E-mail address"), required=False, max_length=254)


@require_safe
@for_roles(*EVERYBODY)
def home(request: HttpRequest) -> HttpResponse:
    """Leads to the first screen that one may see."""
    return see_other(first_screen(account_of(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*EVERYBODY)
def account(request: HttpRequest) -> HttpResponse:
    """Address, password, second steps, and signing out."""
    me = account_of(request)
    form = Address(request.POST or None, initial={"email": me.email})
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["email"].strip().lower()
        if address and Account.objects.filter(email=address).exclude(pk=me.pk).exists():
            form.add_error("email", gettext("Another account has this address."))
        else:
            Account.objects.filter(pk=me.pk).update(email=address)
            messages.success(request, gettext("Saved."))
            return see_other(reverse("account"))
    kinds = set(Authenticator.objects.filter(user=me).values_list("type", flat=True))
    return page(request, "studio/account.html", form=form, kinds=kinds)
