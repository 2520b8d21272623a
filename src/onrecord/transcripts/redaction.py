"""Blanks words that were redacted: in every revision of a transcript, and in what was heard.

The one exception to revisions that never change. A blanked word stays a token with its time, so that every index, map
and passage keeps its place; its text becomes BLANK. Words are the same in another revision where the map between them
says so, whatever their times there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from onrecord.recordings.models import Recording
from onrecord.transcripts import maps
from onrecord.transcripts.anchors import sentence_spans
from onrecord.transcripts.maps import Kind, WordMap
from onrecord.transcripts.models import HeardWindow, Revision, Transcript
from onrecord.transcripts.tokens import Token, pack, unpack
from onrecord.transcripts.turns import CLOSERS, STRONG_END

BLANK = "█"
"""What stands for a word. The last of a sentence has its mark too, so that sentences and their addresses stay."""

LONGEST_SEGMENT_MS = 30_000
"""What the engine dropped has the moment when it began only; it lasted at most so long."""


@dataclass(frozen=True)
class Blanked:
    """The revisions whose words were blanked, by their id with all of their words now; `words` of the newest went."""

    revisions: Mapping[int, Sequence[Token]]
    words: int


def said_within(tokens: Sequence[Token], start_ms: int, end_ms: int) -> set[int]:
    """The words of which any part is said from one moment to another."""
    return {at for at, word in enumerate(tokens) if word.start < end_ms and max(word.end, word.start + 1) > start_ms}


def blanked(tokens: Sequence[Token], words: Collection[int]) -> list[Token]:
    """The tokens without what these words were."""
    last = {span.stop - 1 for span in sentence_spans(tokens)}
    result = list(tokens)
    for at in words:
        end = _end_of(tokens[at].text) if at in last else ""
        result[at] = replace(tokens[at], text=f"{BLANK}{end}", probability=None, space=True)
    return result


def _end_of(text: str) -> str:
    mark = text.rstrip(CLOSERS)[-1:]
    return mark if STRONG_END.search(mark) else "."


def has_blank(text: str) -> bool:
    """Whether words are missing from a text."""
    return BLANK in text


def followed(chain: Sequence[WordMap], words: list[set[int]]) -> None:
    """Add to the words of each revision those that are the same as words of the one before or after it.

    `chain` has the maps between neighbours. Words that took the place of words that all go, go too.
    """
    while True:
        before = [len(some) for some in words]
        for at, word_map in enumerate(chain):
            old, new = words[at], words[at + 1]
            for pair in (*word_map.pairs(Kind.SAME), *word_map.pairs(Kind.MOVED)):
                if pair[0] in old or pair[1] in new:
                    old.add(pair[0])
                    new.add(pair[1])
            for block in (block for block in word_map.blocks if block.kind == Kind.CHANGED):
                olds, news = range(block.old, block.old_end), range(block.new, block.new_end)
                if old.issuperset(olds) or new.issuperset(news):
                    old.update(olds)
                    new.update(news)
        if before == [len(some) for some in words]:
            return


def words_between(recording: Recording, start_ms: int, end_ms: int) -> list[Token]:
    """What the newest revision of a recording's transcript says from one moment to another."""
    newest = Revision.objects.filter(transcript__recording=recording).order_by("-number").first()
    tokens = unpack(newest.tokens) if newest else []
    return [tokens[at] for at in sorted(said_within(tokens, start_ms, end_ms))]


def redact(recording: Recording, start_ms: int, end_ms: int, earlier: Sequence[Recording] = ()) -> Blanked:
    """Blank what was said then in all revisions of the recording, and the same words in those of `earlier` recordings.

    For the transaction of the caller, who says that the episode changed.
    """
    for window in HeardWindow.objects.filter(recording=recording):
        _redact_window(window, start_ms, end_ms)
    HeardWindow.objects.filter(recording__in=earlier).delete()
    revisions = _revisions(recording)
    spoken = [unpack(revision.tokens) for revision in revisions]
    if not revisions:
        return Blanked({}, 0)
    words = [said_within(tokens, start_ms, end_ms) for tokens in spoken]
    followed(_maps(revisions, spoken), words)
    changed = _write(revisions, spoken, words)
    for other in earlier:
        changed |= _redact_earlier(other, spoken[-1], words[-1])
    return Blanked(changed, len(words[-1]))


def _revisions(recording: Recording) -> list[Revision]:
    transcript = Transcript.objects.filter(recording=recording).first()
    return list(transcript.revisions.order_by("number")) if transcript else []


def _maps(revisions: Sequence[Revision], spoken: Sequence[Sequence[Token]]) -> list[WordMap]:
    """The maps between neighbours; made where none is kept."""
    return [
        maps.unpack(revision.map_from_previous)
        if revision.map_from_previous is not None
        else maps.make(spoken[at], spoken[at + 1])
        for at, revision in enumerate(revisions[1:])
    ]


def _redact_earlier(recording: Recording, spoken: Sequence[Token], gone: set[int]) -> dict[int, Sequence[Token]]:
    """The times of another recording are others: the map to the words that are `spoken` tells which they are."""
    revisions = _revisions(recording)
    if not revisions:
        return {}
    own = [unpack(revision.tokens) for revision in revisions]
    words: list[set[int]] = [set() for _ in revisions]
    followed([*_maps(revisions, own), maps.make(own[-1], spoken)], [*words, set(gone)])
    return _write(revisions, own, words)


def _write(
    revisions: Sequence[Revision], spoken: Sequence[Sequence[Token]], words: Sequence[set[int]]
) -> dict[int, Sequence[Token]]:
    changed: dict[int, Sequence[Token]] = {}
    for revision, tokens, gone in zip(revisions, spoken, words, strict=True):
        if gone:
            changed[revision.pk] = blanked(tokens, gone)
            Revision.objects.filter(pk=revision.pk).update(tokens=pack(changed[revision.pk]))
    return changed


def _redact_window(window: HeardWindow, start_ms: int, end_ms: int) -> None:
    if window.tokens is not None:
        tokens = unpack(window.tokens)
        window.tokens = pack(blanked(tokens, said_within(tokens, start_ms, end_ms)))
    window.report = {
        **window.report,
        "dropped": [
            {**one, "text": ""} if start_ms - LONGEST_SEGMENT_MS < one["start"] < end_ms else one
            for one in window.report.get("dropped", ())
        ],
    }
    window.save(update_fields=["tokens", "report"])


def first_blank(tokens: Sequence[Token], start_ms: int, end_ms: int) -> int | None:
    """The first blanked word from one moment to another; None where none is."""
    return min((at for at in said_within(tokens, start_ms, end_ms) if has_blank(tokens[at].text)), default=None)
