"""Legal notices: that a comment, or what is said in an episode, is against the law; what follows, and until when.

Under the Digital Services Act nothing happens by itself: somebody decides, and both sides are told why. Under section 5
of the Defamation Act 2013, where the publication has it, the comment's writer is asked, and a comment whose writer does
not answer in time, or cannot be asked, is hidden until somebody decides.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from onrecord.catalogue.changes import discussion_changed
from onrecord.catalogue.models import Episode
from onrecord.discussion import clocks, erasing, limits, log, moderate, notice_letters, post, text, writers
from onrecord.discussion.models import (
    Comment,
    Deed,
    Kind,
    Law,
    Notice,
    Ruling,
    Stage,
    State,
    Writer,
)
from onrecord.jobs import queue
from onrecord.lib.errors import BadInput
from onrecord.lib.times import iso

EARLY = timedelta(hours=2)
"""A comment whose writer cannot be reached is hidden so long before the 48 hours are over."""

LONGEST_NAME = 200
LONGEST_ADDRESS = 500
"""Characters of a postal address."""

DEEDS = {Ruling.REMOVED: Deed.REMOVE, Ruling.RESTRICTED: Deed.RESTRICT}


@dataclass(frozen=True)
class Item:
    """What a notice is about: a comment, or what is said in an episode, perhaps at a second."""

    episode: Episode
    comment: Comment | None = None
    second: int | None = None


@dataclass(frozen=True)
class NoticeDraft:
    """What somebody says, found fit; `address` is empty where the law lets them stay unnamed."""

    law: Law
    name: str
    address: str
    explanation: str
    statement: str = ""
    meaning: str = ""
    wrong: str = ""
    pass_name: bool = False
    pass_address: bool = False


@dataclass(frozen=True)
class RulingDraft:
    """What somebody decides: `reason` are the facts and `ground` the law, which both sides are told; readers see
    `public_reason`, which may be empty."""

    ruling: Ruling
    reason: str
    ground: str = ""
    public_reason: str = ""


# ── a notice comes in ───────────────────────────────────────────────────────────────────────────────────────────────


def receive(item: Item, draft: NoticeDraft, nonce: str, network: str) -> Notice:
    """Take in a notice, and send its receipt. The same form sent twice is one notice. Raises `limits.TooMany`."""
    now = timezone.now()
    with transaction.atomic():
        log.lock()
        sent = Notice.objects.filter(form=nonce).first()
        if sent is not None:
            return sent
        writer = _writer(draft)
        hashed = limits.hash_of_network(network, now)
        limits.check_notice(item.episode, writer, hashed, now)
        notice = Notice.objects.create(
            form=nonce,
            law=draft.law,
            episode=item.episode,
            comment=item.comment,
            second=item.second,
            writer=writer,
            name=draft.name,
            explanation=draft.explanation,
            statement=draft.statement,
            meaning=draft.meaning,
            wrong=draft.wrong,
            pass_name=draft.pass_name,
            pass_address=draft.pass_address,
            language=item.episode.language or item.episode.show.language,
            network=hashed,
            created=now,
            due=clocks.act_by(now) if draft.law == Law.UK else None,
        )
        limits.see_to_forgetting()
        log.append_notice(Kind.NOTICE, notice)
        notice_letters.received(notice)
    return notice


def _writer(draft: NoticeDraft) -> Writer | None:
    """Whoever has the address. Of one that was forgotten as spam it is known again: the answer has to go somewhere."""
    if not draft.address:
        return None
    writer = writers.find_or_make(draft.address, draft.name[: text.LONGEST_NAME])
    if not writer.address:
        writer.address = writers.sealed(draft.address)
        writer.save(update_fields=["address"])
    return writer


def confirm(notice: Notice) -> bool:
    """Whoever reads the mails of that address says that the notice is theirs. False when that was said before."""
    with transaction.atomic():
        log.lock()
        notice.refresh_from_db()
        if notice.confirmed is not None or notice.writer is None:
            return False
        notice.confirmed = timezone.now()
        notice.save(update_fields=["confirmed"])
        writers.verify(notice.writer)
        log.append_notice(Kind.NOTICE_CONFIRMED, notice)
        if may_ask(notice):
            ask(notice)
    return True


def disown(notice: Notice) -> None:
    """Whoever reads the mails of that address says that it is not theirs: it goes, if nobody has acted on it."""
    with transaction.atomic():
        log.lock()
        notice.refresh_from_db()
        if notice.confirmed is None and notice.stage == Stage.RECEIVED:
            erasing.forget_notices([notice])


# ── the clocks of section 5 ─────────────────────────────────────────────────────────────────────────────────────────


def may_ask(notice: Notice) -> bool:
    """Whether the comment's writer is to be asked, and has not been."""
    return notice.law == Law.UK and notice.stage == Stage.RECEIVED and notice.lapses is None


