"""Takes what was redacted out of the words that comments are tied to, and writes into the log that it went.

What readers and the publisher wrote themselves is theirs, also where it quotes: it is moderated, not redacted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from onrecord.catalogue.models import Episode
from onrecord.discussion import log
from onrecord.discussion.models import Answer, Comment, Correction, Note, Notice, Statement, Tie
from onrecord.transcripts.tokens import Token, text_of


def redact(episode: Episode, revisions: Mapping[int, Sequence[Token]], by: str) -> None:
    """Of these revisions, by their id, with the words that they have now. In the caller's transaction."""
    for tie in Tie.objects.filter(revision__in=list(revisions)):
        words = revisions[tie.revision_id or 0][tie.first : tie.end]
        Tie.objects.filter(pk=tie.pk).update(words=text_of(words))
    log.append_redaction(episode, by)


def written(episode: Episode) -> Iterator[tuple[str, str]]:
    """What was written about an episode and stays: what it is called, and its text."""
    for comment in Comment.objects.filter(episode=episode).exclude(salt="").order_by("id"):
        yield _called(comment), comment.text
    for answer in Answer.objects.filter(comment__episode=episode).select_related("comment").order_by("id"):
        yield f"the answer to {_called(answer.comment)}", f"{answer.text} {answer.reason} {answer.correction_text}"
    for said in Statement.objects.filter(comment__episode=episode).select_related("comment").order_by("id"):
        yield f"the {said.get_part_display()} to {_called(said.comment)}", said.text
    for note in Note.objects.filter(comment__episode=episode).select_related("comment").order_by("id"):
        if note.comment:
            yield f"a note on {_called(note.comment)}", note.text
    for notice in Notice.objects.filter(episode=episode).order_by("id"):
        given = (notice.explanation, notice.statement, notice.meaning, notice.wrong)
        yield f"legal notice {notice.key}", "\n".join((*given, notice.reason, notice.ground, notice.public_reason))
    for correction in Correction.objects.filter(episode=episode).prefetch_related("earlier"):
        texts = [correction.text, *(before.text for before in correction.earlier.all())]
        yield f"correction #{correction.number}", "\n".join(texts)


def _called(comment: Comment) -> str:
    return f"comment #{comment.number}" if comment.number else f"comment {comment.key}"
