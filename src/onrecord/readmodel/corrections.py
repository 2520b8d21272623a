"""Corrections as pages and feeds show them, and how they are loaded: 100 a page, by their numbers, for ever."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext, gettext_noop

from onrecord.catalogue.models import EpisodeState
from onrecord.discussion.models import Correction, CorrectionKind, EarlierText, Head
from onrecord.discussion.text import MOMENT
from onrecord.lib import html
from onrecord.passages.models import Passage, Place, State
from onrecord.readmodel import discussion
from onrecord.references.read import Standing, standings
from onrecord.transcripts import speakers

PAGE = discussion.PAGE
"""Numbers on a page of all corrections, and entries of their feed."""

FOLDER = "corrections/"
"""Where the newest page stands below public/."""

SHOWN = Q(episode__state=EpisodeState.PUBLISHED, episode__live_since__isnull=False) | Q(kind=CorrectionKind.WITHDRAWAL)
"""Of an episode that is not public any more only the withdrawal says anything."""

KINDS = {
    "correction": gettext_noop("Correction"),
    "clarification": gettext_noop("Clarification"),
    "update": gettext_noop("Update"),
    "note": gettext_noop("Editor’s note"),
    "transcript": gettext_noop("Transcript fix"),
    "withdrawal": gettext_noop("Withdrawal"),
}
"""What is said of a correction, by `CorrectionView.kind`."""

_TIME_CODE = re.compile(rf'<a href="{re.escape(MOMENT)}\d+"[^>]*>(.*?)</a>', re.DOTALL)


@dataclass(frozen=True)
class CorrectedWords:
    """Words that a correction is about, as they were said, and where they stand in what readers see now.

    `state` is one of `transcripts.maps.State`; `now` is empty for an orphan. `heard`: in the recording that readers
    hear now, from `start_ms` to `end_ms`.
    """

    words: str
    language: str
    speaker: str
    start_ms: int
    end_ms: int
    heard: bool
    state: str
    now: range
    now_words: str

    @property
    def others_now(self) -> bool:
        """Whether the transcript has other words in their place."""
        return bool(self.now) and self.state in ("changed", "moved") and self.now_words != self.words


@dataclass(frozen=True)
class EarlierTextView:
    """What a correction said until its text was changed."""

    html: str
    until: datetime


@dataclass(frozen=True)
class CorrectionView:
    """A correction that readers may see. `kind` is one of `discussion.models.CorrectionKind`; nothing in `words` means
    the whole episode.

    `key` is its identity in feeds. `comment` is the number of the comment that it answers. The episode's `path` and
    `title` are empty where that is not public any more, and the correction says so.
    """

    number: int
    key: str
    kind: str
    text: str
    html: str
    language: str
    published: datetime
    changed: datetime | None
    credit: str
    comment: int | None
    withdrawn: datetime | None
    withdrawn_because: str
    earlier: tuple[EarlierTextView, ...]
    words: tuple[CorrectedWords, ...]
    old_revision: int | None
    new_revision: int | None
    path: str
    title: str
    show_name: str
    show_path: str

    @property
    def name(self) -> str:
        """What it is called, in the language that is spoken: "Correction"."""
        return gettext(KINDS[self.kind])

    @property
    def plain(self) -> str:
        """Its text without markup, in one line."""
        return " ".join(html.text_of(self.html).split())

    def with_moments(self, clean: str, page: str) -> str:
        """Clean HTML of its own, with the time codes leading to its episode's page, whose address is `page`; without
        links where the episode is not public any more."""
        if not self.path:
            return _TIME_CODE.sub(r"\1", clean)
        return clean.replace(f'<a href="{MOMENT}', f'<a href="{html.escape(page)}{MOMENT}')

    @property
    def address(self) -> str:
        """Its own page below public/, for ever."""
        return f"corrections/{self.number}/"

    @property
    def anchor(self) -> str:
        """The id that it has on its episode's page and on the page of all corrections."""
        return f"correction-{self.number}"

    @property
    def moment(self) -> CorrectedWords | None:
        """The first of its words that can be heard."""
        return next((one for one in self.words if one.heard), None)

    @property
    def newest(self) -> datetime:
        """When something of it was last published."""
        return max(date for date in (self.published, self.changed, self.withdrawn) if date)


