"""Takes in what readers write: each in one transaction, which holds all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from onrecord.catalogue.changes import discussion_changed
from onrecord.catalogue.models import Episode
from onrecord.discussion import citing, disputes, erasing, letters, limits, log, moderate, rules, text, writers
from onrecord.discussion.disputes import DisputeDraft
from onrecord.discussion.models import Comment, EarlierWording, Kind, Rule, RuleDeed, State, UsedForm, Writer, new_salt
from onrecord.lib import erasures
from onrecord.lib.errors import BadInput
from onrecord.recordings.renditions import duration_of

EDITABLE = timedelta(minutes=15)


class Refused(BadInput):
    """A rule does not let it in. The message is for whoever wrote it, and does not say which."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rules.refusal())
        self.rule = rule


class FormUsed(BadInput):
    """Another text has been sent with this form."""


@dataclass(frozen=True)
class Draft:
    """What was typed and found fit. `address` as `mail.letter.address` writes it; `parent` is what it replies to."""

    name: str
    address: str
    words: str
    parent: Comment | None = None
    dispute: DisputeDraft | None = None


@dataclass(frozen=True)
class Sender:
    """What is known of who sends: the form's nonce, the network's name, and whom their browser is known as."""

    nonce: str
    network: str = ""
    writer: Writer | None = None


def post(episode: Episode, draft: Draft, sender: Sender) -> Comment:
    """Take in a comment. The same form sent twice is one comment.

    Raises FormUsed, Refused, `limits.TooMany`, or BadInput for an address that was blocked.
    """
    try:
        return _post(episode, draft, sender)
    except Refused as refused:  # nothing of it is kept but that the rule was of use
        rules.count(refused.rule)
        raise


def _post(episode: Episode, draft: Draft, sender: Sender) -> Comment:
    now = timezone.now()
    with transaction.atomic():
        log.lock()
        sent = UsedForm.objects.filter(nonce=sender.nonce).select_related("comment").first()
        if sent is not None:
            return _again(sent.comment, draft)
        writer = sender.writer or writers.find_or_make(draft.address, draft.name)
        if writer.blocked is not None:
            raise BadInput(gettext("Comments from this address are not taken."))
        network = limits.hash_of_network(sender.network, now)
        limits.check(episode, writer, network, sender.writer is not None, now)
        comment = _make(episode, draft, writer, now, network)
        if sender.writer is not None:
            comment.confirmed = now
        rule = rules.first_match(rules.seen(comment, _cited(draft)))
        if rule is not None:
            _obey(rule, comment)
        comment.save()
        if draft.dispute is not None:
            disputes.keep_draft(comment, draft.dispute)
        UsedForm.objects.create(nonce=sender.nonce, comment=comment, at=now)
        limits.see_to_forgetting()
        log.append(Kind.RECEIVED, comment)
        if rule is not None:
            rules.count(rule)
        if rule is not None and rule.deed == RuleDeed.SPAM:
            moderate.take_by_rule([comment], f"rule: {rules.named(rule)}")
        elif may_publish_at_once(comment):
            moderate.publish(comment)
        elif comment.confirmed is None:
            letters.confirm(comment)
    return comment


def _cited(draft: Draft) -> list[str]:
    given = draft.dispute.references if draft.dispute else ()
    return [part for one in given for part in (one.given, one.sentence, one.file.name if one.file else "")]


def _obey(rule: Rule, comment: Comment) -> None:
    """Before it is saved. What a rule takes away stands in nobody's line."""
    if rule.deed == RuleDeed.REFUSE:
        raise Refused(rule)
    if rule.deed == RuleDeed.SPAM:
        comment.folded_into = None
    comment.held_for = rules.named(rule)


def _again(before: Comment, draft: Draft) -> Comment:
    if before.text != draft.words:
        raise FormUsed(gettext("Another text has been sent with this form. Please press the button once more."))
    return before


def _make(episode: Episode, draft: Draft, writer: Writer, now: datetime, network: str) -> Comment:
    print_of_words = writers.fingerprint(text.folded(draft.words))
    return Comment(
        episode=episode,
        writer=writer,
        parent=draft.parent,
        name=draft.name,
        text=draft.words,
        html=text.clean_html(draft.words, duration_of(episode)),
        language=episode.language or episode.show.language,
        created=now,
        fingerprint=print_of_words,
        folded_into=None if draft.dispute else _alike(print_of_words),
        network=network,
    )


def _alike(fingerprint: str) -> Comment | None:
    """The first comment with the same words that waits: both are one line in the queue."""
    waiting = Comment.objects.filter(fingerprint=fingerprint, state=State.HELD, folded_into=None, dispute=None)
    return waiting.order_by("id").first()


def may_publish_at_once(comment: Comment) -> bool:
    """Whether nobody need read it first: the setting says so, and its writer is known for more than a typed address."""
    if settings.ONRECORD.discussion.hold != "first" or comment.writer is None or comment.confirmed is None:
        return False
    if comment.held_for:
        return False
    return writers.is_trusted(comment.writer)


def confirm(comment: Comment) -> bool:
    """Whoever reads the mails of that address says that the comment is theirs. False when that was said before."""
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        if comment.confirmed is not None or comment.state not in (State.HELD, State.PUBLISHED) or not comment.writer:
            return False
        comment.confirmed = timezone.now()
        comment.save(update_fields=["confirmed"])
        writers.verify(comment.writer)
        log.append(Kind.CONFIRMED, comment)
        if comment.state == State.HELD and may_publish_at_once(comment):
            moderate.publish(comment)
    return True


def may_edit(comment: Comment, now: datetime) -> bool:
    """Whether its writer may still change it: for 15 minutes, and not once somebody else has read and published it."""
    if now - comment.created > EDITABLE:
        return False
    return comment.state == State.HELD or (comment.state == State.PUBLISHED and may_publish_at_once(comment))


def edit(comment: Comment, words: str) -> None:
    """Change the words of a comment; the earlier ones are kept. Raises BadInput when it is too late."""
    now = timezone.now()
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        if not may_edit(comment, now):
            raise BadInput(gettext("This comment cannot be changed any more."))
        if words == comment.text:
            return
        _check_edit(comment, words)
        EarlierWording.objects.create(comment=comment, text=comment.text, salt=comment.salt, until=now)
        moderate.unfold(comment)
        comment.text, comment.salt, comment.edited = words, new_salt(), now
        comment.html = text.clean_html(words, duration_of(comment.episode))
        comment.fingerprint = writers.fingerprint(text.folded(words))
        comment.save(update_fields=["text", "salt", "edited", "html", "fingerprint", "held_for"])
        log.append(Kind.EDITED, comment)
        if comment.state == State.PUBLISHED:
            citing.published(comment)
            discussion_changed(comment.episode_id)


def _check_edit(comment: Comment, words: str) -> None:
    """Nobody gets past a rule by editing. Raises BadInput for what is shown, or would not have been taken."""
    html = text.clean_html(words, duration_of(comment.episode))
    then = Comment(writer=comment.writer, name=comment.name, text=words, html=html, network=comment.network)
    rule = rules.first_match(rules.seen(then))
    if rule is None:
        return
    if comment.state == State.PUBLISHED or rule.deed != RuleDeed.HOLD:
        raise BadInput(rules.refusal())
    comment.held_for = rules.named(rule)


def withdraw(comment: Comment) -> None:
    """Its writer, or whoever has the address that was given, takes it back."""
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        erasures.note(settings.ONRECORD.private, erasing.PERSONAL, comments=[comment.key])
        moderate.take_away(comment, State.WITHDRAWN, Kind.WITHDRAWN)
