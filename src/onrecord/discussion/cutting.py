"""Cuts personal data out of what somebody wrote: the only change that is ever made to another's words. It shows."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext

from onrecord.catalogue.changes import discussion_changed
from onrecord.discussion import citing, letters, log, moderate, text, writers
from onrecord.discussion.models import Comment, Kind, State, new_salt
from onrecord.lib.errors import BadInput
from onrecord.lib.language import speaking
from onrecord.recordings.renditions import duration_of

LONGEST = 200
"""Characters that one cut takes: enough for a postal address, and too few to turn what somebody said around unseen."""


def cut(comment: Comment, words: str, *, by: str) -> int:
    """Cut these words wherever they stand in a comment and in what it said before; returns in how many places.

    Instead of them everybody reads that the moderator cut something. It is logged. Raises BadInput.
    """
    words = text.plain(words).strip()
    if not words:
        raise BadInput("Say which words are to be cut, just as they stand there.")
    if len(words) > LONGEST:
        raise BadInput(f"These are {len(words)} characters; at most {LONGEST} are cut at once.")
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        if not comment.salt:
            raise BadInput("Its words are gone.")
        places = comment.text.count(words)
        if not places:
            raise BadInput("These words do not stand in the comment: copy them just as they are.")
        with speaking(comment.language):
            mark = gettext("[cut by the moderator]")
        _replace(comment, words, mark)
        log.append(Kind.CUT, comment, by=by)
        letters.cut(comment)
        if comment.state == State.PUBLISHED:
            citing.published(comment)
            discussion_changed(comment.episode_id)
    return places


def _replace(comment: Comment, words: str, mark: str) -> None:
    """The salt of the words before goes with them, so that nobody can find by trying what was cut."""
    moderate.unfold(comment)
    comment.text, comment.salt = comment.text.replace(words, mark), new_salt()
    comment.html = text.clean_html(comment.text, duration_of(comment.episode))
    comment.fingerprint = writers.fingerprint(text.folded(comment.text))
    comment.save(update_fields=["text", "salt", "html", "fingerprint"])
    for earlier in comment.earlier.all():
        if words in earlier.text:
            earlier.text, earlier.salt = earlier.text.replace(words, mark), ""
            earlier.save(update_fields=["text", "salt"])
