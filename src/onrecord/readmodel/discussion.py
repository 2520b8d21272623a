"""Comments as pages and feeds show them, and how they are loaded: 100 a page, by their numbers, for ever."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet

from onrecord.discussion import moderate
from onrecord.discussion.models import Cited, Comment, Dispute, State, Tie
from onrecord.lib import html
from onrecord.passages.models import Place
from onrecord.passages.models import State as PlaceState
from onrecord.references.read import Standing, standings

PAGE = 100
"""Comments on a page of a discussion. Page n has the numbers from 100 (n - 1) + 1 on, whatever becomes of them."""

LATEST = 10
"""Comments that an episode's own page shows."""


@dataclass(frozen=True)
class TieView:
    """Words that a comment is about, as they were, and where they stand now.

    `state` is one of `transcripts.maps.State`; `now` is empty for an orphan. `key` is the passage's. `by_editor`: its
    writer did not say that it is about these.
    """

    words: str
    speaker: int | None
    start_ms: int
    state: str
    key: str = ""
    now: range = range(0)
    now_words: str = ""
    by_editor: bool = False


@dataclass(frozen=True)
class DisputeView:
    """What makes a comment a dispute: the reason (`discussion.models.Reason`), and what it is about; nothing in `ties`
    means the whole episode."""

    reason: str
    first_hand: bool
    ties: tuple[TieView, ...]


@dataclass(frozen=True)
class CommentView:
    """A comment that has a number. One that was taken away keeps the number and has nothing else (`gone` says how).

    `to` is the number of what it replies to; `elsewhere` are the numbers of replies to it on other
    pages. `ties` are those of an ordinary comment, made by an editor.
    """

    number: int
    name: str
    text: str
    html: str
    language: str
    published: datetime
    edited: datetime | None
    gone: str
    to: int | None
    elsewhere: tuple[int, ...] = ()
    dispute: DisputeView | None = None
    ties: tuple[TieView, ...] = ()
    references: tuple[Standing, ...] = ()

    @property
    def anchor(self) -> str:
        """Its id on every page that shows it."""
        return f"c{self.number}"


@dataclass(frozen=True)
class DiscussionView:
    """What an episode's page says of its discussion. Loaded without words (feeds), only `last_number` is known.

    `marks`: by the index of the first word, as it stands now, the numbers of the disputes about it.
    """

    last_number: int
    received: int = 0
    published: int = 0
    returned: int = 0
    latest: tuple[CommentView, ...] = ()
    newest: datetime | None = None
    marks: Mapping[int, Sequence[int]] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        """How many pages there are; none before the first comment."""
        return page_of(self.last_number) if self.last_number else 0


NONE = DiscussionView(0)


def page_of(number: int) -> int:
    """The page that a comment stands on.

    >>> page_of(1), page_of(100), page_of(101)
    (1, 1, 2)
    """
    return (number - 1) // PAGE + 1


def folder_of(page: int) -> str:
    """Where a page stands below its episode's folder.

    >>> folder_of(1), folder_of(2)
    ('discussion/', 'discussion/page/2/')
    """
    return "discussion/" if page == 1 else f"discussion/page/{page}/"


def permalink(folder: str, number: int) -> str:
    """The address of a comment below public/, for the episode at `folder`.

    >>> permalink("talks/first", 104)
    'talks/first/discussion/page/2/#c104'
    """
    return f"{folder}/{folder_of(page_of(number))}#c{number}"


def is_open() -> bool:
    """Whether readers may write."""
    return bool(settings.ONRECORD.discussion.on)


def discussions(numbers: Mapping[int, int]) -> dict[int, DiscussionView]:
    """Discussions in full, by episode; `numbers` has the last number of each that has one. A few queries an episode."""
    found = {}
    for episode, last in numbers.items():
        latest = comments(episode, max(1, last - LATEST + 1), last)
        dates = [date for one in latest for date in (one.published, one.edited) if date]
        found[episode] = DiscussionView(
            last,
            latest=tuple(latest),
            newest=max(dates, default=None),
            marks=_marks(episode),
            **moderate.counts(episode),
        )
    return found


def _marks(episode: int) -> dict[int, list[int]]:
    rows = Tie.objects.filter(comment__episode=episode, comment__state=State.PUBLISHED, comment__dispute__isnull=False)
    found: dict[int, list[int]] = {}
    for row in _placed(rows).select_related("comment").order_by("comment__number"):
        view = _tie(row)
        if view.now:
            found.setdefault(view.now.start, []).append(row.comment.number or 0)
    return found


