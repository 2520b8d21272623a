"""The discussion from the command line: what waits, what is decided and undone, and the rules for what comes in."""

from __future__ import annotations

import getpass
from collections.abc import Iterator

from onrecord.discussion import answers, log, moderate, rules, statements
from onrecord.discussion import waiting as what_waits
from onrecord.discussion.answers import AnswerDraft
from onrecord.discussion.models import Comment, Deed, Outcome, Returned, Rule, Statement
from onrecord.lib.errors import BadInput
from onrecord.lib.times import iso

JOINERS = "\u200c\u200d"
DONE = {Deed.PUBLISH: "published", Deed.RETURN: "returned", Deed.SPAM: "taken away"}

verify = log.verify


def waiting(most: int) -> Iterator[str]:
    """The comments that wait, the oldest first, each with its words; the same words stand there once."""
    for one in what_waits.with_histories(what_waits.waiting()[:most]):
        comment = one.comment
        others = f", and {one.alike} with the same words" if one.alike else ""
        known = "address confirmed" if comment.confirmed else "address not confirmed"
        rule = f"; {comment.held_for}" if comment.held_for else ""
        about = f"{comment.key}  {iso(comment.created)}  {comment.episode.folder}"
        yield f"{about}  {_shown(comment.name)} ({known}{others}{_shown(rule)})"
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
    """Publish, return or call spam; says what was done, and how it is undone. Raises BadInput."""
    if deed == "undo":
        return _undo(key)
    statement = Statement.objects.filter(key=key).first()
    if statement is not None:
        return _decide_statement(deed, statement, reason, _me())
    kind = Returned(returned_for or Returned.OTHER)
    decision = moderate.decide(Deed(deed), [moderate.find(key)], by=_me(), reason=reason, returned_for=kind)
    how = f"Until {iso(decision.until)} `onrecord discussion undo {decision.pk}` brings it back."
    if deed == Deed.PUBLISH:
        return f"It is #{Comment.objects.get(key=key).number}. {how}"
    changed = decision.decided.count()
    return f"{changed} {'comment is' if changed == 1 else 'comments are'} {DONE[Deed(deed)]}. {how}"


def _undo(number: str) -> str:
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise BadInput("Name the decision by its number, as it was said when it was made.")
    changed = moderate.undo(int(number), by=_me())
    return f"{changed} {'comment is' if changed == 1 else 'comments are'} as before."


def list_rules() -> Iterator[str]:
    """Each rule, the oldest first, with how often it was applied."""
    for rule in Rule.objects.order_by("id"):
        ends = f", until {iso(rule.ends)}" if rule.ends else ""
        yield f"{rule.pk}  {rule.deed}  {_shown(rules.named(rule))}  {rule.matched} times{ends}"


def add_rule(kind: str, pattern: str, deed: str, note: str, apply: bool) -> str:
    """Add a rule, and apply it to what waits where that is asked for. Raises BadInput."""
    rule = rules.add(kind, pattern, deed, by=_me(), note=note)
    found = len(rules.found_waiting(rule))
    said = f"Rule {rule.pk}: {rules.named(rule)}."
    if not found:
        return f"{said} It finds nothing among what waits."
    if apply:
        return f"{said} It was applied to {rules.apply(rule, by=_me())} that wait."
    return f"{said} It finds {found} that wait; `onrecord rules apply {rule.pk}` applies it to them."


def apply_rule(number: int) -> str:
    """Apply a rule to what waits. Raises BadInput."""
    return f"It was applied to {rules.apply(rules.find(number), by=_me())} that wait."


def remove_rule(number: int) -> str:
    """Take a rule away. Raises BadInput."""
    rules.remove(number)
    return "It is removed. What it did stays."


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