def ask(notice: Notice, by: str = "") -> None:
    """Send the notice to the comment's writer, who has five days; where they cannot be reached, the comment is hidden
    before the 48 hours are over. Raises BadInput when that was done."""
    with transaction.atomic():
        log.lock()
        notice.refresh_from_db()
        if not may_ask(notice):
            raise BadInput("Its writer has been asked already, or need not be.")
        if not is_shown(notice):
            _is_gone(notice)
            return
        now = timezone.now()
        if notice_letters.reachable(notice):
            notice.stage = Stage.ASKED
            notice.due = notice.lapses = clocks.answer_by(now)
            notice_letters.asked(notice)
            log.append_notice(Kind.ASKED, notice, by=by)
        else:
            notice.lapses = max(now, (notice.due or now) - EARLY)
        notice.save(update_fields=["stage", "due", "lapses"])
        queue.restart(moderate.LAPSE, notice.pk, not_before=notice.lapses)


def lapse(number: int) -> None:
    """The time is over, and nobody answered or decided: hide the comment, and tell both. In the caller's transaction;
    nothing is done before its time, or twice."""
    log.lock()
    notice = Notice.objects.select_related("comment", "episode__show", "writer").filter(pk=number).first()
    if notice is None or notice.stage not in (Stage.RECEIVED, Stage.ASKED):
        return
    now = timezone.now()
    if notice.lapses is None or notice.lapses > now:
        return
    if notice.comment is None or not is_shown(notice):
        _is_gone(notice)
        return
    notice.stage, notice.lapsed, notice.due, notice.lapses = Stage.HIDDEN, now, None, None
    notice.save(update_fields=["stage", "lapsed", "due", "lapses"])
    if notice.comment.state == State.PUBLISHED:
        moderate.take_down(notice.comment, State.RESTRICTED)
    log.append_notice(Kind.LAPSED, notice)
    notice_letters.lapsed(notice)


def may_respond(notice: Notice) -> bool:
    """Whether the comment's writer may still answer."""
    in_time = notice.lapses is not None and timezone.now() < notice.lapses
    return notice.stage == Stage.ASKED and in_time and is_shown(notice)


def respond_remove(notice: Notice) -> None:
    """The comment's writer takes it back. Raises BadInput when it is too late."""
    with transaction.atomic():
        comment = _responding(notice)
        log.append_notice(Kind.RESPONDED, notice)
        post.withdraw(comment)
        _is_gone(notice)


def respond_keep(notice: Notice, name: str, address: str, may_pass: bool) -> None:
    """The comment's writer stands by it, with full name and postal address; who complains is told. Raises BadInput."""
    name, address = text.name_of(name), text.plain(address).strip()
    if not name or not address or len(name) > LONGEST_NAME or len(address) > LONGEST_ADDRESS:
        raise BadInput(gettext("Please give your full name and your postal address, or have the comment removed."))
    with transaction.atomic():
        _responding(notice)
        notice.stage, notice.due, notice.lapses, notice.may_pass = Stage.KEPT, None, None, may_pass
        notice.response = writers.sealed(json.dumps({"name": name, "address": address}))
        notice.save(update_fields=["stage", "due", "lapses", "may_pass", "response"])
        log.append_notice(Kind.RESPONDED, notice)
        notice_letters.stands(notice, name, address)


def _responding(notice: Notice) -> Comment:
    """The comment, while its writer may answer. Raises BadInput."""
    log.lock()
    notice.refresh_from_db()
    if notice.comment is None or not may_respond(notice):
        raise BadInput(gettext("This has been answered, or the time to answer is over."))
    return notice.comment


