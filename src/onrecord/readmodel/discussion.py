"""Comments as pages and feeds show them, and how they are loaded: 100 a page, by their numbers, for ever."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from onrecord.discussion import moderate
from onrecord.discussion.models import (
    Answer,
    Cited,
    Comment,
    Dispute,
    Notice,
    Outcome,
    Part,
    Ruling,
    State,
    Statement,
    Tie,
)
from onrecord.lib import html
from onrecord.passages.models import Place
from onrecord.passages.models import State as PlaceState
from onrecord.references.read import Standing, standings
from onrecord.transcripts import speakers

PAGE = 100
"""Comments on a page of a discussion. Page n has the numbers from 100 (n - 1) + 1 on, whatever becomes of them."""

LATEST = 10
"""Comments that an episode's own page shows."""


@dataclass(frozen=True)
class TieView:
    """Words that a comment is about, as they were, and where they stand now.

    `state` is one of `transcripts.maps.State`; `now` is empty for an orphan. `speaker` is a name, or nothing. `heard`:
    in the recording that readers hear now, from `start_ms`. `key` is the passage's; without one, it is not known when
    they end (0), nor what stood before and after them. `by_editor`: its writer did not say that it is about these.
    """

    words: str
    speaker: str
    start_ms: int
    heard: bool
    state: str
    key: str = ""
    end_ms: int = 0
    before: str = ""
    after: str = ""
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
class EarlierAnswer:
    """What an answer said, or what the outcome was, until it was changed."""

    html: str
    outcome: str
    reason: str
    until: datetime


@dataclass(frozen=True)
class AnswerView:
    """The publisher's answer: `html` is empty where the outcome (`discussion.models.Outcome`) says all.

    `at` is when there was a first answer, `changed` since when it says this, `closed` since when there is this outcome.
    `correction` is the number of the one that came with it.
    """

    name: str
    text: str
    html: str
    at: datetime
    changed: datetime | None
    outcome: str
    reason: str
    closed: datetime | None
    duplicate_of: int | None
    old_revision: int | None
    new_revision: int | None
    correction: int | None
    earlier: tuple[EarlierAnswer, ...]
    references: tuple[Standing, ...] = ()

    @property
    def newest(self) -> datetime:
        """When it last changed."""
        return self.changed or self.at


@dataclass(frozen=True)
class StatementView:
    """The guest's reply or the rejoinder."""

    part: str
    name: str
    text: str
    html: str
    published: datetime
    references: tuple[Standing, ...] = ()


