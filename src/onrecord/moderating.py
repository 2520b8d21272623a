"""The discussion from the command line: what waits, and what is decided."""

from __future__ import annotations

import getpass
from collections.abc import Iterator

from onrecord.discussion import answers, log, moderate, statements
from onrecord.discussion.answers import AnswerDraft
from onrecord.discussion.models import Comment, Outcome, Returned, Statement
from onrecord.lib.errors import BadInput
from onrecord.lib.times import iso

JOINERS = "\u200c\u200d"

verify = log.verify


def waiting(most: int) -> Iterator[str]:
    """The comments that wait, the oldest first, each with its words; the same words stand there once."""
    for one in moderate.with_histories(moderate.waiting()[:most]):
        comment = one.comment
        others = f", and {one.alike} with the same words" if one.alike else ""
        known = "address confirmed" if comment.confirmed else "address not confirmed"
        about = f"{comment.key}  {iso(comment.created)}  {comment.episode.folder}"
        yield f"{about}  {_shown(comment.name)} ({known}{others})"
        yield from _lines(comment.text)
    for said in statements.waiting()[:most]:
        about = f"{said.key}  {iso(said.created)}  {said.comment.episode.folder}"
        yield f"{about}  {_shown(said.name)} ({said.get_part_display()} to #{said.comment.number})"
        yield from _lines(said.text)


def _lines(text: str) -> Iterator[str]:
    return (f"    {_shown(line)}" for line in text.splitlines() if line.strip())


def _shown(line: str) -> str:
    """Nothing that a terminal would obey."""
    return "".join(c if c.isprintable() or c in JOINERS else "?" for c in line)


def decide(deed: str, key: str, reason: str = "", returned_for: str = "") -> str:
    """Publish, return or call spam; says what was done. Raises BadInput."""
    by = _me()
    statement = Statement.objects.filter(key=key).first()
    if statement is not None:
        return _decide_statement(deed, statement, reason, by)
    comment = moderate.find(key)
    if deed == "publish":
        moderate.publish(comment, by)
        return f"It is #{Comment.objects.get(pk=comment.pk).number}."
    if deed == "return":
        moderate.send_back(comment, reason, by, Returned(returned_for or Returned.OTHER))
        return "It is returned."
    taken = moderate.spam(comment, by)
    return f"{taken} {'comment was' if taken == 1 else 'comments were'} taken away."


def _decide_statement(deed: str, statement: Statement, reason: str, by: str) -> str:
    if deed == "publish":
        statements.publish(statement, by)
        return f"It stands beside #{statement.comment.number}."
    if deed == "return":
        statements.send_back(statement, reason, by)
        return "It is returned."
    raise BadInput("A reply or a rejoinder is published or returned.")


def answer(key: str, draft: AnswerDraft) -> str:
    """Answer a comment, which is published with it; says what was done. Raises BadInput."""
    comment = moderate.find(key)
    made = answers.answer(comment, draft, _me())
    number = Comment.objects.get(pk=comment.pk).number
    if made.published is None:
        return f"The answer to #{number} waits until somebody else confirms it in the studio."
    return f"#{number} is answered."


def draft_of(text: str, outcome: str, reason: str, duplicate_of: int | None, correction: str) -> AnswerDraft:
    """An answer from the command line's options."""
    return AnswerDraft(text, Outcome(outcome) if outcome else None, reason, "", duplicate_of, correction)


def _me() -> str:
    return f"{getpass.getuser()} (command line)"
