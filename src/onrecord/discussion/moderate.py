"""What a publisher decides on comments: publish, return with a reason, call spam. Each is logged, and can be undone.

Nothing is final at once: for ten minutes what is spam is only hidden, and mails wait. Then the words are erased, and
the mails go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import timezone

from onrecord.catalogue.changes import discussion_changed, episode_changed
from onrecord.discussion import citing, corrections, disputes, letters, log
from onrecord.discussion.models import (
    Answer,
    Cited,
    Comment,
    Correction,
    Decided,
    Decision,
    Deed,
    Discussion,
    Dispute,
    Kind,
    Notice,
    Outcome,
    Returned,
    State,
    Writer,
)
from onrecord.jobs import queue
from onrecord.lib.errors import BadInput
from onrecord.mail import outgoing

UNDO_LASTS = timedelta(minutes=10)
RULES_UNDO_LASTS = timedelta(days=7)
"""What a rule takes away nobody has read yet: there is a week to look whether the rule is right."""

MOST_AT_ONCE = 300
"""Comments that are chosen for one decision."""

MOST_TOUCHED = 5_000
"""Comments that one decision takes away or returns, with all that say the same; the others go on waiting."""

LONGEST_BY = 120
"""Characters of who did it, in the log."""

SETTLE, LAPSE = "discussion.settle", "discussion.lapse"
AFTER = {
    Deed.PUBLISH: State.PUBLISHED,
    Deed.RETURN: State.RETURNED,
    Deed.SPAM: State.SPAM,
    Deed.REMOVE: State.REMOVED,
    Deed.RESTRICT: State.RESTRICTED,
}
"""Where a comment stands after a decision."""
KINDS = {State.REMOVED: Kind.REMOVED, State.RESTRICTED: Kind.RESTRICTED}


def find(key: str) -> Comment:
    """The comment that has this key. Raises BadInput."""
    comment = Comment.objects.select_related("episode__show", "writer").filter(key=key).first()
    if comment is None:
        raise BadInput(f"There is no comment {key[:40]!r}: `onrecord discussion list` shows those that wait.")
    return comment


# ── deciding ────────────────────────────────────────────────────────────────────────────────────────────────────────


def decide(
    deed: Deed,
    comments: Collection[Comment],
    *,
    by: str,
    reason: str = "",
    returned_for: Returned = Returned.OTHER,
) -> Decision:
    """Decide on all of these that it can be decided on, as one act that `undo` takes back. `returned_for` is what
    everybody may know of the reason of a return.

    Raises BadInput when that is none of them, for a return without a reason, and for more than MOST_AT_ONCE.
    """
    reason = reason.strip()
    if deed == Deed.RETURN and not reason:
        raise BadInput("A comment is returned with a reason: say what its writer should know.")
    if len(comments) > MOST_AT_ONCE:
        raise BadInput(f"These are {len(comments)} comments; at most {MOST_AT_ONCE} are decided on at once.")
    with transaction.atomic():
        log.lock()
        decision = _begin(deed, by, UNDO_LASTS)
        fit = _those_that_fit(deed, comments)
        if deed == Deed.SPAM:
            changed = _hide(fit + _said_again(fit) + _others_of_their_writers(fit), by, block=True)
        elif deed == Deed.RETURN:
            returned = _each_once(fit + _said_again(fit))
            changed = [_return(one, reason, returned_for, by, decision) for one in returned]
        elif deed in (Deed.REMOVE, Deed.RESTRICT):
            changed = [take_down(one, AFTER[deed], by) for one in fit]
        else:
            changed = [_publish(one, by, decision) for one in fit]
        _finish(decision, changed)
    return decision


def publish(comment: Comment, by: str = "", *, for_good: bool = False) -> None:
    """Show it, with the next number of its episode, or again with the one that it has. Without `by`, which is for those
    who are known, nobody decided, and nothing is undone; nor is what is published `for_good`, with an answer."""
    if by and not for_good and not Comment.objects.filter(pk=comment.pk, state=State.PUBLISHED).exists():
        decide(Deed.PUBLISH, [comment], by=by)
        comment.refresh_from_db()
        return
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        if comment.state != State.PUBLISHED:
            _raise_unless_fit(Deed.PUBLISH, comment)
            _show(comment, by)
            letters.published(comment)


def send_back(comment: Comment, reason: str, by: str = "", returned_for: Returned = Returned.OTHER) -> None:
    """Return a comment that waits to its writer, with the reason. Raises BadInput without one."""
    decide(Deed.RETURN, [comment], by=by, reason=reason, returned_for=returned_for)


def spam(comment: Comment, by: str = "") -> int:
    """Take it away, with all that say the same, and whatever else their writers have waiting; returns how many.

    Whoever confirmed such a comment is blocked. An address that was only typed may be somebody else's: it is forgotten
    where nothing else is known of it, and never blocked.
    """
    return decide(Deed.SPAM, [comment], by=by).decided.count()


def take_by_rule(comments: Collection[Comment], by: str) -> None:
    """Hide what a rule calls spam: these alone, and nobody is blocked. In the caller's transaction."""
    log.lock()
    decision = _begin(Deed.SPAM, by, RULES_UNDO_LASTS, by_rule=True)
    _finish(decision, _hide(comments, by[:LONGEST_BY], block=False))


