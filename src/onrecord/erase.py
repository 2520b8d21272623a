"""Erases people: those who ask by a mailed link, and those whom the publisher names; single comments, and what is cut
out of them; and again after a restore, with what was redacted."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from django.conf import settings
from django.db import transaction

from onrecord import redact, scrub
from onrecord.discussion import cutting, erasing, personal, post, writers
from onrecord.discussion.models import Comment
from onrecord.lib import erasures
from onrecord.lib.addresses import mail_address
from onrecord.lib.errors import BadInput
from onrecord.lib.files import sync_folder


def erase(address: str, by: str = "") -> int:
    """Erase whoever has this address from the rows at once, and from every file soon; returns how many comments went.

    Raises BadInput when nothing is kept of them.
    """
    known = writers.hash_of(mail_address(address))
    if not erasing.is_known(known):
        raise BadInput("Nothing is kept of this address.")
    with transaction.atomic():
        count = erasing.erase(known, by)
        scrub.ask()
    return count


def erase_now(address: str) -> int:
    """The same, and from every file before it returns."""
    count = erase(address, f"{getpass.getuser()} (command line)")
    scrub.scrub()
    return count


def export(address: str, file: Path) -> None:
    """Write all that is kept of whoever has this address into a new file that only its owner may read."""
    if file.exists():
        raise BadInput(f"{file} is there already: choose another name, or remove it first.")
    try:
        with open(file, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as archive:
            personal.write(archive, mail_address(address))
    except OSError as error:
        raise BadInput(f"{file} cannot be written ({error.strerror}): choose another place.") from error
    except BadInput:
        file.unlink()
        raise


def cut(comment: Comment, words: str, by: str) -> int:
    """Cut personal data out of a comment at once, and from every file soon; returns in how many places it stood.

    Raises BadInput.
    """
    with transaction.atomic():
        places = cutting.cut(comment, words, by=by)
        scrub.ask()
    return places


def withdraw(comment: Comment) -> None:
    """Its writer takes one comment back: from the rows at once, and from every file soon."""
    with transaction.atomic():
        post.withdraw(comment)
        scrub.ask()


def replay() -> None:
    """Erase again what an older backup has brought back, when a restore has left a mark that it may have."""
    private: Path = settings.ONRECORD.private
    mark = private / erasures.TO_REPLAY
    if not mark.exists():
        return
    entries = erasures.read(private)
    for entry in entries:
        if entry["kind"] == redact.KIND:
            redact.replay(entry)
        elif entry["kind"] == erasing.PERSONAL:
            keys = {of: [str(key) for key in entry.get(of) or ()] for of in ("comments", "statements", "notices")}
            erasing.replay(str(entry.get("writer", "")), **keys)
    cutting.replay(entry for entry in entries if entry["kind"] == cutting.CUT)
    spoken = any(entry["kind"] == redact.KIND for entry in entries)
    scrub.scrub(scrub.OF_WORDS if spoken else scrub.OF_PEOPLE)
    mark.unlink()
    sync_folder(private)