def page_of(number: int) -> int:
    """The page of all corrections that one stands on, counted from the oldest; 1 before there are any.

    >>> page_of(0), page_of(1), page_of(100), page_of(101)
    (1, 1, 1, 2)
    """
    return max(1, discussion.page_of(number))


def last_number() -> int:
    """The number of the newest correction; 0 before the first. 1 query."""
    return Head.objects.values_list("corrections", flat=True).first() or 0


def of_episodes(episodes: Iterable[int]) -> dict[int, list[CorrectionView]]:
    """By episode, in the order of their numbers. 1 query where there are none, else 5."""
    found: dict[int, list[CorrectionView]] = {}
    for row in _whole(Correction.objects.filter(episode__in=list(episodes))):
        found.setdefault(row.episode_id, []).append(_view(row))
    return found


def numbered(first: int, last: int) -> dict[int, CorrectionView]:
    """Those of these numbers that readers may see, by number. 5 queries at most."""
    rows = Correction.objects.filter(SHOWN, number__gte=first, number__lte=last)
    return {row.number: _view(row) for row in _whole(rows)}


def newest(last: int) -> list[CorrectionView]:
    """As many as a page has, the newest first. 5 queries at most."""
    return list(numbered(max(1, last - PAGE + 1), last).values())[::-1]


def references(number: int) -> list[Standing]:
    """What the text of a correction links to. 3 queries at most."""
    links = Correction.references.through.objects.filter(correction__number=number).order_by("reference")
    ids = list(links.values_list("reference", flat=True))
    return list(standings(ids).values()) if ids else []


def _whole(rows: QuerySet[Correction]) -> QuerySet[Correction]:
    """With all that `_view` asks for."""
    passages = Passage.objects.select_related("revision__transcript__recording").order_by("start_ms", "id")
    blobs = ("tokens", "map_from_previous")
    return (
        rows.select_related("episode__show", "comment", "old_revision", "new_revision")
        .defer(*(f"{one}__{blob}" for one in ("old_revision", "new_revision") for blob in blobs), "episode__notes")
        .prefetch_related(
            Prefetch("passages", passages.defer(*(f"revision__{blob}" for blob in blobs))),
            Prefetch("passages__places", Place.objects.order_by("revision__number")),
            "passages__revision__transcript__speakers",
            Prefetch("earlier", EarlierText.objects.order_by("until", "id")),
        )
        .order_by("number")
    )


def _view(row: Correction) -> CorrectionView:
    public = row.episode.is_public
    return CorrectionView(
        number=row.number,
        key=row.key,
        kind=row.kind,
        text=html.clean(row.text),
        html=row.html,
        language=row.language,
        published=row.published,
        changed=row.changed,
        credit=html.clean(row.credit),
        comment=row.comment.number if row.comment else None,
        withdrawn=row.withdrawn,
        withdrawn_because=html.clean(row.withdrawn_because),
        earlier=tuple(EarlierTextView(one.html, one.until) for one in row.earlier.all()),
        words=tuple(_words(passage) for passage in row.passages.all()) if public else (),
        old_revision=row.old_revision.number if row.old_revision else None,
        new_revision=row.new_revision.number if row.new_revision else None,
        path=f"{row.episode.folder}/" if public else "",
        title=html.clean(row.episode.title) if public else "",
        show_name=html.clean(row.episode.show.name) if public else "",
        show_path=f"{row.episode.show.slug}/" if public else "",
    )


def _words(row: Passage) -> CorrectedWords:
    """What was said in a recording that has been replaced stands nowhere now."""
    heard = row.revision.transcript.recording.current
    places = list(row.places.all()) if heard else []
    place = places[-1] if places else Place(state=State.ORPHAN)
    return CorrectedWords(
        words=html.clean(row.words),
        language=row.revision.language,
        speaker=_speaker(row),
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        heard=heard,
        state=place.state,
        now=range(place.first or 0, place.end or 0),
        now_words=html.clean(place.words),
    )


def _speaker(row: Passage) -> str:
    names = speakers.labels(row.revision.transcript, row.revision.language)
    return html.clean(names.get(row.speaker, "") if row.speaker is not None else "")