@dataclass(frozen=True)
class CommentView:
    """A comment that has a number. One that was taken away keeps the number and has nothing else (`gone` says how), but
    for the answer that says why, or, after a legal notice, the day (`gone_since`) and perhaps a reason.

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
    answer: AnswerView | None = None
    reply: StatementView | None = None
    rejoinder: StatementView | None = None
    gone_since: datetime | None = None
    gone_reason: str = ""

    @property
    def newest(self) -> datetime:
        """When the newest of all that belongs to it came or changed."""
        said = [one.published for one in (self.reply, self.rejoinder) if one]
        return max([self.edited or self.published, *said, *([self.answer.newest] if self.answer else [])])

    @property
    def anchor(self) -> str:
        """Its id on every page that shows it."""
        return f"c{self.number}"


@dataclass(frozen=True)
class Numbers:
    """Which comments of an episode are published, and which of these are about words or dispute the whole episode."""

    shown: tuple[int, ...] = ()
    tied: frozenset[int] = frozenset()

    @property
    def pages(self) -> list[int]:
        """The pages on which any of them stands."""
        return sorted({page_of(number) for number in self.shown})


NO_NUMBERS = Numbers()


@dataclass(frozen=True)
class DisputeState:
    """How a dispute stands: since when it is published, answered, closed, and with which outcome."""

    reason: str
    published: datetime
    answered: datetime | None = None
    closed: datetime | None = None
    outcome: str = ""


@dataclass(frozen=True)
class DiscussionView:
    """What an episode's page says of its discussion. Loaded without words (feeds), only `last_number` is known.

    `marks`: by the index of the first word, as it stands now, the numbers of the disputes about it. `disputes` are all
    that are published, each with how it stands.
    """

    last_number: int
    numbers: Numbers = NO_NUMBERS
    received: int = 0
    published: int = 0
    answered: int = 0
    returned: int = 0
    returned_for: Mapping[str, int] = field(default_factory=dict)
    latest: tuple[CommentView, ...] = ()
    newest: datetime | None = None
    marks: Mapping[int, Sequence[int]] = field(default_factory=dict)
    disputes: Mapping[int, DisputeState] = field(default_factory=dict)

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


def annotations_of(key: str) -> str:
    """Where the comments of an episode stand as W3C annotations, by its key: the same for ever, whatever its address.

    >>> annotations_of("k3m9")
    'discussion/k3m9/annotations.json'
    """
    return f"discussion/{key}/annotations.json"


def folders(last_number: int) -> list[str]:
    """Where all its pages stand, the oldest first; none before the first comment.

    >>> folders(0), folders(101)
    ([], ['discussion/', 'discussion/page/2/'])
    """
    return [folder_of(page) for page in range(1, page_of(last_number) + 1)] if last_number else []


def permalink(folder: str, number: int) -> str:
    """The address of a comment below public/, for the episode at `folder`.

    >>> permalink("talks/first", 104)
    'talks/first/discussion/page/2/#c104'
    """
    return f"{folder}/{folder_of(page_of(number))}#c{number}"


def is_open() -> bool:
    """Whether readers may write."""
    return bool(settings.ONRECORD.discussion.on)


def numbered(episodes: Iterable[int]) -> dict[int, Numbers]:
    """By episode, for those that have published comments. 1 query."""
    rows = Comment.objects.filter(episode__in=list(episodes), state=State.PUBLISHED).order_by("number")
    of_it = {"comment": OuterRef("pk")}
    rows = rows.annotate(tied=Exists(Tie.objects.filter(**of_it)) | Exists(Dispute.objects.filter(**of_it)))
    found: dict[int, list[tuple[int, bool]]] = {}
    for episode, number, tied in rows.values_list("episode_id", "number", "tied"):
        found.setdefault(episode, []).append((number or 0, tied))
    return {
        episode: Numbers(tuple(number for number, _ in all), frozenset(number for number, tied in all if tied))
        for episode, all in found.items()
    }


def discussions(last_numbers: Mapping[int, int]) -> dict[int, DiscussionView]:
    """Discussions in full, by episode; `last_numbers` has the last number of each that has one. A few queries an
    episode."""
    found = {}
    numbers = numbered(last_numbers) if last_numbers else {}
    for episode, last in last_numbers.items():
        latest = comments(episode, max(1, last - LATEST + 1), last)
        found[episode] = DiscussionView(
            last,
            numbers.get(episode, NO_NUMBERS),
            latest=tuple(latest),
            newest=max((one.newest for one in latest), default=None),
            marks=_marks(episode),
            disputes=_states(episode),
            returned_for=moderate.returned_for(episode),
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


def _states(episode: int) -> dict[int, DisputeState]:
    """All published disputes of an episode by their numbers. 2 queries where there are some."""
    shown = Comment.objects.filter(episode=episode, state=State.PUBLISHED, dispute__isnull=False).order_by("number")
    rows = list(shown.values_list("pk", "number", "dispute__reason", "published", "created"))
    answers = _answers(shown, {}) if rows else {}
    found = {}
    for pk, number, reason, published, created in rows:
        answer = answers.get(pk)
        state = DisputeState(reason, published or created)
        if answer is not None:
            state = replace(state, answered=answer.at, closed=answer.closed, outcome=answer.outcome)
        found[number or 0] = state
    return found


def _placed(rows: QuerySet[Tie]) -> QuerySet[Tie]:
    places = Prefetch("passage__places", Place.objects.order_by("revision__number"))
    said = rows.select_related("passage", "revision__transcript__recording")
    return said.defer("revision__tokens", "revision__map_from_previous").prefetch_related(
        places, "revision__transcript__speakers"
    )


def _tie(row: Tie) -> TieView:
    """Words that have no passage, or were said in a recording that has been replaced, stand nowhere now."""
    revision, passage = row.revision, row.passage
    names = speakers.labels(revision.transcript, revision.language) if revision else {}
    said = TieView(
        words=html.clean(row.words),
        speaker=html.clean(names.get(row.speaker, "") if row.speaker is not None else ""),
        start_ms=row.start_ms,
        heard=revision is not None and revision.transcript.recording.current,
        state=str(PlaceState.ORPHAN),
        by_editor=bool(row.tied_by),
    )
    if passage is None or not said.heard:
        return said
    said = replace(
        said,
        key=passage.key,
        end_ms=passage.end_ms,
        before=html.clean(passage.before),
        after=html.clean(passage.after),
    )
    places = list(passage.places.all())
    if not places:
        return said
    now = range(places[-1].first or 0, places[-1].end or 0)
    return replace(said, state=places[-1].state, now=now, now_words=html.clean(places[-1].words))


def comments(episode: int, first: int, last: int) -> list[CommentView]:
    """The comments of an episode from one number to another, in their order. 11 queries at most."""
    rows = Comment.objects.filter(episode=episode, number__gte=first, number__lte=last)
    return _views(rows, answered_elsewhere=True)


def _views(rows: QuerySet[Comment], *, answered_elsewhere: bool) -> list[CommentView]:
    """These comments with all that belongs to them, and the numbers of replies that are not among them if asked for."""
    ordered = list(rows.select_related("parent").defer("parent__text", "parent__html").order_by("number"))
    replies = _replies_elsewhere([row.pk for row in ordered]) if answered_elsewhere else {}
    why_gone = _why_gone([row.pk for row in ordered if row.state in (State.REMOVED, State.RESTRICTED)])
    ties = _ties(rows)
    disputes, references = _disputes(rows, ties), _references(rows)
    answers, statements = _answers(rows, references), _statements(rows, references)
    return [
        replace(
            _view(row, replies.get(row.pk, ())),
            dispute=disputes.get(row.pk),
            ties=() if row.pk in disputes else tuple(ties.get(row.pk, ())),
            references=references.get(("comment", row.pk), ()),
            answer=answers.get(row.pk),
            reply=statements.get((row.pk, Part.REPLY)),
            rejoinder=statements.get((row.pk, Part.REJOINDER)),
            **why_gone.get(row.pk, {}),
        )
        for row in ordered
    ]


def _replies_elsewhere(comments: Sequence[int]) -> dict[int, list[int]]:
    """By comment: the numbers of replies to it that are not among these comments. 1 query."""
    found: dict[int, list[int]] = {}
    rows = Comment.objects.filter(parent__in=comments, state=State.PUBLISHED).exclude(pk__in=comments)
    for parent, number in rows.order_by("number").values_list("parent_id", "number"):
        found.setdefault(parent, []).append(number or 0)
    return found


def _why_gone(comments: Collection[int]) -> dict[int, dict[str, Any]]:
    """By comment: since when it is hidden or removed after a legal notice, and what readers are told of why. 1 query
    where there is any."""
    if not comments:
        return {}
    taken = Q(ruling__in=(Ruling.REMOVED, Ruling.RESTRICTED)) | Q(ruling="", lapsed__isnull=False)
    rows = Notice.objects.filter(taken, comment__in=comments).order_by("id")
    told = rows.values_list("comment_id", "decided", "lapsed", "ruling", "public_reason")
    return {
        comment: {"gone_since": decided or lapsed, "gone_reason": html.clean(reason) if ruling else ""}
        for comment, decided, lapsed, ruling, reason in told
    }


References = Mapping[tuple[str, int], tuple[Standing, ...]]
"""By what refers to them: a comment, an answer's wording or a statement, by its row."""