def response(notice: Notice) -> dict[str, str]:
    """Name and postal address that the comment's writer gave; empty when there are none."""
    content = writers.unsealed(notice.response)
    return {str(key): str(value) for key, value in json.loads(content).items()} if content else {}


def _is_gone(notice: Notice) -> None:
    """What it is about is not there any more: nobody need decide."""
    notice.stage, notice.due, notice.lapses = Stage.DECIDED, None, None
    notice.ruling, notice.decided = Ruling.WITHDRAWN, timezone.now()
    notice.save(update_fields=["stage", "due", "lapses", "ruling", "decided"])
    log.append_notice(Kind.RULED, notice, note=Ruling.WITHDRAWN)
    notice_letters.gone(notice)


# ── deciding ────────────────────────────────────────────────────────────────────────────────────────────────────────


def waiting() -> QuerySet[Notice]:
    """What nobody has decided on: what has a deadline first, the nearest of them on top, then the oldest."""
    rows = Notice.objects.exclude(stage=Stage.DECIDED).select_related("comment", "episode__show", "writer")
    return rows.order_by(F("due").asc(nulls_last=True), "created", "id")


def standing() -> dict[str, Any]:
    """For `status`: how many wait, and the nearest deadline."""
    first = waiting().first()
    return {"waiting": waiting().count(), "until": iso(first.due) if first and first.due else ""}


def is_shown(notice: Notice) -> bool:
    """Whether the comment is there: public, or hidden for legal reasons."""
    return notice.comment is not None and notice.comment.state in (State.PUBLISHED, State.RESTRICTED)


def choices(notice: Notice) -> list[Ruling]:
    """What may be decided now."""
    if notice.comment is None:
        return [Ruling.NONE, Ruling.CHANGED]
    if not is_shown(notice):
        return [] if notice.stage == Stage.DECIDED else [Ruling.WITHDRAWN]
    if notice.comment.state == State.RESTRICTED:
        return [Ruling.NONE, Ruling.REMOVED]
    return [Ruling.NONE, Ruling.RESTRICTED, Ruling.REMOVED]


def may_undo(notice: Notice) -> bool:
    """Whether what was decided last can still be undone: until then nothing else is decided."""
    return notice.decision is not None and notice.decision.until > timezone.now()


def decide(notice: Notice, draft: RulingDraft, by: str) -> None:
    """Decide on a notice: the comment's writer gets a statement of reasons, who gave the notice is told. What changes a
    comment can be undone as other decisions can, and the mails wait as long. Raises BadInput."""
    reason, ground, public = (text.plain(part).strip() for part in (draft.reason, draft.ground, draft.public_reason))
    if not reason:
        raise BadInput("A decision has a reason: say what it rests on. Both sides are told.")
    if draft.ruling in (Ruling.REMOVED, Ruling.RESTRICTED, Ruling.CHANGED) and not ground:
        raise BadInput("Say which law, or which of your own terms, it rests on.")
    with transaction.atomic():
        log.lock()
        notice.refresh_from_db()
        if draft.ruling not in choices(notice):
            raise BadInput("That cannot be decided any more: look at the comment as it is now.")
        if may_undo(notice):
            raise BadInput("It has just been decided: undo that first.")
        notice.was, notice.stage, notice.ruling = notice.stage, Stage.DECIDED, draft.ruling
        notice.reason, notice.ground, notice.public_reason = reason, ground, public
        notice.decided, notice.by = timezone.now(), by
        _carry_out(notice, by)
        notice.save()
        statement = "\n".join(part for part in (notice.ruling, ground, reason, public) if part)
        log.append_notice(Kind.RULED, notice, note=statement, by=by)


def _carry_out(notice: Notice, by: str) -> None:
    comment, ruling, until = notice.comment, Ruling(notice.ruling), None
    if comment is not None and ruling in DEEDS:
        notice.decision = moderate.decide(DEEDS[ruling], [comment], by=by)
        until = notice.decision.until
        notice.decision.decided.update(mail=notice_letters.statement_of_reasons(notice, until))
    elif comment is not None and ruling == Ruling.NONE and comment.state == State.RESTRICTED:
        notice.decision = moderate.decide(Deed.PUBLISH, [comment], by=by)
        until = notice.decision.until
    notice.mail = notice_letters.decided(notice, until)
    if comment is not None:
        discussion_changed(comment.episode_id)
