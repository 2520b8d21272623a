"""The publisher's answers to comments, and what came of disputes. Editors and owners answer; moderators do not."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from onrecord.catalogue.changes import discussion_changed
from onrecord.discussion import citing, corrections, letters, log, moderate, text
from onrecord.discussion.corrections import CorrectionDraft
from onrecord.discussion.models import Answer, Comment, Correction, CorrectionKind, Kind, Outcome, State
from onrecord.lib.errors import BadInput
from onrecord.recordings.renditions import duration_of
from onrecord.transcripts import revisions

LONGEST_REASON = 4_000


@dataclass(frozen=True)
class AnswerDraft:
    """What an editor wrote. Without an outcome a dispute stays open; `name` is who answers, else the publication.

    `duplicate_of` is the number of the comment that says the same, for that outcome. `correction` is the text of the
    correction that is published with "corrected" and "clarified"; not asked for where there is one already.
    """

    text: str = ""
    outcome: Outcome | None = None
    reason: str = ""
    name: str = ""
    duplicate_of: int | None = None
    correction: str = ""


CORRECTS = {
    Outcome.CORRECTED: CorrectionKind.CORRECTION,
    Outcome.CLARIFIED: CorrectionKind.CLARIFICATION,
}
"""Outcomes that come with a correction, and of what kind."""


def open_disputes() -> QuerySet[Comment]:
    """Published disputes that nobody has answered, the oldest first."""
    answered = Answer.objects.filter(comment=OuterRef("pk"), published__isnull=False)
    rows = Comment.objects.filter(~Exists(answered), state=State.PUBLISHED, dispute__isnull=False)
    return rows.select_related("episode__show", "writer", "dispute").order_by("published", "id")


def to_confirm() -> QuerySet[Answer]:
    """Answers that wait for a second pair of eyes, the oldest first."""
    return Answer.objects.filter(published=None).select_related("comment__episode__show").order_by("created", "id")


def current(comment: Comment) -> Answer | None:
    """The answer that readers see."""
    return comment.answers.exclude(published=None).order_by("-id").first()


def answer(comment: Comment, draft: AnswerDraft, by: str) -> Answer:
    """Answer a comment; one that waits to be read is published with it. A second answer takes the place of the first.

    With `second_eyes` an answer that has an outcome waits until somebody else confirms it. Raises BadInput.
    """
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        made = _made(comment, draft, by)
        if comment.state == State.HELD:
            moderate.publish(comment, by, for_good=True)
        before = current(comment)
        if before is not None and _same(before, made):
            raise BadInput("Nothing was changed.")
        comment.answers.filter(published=None).delete()
        made.save()
        if not (settings.ONRECORD.discussion.second_eyes and made.outcome):
            _publish(made, by)
    return made


def confirm(answer: Answer, by: str) -> None:
    """The second pair of eyes has read an answer: it is published. Raises BadInput when they are the first."""
    with transaction.atomic():
        log.lock()
        answer = Answer.objects.select_related("comment").get(pk=answer.pk)
        if answer.published is not None:
            return
        if answer.by == by:
            raise BadInput("You wrote this answer: somebody else confirms it.")
        if answer.comment.state != State.PUBLISHED:
            raise BadInput("The comment is not there any more.")
        answer.confirmed_by = by
        _publish(answer, by)


def discard(answer: Answer) -> None:
    """An answer that waits to be confirmed is not to be published."""
    Answer.objects.filter(pk=answer.pk, published=None).delete()


def _made(comment: Comment, draft: AnswerDraft, by: str) -> Answer:
    words, reason = text.plain(draft.text), text.plain(draft.reason).strip()
    _check(comment, draft, words, reason)
    name = text.name_of(draft.name) or settings.ONRECORD.publication.name
    old, new = _fixed(comment) if draft.outcome == Outcome.TRANSCRIPT else (None, None)
    correction = correction_of(comment) if draft.outcome in CORRECTS else None
    return Answer(
        comment=comment,
        name=name[: text.LONGEST_NAME],
        text=words,
        html=text.clean_html(words, duration_of(comment.episode)),
        outcome=draft.outcome or "",
        reason=reason if draft.outcome else "",
        duplicate_of=_duplicate(comment, draft.duplicate_of) if draft.outcome == Outcome.DUPLICATE else None,
        old_revision=old,
        new_revision=new,
        correction_text=draft.correction if draft.outcome in CORRECTS and correction is None else "",
        correction=correction,
        by=by,
        created=timezone.now(),
    )


def _check(comment: Comment, draft: AnswerDraft, words: str, reason: str) -> None:
    if comment.state not in (State.HELD, State.PUBLISHED):
        raise BadInput(f"Comment {comment.key} cannot be answered: it is {comment.state}.")
    if not words.strip() and not draft.outcome:
        raise BadInput("There is no answer yet: write one, or say what came of the dispute.")
    if draft.outcome and not hasattr(comment, "dispute"):
        raise BadInput("Only a dispute has an outcome; this is a comment.")
    if draft.outcome and not reason:
        raise BadInput("An outcome has a reason: say in a sentence or two why.")
    if draft.outcome in CORRECTS and correction_of(comment) is None:
        corrections.check_text(draft.correction)
    for what, value, longest in (("answer", words, text.LONGEST), ("reason", reason, LONGEST_REASON)):
        if len(value) > longest:
            raise BadInput(f"The {what} has {len(value):,} characters; at most {longest:,} fit.")


def correction_of(comment: Comment) -> Correction | None:
    """The correction that answers a comment already, if it holds."""
    return comment.corrections.filter(withdrawn=None).order_by("-number").first()


def _duplicate(comment: Comment, number: int | None) -> Comment:
    """The published comment of the same episode that says the same."""
    others = Comment.objects.filter(episode=comment.episode_id, state=State.PUBLISHED).exclude(pk=comment.pk)
    other = others.filter(number=number).first() if number else None
    if other is None:
        raise BadInput("Say which comment says the same: give the number of a published one of this episode.")
    return other


def revisions_since(comment: Comment) -> tuple[int, int] | None:
    """The revision that a dispute is about, and the one that readers see, if that is a later one."""
    transcript = revisions.transcript_of(comment.episode)
    newest = revisions.public_revision(transcript) if transcript else None
    if transcript is None or newest is None:
        return None
    tied = comment.ties.filter(revision__transcript=transcript).order_by("revision__number").first()
    if tied is not None and tied.revision is not None:
        old = tied.revision.number
    else:
        before = transcript.revisions.filter(public=True, created__lte=comment.created).order_by("-number").first()
        old = before.number if before else newest.number
    return (old, newest.number) if newest.number > old else None


def _fixed(comment: Comment) -> tuple[int, int]:
    found = revisions_since(comment)
    if found is None:
        raise BadInput("The transcript has not been corrected since: correct the words first.")
    return found


def _same(before: Answer, made: Answer) -> bool:
    fields = ("name", "text", "outcome", "reason", "duplicate_of_id", "old_revision", "new_revision")
    return all(getattr(before, name) == getattr(made, name) for name in fields)


def _publish(answer: Answer, by: str) -> None:
    """In the caller's transaction, which holds the log's lock."""
    comment, before = answer.comment, current(answer.comment)
    if answer.correction_text:
        answer.correction, answer.correction_text = _corrected(answer, by), ""
    answer.published = timezone.now()
    answer.save(update_fields=["published", "confirmed_by", "correction", "correction_text"])
    citing.answered(answer)
    if answer.text:
        log.append(Kind.ANSWERED, comment, content=log.answer_content(answer), by=by)
    if answer.outcome:
        log.append(Kind.CLOSED, comment, content=log.outcome_content(answer), by=by)
    discussion_changed(comment.episode_id)
    if before is None or before.outcome != answer.outcome:
        letters.answered(answer)
    if answer.outcome == Outcome.REMOVED:
        moderate.take_away(comment, State.REMOVED, Kind.REMOVED, by)


def _corrected(answer: Answer, by: str) -> Correction:
    """The correction that comes with an outcome, at the words that the comment is about."""
    comment = answer.comment
    draft = CorrectionDraft(
        episode=comment.episode,
        kind=CORRECTS[Outcome(answer.outcome)],
        text=answer.correction_text,
        comment=comment,
        passages=corrections.passages_of(comment),
    )
    return correction_of(comment) or corrections.publish(draft, by)
