"""What a publisher does with a comment: publish it, return it with a reason, or call it spam. Each is logged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Q, QuerySet, prefetch_related_objects
from django.utils import timezone

from onrecord.catalogue.changes import discussion_changed, episode_changed
from onrecord.discussion import citing, disputes, letters, log
from onrecord.discussion.models import Comment, Discussion, Dispute, Kind, State, Writer
from onrecord.lib.errors import BadInput


def waiting() -> QuerySet[Comment]:
    """What waits to be read, the oldest first; the same words are one."""
    rows = Comment.objects.filter(state=State.HELD, folded_into=None).select_related("episode__show", "writer")
    return rows.order_by("created", "id")


def waiting_counts() -> dict[str, int]:
    """For `status`: how many comments wait to be read, the same words counted once, and how many of them dispute."""
    return waiting().order_by().aggregate(comments=Count("id"), disputes=Count("id", filter=Q(dispute__isnull=False)))


@dataclass(frozen=True)
class Waiting:
    """A comment that waits: how many others say the same, and what became of its writer's other comments."""

    comment: Comment
    alike: int
    published: int
    returned: int

    @property
    def is_first(self) -> bool:
        """Whether nothing is known of its writer yet."""
        return not self.published and not self.returned


def with_histories(comments: Iterable[Comment]) -> list[Waiting]:
    """The same comments with what is known of each, what they dispute and cite. Six queries, however many they are."""
    comments = list(comments)
    prefetch_related_objects(comments, "dispute", "ties", "cited__reference")
    folded = Comment.objects.filter(folded_into__in=[one.pk for one in comments], state=State.HELD).order_by()
    alike = dict(folded.values_list("folded_into").annotate(Count("id")))
    theirs = Comment.objects.filter(writer__in={one.writer_id for one in comments if one.writer_id}).order_by()
    counted = theirs.values_list("writer").annotate(
        published=Count("id", filter=Q(state=State.PUBLISHED)), returned=Count("id", filter=Q(state=State.RETURNED))
    )
    known = {writer: (published, returned) for writer, published, returned in counted}
    return [Waiting(one, alike.get(one.pk, 0), *known.get(one.writer_id, (0, 0))) for one in comments]


def find(key: str) -> Comment:
    """The comment that has this key. Raises BadInput."""
    comment = Comment.objects.select_related("episode__show", "writer").filter(key=key).first()
    if comment is None:
        raise BadInput(f"There is no comment {key[:40]!r}: `onrecord discussion list` shows those that wait.")
    return comment


def publish(comment: Comment, by: str = "") -> None:
    """Show it, with the next number of its episode, or again with the one that it has."""
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        if comment.state == State.PUBLISHED:
            return
        if not comment.salt:
            raise BadInput(f"The words of comment {comment.key} are gone.")
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
        letters.published(comment)


def _give_number(comment: Comment) -> bool:
    """Numbers are given in the order of publishing. Returns whether it is the episode's first."""
    if comment.number is not None:
        return False
    discussion, _ = Discussion.objects.get_or_create(episode=comment.episode)
    discussion.last_number += 1
    discussion.save(update_fields=["last_number"])
    comment.number = discussion.last_number
    return comment.number == 1


def send_back(comment: Comment, reason: str, by: str = "") -> None:
    """Return a comment that waits to its writer, with the reason. Raises BadInput without one."""
    if not reason.strip():
        raise BadInput("A comment is returned with a reason: say what its writer should know.")
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        if comment.state != State.HELD:
            raise BadInput(f"Comment {comment.key} does not wait: it is {comment.state}.")
        for one in [comment, *_alike(comment)]:
            one.state, one.reason, one.folded_into = State.RETURNED, reason.strip(), None
            one.save(update_fields=["state", "reason", "folded_into"])
            log.append(Kind.RETURNED, one, note=reason.strip(), by=by)
            letters.returned(one)
        _counts_changed(comment)


def _counts_changed(comment: Comment) -> None:
    """Public counts stand where there are comments."""
    if Discussion.objects.filter(episode=comment.episode_id).exists():
        discussion_changed(comment.episode_id)


def spam(comment: Comment, by: str = "") -> int:
    """Take it away, with all that say the same, and whatever else their writers have waiting; returns how many.

    Whoever confirmed such a comment is blocked. An address that was only typed may be somebody else's: it is forgotten
    where nothing else is known of it, and never blocked.
    """
    with transaction.atomic():
        log.lock()
        comment.refresh_from_db()
        unwanted = {one.pk: one for one in [comment, *_alike(comment)]}
        confirmed = {one.writer_id for one in unwanted.values() if one.confirmed and one.writer_id}
        theirs = Comment.objects.filter(writer__in=confirmed, state__in=(State.HELD, State.RETURNED))
        unwanted |= {one.pk: one for one in theirs.select_related("episode__show", "writer")}
        everybody = {one.writer_id for one in unwanted.values() if one.writer_id}
        for one in unwanted.values():
            take_away(one, State.SPAM, Kind.SPAM, by)
        Writer.objects.filter(pk__in=confirmed).update(blocked=timezone.now(), address=b"", name="")
        strangers = Writer.objects.filter(pk__in=everybody - confirmed, verified=None)
        strangers.exclude(pk__in=Comment.objects.filter(writer__isnull=False).values("writer")).delete()
    return len(unwanted)


def take_away(comment: Comment, state: State, kind: Kind, by: str = "") -> None:
    """Erase its words. One that had a number leaves a tombstone, another leaves only its lines in the log."""
    unfold(comment)
    log.append(kind, comment, by=by)
    citing.forget(comment)
    comment.ties.all().delete()
    Dispute.objects.filter(comment=comment).delete()
    if comment.number is None:
        comment.delete()
        return
    comment.earlier.all().delete()
    comment.state, comment.writer, comment.network = state, None, ""
    comment.name = comment.text = comment.html = comment.salt = comment.fingerprint = comment.reason = ""
    comment.save()
    discussion_changed(comment.episode_id)


def _alike(comment: Comment) -> list[Comment]:
    first = comment.folded_into_id or comment.pk
    rows = Comment.objects.filter(Q(pk=first) | Q(folded_into=first), state=State.HELD)
    return list(rows.exclude(pk=comment.pk).select_related("episode__show", "writer").order_by("id"))


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


def counts(episode_id: int) -> dict[str, int]:
    """How many comments of an episode were received, published and returned, as everybody may know.

    What nobody confirmed and nobody decided on is not counted: anybody can send any number of those.
    """
    rows = Comment.objects.filter(episode=episode_id)
    known = Q(confirmed__isnull=False) | Q(state__in=(State.PUBLISHED, State.RETURNED))
    return rows.aggregate(
        received=Count("id", filter=known & ~Q(state=State.SPAM)),
        published=Count("id", filter=Q(state=State.PUBLISHED)),
        returned=Count("id", filter=Q(state=State.RETURNED)),
    )