def _begin(deed: Deed, by: str, lasts: timedelta, by_rule: bool = False) -> Decision:
    now = timezone.now()
    return Decision.objects.create(deed=deed, by=by, by_rule=by_rule, at=now, until=now + lasts)


def _finish(decision: Decision, changed: Iterable[Decided]) -> None:
    rows = list(changed)
    for row in rows:
        row.decision = decision
    Decided.objects.bulk_create(rows, batch_size=500)
    queue.add(SETTLE, decision.pk, not_before=decision.until)
    _counts_changed({row.comment.episode_id for row in rows})


def _those_that_fit(deed: Deed, comments: Collection[Comment]) -> list[Comment]:
    rows = Comment.objects.filter(pk__in=[one.pk for one in comments]).select_related("episode__show", "writer")
    found = list(rows.order_by("created", "id"))
    fit = [one for one in found if not _why_not(deed, one)]
    if not fit:
        raise BadInput(_why_not(deed, found[0]) if found else "These comments are not there any more.")
    return fit


def _raise_unless_fit(deed: Deed, comment: Comment) -> None:
    problem = _why_not(deed, comment)
    if problem:
        raise BadInput(problem)


def _why_not(deed: Deed, comment: Comment) -> str:
    """Why this cannot be decided on it, in a sentence; empty when it can."""
    name = f"Comment {comment.key}"
    if not comment.salt or (deed == Deed.PUBLISH and comment.state == State.WITHDRAWN):
        return f"The words of comment {comment.key} are gone." if deed == Deed.PUBLISH else _is_away(name)
    if comment.state in (State.SPAM, State.WITHDRAWN, State.REMOVED):
        return _is_away(name)
    if deed in (Deed.REMOVE, Deed.RESTRICT) and comment.state not in (State.PUBLISHED, State.RESTRICTED):
        return f"{name} is not public: it is {comment.state}."
    if deed == Deed.RETURN and comment.state != State.HELD:
        return f"{name} does not wait: it is {comment.state}."
    if deed == Deed.PUBLISH and comment.state == State.PUBLISHED:
        return f"{name} is published already."
    return ""


def _is_away(name: str) -> str:
    return f"{name} has been taken away already: nothing was changed."


def _publish(comment: Comment, by: str, decision: Decision) -> Decided:
    before = Decided(comment=comment, was=comment.state, published=comment.published)
    _show(comment, by)
    before.mail = letters.published(comment, decision.until)
    return before


def _show(comment: Comment, by: str = "") -> None:
    """Its number, its passages, what it refers to, and the pages that show it."""
    unfold(comment)
    first = _give_number(comment)
    comment.state, comment.published = State.PUBLISHED, comment.published or timezone.now()
    comment.save(update_fields=["state", "published", "number"])
    log.append(Kind.PUBLISHED, comment, by=by)
    disputes.published(comment)
    citing.published(comment)
    if first:
        episode_changed(comment.episode_id)
    else:
        discussion_changed(comment.episode_id)


