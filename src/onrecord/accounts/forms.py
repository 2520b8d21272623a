"""Forms of allauth in our words. A label says what a field is: words within it would say it twice, and then go."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as CodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _


class _Plain(forms.Form):
    """Without placeholders."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class SignIn(_Plain, LoginForm):  # type: ignore[misc]  # allauth has no types
    """Name or address, and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        self.fields["login"].label = _("User name or e-mail address")
        self.fields["login"].widget.attrs = names
        self.fields["remember"].label = _("Stay signed in for two weeks on this device")


class NewPassword(_Plain, ChangePasswordForm):  # type: ignore[misc]  # allauth has no types
    """The old password, and the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Password until now")
        self.fields["password1"].label = _("New password")
        self.fields["password2"].label = _("New password, once more")


class Password(_Plain, ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The password once more."""


class Code(_Plain, CodeForm):  # type: ignore[misc]  # allauth has no types
    """A code once more."""


class SecondStep(_Plain, AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """A code, to sign in."""


class App(_Plain, ActivateTOTPForm):  # type: ignore[misc]  # allauth has no types
    """The first code of an authenticator app."""


class Passkey(_Plain, AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """The name of a passkey, and whether it is enough."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].label = _("Sign in with it alone, without the password")
        self.fields["passwordless"].help_text = _("It then asks for a fingerprint, your face or its PIN.")