def _references(comments: QuerySet[Comment]) -> References:
    """What these comments, and what was said to them, refer to. 3 queries, 1 where there is none."""
    rows = Cited.objects.filter(comment__in=comments.order_by(), comment__state=State.PUBLISHED).order_by("id")
    cited = list(rows.values_list("comment_id", "answer_id", "statement_id", "reference_id"))
    standing = standings(reference for *_, reference in cited) if cited else {}
    found: dict[tuple[str, int], tuple[Standing, ...]] = {}
    for comment, answer, statement, reference in cited:
        by = ("answer", answer) if answer else ("statement", statement) if statement else ("comment", comment)
        found[by] = (*found.get(by, ()), standing[reference])
    return found


def _answers(comments: QuerySet[Comment], references: References) -> dict[int, AnswerView]:
    """By comment. 1 query: every wording that was published, the newest last."""
    says_why = Exists(Answer.objects.filter(comment=OuterRef("comment"), outcome=Outcome.REMOVED))
    stand = Q(comment__state=State.PUBLISHED) | Q(says_why, comment__state=State.REMOVED)  # of spam rows are there, too
    shown = Answer.objects.filter(stand, comment__in=comments.order_by(), published__isnull=False)
    wordings: dict[int, list[Answer]] = {}
    rows = shown.select_related("duplicate_of", "correction").order_by("id")
    for row in rows.defer("duplicate_of__text", "duplicate_of__html", "correction__text", "correction__html"):
        wordings.setdefault(row.comment_id, []).append(row)
    return {
        comment: replace(_answer(rows), references=references.get(("answer", rows[-1].pk), ()))
        for comment, rows in wordings.items()
    }


