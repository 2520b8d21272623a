"""Cuts personal data out of what somebody wrote: the only change that is ever made to another's words. It shows.

What was cut is on the list of erasures, by its place alone, so that an older backup does not bring it back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from onrecord.catalogue.changes import discussion_changed
from onrecord.discussion import citing, letters, log, moderate, text, writers
from onrecord.discussion.models import Comment, Event, Kind, State, new_salt
from onrecord.lib import erasures
from onrecord.lib.errors import BadInput
from onrecord.lib.language import speaking
from onrecord.recordings.renditions import duration_of

LONGEST = 200
"""Characters that one cut takes: enough for a postal address, and too few to turn what somebody said around unseen."""


CUT = "cut"
"""The kind of these entries in the list of erasures."""


@dataclass(frozen=True)
class Places:
    """Where a cut took something out of one wording: its length in characters before and after, and what went."""

    before: int
    after: int
    went: list[tuple[int, int]]


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
        wordings = [_places(one, words, mark) for one in _wordings(comment)]
        erasures.note(
            settings.ONRECORD.private, CUT, comment=comment.key, mark=mark, wordings=list(map(asdict, wordings))
        )
        _change(comment, lambda wording: wording.replace(words, mark), by)
        letters.cut(comment)
    return places


def replay(entries: Iterable[erasures.Entry]) -> None:
    """Cut again what an older backup has brought back: of each comment the last cuts, of which its log knows nothing.

    A wording that the cut never saw goes as a whole.
    """
    of_comments: dict[str, list[erasures.Entry]] = {}
    for entry in entries:
        of_comments.setdefault(str(entry["comment"]), []).append(entry)
    for key, cuts in of_comments.items():
        with transaction.atomic():
            log.lock()
            comment = Comment.objects.filter(key=key).exclude(salt="").first()
            if comment is None:
                continue
            known = Event.objects.filter(comment=key, kind=Kind.CUT).count()
            for entry in cuts[known:]:
                wordings = [Places(one["before"], one["after"], one["went"]) for one in entry["wordings"]]
                _change(comment, partial(_again, wordings=wordings, mark=str(entry["mark"])), "")


def _wordings(comment: Comment) -> list[str]:
    return [comment.text, *comment.earlier.values_list("text", flat=True)]


def _places(wording: str, words: str, mark: str) -> Places:
    went = [found.span() for found in re.finditer(re.escape(words), wording)]
    return Places(len(wording), len(wording.replace(words, mark)), went)


def _again(wording: str, wordings: Sequence[Places], mark: str) -> str:
    """The wording after a cut that is known by lengths: what was cut is not on the list."""
    if any(len(wording) == one.after for one in wordings) and mark in wording:
        return wording
    for one in wordings:
        if len(wording) == one.before:
            for start, end in reversed(one.went):
                wording = wording[:start] + mark + wording[end:]
            return wording
    return mark


def _change(comment: Comment, change: Callable[[str], str], by: str) -> None:
    """The salt of the words before goes with them, so that nobody can find by trying what was cut."""
    moderate.unfold(comment)
    comment.text, comment.salt = change(comment.text), new_salt()
    comment.html = text.clean_html(comment.text, duration_of(comment.episode))
    comment.fingerprint = writers.fingerprint(text.folded(comment.text))
    comment.save(update_fields=["text", "salt", "html", "fingerprint"])
    for earlier in comment.earlier.all():
        now = change(earlier.text)
        if now != earlier.text:
            earlier.text, earlier.salt = now, ""
            earlier.save(update_fields=["text", "salt"])
    log.append(Kind.CUT, comment, by=by)
    if comment.state == State.PUBLISHED:
        citing.published(comment)
        discussion_changed(comment.episode_id)
