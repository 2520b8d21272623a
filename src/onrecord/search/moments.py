"""What the index holds of an episode: its moments, each a sentence with who said it, when, and where it stands."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from onrecord.lib import html
from onrecord.readmodel import EpisodeView, TranscriptView
from onrecord.search import words
from onrecord.transcripts import anchors, turns
from onrecord.transcripts.tokens import text_of


class Voice(NamedTuple):
    """Who said it: the name that readers see, and the id of their person, 0 when they have no page."""

    label: str
    person: int


class Moment(NamedTuple):
    """A sentence. `anchor` is its id on the episode's page."""

    text: str
    start_ms: int
    anchor: str
    voice: Voice


@dataclass(frozen=True)
class Document:
    """An episode as the index shows it. `fingerprint` tells whether it still is as it should be."""

    episode: int
    show: int
    language: str
    at: datetime
    fingerprint: str
    moments: tuple[Moment, ...]


def is_found(view: EpisodeView) -> bool:
    """Whether there is anything of the episode that readers may find."""
    return view.is_public and view.transcript is not None


def fingerprint(view: EpisodeView) -> str:
    """Hash of all that an episode's moments depend on. Needs no words."""
    spoken = view.transcript
    known = [_program(), view.show.id, view.published_at.isoformat()]
    known += [(one.start_ms, one.end_ms) for one in view.redactions]
    if spoken:
        speakers = [(s.index, s.label, s.person and s.person.id) for s in spoken.speakers]
        known += [spoken.revision_id, spoken.language, speakers]
    return hashlib.sha256(repr(known).encode()).hexdigest()[:16]


@cache
def _program() -> str:
    """How sentences are cut and what their ids are is part of what the index holds."""
    files = [Path(__file__), Path(anchors.__file__), Path(turns.__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def document(view: EpisodeView) -> Document:
    """All moments of an episode that `is_found` and was loaded with its words."""
    spoken = view.transcript
    if spoken is None:
        raise ValueError("an episode without words has no moments")
    return Document(
        episode=view.id,
        show=view.show.id,
        language=spoken.language,
        at=view.published_at,
        fingerprint=fingerprint(view),
        moments=tuple(_moments(spoken)),
    )


def _moments(spoken: TranscriptView) -> list[Moment]:
    voices = {s.index: Voice(s.label, s.person.id if s.person else 0) for s in spoken.speakers}
    unknown = Voice("", 0)
    return [
        Moment(
            html.clean(text_of(spoken.tokens[span.start : span.stop])),
            spoken.tokens[span.start].start,
            spoken.anchors.ids[span.start],
            unknown if (speaker := spoken.tokens[span.start].speaker) is None else voices.get(speaker, unknown),
        )
        for span in anchors.sentence_spans(spoken.tokens)
    ]


# ── terms ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def show_term(show: int) -> str:
    """No word has a colon: this cannot be mistaken for one."""
    return f"s:{show}"


def voice_term(voice: int) -> str:
    """Who says it is a term like a word, so that a common word by a rare speaker is as fast as the speaker alone."""
    return f"v:{voice}"


def border_term(before: str, after: str) -> str:
    """The last word of a sentence and the first of the next, when one person says both: phrases go across."""
    return f"b:{before}:{after}"


def index_terms(said: Sequence[tuple[str, int]], show: int, language: str) -> list[list[str]]:
    """The terms of an episode's sentences, each a text and its voice's number: words first, then what is no word."""
    spoken = [words.terms(text, language) for text, _ in said]
    result = []
    for at, (terms, (_, voice)) in enumerate(zip(spoken, said, strict=True)):
        more = [show_term(show), voice_term(voice)]
        if terms and at + 1 < len(said) and said[at + 1][1] == voice and spoken[at + 1]:
            more.append(border_term(terms[-1], spoken[at + 1][0]))
        result.append(terms + more)
    return result
