"""What waits to be read, and what is known of each: why it waits, and what its writer wrote before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q, QuerySet, prefetch_related_objects

from onrecord.accounts.models import Account
from onrecord.discussion.models import Comment, State, Writer


def waiting(
    writer: Writer | None = None, alike: Comment | None = None, assigned: Account | None = None
) -> QuerySet[Comment]:
    """What waits, the oldest first; the same words are one.

    Of one `writer` all that waits, or all that stands in one line with `alike`; or what was `assigned` to somebody.
    """
    rows = Comment.objects.filter(state=State.HELD).select_related("episode__show", "writer", "assigned")
    if writer is not None:
        rows = rows.filter(writer=writer)
    elif alike is not None:
        first = alike.folded_into_id or alike.pk
        rows = rows.filter(Q(pk=first) | Q(folded_into=first))
    else:
        rows = rows.filter(folded_into=None)
    if assigned is not None:
        rows = rows.filter(assigned=assigned)
    return rows.order_by("created", "id")


def counts() -> dict[str, int]:
    """For `status`: how many comments wait to be read, the same words counted once, and how many of them dispute."""
    return waiting().order_by().aggregate(comments=Count("id"), disputes=Count("id", filter=Q(dispute__isnull=False)))


_COUNTED = (State.PUBLISHED, State.RETURNED, State.SPAM, State.HELD)


@dataclass(frozen=True)
class Record:
    """What became of a person's comments."""

    published: int = 0
    returned: int = 0
    spam: int = 0
    waiting: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of them yet."""
        return not (self.published or self.returned or self.spam)


@dataclass(frozen=True)
class Waiting:
    """A comment that waits, how many others say the same, and what became of its writer's other comments."""

    comment: Comment
    alike: int
    before: Record

    @property
    def reasons(self) -> list[str]:
        """Why it waits, in sentences for those who decide."""
        comment, found = self.comment, []
        if comment.held_for:
            found.append(f"A rule holds it: {comment.held_for}.")
        if comment.number:
            found.append(f"It was published as #{comment.number}, and that was undone.")
        if not self.before.published:
            found.append("Nothing of this person was published before.")
        if comment.confirmed is None:
            found.append("The address is not confirmed.")
        if settings.ONRECORD.discussion.hold == "all":
            found.append("Every comment is read first.")
        return found or ["It was not confirmed in a browser that is known."]


def with_histories(comments: Iterable[Comment]) -> list[Waiting]:
    """The same comments with what is known of each, what they dispute and cite, and notes. As many queries for one as
    for many."""
    comments = list(comments)
    prefetch_related_objects(comments, "dispute", "ties", "cited__reference", "notes", "writer__notes")
    folded = Comment.objects.filter(folded_into__in=[one.pk for one in comments], state=State.HELD).order_by()
    alike = dict(folded.values_list("folded_into").annotate(Count("id")))
    records = records_of({one.writer_id for one in comments if one.writer_id})
    return [Waiting(one, alike.get(one.pk, 0), records.get(one.writer_id or 0, Record())) for one in comments]


def records_of(writers: Iterable[int]) -> dict[int, Record]:
    """What became of what these people wrote, by their ids."""
    ids = list(writers)
    state = {name: Count("comments", filter=Q(comments__state=name)) for name in _COUNTED}
    rows = Writer.objects.filter(pk__in=ids).annotate(**{f"in_{name}": count for name, count in state.items()})
    return {
        pk: Record(published, returned, gone + spam, held)
        for pk, gone, published, returned, spam, held in rows.values_list(
            "pk", "spam", *(f"in_{name}" for name in _COUNTED)
        )
    }
