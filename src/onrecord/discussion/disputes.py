"""Ties comments to words. The passage is made when the comment is published, and followed through every revision."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from django.db import transaction

from onrecord.catalogue.changes import discussion_changed
from onrecord.discussion import log
from onrecord.discussion.citing import Given, keep
from onrecord.discussion.models import Comment, Dispute, Kind, Reason, State, Tie
from onrecord.lib.errors import BadInput
from onrecord.passages import quote
from onrecord.passages.quote import Quotation


@dataclass(frozen=True)
class DisputeDraft:
    """What makes a comment a dispute. Without a quotation it is about the episode as a whole."""

    reason: Reason
    quotation: Quotation | None = None
    first_hand: bool = False
    references: tuple[Given, ...] = ()


def keep_draft(comment: Comment, draft: DisputeDraft) -> None:
    """Keep it with its comment, in the caller's transaction. Raises BadInput for a reference that cannot be taken."""
    Dispute.objects.create(comment=comment, reason=draft.reason, first_hand=draft.first_hand)
    if draft.quotation is not None:
        tie(comment, draft.quotation)
    keep(comment, draft.references)


def tie(comment: Comment, words: Quotation, by: str = "") -> Tie:
    """Tie a comment to words; `by` is the editor who does."""
    made, _ = Tie.objects.get_or_create(
        comment=comment,
        revision=words.revision,
        first=words.words.start,
        end=words.words.stop,
        defaults={"words": words.text, "speaker": words.speaker, "start_ms": words.start_ms, "tied_by": by},
    )
    return made


def tie_by_editor(comment: Comment, words: Quotation, *, by: str) -> Tie:
    """Tie what somebody wrote to the words that it is about; its wording stays. Logged. Raises BadInput."""
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        if not comment.salt:
            raise BadInput("The words of this comment are gone.")
        same = {"revision": words.revision, "first": words.words.start, "end": words.words.stop}
        if comment.ties.filter(**same).exists():
            raise BadInput("It is tied to these words already.")
        made = tie(comment, words, by)
        log.append(Kind.TIED, comment, by=by)
        if comment.state == State.PUBLISHED:
            published(comment)
            discussion_changed(comment.episode_id)
    return made


def untie(made: Tie, *, by: str) -> None:
    """Take back a tie that an editor made. Logged. Raises BadInput for one of the writer's own."""
    with transaction.atomic():
        log.lock()
        comment = Comment.objects.select_related("episode").get(pk=made.comment_id)
        if not made.tied_by:
            raise BadInput("Its writer tied it to these words.")
        made.delete()
        log.append(Kind.UNTIED, comment, by=by)
        if comment.state == State.PUBLISHED:
            discussion_changed(comment.episode_id)


def published(comment: Comment) -> None:
    """Make the passages of a comment that is published now. Words of a recording that was replaced have none."""
    for one in comment.ties.filter(passage=None).select_related("revision"):
        if one.revision is not None:
            with contextlib.suppress(BadInput):
                words = quote.quotation(comment.episode, one.revision.number, range(one.first, one.end))
                one.passage = quote.find_or_make(comment.episode, words)
                one.save(update_fields=["passage"])
