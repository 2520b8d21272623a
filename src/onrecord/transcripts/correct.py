"""Corrects some words of a transcript: a new revision with its word map and a note, as an import makes one."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from onrecord.catalogue.models import Episode
from onrecord.lib.errors import BadInput
from onrecord.transcripts import exchange, maps, revisions
from onrecord.transcripts.formats import Document, Precision
from onrecord.transcripts.models import Origin, Revision
from onrecord.transcripts.tokens import Token, split, unpack

LONGEST_TEXT = 20_000
LONGEST_NOTE = 1_000


class Meanwhile(BadInput):
    """Somebody else corrected the transcript since the words were shown; `newest` is what it is now."""

    def __init__(self, newest: Revision) -> None:
        super().__init__("Somebody else corrected this transcript meanwhile.")
        self.newest = newest


def correct(
    episode: Episode, number: int, words: range, text: str, speaker: int | None, note: str = ""
) -> Revision | None:
    """Put `text` in the place of these words of revision `number`; empty text takes them away.

    Words that stay keep their times, others take them from those that they replace or stand between. `speaker` is the
    index of the voice that says them. Returns the new revision, or None, and nothing changed, when it says the same.

    Raises Meanwhile when there is a newer revision, and BadInput when the words are not in it or the text is too long.
    """
    previous = revisions.newest_of(episode)
    if previous.number != number:
        raise Meanwhile(previous)
    transcript, old = previous.transcript, unpack(previous.tokens)
    _check(old, words, text, note)
    if speaker is not None and not transcript.speakers.filter(index=speaker).exists():
        raise BadInput("There is no such speaker in this transcript.")
    new = _with(old, words, text)
    after = words.start + len(new) - len(old) + len(words)
    if not new:
        raise BadInput("These are all words of the transcript: withdraw the episode, or leave some.")
    word_map = maps.make_within(old, new, words, range(words.start, after))
    voices = [token.speaker for token in old]
    voices[words.start : words.stop] = [speaker] * (after - words.start)
    tokens = exchange.merged(old, Document(new, precision=Precision.NONE), word_map, voices)
    if exchange.said(tokens) == exchange.said(old):
        return None
    try:
        return revisions.add(
            transcript,
            previous,
            tokens,
            language=previous.language,
            origin=Origin.EDIT,
            note=note.strip(),
            public=revisions.goes_public(transcript),
            read_by_person=timezone.now() if previous.read_by_person else None,
            word_map=word_map,
        )
    except revisions.Overtaken as error:
        raise Meanwhile(revisions.newest_of(episode)) from error


def _check(old: Sequence[Token], words: range, text: str, note: str) -> None:
    if not 0 <= words.start < words.stop <= len(old):
        raise BadInput("There are no such words: load the page again.")
    for name, value, longest in (("text", text, LONGEST_TEXT), ("note", note, LONGEST_NOTE)):
        if len(value) > longest:
            raise BadInput(f"The {name} has {len(value):,} characters; at most {longest:,} fit.")


def _with(old: Sequence[Token], words: range, text: str) -> list[Token]:
    """All words, with the text's in the place of these. Times of the text's are made later."""
    first = old[words.start].space
    written = [
        Token(word, 0, 0, None, None, space or (at == 0 and first)) for at, (word, space) in enumerate(split(text))
    ]
    return [*old[: words.start], *written, *old[words.stop :]]


def now(episode: Episode, number: int, words: range) -> tuple[Revision, range | None]:
    """The newest revision, and where in it these words of revision `number` stand; None where they have gone."""
    newest = revisions.newest_of(episode)
    place: range | None = words
    between = newest.transcript.revisions.filter(number__gt=number, number__lte=newest.number).order_by("number")
    old = newest.transcript.revisions.filter(number=number).first()
    before = unpack(old.tokens) if old else []
    if words.stop > len(before):
        return newest, None
    for revision in between:
        after = unpack(revision.tokens)
        if place is None or revision.map_from_previous is None:
            return newest, None
        place = maps.resolve(maps.unpack(revision.map_from_previous), before, after, place).now
        before = after
    return newest, place
