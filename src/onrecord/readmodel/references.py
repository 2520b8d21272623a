"""What an episode cites, as its page and its record list it: in its notes, its corrections, and its discussion."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from onrecord.discussion.models import Cited, Correction, State
from onrecord.references.models import Reference
from onrecord.references.read import Saved, Standing, standings

MOST_OF_COMMENTS = 50
"""References that only comments give, on the episode's own page; all of them stand with the comments."""


@dataclass(frozen=True)
class CitedView:
    """One page, work or file, however often it is cited: in the notes, in the corrections and the comments with these
    numbers, or in what was said to those comments."""

    standing: Standing
    in_notes: bool
    corrections: tuple[int, ...] = ()
    comments: tuple[int, ...] = ()

    @property
    def by_publisher(self) -> bool:
        """Whether others than readers cite it."""
        return self.in_notes or bool(self.corrections)


@dataclass(frozen=True)
class CitedViews:
    """Those of an episode, each once, those of its notes first, then of its corrections; `more` are left out."""

    listed: tuple[CitedView, ...] = ()
    more: int = 0


NOTHING = CitedViews()


@dataclass
class _Entry:
    reference: int
    in_notes: bool = False
    corrections: list[int] = field(default_factory=list)
    comments: list[int] = field(default_factory=list)


def cited(episodes: Iterable[int], corrected: Collection[int]) -> dict[int, CitedViews]:
    """By episode; `corrected` are those of them that have corrections. 4 queries at most, however many there are."""
    entries = _entries(list(episodes), corrected)
    shown = {episode: _shown(found.values()) for episode, found in entries.items()}
    ids = [one.reference for found in shown.values() for one in found]
    known = standings(ids) if ids else {}
    views = {episode: tuple(_view(one, known[one.reference]) for one in found) for episode, found in shown.items()}
    return {episode: CitedViews(found, len(entries[episode]) - len(found)) for episode, found in views.items()}


def _entries(episodes: list[int], corrected: Collection[int]) -> dict[int, dict[object, _Entry]]:
    """By episode, and by what is cited."""
    found: dict[int, dict[object, _Entry]] = {}
    noted = Reference.objects.filter(episode__in=episodes, in_notes=True).exclude(published=None).order_by("pk")
    for episode, pk, *what in noted.values_list("episode_id", "pk", "link_id", "sha256", "given"):
        found.setdefault(episode or 0, {}).setdefault(_identity(*what), _Entry(pk, in_notes=True))
    right = Correction.objects.filter(episode__in=corrected, references__isnull=False).order_by("number", "references")
    where = ("episode_id", "number", "references")
    which = ("references__link_id", "references__sha256", "references__given")
    for episode, number, pk, *what in right.values_list(*where, *which):
        entry = found.setdefault(episode, {}).setdefault(_identity(*what), _Entry(pk))
        entry.corrections.append(number)
    said = Cited.objects.filter(comment__episode__in=episodes, comment__state=State.PUBLISHED)
    where = ("comment__episode_id", "comment__number", "reference_id")
    which = ("reference__link_id", "reference__sha256", "reference__given")
    for episode, number, pk, *what in said.order_by("comment__number", "pk").values_list(*where, *which):
        entry = found.setdefault(episode, {}).setdefault(_identity(*what), _Entry(pk))
        if number not in entry.comments:
            entry.comments.append(number)
    return found


def _identity(link: object, sha256: object, given: object) -> object:
    """The same for two references to one thing: a link, whatever stands behind its #, a file, a work word for word."""
    return link or sha256 or given


def _shown(entries: Iterable[_Entry]) -> list[_Entry]:
    entries = list(entries)
    ours = [one for one in entries if one.in_notes or one.corrections]
    theirs = [one for one in entries if not (one.in_notes or one.corrections)]
    return [*ours, *theirs[:MOST_OF_COMMENTS]]


def _view(entry: _Entry, standing: Standing) -> CitedView:
    """The sentence, and whether it stands there, are of one comment, and are shown with it."""
    saved = Saved.SAVED if standing.saved in (Saved.WITH_SENTENCE, Saved.SENTENCE_MISSING) else standing.saved
    shown = replace(standing, sentence="", saved=saved)
    return CitedView(shown, entry.in_notes, tuple(entry.corrections), tuple(entry.comments))
