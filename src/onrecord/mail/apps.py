"""Tells Django of this room."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    """The room's label in the database is its own name."""

    name = "onrecord.mail"
