"""Links that can be used once: the owner's first, invitations, and the rescue of a lost password.

A link is its secret of 256 random bits; the row holds the secret's hash. Looking at a link changes nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from onrecord.accounts.models import Account, Link, Role
from onrecord.lib.errors import BadInput

FROM_COMMAND_LINE = timedelta(days=1)
INVITATION = timedelta(days=7)


class Spent(BadInput):
    """A link that cannot be used: unknown, used, expired or revoked."""

    def __init__(self) -> None:
        super().__init__("This link cannot be used any more: ask for a new one.")


def has_owner() -> bool:
    """Whether somebody can sign in as an owner."""
    return Account.objects.filter(role=Role.OWNER, is_active=True).exists()


def first_owner() -> str:
    """The secret of a link that makes the first owner's account. Those made before it are revoked."""
    with transaction.atomic():
        Link.objects.filter(Link.open(), made_by=None, account=None).update(revoked=timezone.now())
        return _make(FROM_COMMAND_LINE, role=Role.OWNER)


def rescue(username: str = "") -> tuple[str, Account | None]:
    """The secret of a link for an owner who lost the password, and the account; for the first owner if there is none.

    Raises BadInput when there are several owners and none is named, or nobody has that name.
    """
    if not username and not has_owner():
        return first_owner(), None
    owners = Account.objects.filter(role=Role.OWNER, is_active=True).order_by("id")
    if username:
        owners = owners.filter(username=username.strip().lower())
    found = list(owners[:2])
    if not found:
        raise BadInput(f"No owner is called {username[:60]!r}.")
    if len(found) > 1:
        names = ", ".join(Account.objects.filter(role=Role.OWNER, is_active=True).values_list("username", flat=True))
        raise BadInput(f"There are several owners: name one of them ({names}).")
    with transaction.atomic():
        Link.objects.filter(Link.open(), account=found[0]).update(revoked=timezone.now())
        return _make(FROM_COMMAND_LINE, account=found[0]), found[0]


def invite(by: Account, role: str, note: str = "") -> str:
    """The secret of a link by which somebody joins in this role."""
    return _make(INVITATION, role=Role(role), made_by=by, note=note.strip()[:100])


def revoke(link: Link) -> None:
    """From now on the link cannot be used."""
    Link.objects.filter(pk=link.pk, used=None, revoked=None).update(revoked=timezone.now())


def find(secret: str) -> Link:
    """The link of this secret. Raises Spent when it cannot be used."""
    link = Link.objects.select_related("account").filter(Link.open(), digest=_digest(secret)).first()
    if link is None or not _still_meant(link):
        raise Spent
    return link


def join(secret: str, username: str, email: str, password: str) -> Account:
    """Make the account that the link is for. Raises Spent, or ValidationError by field, with nothing changed."""
    account = Account(username=username.strip().lower(), email=email.strip().lower())
    try:
        with transaction.atomic():
            link = _take(secret)
            if link.account:
                raise Spent
            account.role = link.role
            account.set_password(password)
            account.full_clean()
            _check_password(password, account)
            account.save()
    except IntegrityError as error:
        raise ValidationError({"username": "Somebody else has just taken this name or address."}) from error
    return account


def set_password(secret: str, password: str) -> Account:
    """Give the link's account a new password. Its second steps go, for they may be lost too; so do its sessions.

    Raises Spent, or ValidationError by field, with nothing changed.
    """
    with transaction.atomic():
        account = _take(secret).account
        if account is None:
            raise Spent
        _check_password(password, account)
        account.set_password(password)
        account.save(update_fields=["password"])
        Authenticator.objects.filter(user=account).delete()
    return account


def _make(
    lasts: timedelta, *, role: str = "", account: Account | None = None, made_by: Account | None = None, note: str = ""
) -> str:
    secret = secrets.token_urlsafe(32)
    Link.objects.create(
        digest=_digest(secret),
        role=role,
        account=account,
        made_by=made_by,
        note=note,
        expires=timezone.now() + lasts,
    )
    return secret


def _take(secret: str) -> Link:
    """Use the link: of two who try at once, one does."""
    link = find(secret)
    if not Link.objects.filter(Link.open(), pk=link.pk).update(used=timezone.now()):
        raise Spent
    return link


def _still_meant(link: Link) -> bool:
    """A link for the first owner ends with the first owner; an invitation with the rights of who made it."""
    if link.account:
        return link.account.is_active and link.account.role == Role.OWNER
    if link.made_by is None:
        return not has_owner()
    return link.made_by.is_active and link.made_by.role == Role.OWNER


def _check_password(password: str, account: Account) -> None:
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
