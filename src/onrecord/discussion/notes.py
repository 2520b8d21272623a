"""What those who decide tell each other: notes of a comment or a person, and whose it is to decide. Never public."""

from __future__ import annotations

from django.utils import timezone

from onrecord.accounts.models import Account
from onrecord.discussion.models import Comment, Note
from onrecord.lib.errors import BadInput
from onrecord.lib.html import clean

LONGEST = 4_000


def add(comment: Comment, words: str, *, by: str, of_person: bool = False) -> Note:
    """Write a note of a comment, or of the person who wrote it. Raises BadInput."""
    words = clean(words).strip()
    if not words:
        raise BadInput("The note is empty.")
    if len(words) > LONGEST:
        raise BadInput(f"The note has {len(words):,} characters; at most {LONGEST:,} fit.")
    if of_person and comment.writer is None:
        raise BadInput("Nothing is known any more of who wrote this.")
    about = {"writer": comment.writer} if of_person else {"comment": comment}
    return Note.objects.create(text=words, by=by, at=timezone.now(), **about)


def assign(comment: Comment, account: Account | None) -> None:
    """Hand a comment to somebody, or to nobody. Raises BadInput for an account that is closed."""
    if account is not None and not account.is_active:
        raise BadInput(f"{account} cannot sign in any more.")
    Comment.objects.filter(pk=comment.pk).update(assigned=account)
