"""What an owner may change of those who can sign in."""

from __future__ import annotations

from django.db import transaction

from onrecord.accounts.models import Account, Role
from onrecord.lib.errors import BadInput


def change(account: Account, role: str, is_active: bool) -> None:
    """Give an account another role, or take its right to sign in. Raises BadInput when no owner would be left."""
    with transaction.atomic():
        owners = list(Account.objects.select_for_update().filter(role=Role.OWNER, is_active=True).order_by("id"))
        stays = role == Role.OWNER and is_active
        if not stays and [owner.pk for owner in owners] == [account.pk]:
            raise BadInput("This is the only owner: make somebody else an owner first.")
        account.role, account.is_active = Role(role), is_active
        account.save(update_fields=["role", "is_active"])