def _placed(rows: QuerySet[Tie]) -> QuerySet[Tie]:
    places = Prefetch("passage__places", Place.objects.order_by("revision__number"))
    passages = rows.select_related("passage__revision__transcript__recording")
    return passages.defer("passage__revision__tokens", "passage__revision__map_from_previous").prefetch_related(places)


def _tie(row: Tie) -> TieView:
    """Words that have no passage, or were said in a recording that has been replaced, stand nowhere now."""
    said = TieView(
        html.clean(row.words), row.speaker, row.start_ms, str(PlaceState.ORPHAN), by_editor=bool(row.tied_by)
    )
    passage = row.passage
    if passage is None or not passage.revision.transcript.recording.current:
        return said
    places = list(passage.places.all())
    if not places:
        return said
    now = range(places[-1].first or 0, places[-1].end or 0)
    return replace(said, state=places[-1].state, key=passage.key, now=now, now_words=html.clean(places[-1].words))


def comments(episode: int, first: int, last: int) -> list[CommentView]:
    """The comments of an episode from one number to another, in their order. 8 queries at most."""
    rows = Comment.objects.filter(episode=episode, number__gte=first, number__lte=last)
    replies: dict[int, list[int]] = {}
    shown = Q(number__lt=first) | Q(number__gt=last)
    outside = Comment.objects.filter(shown, parent__in=rows, state=State.PUBLISHED).order_by("number")
    for parent, number in outside.values_list("parent_id", "number"):
        replies.setdefault(parent, []).append(number or 0)
    ordered = rows.select_related("parent").defer("parent__text", "parent__html").order_by("number")
    ties = _ties(rows)
    disputes = _disputes(rows, ties)
    cited = Cited.objects.filter(comment__in=rows, comment__state=State.PUBLISHED).order_by("id")
    by_comment = list(cited.values_list("comment_id", "reference_id"))
    standing = standings(reference for _, reference in by_comment) if by_comment else {}
    references: dict[int, list[Standing]] = {}
    for comment, reference in by_comment:
        references.setdefault(comment, []).append(standing[reference])
    return [
        replace(
            _view(row, replies.get(row.pk, ())),
            dispute=disputes.get(row.pk),
            ties=() if row.pk in disputes else tuple(ties.get(row.pk, ())),
            references=tuple(references.get(row.pk, ())),
        )
        for row in ordered
    ]


def _ties(comments: QuerySet[Comment]) -> dict[int, list[TieView]]:
    """By comment. 1 query where there are none, else 2."""
    found: dict[int, list[TieView]] = {}
    rows = Tie.objects.filter(comment__in=comments, comment__state=State.PUBLISHED).order_by("start_ms", "id")
    for row in _placed(rows):
        found.setdefault(row.comment_id, []).append(_tie(row))
    return found


def _disputes(comments: QuerySet[Comment], ties: Mapping[int, Sequence[TieView]]) -> dict[int, DisputeView]:
    """By comment."""
    rows = Dispute.objects.filter(comment__in=comments, comment__state=State.PUBLISHED)
    found = rows.values_list("comment_id", "reason", "first_hand")
    return {comment: DisputeView(reason, own, tuple(ties.get(comment, ()))) for comment, reason, own in found}


def _view(row: Comment, elsewhere: Collection[int]) -> CommentView:
    published = row.published or row.created
    gone = "" if row.state == State.PUBLISHED else str(row.state)
    return CommentView(
        number=row.number or 0,
        name="" if gone else html.clean(row.name),
        text="" if gone else html.clean(row.text),
        html="" if gone else row.html,
        language=row.language,
        published=published,
        edited=None if gone or row.edited is None or row.edited <= published else row.edited,
        gone=gone,
        to=row.parent.number if row.parent else None,
        elsewhere=tuple(elsewhere),
    )


def on_page(episode: int, page: int) -> list[CommentView]:
    """The comments of a page. 8 queries at most."""
    return comments(episode, (page - 1) * PAGE + 1, page * PAGE)


def newest(episode: int, last: int) -> list[CommentView]:
    """The newest comments, as many as a page has, the newest first."""
    return comments(episode, max(1, last - PAGE + 1), last)[::-1]


def threads(comments: Sequence[CommentView]) -> dict[int | None, list[CommentView]]:
    """By number: the replies to it that stand on the same page, in their order; under None what begins a thread."""
    here = {one.number for one in comments}
    found: dict[int | None, list[CommentView]] = {}
    for one in comments:
        found.setdefault(one.to if one.to in here and one.to != one.number else None, []).append(one)
    return found