def _give_number(comment: Comment) -> bool:
    """Numbers are given in the order of publishing. Returns whether it is the episode's first."""
    if comment.number is not None:
        return False
    discussion, _ = Discussion.objects.get_or_create(episode=comment.episode)
    discussion.last_number += 1
    discussion.save(update_fields=["last_number"])
    comment.number = discussion.last_number
    return comment.number == 1


def _return(comment: Comment, reason: str, returned_for: Returned, by: str, decision: Decision) -> Decided:
    before = Decided(comment=comment, was=comment.state, published=comment.published)
    comment.state, comment.reason, comment.folded_into = State.RETURNED, reason, None
    comment.returned_for = returned_for
    comment.save(update_fields=["state", "reason", "returned_for", "folded_into"])
    log.append(Kind.RETURNED, comment, note=reason, by=by)
    before.mail = letters.returned(comment, decision.until)
    return before


def _hide(comments: Iterable[Comment], by: str, block: bool) -> list[Decided]:
    """Out of sight at once; the words go when it cannot be undone any more."""
    unwanted = _each_once(comments)
    confirmed = {one.writer_id for one in unwanted if block and one.confirmed and one.writer_id}
    blocked = set(Writer.objects.filter(pk__in=confirmed, blocked=None).values_list("pk", flat=True))
    Writer.objects.filter(pk__in=blocked).update(blocked=timezone.now())
    Comment.objects.filter(pk__in=[one.pk for one in unwanted]).update(state=State.SPAM, folded_into=None)
    refold({one.fingerprint for one in unwanted})
    citing.unpublished([one.pk for one in unwanted if one.state == State.PUBLISHED])
    log.append_all(Kind.SPAM, unwanted, by=by)
    return [
        Decided(comment=one, was=one.state, published=one.published, blocks=one.writer_id in blocked)
        for one in unwanted
    ]


def take_down(comment: Comment, state: State, by: str = "") -> Decided:
    """Out of sight for legal reasons, in the caller's transaction; the words stay in the rows. Returns what was."""
    before = Decided(comment=comment, was=comment.state, published=comment.published)
    comment.state = state
    comment.save(update_fields=["state"])
    citing.unpublished([comment.pk])
    log.append(KINDS[state], comment, by=by)
    discussion_changed(comment.episode_id)
    return before


def _said_again(comments: Iterable[Comment]) -> list[Comment]:
    """What waits in the same lines."""
    firsts = [one.folded_into_id or one.pk for one in comments]
    rows = Comment.objects.filter(Q(pk__in=firsts) | Q(folded_into__in=firsts), state=State.HELD)
    return list(rows.select_related("episode__show", "writer").order_by("id")[:MOST_TOUCHED])


def _others_of_their_writers(comments: Iterable[Comment]) -> list[Comment]:
    """What else those have waiting, or returned, who confirmed one of these or of those that say the same."""
    confirmed = {one.writer_id for one in [*comments, *_said_again(comments)] if one.confirmed and one.writer_id}
    theirs = Comment.objects.filter(writer__in=confirmed, state__in=(State.HELD, State.RETURNED))
    return list(theirs.select_related("episode__show", "writer").order_by("id")[:MOST_TOUCHED])


def _each_once(comments: Iterable[Comment]) -> list[Comment]:
    return list({one.pk: one for one in comments}.values())[:MOST_TOUCHED]


def _counts_changed(episodes: Iterable[int]) -> None:
    """Public counts stand where there are comments."""
    for episode in Discussion.objects.filter(episode__in=set(episodes)).values_list("episode_id", flat=True):
        discussion_changed(episode)


# ── undoing and settling ────────────────────────────────────────────────────────────────────────────────────────────


