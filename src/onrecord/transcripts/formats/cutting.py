"""Cuts words into cues of a few short lines, as captions need them.

A full rebuild cuts millions of words, so each turn is measured once and every question is answered by bisection.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from operator import add, sub
from unicodedata import east_asian_width

from onrecord.transcripts.tokens import Token, glued, needs_spaces, text_of
from onrecord.transcripts.turns import Turn, sentences

LONGEST = 7000
"""A cue stays at most this long, in milliseconds, unless one word takes longer."""
SILENCE = 1500
PAUSE = 350
PHRASE_ENDS = tuple(",;:،؛、，；：–—")


@dataclass(frozen=True, slots=True)
class Block:
    """The words of one cue, in lines. All are said by one speaker."""

    speaker: int | None
    start: int
    end: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """A turn in pieces between which a line may end, with what must be known of each.

    `reach` has the width of all pieces before each place with the spaces before them; `starts` and `ends` are
    milliseconds, `ends` never run backwards; `stops` are the places where a cue may well stop, the best kind first.
    """

    texts: list[str]
    spaces: list[bool]
    reach: list[int]
    starts: list[int]
    ends: list[int]
    silences: list[int]
    stops: tuple[list[int], ...]


MeasuredTurn = tuple[Turn, Measured]


def measured(turns: Sequence[Turn]) -> list[MeasuredTurn]:
    """Turns with what cutting must know of them, whatever the width of lines."""
    return [(turn, _measure(turn.tokens)) for turn in turns]


def cut(turns: Sequence[MeasuredTurn], columns: int, indents: Sequence[int] = ()) -> list[Block]:
    """Cues of at most two lines of `columns` columns, one speaker each, cut at a sentence, phrase or pause.

    `indents` has the width, by speaker, of what will stand before a cue's first line. A single word that is wider
    than a line stands alone on a line that is too long. Cues follow one another without overlap. The first line is
    empty when no word fits after the indent.
    """
    blocks: list[Block] = []
    for turn, pieces in turns:
        indent = indents[turn.speaker] if turn.speaker is not None and turn.speaker < len(indents) else 0
        blocks += _blocks(turn.speaker, pieces, columns, indent)
    return [_until(block, following.start) for block, following in pairwise(blocks)] + blocks[-1:]


def _until(block: Block, following: int) -> Block:
    """The block, ended where the following one begins."""
    return block if block.end <= following else replace(block, end=max(following, block.start + 1))


def _blocks(speaker: int | None, measured: Measured, columns: int, indent: int) -> Iterator[Block]:
    start = 0
    while start < len(measured.texts):
        second = _line_end(measured, start, columns - indent)
        second = max(second, start + 1) if indent == 0 else second
        furthest = _furthest(measured, start, max(_line_end(measured, second, columns), second + 1))
        stop = _best_stop(measured, start, furthest)
        begun, end = measured.starts[start], measured.ends[stop - 1]
        yield Block(speaker, begun, max(end, begun + 1), _lines(measured, start, second, stop, indent))
        start = stop


def _line_end(measured: Measured, start: int, room: int) -> int:
    """The place of the first piece that does not fit on a line that begins with the piece at `start`."""
    if start >= len(measured.texts):
        return start
    return max(start, bisect_right(measured.reach, measured.reach[start] + measured.spaces[start] + room, start) - 1)


def _furthest(measured: Measured, start: int, fitting: int) -> int:
    """Where a cue from `start` must stop: where the lines are full, it has lasted long enough, or there is silence."""
    late = bisect_right(measured.ends, measured.starts[start] + LONGEST, start)
    silent = bisect_right(measured.silences, start)
    until_silence = measured.silences[silent] if silent < len(measured.silences) else fitting
    return min(fitting, len(measured.texts), max(late, start + 1), until_silence)


def _best_stop(measured: Measured, start: int, furthest: int) -> int:
    """Where to stop at or before `furthest`: where the words end by themselves, but not after too few of them."""
    if furthest == len(measured.texts):
        return furthest
    least = start + max(1, (furthest - start) // 3)
    for stops in measured.stops:
        place = bisect_right(stops, furthest) - 1
        if place >= 0 and stops[place] >= least:
            return stops[place]
    return furthest


def _lines(measured: Measured, start: int, second: int, stop: int, indent: int) -> tuple[str, ...]:
    """One line, or two that are about equally long; the first goes no further than `second`."""
    if second >= stop:
        return (_line(measured, start, stop),)
    if second > start:
        second = _middle(measured, start, second, stop, indent)
    return (_line(measured, start, second), _line(measured, second, stop))


def _middle(measured: Measured, start: int, furthest: int, stop: int, indent: int) -> int:
    """The place at or before `furthest` that leaves the longer of two lines shortest."""
    reach = measured.reach
    begin = reach[start] + measured.spaces[start] - indent
    near = bisect_left(reach, (begin + reach[stop]) // 2, start + 1, furthest)
    return min(
        (place for place in (near - 1, near, near + 1) if start < place <= furthest),
        key=lambda place: max(reach[place] - begin, reach[stop] - reach[place] - measured.spaces[place]),
    )


def _line(measured: Measured, start: int, stop: int) -> str:
    texts, spaces = measured.texts, measured.spaces
    return "".join([f" {texts[n]}" if spaces[n] and n > start else texts[n] for n in range(start, stop)])


def _measure(tokens: Sequence[Token]) -> Measured:
    runs = _runs(tokens)
    first = [tokens[start] for start, _ in runs] if len(runs) < len(tokens) else tokens
    texts = [token.text for token in first]
    if len(runs) < len(tokens):
        texts = [text_of(tokens[start:stop]) for start, stop in runs]
    spaces = [token.space for token in first]
    starts = [token.start for token in first]
    ends = list(accumulate([tokens[stop - 1].end for _, stop in runs], max))
    gaps = list(map(sub, starts[1:], ends))
    sentence_ends = {found.stop for found in sentences(tokens)}
    return Measured(
        texts,
        spaces,
        [0, *accumulate(map(add, map(width, texts), spaces))],
        starts,
        ends,
        [n for n, gap in enumerate(gaps, 1) if gap >= SILENCE],
        (
            [n for n, (start, _) in enumerate(runs) if start in sentence_ends],
            [n for n, text in enumerate(texts, 1) if text.endswith(PHRASE_ENDS)],
            [n for n, gap in enumerate(gaps, 1) if gap >= PAUSE],
        ),
    )


def _runs(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Words that no line may end between: where reading the line's end back would give another text."""
    if needs_spaces("".join([token.text for token in tokens])):
        breaks = [n for n, token in enumerate(tokens) if token.space and n]
    else:
        pairs = enumerate(pairwise(tokens), 1)
        breaks = [n for n, (before, after) in pairs if after.space != glued(before.text, after.text)]
    return list(pairwise([0, *breaks, len(tokens)]))


def width(text: str) -> int:
    """Columns that a text takes; Chinese and Japanese characters take two."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
