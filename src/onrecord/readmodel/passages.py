"""Loads the passages that were shared, and where they stand in what readers see now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Prefetch

from onrecord.lib import html
from onrecord.passages.models import Passage, Place, State
from onrecord.transcripts import speakers
from onrecord.transcripts.redaction import has_blank

Said = tuple[tuple[str, str], ...]
"""Who (a name, or nothing) says which words, one after the other."""


@dataclass(frozen=True)
class PassageView:
    """Words that somebody shared: [first, end) of a revision, and where they stand in what readers see now.

    `state` is one of `transcripts.maps.State`; `now` is empty for an orphan. `said` are the words by who says them (a
    name, or nothing), one after the other. `heard`: in the recording that readers hear now, from `start_ms` to
    `end_ms`.
    """

    key: str
    revision: int
    first: int
    end: int
    start_ms: int
    end_ms: int
    heard: bool
    language: str
    words: str
    said: Said
    before: str
    after: str
    state: str
    now: range
    now_words: str
    now_said: Said

    @property
    def folder(self) -> str:
        """Its folder below public/, without slashes at the ends."""
        return f"q/{self.key}"

    @property
    def shown(self) -> str:
        """The words to be quoted: as they stand now, where they do."""
        return self.now_words if self.has_moved_on else self.words

    @property
    def shown_said(self) -> Said:
        """The words to be quoted by who says them."""
        return self.now_said if self.has_moved_on else self.said

    @property
    def has_blank(self) -> bool:
        """Whether words of it were redacted."""
        return has_blank(self.shown)

    @property
    def has_moved_on(self) -> bool:
        """Whether other words are to be quoted than those that were shared."""
        return self.state in ("changed", "moved")


def passages(episodes: Iterable[int], ids: Iterable[int] | None = None) -> dict[int, list[PassageView]]:
    """What was shared of episodes (or of these only the passages `ids`), by episode, oldest first. 3 queries."""
    rows = (
        Passage.objects.filter(episode__in=list(episodes))
        .select_related("revision__transcript__recording")
        .defer("revision__tokens", "revision__map_from_previous")
        .prefetch_related(
            Prefetch("places", Place.objects.order_by("revision__number")), "revision__transcript__speakers"
        )
        .order_by("id")
    )
    found: dict[int, list[PassageView]] = {}
    for row in rows if ids is None else rows.filter(pk__in=list(ids)):
        found.setdefault(row.episode_id, []).append(_passage(row))
    return found


def _passage(row: Passage) -> PassageView:
    """What was said in a recording that has been replaced stands nowhere now."""
    heard = row.revision.transcript.recording.current
    places = list(row.places.all()) if heard else []
    names = speakers.labels(row.revision.transcript, row.revision.language)
    place = places[-1] if places else Place(state=State.ORPHAN)
    return PassageView(
        key=row.key,
        revision=row.revision.number,
        first=row.first,
        end=row.end,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        heard=heard,
        language=row.revision.language,
        words=html.clean(row.words),
        said=tuple(_said(row.words, row.voices or [(row.speaker, len(row.words))], names)),
        before=html.clean(row.before),
        after=html.clean(row.after),
        state=place.state,
        now=range(place.first or 0, place.end or 0),
        now_words=html.clean(place.words),
        now_said=tuple(_said(place.words, place.voices or [(row.speaker, len(place.words))], names)),
    )


def _said(words: str, voices: Iterable[tuple[int | None, int]], names: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    """Words by who says them, from what `passages.models.voices` kept."""
    for speaker, length in voices:
        yield html.clean(names.get(speaker, "") if speaker is not None else ""), html.clean(words[:length])
        words = words[length:].lstrip()