def undo(number: int, by: str) -> int:
    """Bring back what was before a decision; returns how many comments that are.

    What its writer withdrew meanwhile, or somebody decided on again or answered, stays as it is. A number that was
    given stays with its comment. Raises BadInput when it is too late.
    """
    with transaction.atomic():
        log.lock()
        decision = Decision.objects.filter(pk=number).first()
        if decision is None or decision.until <= timezone.now():
            raise BadInput("That cannot be undone any more.")
        rows = decision.decided.filter(comment__state=AFTER[Deed(decision.deed)]).order_by("id")
        if decision.deed == Deed.PUBLISH:
            rows = rows.exclude(Exists(Answer.objects.filter(comment=OuterRef("comment"), published__isnull=False)))
        changed = list(rows.select_related("comment__episode", "comment__writer"))
        if not changed:
            raise BadInput("Nothing of it is as it was decided: there is nothing to undo.")
        _bring_back(decision, changed)
        log.append_all(Kind.UNDONE, [row.comment for row in changed], by=by)
        _counts_changed({row.comment.episode_id for row in changed})
        _reopen(decision)
        queue.forget(decision.pk, None, [SETTLE])
        decision.delete()
    return len(changed)


def _bring_back(decision: Decision, changed: Collection[Decided]) -> None:
    before: dict[tuple[str, object], list[int]] = {}
    for row in changed:
        before.setdefault((row.was, row.published), []).append(row.comment_id)
    more = {"reason": "", "returned_for": ""} if decision.deed == Deed.RETURN else {}
    for (state, published), ids in before.items():
        Comment.objects.filter(pk__in=ids).update(state=state, published=published, **more)
    refold({row.comment.fingerprint for row in changed})
    if decision.deed == Deed.PUBLISH:
        citing.unpublished([row.comment_id for row in changed if row.was != State.PUBLISHED])
    for row in changed:
        if row.was == State.PUBLISHED:
            citing.published(row.comment)
    Writer.objects.filter(pk__in=[row.comment.writer_id for row in changed if row.blocks]).update(blocked=None)
    outgoing.take_back([row.mail_id for row in changed if row.mail_id])


def _reopen(decision: Decision) -> None:
    """The legal notices on which it was decided wait again, and their clocks run on."""
    for notice in decision.notices.all():
        outgoing.take_back([notice.mail_id] if notice.mail_id else [])
        notice.stage, notice.ruling, notice.decided, notice.by = notice.was, "", None, ""
        notice.save(update_fields=["stage", "ruling", "decided", "by"])
        if notice.lapses:
            queue.restart(LAPSE, notice.pk, not_before=notice.lapses)


def undoable() -> list[Decision]:
    """The newest decisions of people that can still be undone, each with `comments`: how many it changed."""
    rows = Decision.objects.filter(until__gt=timezone.now(), by_rule=False).annotate(comments=Count("decided"))
    return list(rows.order_by("-id")[:20])


def settle(number: int) -> None:
    """A decision that can be undone no more: erase what is spam, and forget what was before. In the caller's
    transaction."""
    log.lock()
    decision = Decision.objects.filter(pk=number).first()
    if decision is None:
        return
    if decision.deed == Deed.SPAM:
        _purge(decision)
    if decision.deed == Deed.REMOVE:
        rows = decision.decided.filter(comment__state=State.REMOVED).select_related("comment")
        erase([row.comment for row in rows], State.REMOVED)
    decision.delete()


def _purge(decision: Decision) -> None:
    rows = decision.decided.filter(comment__state=State.SPAM).select_related("comment")
    unwanted = list(rows.defer("comment__text", "comment__html"))
    blocked = {row.comment.writer_id for row in unwanted if row.blocks and row.comment.writer_id}
    counted: dict[int, int] = {}
    for row in unwanted:
        if row.comment.writer_id:
            counted[row.comment.writer_id] = counted.get(row.comment.writer_id, 0) + 1
    erase([row.comment for row in unwanted], State.SPAM)
    Writer.objects.filter(pk__in=blocked).exclude(blocked=None).update(address=b"", name="")
    strangers = Writer.objects.filter(pk__in=counted.keys() - blocked, verified=None)
    wrote = Comment.objects.filter(writer__isnull=False).values("writer")
    notified = Notice.objects.filter(writer__isnull=False).values("writer")
    strangers.exclude(pk__in=wrote).exclude(pk__in=notified).delete()
    by_count: dict[int, list[int]] = {}
    for writer, count in counted.items():
        by_count.setdefault(count, []).append(writer)
    for count, writers in by_count.items():
        Writer.objects.filter(pk__in=writers).update(spam=F("spam") + count)


