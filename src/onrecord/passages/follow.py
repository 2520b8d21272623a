"""Follows passages through corrections: writes down where they stand in the newest public revision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from onrecord.passages.models import Passage, Place, voices
from onrecord.transcripts import maps, revisions
from onrecord.transcripts.maps import Projection, State, WordMap
from onrecord.transcripts.models import Revision, Transcript
from onrecord.transcripts.tokens import Token, text_of, unpack
from onrecord.transcripts.turns import said

DECIDED_BY = {State.TIME: "time", State.ORPHAN: "nobody"}


def follow(episodes: Iterable[int]) -> None:
    """Give every passage of these episodes its place in what readers see now, where it has none yet."""
    shared = Passage.objects.filter(episode__in=list(episodes)).select_related("revision__transcript").order_by("pk")
    by_transcript: dict[Transcript, list[Passage]] = {}
    for passage in shared.defer("revision__tokens", "revision__map_from_previous"):
        by_transcript.setdefault(passage.revision.transcript, []).append(passage)
    for transcript, passages in by_transcript.items():
        newest = revisions.public_revision(transcript)
        if newest:
            _follow(newest, passages)


def place(passage: Passage) -> None:
    """The same for one that is new. Not for others of its episode: the press may be at them, and they would wait for
    each other."""
    newest = revisions.public_revision(passage.revision.transcript)
    if newest:
        _follow(newest, [passage])


def _follow(newest: Revision, passages: Sequence[Passage]) -> None:
    placed = set(Place.objects.filter(revision=newest).values_list("passage_id", flat=True))
    left = [passage for passage in passages if passage.pk not in placed]
    new = unpack(newest.tokens) if left else []
    by_revision: dict[int, list[Passage]] = {}
    for passage in left:
        by_revision.setdefault(passage.revision.number, []).append(passage)
    for number, several in by_revision.items():
        old, word_map = old_words_and_map(newest, number)
        places = [_place(newest, passage, word_map, old, new) for passage in several]
        Place.objects.bulk_create(places, ignore_conflicts=True)  # whoever follows at the same time finds the same


def old_words_and_map(newest: Revision, number: int) -> tuple[list[Token], WordMap]:
    """The words of an earlier revision of the transcript (or the same one), and the map from them to `newest`."""
    chain = newest.transcript.revisions.filter(number__gte=number, number__lte=newest.number).order_by("number")
    first, *later = chain
    old = unpack(first.tokens)
    words, word_map = old, WordMap(len(old), len(old), (maps.Block(maps.Kind.SAME, 0, len(old), 0, len(old)),))
    for revision in later:
        fresh = unpack(revision.tokens)
        step = map_to(revision, words, fresh)
        word_map, words = maps.compose(word_map, step), fresh
    return old, word_map


def map_to(revision: Revision, before: Sequence[Token], after: Sequence[Token]) -> WordMap:
    """The map from the revision before; made where none is kept."""
    packed = revision.map_from_previous
    return maps.unpack(packed) if packed is not None else maps.make(before, after)


def _place(newest: Revision, passage: Passage, word_map: WordMap, old: Sequence[Token], new: Sequence[Token]) -> Place:
    anchor = range(passage.anchor_first, passage.anchor_end)
    found: Projection = maps.resolve(word_map, old, new, range(passage.first, passage.end), anchor)
    now = found.now
    return Place(
        passage=passage,
        revision=newest,
        state=found.state.value,
        first=now.start if now else None,
        end=now.stop if now else None,
        words=text_of(new[now.start : now.stop]) if now else "",
        voices=voices(said(new[now.start : now.stop])) if now else [],
        decided_by=DECIDED_BY.get(found.state, "map"),
    )
