"""Cuts words into cues of a few short lines, as captions need them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from onrecord.transcripts.tokens import Token, glued, text_of
from onrecord.transcripts.turns import sentences, turns

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


def width(text: str) -> int:
    """Columns that a text takes; Chinese and Japanese characters take two."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def may_break(before: Token, after: Token) -> bool:
    """Whether a line may end between two words so that reading it back gives the same text."""
    return after.space != glued(before.text, after.text)


def cut(tokens: Sequence[Token], columns: int, lines: int = 2, indents: Sequence[int] = ()) -> list[Block]:
    """Cues of at most `lines` lines of `columns` columns, one speaker each, cut at a sentence, phrase or pause.

    `indents` has the width, by speaker, of what will stand before a cue's first line. A single word that is wider
    than a line stands alone on a line that is too long. Cues follow one another without overlap.
    """
    spans: list[tuple[Sequence[Token], int]] = []
    for turn in turns(tokens):
        indent = indents[turn.speaker] if turn.speaker is not None and turn.speaker < len(indents) else 0
        spans += [(span, indent) for span in _spans(turn.tokens, columns, lines, indent)]
    starts = [*(span[0].start for span, _ in spans), None][1:]
    return [
        Block(span[0].speaker, span[0].start, _end(span, following), tuple(wrap(span, columns, indent)))
        for (span, indent), following in zip(spans, starts, strict=True)
    ]


def _end(span: Sequence[Token], following: int | None) -> int:
    end = max(span[0].start + 1, *(token.end for token in span))
    return end if following is None else max(min(end, following), span[0].start + 1)


def _spans(tokens: Sequence[Token], columns: int, lines: int, indent: int) -> Iterator[Sequence[Token]]:
    sentence_ends = {found.stop for found in sentences(tokens)}
    start = 0
    while start < len(tokens):
        furthest = _furthest(tokens, start, columns, lines, indent)
        stop = _best_stop(tokens, start, furthest, sentence_ends)
        yield tokens[start:stop]
        start = stop


def _furthest(tokens: Sequence[Token], start: int, columns: int, lines: int, indent: int) -> int:
    """The last index before which a cue from `start` may stop; at least one unbreakable run of words."""
    line, used, furthest = 1, indent, start
    piece_start = start
    for stop in range(start + 1, len(tokens) + 1):
        if stop < len(tokens) and not may_break(tokens[stop - 1], tokens[stop]):
            continue
        piece = tokens[piece_start:stop]
        wide = width(text_of(piece))
        space = 1 if used and piece[0].space else 0
        if used + space + wide > columns and used:
            line, used, space = line + 1, 0, 0
        used += space + wide
        late = piece[-1].end - tokens[start].start > LONGEST
        silent = furthest > start and piece[0].start - tokens[piece_start - 1].end >= SILENCE
        if furthest > start and (line > lines or late or silent):
            return furthest
        furthest = piece_start = stop
    return len(tokens)


def _best_stop(tokens: Sequence[Token], start: int, furthest: int, sentence_ends: set[int]) -> int:
    """Where to stop at or before `furthest`: where the words end by themselves, but not after too few of them."""
    if furthest == len(tokens):
        return furthest
    least = start + max(1, (furthest - start) // 3)
    stops = [at for at in range(furthest, least - 1, -1) if may_break(tokens[at - 1], tokens[at])]
    for wanted in (
        lambda at: at in sentence_ends,
        lambda at: tokens[at - 1].text.endswith(PHRASE_ENDS),
        lambda at: tokens[at].start - tokens[at - 1].end >= PAUSE,
    ):
        found = next((at for at in stops if wanted(at)), None)
        if found is not None:
            return found
    return furthest


def wrap(tokens: Sequence[Token], columns: int, indent: int = 0) -> list[str]:
    """Lines of at most `columns` columns; two are made about equally long. The first may be empty: see `_fill`."""
    pieces = _pieces(tokens)
    lines = _fill(pieces, columns, indent)
    if len(lines) == 2:
        total = indent + width(text_of(tokens))
        for narrower in range(total // 2, columns):
            tried = _fill(pieces, narrower, indent)
            if len(tried) == 2:
                return tried if max(map(width, tried)) <= columns else lines
    return lines


def _pieces(tokens: Sequence[Token]) -> list[list[Token]]:
    """Words between which a line may end."""
    pieces: list[list[Token]] = []
    for token in tokens:
        if pieces and not may_break(pieces[-1][-1], token):
            pieces[-1].append(token)
        else:
            pieces.append([token])
    return pieces


def _fill(pieces: Sequence[Sequence[Token]], columns: int, indent: int) -> list[str]:
    """Lines as full as they can be. The first one is empty when no word fits after the indent."""
    lines = [""]
    used = indent
    for piece in pieces:
        text = text_of(piece)
        space = " " if lines[-1] and piece[0].space else ""
        if used and used + len(space) + width(text) > columns:
            lines.append("")
            used, space = 0, ""
        lines[-1] += space + text
        used += len(space) + width(text)
    return lines
