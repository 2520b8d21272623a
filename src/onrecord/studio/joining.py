"""The page that a one-time link leads to: it makes an account, or sets a new password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from onrecord.accounts import links
from onrecord.studio.access import page, see_other


class NewPassword(forms.Form):
    """For an account that there is."""

    password = forms.CharField(
        label=_("New password"),
        max_length=1000,
        strip=False,
        help_text=_("At least 10 characters."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class NewAccount(NewPassword):
    """For somebody new."""

    username = forms.CharField(
        label=_("User name"),
        max_length=60,
        help_text=_("What you sign in with; readers do not see it."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    email = forms.EmailField(
        label=_("E-mail address (optional)"),
        required=False,
        max_length=254,
        help_text=_("You may sign in with it too."),
    )
    field_order = ["username", "email", "password"]


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """GET shows a form and changes nothing; POST uses the link up."""
    try:
        link = links.find(secret)
        kind = NewPassword if link.account else NewAccount
        form = kind(request.POST or None)
        if request.method == "POST" and form.is_valid() and _used(secret, form):
            messages.success(request, gettext("Done. Sign in with your new password."))
            return see_other(reverse("account_login"))
    except links.Spent as error:
        return page(request, "studio/spent.html", status=410, problem=str(error))
    return page(request, "studio/join.html", form=form, link=link)


def _used(secret: str, form: forms.Form) -> bool:
    given: dict[str, Any] = form.cleaned_data
    try:
        if "username" in given:
            links.join(secret, given["username"], given["email"], given["password"])
        else:
            links.set_password(secret, given["password"])
    except ValidationError as error:
        for field, problems in error.message_dict.items():
            form.add_error(field if field in form.fields else None, problems)
        return False
    return True