# ── erasing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def take_away(comment: Comment, state: State, kind: Kind, by: str = "") -> None:
    """Log it, and erase its words and what was said to them now. One that had a number leaves a tombstone, another only
    its lines in the log. Of what was removed for legal reasons the publisher's answer stays, which says so."""
    unfold(comment)
    log.append(kind, comment, by=by)
    erase([comment], state)


def erase(comments: Collection[Comment], state: State) -> None:
    """Erase the words of comments, and what hangs on them, in the caller's transaction."""
    ids = [one.pk for one in comments]
    cites = set(Cited.objects.filter(comment__in=ids).values_list("comment", flat=True))
    for comment in comments:
        if comment.pk in cites:
            citing.forget(comment)
    corrections.thank_nobody(Correction.objects.filter(comment__in=ids))
    Comment.objects.filter(pk__in=ids, number=None).delete()
    for comment in comments:
        if comment.number is not None:
            _leave_tombstone(comment, state)


def _leave_tombstone(comment: Comment, state: State) -> None:
    comment.ties.all().delete()
    comment.statements.all().delete()
    comment.invitations.all().delete()
    if state != State.REMOVED or not comment.answers.filter(outcome=Outcome.REMOVED).exists():
        comment.answers.all().delete()
    Dispute.objects.filter(comment=comment).delete()
    comment.earlier.all().delete()
    comment.notes.all().delete()
    comment.state, comment.writer, comment.network = state, None, ""
    comment.name = comment.text = comment.html = comment.salt = comment.fingerprint = comment.reason = ""
    comment.held_for, comment.assigned = "", None
    comment.save()
    discussion_changed(comment.episode_id)


# ── the same words are one line ─────────────────────────────────────────────────────────────────────────────────────


def unfold(comment: Comment) -> None:
    """It stands by itself; the next of those with the same words stands for the others."""
    if comment.folded_into_id is not None:
        comment.folded_into = None
        comment.save(update_fields=["folded_into"])
        return
    others = Comment.objects.filter(folded_into=comment.pk)
    first = others.order_by("id").first()
    if first is not None:
        Comment.objects.filter(pk=first.pk).update(folded_into=None)
        others.exclude(pk=first.pk).update(folded_into=first)


def refold(fingerprints: Collection[str]) -> None:
    """The first of those that wait with the same words stands for the others. Disputes are not folded."""
    rows = Comment.objects.filter(fingerprint__in=fingerprints, state=State.HELD, dispute=None).order_by("id")
    firsts: dict[str, int] = {}
    wrong: dict[int | None, list[int]] = {}
    for pk, fingerprint, folded_into in rows.values_list("pk", "fingerprint", "folded_into").iterator():
        first = firsts.setdefault(fingerprint, pk)
        wanted = None if first == pk else first
        if folded_into != wanted:
            wrong.setdefault(wanted, []).append(pk)
    for wanted, ids in wrong.items():
        Comment.objects.filter(pk__in=ids).update(folded_into=wanted)


def counts(episode_id: int) -> dict[str, int]:
    """How many comments of an episode were received, published, answered and returned, as everybody may know.

    What nobody confirmed and nobody decided on is not counted: anybody can send any number of those.
    """
    rows = Comment.objects.filter(episode=episode_id)
    known = Q(confirmed__isnull=False) | Q(state__in=(State.PUBLISHED, State.RETURNED))
    return rows.aggregate(
        received=Count("id", filter=known & ~Q(state=State.SPAM)),
        published=Count("id", filter=Q(state=State.PUBLISHED)),
        answered=Count("id", filter=Q(Exists(Answer.objects.filter(comment=OuterRef("pk"), published__isnull=False)))),
        returned=Count("id", filter=Q(state=State.RETURNED)),
    )


def returned_for(episode_id: int) -> dict[str, int]:
    """Of those that were returned: how many for which reason (`models.Returned`)."""
    rows = Comment.objects.filter(episode=episode_id, state=State.RETURNED).order_by().values_list("returned_for")
    counted = dict(rows.annotate(Count("id")))
    return {str(reason): counted[reason] for reason in Returned if reason in counted}
