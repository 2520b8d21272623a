"""Accounts of those who work on the publication, and the links by which they are made."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Role(models.TextChoices):
    """What somebody may do: everything; everything but people; what readers write."""

    OWNER = "owner", "Owner"
    EDITOR = "editor", "Editor"
    MODERATOR = "moderator", "Moderator"


class Accounts(BaseUserManager["Account"]):
    """Finds accounts as Django's and allauth's backends ask for them."""


class Account(AbstractBaseUser):
    """Somebody who may sign in. Usernames and addresses are kept in small letters."""

    username = models.CharField(max_length=60, unique=True, validators=[UnicodeUsernameValidator()])
    email = models.EmailField(max_length=254, default="", blank=True)
    role = models.CharField(max_length=10, choices=Role.choices)
    is_active = models.BooleanField(default=True, help_text="false: may not sign in any more")
    created = models.DateTimeField(auto_now_add=True)

    objects = Accounts()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email"], condition=~Q(email=""), name="one_account_an_address"),
        ]

    def __str__(self) -> str:
        return self.username


class Link(models.Model):
    """A link that can be used once: it makes an account, or gives `account` a new password.

    Only the hash of its secret is kept. `made_by` is empty where it comes from the command line.
    """

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret, hexadecimal")
    role = models.CharField(max_length=10, choices=Role.choices, default="", help_text="of the account to be made")
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="rescues")
    made_by = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="invitations")
    note = models.CharField(max_length=100, default="", help_text="whom it is for, as the owner wrote it")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    @staticmethod
    def open() -> Q:
        """Links that can still be used."""
        return Q(used=None, revoked=None, expires__gt=timezone.now())
