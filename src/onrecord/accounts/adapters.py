"""What allauth asks us: nobody signs up, where requests come from, and how secrets of second steps are kept."""

from __future__ import annotations

import base64

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from onrecord.lib import keys, sealing
from onrecord.lib.requests import network_of


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Accounts are made by links only (accounts/links.py)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """What rate limits count by."""
        return network_of(request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to one's own account."""
        return reverse("account")


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Secrets of authenticator apps and recovery codes are encrypted in the database."""

    def encrypt(self, text: str) -> str:
        """With a key of the publication that lies beside its database, not in it."""
        return base64.b64encode(sealing.seal(_key(), text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The other way round."""
        return sealing.unseal(_key(), base64.b64decode(encrypted_text)).decode()

    def get_totp_issuer(self) -> str:
        """What an authenticator app shows."""
        return str(settings.ONRECORD.publication.name)


def _key() -> bytes:
    return keys.key(settings.ONRECORD.private, "second steps")
