"""Notices that the settings, the program or the date are others than when the press last looked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path

import babel
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from onrecord import __version__
from onrecord.catalogue.changes import episode_changed, everything_changed
from onrecord.press import stale, wanted
from onrecord.press.models import Standing
from onrecord.site import assets

PROGRAM = Path(__file__).resolve().parent.parent
MAKES_PAGES = (
    "templates",
    "static",
    "site",
    "feeds",
    "press",
    "readmodel",
    "transcripts",
    "passages",
    "discussion",
    "lib",
    "locale",
    "catalogue/pictures.py",
)
"""Parts of the program that what is pressed depends on."""


def notice_settings() -> bool:
    """Mark everything stale when the settings or the program are others than at the last press. Cheap; call at start.

    Returns whether they are.
    """
    with transaction.atomic():
        standing = stale.lock()
        found = fingerprint()
        if standing.fingerprint == found:
            return False
        standing.fingerprint = found
        standing.save(update_fields=["fingerprint"])
        everything_changed()
    return True


def fingerprint() -> str:
    """Hash of the settings that readers see and of the program that makes the pages."""
    ours = settings.ONRECORD
    seen = hashlib.sha256(_program().encode())
    seen.update(repr((sorted(asdict(ours.publication).items()), ours.address, ours.discussion)).encode())
    seen.update(repr(sorted(assets.files())).encode())
    for file in _files(ours.folder / "templates"):
        seen.update(f"{file.name}\n".encode() + file.read_bytes())
    return seen.hexdigest()


@cache
def _program() -> str:
    seen = hashlib.sha256(f"{__version__} {babel.__version__}".encode())  # Babel brings how dates are written
    for part in MAKES_PAGES:
        for file in _files(PROGRAM / part):
            seen.update(f"{file.relative_to(PROGRAM)}\n".encode() + file.read_bytes())
    return seen.hexdigest()


def _files(part: Path) -> Iterator[Path]:
    if part.is_file():
        yield part
    for file in sorted(part.rglob("*")):
        if file.is_file() and file.suffix != ".pyc":
            yield file


def notice_date() -> None:
    """Once a day, let the files of recordings go that were replaced long enough ago."""
    today = timezone.now().date()
    if Standing.objects.filter(looked_for_old_media=today).exists():
        return
    with transaction.atomic():
        standing = stale.lock()
        for episode in wanted.overdue_media():
            episode_changed(episode)
        standing.looked_for_old_media = today
        standing.save(update_fields=["looked_for_old_media"])
