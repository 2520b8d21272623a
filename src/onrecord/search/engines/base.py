"""What both engines have in common: their tables, and all that is asked of them but for the words themselves."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

from onrecord.lib.errors import Failed
from onrecord.lib.folding import fold
from onrecord.search import places
from onrecord.search.moments import Document, Voice, index_terms
from onrecord.search.words import edition

Phrase = tuple[str, ...]
"""Terms that stand one after the other. A last one that ends in "*" stands for all that begin like it."""

Expression = Sequence[Sequence[Phrase]]
"""Of each group at least one phrase must be there."""

PATIENCE = 0.25
"""Seconds after which no further part of the index is looked through."""

MOST_COMPLETIONS, MOST_BEGINNINGS = 24, 20_000
"""Terms that stand for all words with one beginning: the commonest, of so many that are looked at."""

MOST_VOICES = 100
"""Voices of one name that are looked for."""


DESIGN = 2
"""Rises when the tables change."""


def edition_of_index() -> str:
    """Of an index whose tables and terms are those of this program."""
    return f"{DESIGN} {edition()}"


class NotReady(Failed):
    """There is no index yet, or it is of another version of the program; the worker makes it."""


class Stored(NamedTuple):
    """A moment as the index has it."""

    number: int
    episode: int
    language: str
    text: str
    start_ms: int
    anchor: str
    speaker: str
    person: int


class Cut(NamedTuple):
    """Numbers of moments that are looked at, both included."""

    low: int = 0
    high: int = places.LAST


@dataclass(frozen=True)
class Found:
    """Numbers of moments, in the order asked for. `whole`: whether the index was looked through to the end."""

    numbers: list[int]
    whole: bool


class Engine(ABC):
    """An open index. "@" before a table's name stands for where the engine keeps its tables."""

    # ── what an engine does its own way ─────────────────────────────────────────────────────────────────────────────

    @classmethod
    @abstractmethod
    def reading(cls) -> AbstractContextManager[Engine]:
        """See `engines.reading`."""

    @classmethod
    @abstractmethod
    def writing(cls) -> AbstractContextManager[Engine]:
        """See `engines.writing`."""

    @classmethod
    @abstractmethod
    def scrub(cls) -> None:
        """See `engines.scrub`."""

    @abstractmethod
    def run(self, sql: str, *values: Any) -> list[Any]:
        """The rows that a statement gives."""

    @abstractmethod
    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """One statement for each row of values."""

    @abstractmethod
    def add_moments(self, rows: Sequence[tuple[Any, ...]], terms: Sequence[list[str]]) -> None:
        """Add rows of the table `moment`, and their terms."""

    @abstractmethod
    def remove_moments(self, cut: Cut, rows: Sequence[tuple[int, str, int]], terms: Sequence[list[str]]) -> None:
        """Remove the rows (number, text, voice) of `moment` in a cut, and their terms."""

    @abstractmethod
    def find(self, expression: Expression, cut: Cut, oldest: bool, most: int) -> Found:
        """The newest (or oldest) moments of a cut that fit, at most so many."""

    @abstractmethod
    def tidy(self) -> bool:
        """Do a little of what makes removed words go from every file. Returns whether there was anything to do."""

    @abstractmethod
    def clear(self) -> None:
        """Remove everything."""

    @abstractmethod
    def size(self) -> int:
        """Bytes on the disk."""

    # ── what is said of the index ───────────────────────────────────────────────────────────────────────────────────

    def note(self, name: str) -> str:
        """Something that was written down; empty when it was not."""
        rows = self.run("SELECT value FROM @note WHERE name = ?", name)
        return str(rows[0][0]) if rows else ""

    def write_note(self, name: str, value: str) -> None:
        """Write something down."""
        self.run("DELETE FROM @note WHERE name = ?", name)
        self.run("INSERT INTO @note (name, value) VALUES (?, ?)", name, value)

    def is_current(self) -> bool:
        """Whether its terms are those of this program."""
        return self.note("edition") == edition_of_index()

    def is_filled(self) -> bool:
        """Whether every episode has been in it since it was made."""
        return self.note("filled") == "yes"

    def languages(self) -> list[str]:
        """Languages of what is in it, or was."""
        return list(json.loads(self.note("languages") or "[]"))

    # ── episodes ────────────────────────────────────────────────────────────────────────────────────────────────────

    def fingerprints(self, episodes: Sequence[int]) -> dict[int, str]:
        """Of the episodes that are in it, what they were made of."""
        if not episodes:
            return {}
        marks = ", ".join("?" * len(episodes))
        return dict(self.run(f"SELECT id, fingerprint FROM @episode WHERE id IN ({marks})", *episodes))  # noqa: S608

    def cut_of(self, episode: int) -> Cut | None:
        """Where an episode's moments are; None when it is not in the index."""
        rows = self.run("SELECT base, moments FROM @episode WHERE id = ?", episode)
        return Cut(rows[0][0], rows[0][0] + rows[0][1] - 1) if rows else None

    def count(self) -> tuple[int, int]:
        """How many episodes and moments there are."""
        episodes, moments = self.run("SELECT COUNT(*), COALESCE(SUM(moments), 0) FROM @episode")[0]
        return int(episodes), int(moments)

    def put(self, document: Document) -> None:
        """Show an episode as it is now."""
        self.drop(document.episode)
        count = len(document.moments)
        base = self._free_base(document)
        self.run(
            "INSERT INTO @episode (id, base, moments, show, language, fingerprint) VALUES (?, ?, ?, ?, ?, ?)",
            *(document.episode, base, count, document.show, document.language, document.fingerprint),
        )
        voices = {voice: self._voice(voice) for voice in dict.fromkeys(moment.voice for moment in document.moments)}
        rows = [
            (base + at, document.episode, voices[moment.voice], moment.start_ms, moment.anchor, moment.text)
            for at, moment in enumerate(document.moments)
        ]
        said = [(moment.text, voices[moment.voice]) for moment in document.moments]
        terms = index_terms(said, document.show, document.language)
        self.add_moments(rows, terms)
        self._count(terms)
        self._learn_language(document.language)

    def drop(self, episode: int) -> None:
        """Show an episode no more."""
        cut = self.cut_of(episode)
        if cut is None:
            return
        show, language = self.run("SELECT show, language FROM @episode WHERE id = ?", episode)[0]
        rows = self.run("SELECT id, text, voice FROM @moment WHERE id BETWEEN ? AND ? ORDER BY id", *cut)
        terms = index_terms([(text, voice) for _, text, voice in rows], show, language)
        self.remove_moments(cut, rows, terms)
        self._count(terms, gone=True)
        self.run("DELETE FROM @episode WHERE id = ?", episode)
        self.write_note("untidy", "yes")

    def _count(self, terms: Sequence[Sequence[str]], gone: bool = False) -> None:
        """In how many moments each word is; a word that is in none is not kept."""
        counted = Counter(term for of_moment in terms for term in set(of_moment) if ":" not in term)
        if gone:
            down = [(count, term) for term, count in sorted(counted.items())]
            self.run_many("UPDATE @term SET moments = moments - ? WHERE term = ?", down)
            self.run_many("DELETE FROM @term WHERE moments <= 0 AND term = ?", [(term,) for _, term in down])
            return
        self.run_many(
            "INSERT INTO @term AS known (term, moments) VALUES (?, ?) "
            "ON CONFLICT (term) DO UPDATE SET moments = known.moments + excluded.moments",
            sorted(counted.items()),
        )

    def _free_base(self, document: Document) -> int:
        first = places.minute(document.at)
        last = first + places.SLOTS * places.SENTENCES * 8
        rows = self.run(
            "SELECT base, moments FROM @episode WHERE base BETWEEN ? AND ?",
            first - places.SLOTS * places.SENTENCES,
            last,
        )
        taken = [(base, places.slots(moments)) for base, moments in rows]
        return places.free(first, places.slots(len(document.moments)), taken)

    def _voice(self, voice: Voice) -> int:
        found = self.run("SELECT id FROM @voice WHERE label = ? AND person = ?", *voice)
        if not found:
            number = self.run("SELECT COALESCE(MAX(id), 0) + 1 FROM @voice")[0][0]
            name = f" {' '.join(fold(voice.label).split())} "
            self.run(
                "INSERT INTO @voice (id, label, name, person) VALUES (?, ?, ?, ?)",
                number,
                voice.label,
                name,
                voice.person,
            )
            return int(number)
        return int(found[0][0])

    def _learn_language(self, language: str) -> None:
        known = self.languages()
        if language not in known:
            self.write_note("languages", json.dumps(sorted([*known, language])))

    def completions(self, beginning: str) -> list[str]:
        """The commonest terms that begin like this."""
        rows = self.run(
            "SELECT term FROM (SELECT term, moments FROM @term WHERE term >= ? AND term < ? ORDER BY term LIMIT ?) "
            "AS known ORDER BY moments DESC, term LIMIT ?",
            *(beginning, f"{beginning}\U0010ffff", MOST_BEGINNINGS, MOST_COMPLETIONS),
        )
        return [term for (term,) in rows]

    # ── what is found ───────────────────────────────────────────────────────────────────────────────────────────────

    def voices_of(self, person: int) -> list[int]:
        """The voices that are this person's."""
        return [row[0] for row in self.run("SELECT id FROM @voice WHERE person = ? ORDER BY id", person)][:MOST_VOICES]

    def voices_named(self, name: str) -> list[int]:
        """The voices whose name has words that begin like these."""
        parts = [f"% {part}%" for part in fold(name).replace("%", "").replace("_", "").replace("\\", "").split()]
        if not parts:
            return []
        also = " AND ".join(["name LIKE ?"] * len(parts))
        return [row[0] for row in self.run(f"SELECT id FROM @voice WHERE {also} ORDER BY id", *parts)][:MOST_VOICES]  # noqa: S608

    def moments(self, numbers: Iterable[int]) -> list[Stored]:
        """These moments, in this order; without those that are gone."""
        wanted = list(numbers)
        if not wanted:
            return []
        marks = ", ".join("?" * len(wanted))
        rows = self.run(
            "SELECT m.id, m.episode, e.language, m.text, m.start_ms, m.anchor, v.label, v.person FROM @moment m "  # noqa: S608
            f"JOIN @episode e ON e.id = m.episode JOIN @voice v ON v.id = m.voice WHERE m.id IN ({marks})",
            *wanted,
        )
        found = {row[0]: Stored._make(row) for row in rows}
        return [found[number] for number in wanted if number in found]

    def slices(self, cut: Cut, oldest: bool) -> Iterator[Cut]:
        """A cut in parts, the newest (or oldest) first, larger and larger ones, until patience is over."""
        begun, episodes = time.monotonic(), 250
        low, high = cut
        while low <= high and time.monotonic() - begun < PATIENCE:
            edge = self._edge(Cut(low, high), oldest, episodes)
            if edge is None:
                yield Cut(low, high)
                return
            part_begun = time.monotonic()
            yield Cut(edge, high) if oldest else Cut(low, edge - 1)
            low, high = (low, edge - 1) if oldest else (edge, high)
            if time.monotonic() - part_begun < PATIENCE / 25:
                episodes *= 8

    def _edge(self, cut: Cut, oldest: bool, episodes: int) -> int | None:
        """Where so many episodes of a cut begin or end; None when there are fewer."""
        order = "DESC" if oldest else "ASC"
        rows = self.run(
            f"SELECT base FROM @episode WHERE base BETWEEN ? AND ? ORDER BY base {order} LIMIT 1 OFFSET ?",  # noqa: S608
            *cut,
            episodes,
        )
        return int(rows[0][0]) if rows else None