def _answer(wordings: Sequence[Answer]) -> AnswerView:
    """One answer of all its wordings, the newest last."""
    now, dates = wordings[-1], [row.published or row.created for row in wordings]
    closed = None
    for row, date in zip(wordings[::-1], dates[::-1], strict=True):
        if row.outcome != now.outcome:
            break
        closed = date
    return AnswerView(
        name=html.clean(now.name),
        text=html.clean(now.text),
        html=now.html,
        at=dates[0],
        changed=dates[-1] if len(wordings) > 1 else None,
        outcome=now.outcome,
        reason=html.clean(now.reason),
        closed=closed if now.outcome else None,
        duplicate_of=now.duplicate_of.number if now.duplicate_of else None,
        old_revision=now.old_revision,
        new_revision=now.new_revision,
        correction=now.correction.number if now.correction else None,
        earlier=tuple(
            EarlierAnswer(row.html, row.outcome, html.clean(row.reason), until)
            for row, until in zip(wordings, dates[1:], strict=False)
        ),
    )


def _statements(comments: QuerySet[Comment], references: References) -> dict[tuple[int, str], StatementView]:
    """Replies of guests and rejoinders that are published, by comment and part. 1 query."""
    rows = Statement.objects.filter(comment__in=comments.order_by(), state=State.PUBLISHED)
    rows = rows.filter(comment__state=State.PUBLISHED)
    return {
        (row.comment_id, row.part): StatementView(
            row.part,
            html.clean(row.name),
            html.clean(row.text),
            row.html,
            row.published or row.created,
            references.get(("statement", row.pk), ()),
        )
        for row in rows
    }


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
    """The comments of a page. 11 queries at most."""
    return comments(episode, (page - 1) * PAGE + 1, page * PAGE)


def newest(episode: int, last: int) -> list[CommentView]:
    """What a feed tells of: the newest comments, as many as a page has, and older ones to which as many newest answers,
    replies and rejoinders belong. The newest comment first."""
    of_answers = Answer.objects.filter(comment__episode=episode, published__isnull=False).order_by("-published")
    of_statements = Statement.objects.filter(comment__episode=episode, state=State.PUBLISHED).order_by("-published")
    older = {pk for rows in (of_answers, of_statements) for pk in rows.values_list("comment_id", flat=True)[:PAGE]}
    rows = Comment.objects.filter(Q(pk__in=older) | Q(number__gt=last - PAGE), episode=episode, number__isnull=False)
    return _views(rows, answered_elsewhere=False)[::-1]


def threads(comments: Sequence[CommentView]) -> dict[int | None, list[CommentView]]:
    """By number: the replies to it that stand on the same page, in their order; under None what begins a thread."""
    here = {one.number for one in comments}
    found: dict[int | None, list[CommentView]] = {}
    for one in comments:
        found.setdefault(one.to if one.to in here and one.to != one.number else None, []).append(one)
    return found
