"""Tokens: the words of a transcript with their times, and how a list of them becomes one blob and back."""

from __future__ import annotations

import re
import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import add, attrgetter, sub

from onrecord.lib.errors import Failed

MAGIC = b"ORT1"
LATEST = 500 * 3600 * 1000
"""The last millisecond that a token may have: 500 hours, which fits in 32 bits."""

NOT_KNOWN = 0xFFFF
PER_PROBABILITY = 1000

# Han, kana, Bopomofo, Thai, Lao, Khmer, Burmese: scripts that put no space between words.
UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ebd\u0ec0-\u0ecd\u1000-\u109f\u1780-\u17d3\u3005-\u3007\u3021-\u3029"
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30ff\u3105-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff"
)
WIDE_MARKS = "\u3001\u3002\u3008-\u3011\u3014-\u301f\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
OPENING = "(\\[{\"'\u00ab\u2018\u201c\u3008\u300a\u300c\u300e\u3010\u3014\uff08\uff3b\uff5b\u00bf\u00a1"
# Marks, lengthening signs and closing punctuation belong to the letter before them; so do Thai and Lao vowels.
ATTACHED = (
    "\u0300-\u036f\u0e30-\u0e3a\u0e45-\u0e4e\u0eb0-\u0ebd\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3\u3005\u3099\u309a"
    "\u30fc\u30fb\u3001\u3002\u3009\u300b\u300d\u300f\u3011\u3015\u2019\u201d\u2026"
    "\uff01\uff09\uff0c\uff0e\uff1a\uff1b\uff1f\uff3d\uff5d.,!?;:)\\]}\ufe00-\ufe0f"
)
LEADING_VOWELS = "\u0e40-\u0e44\u0ec0-\u0ec4"
LETTER = f"[{OPENING}]{{0,5}}[{LEADING_VOWELS}]{{0,2}}[{UNSPACED}]"
PIECES = re.compile(f"{LETTER}[{ATTACHED}]*|(?:(?!{LETTER}).)+", re.DOTALL)
GLUES = re.compile(f"[{UNSPACED}{WIDE_MARKS}]")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, or one character of a script without spaces.

    `start` and `end` are milliseconds from the recording's start; `speaker` counts from 0; `space` says whether a
    space stands before it. Neither text holds white space nor is it empty, when it comes from `split` or a format.
    """

    text: str
    start: int
    end: int
    speaker: int | None = None
    probability: float | None = None
    space: bool = True


FIELDS = attrgetter("text", "start", "end", "speaker", "probability", "space")


def text_of(tokens: Iterable[Token]) -> str:
    """The tokens as running text."""
    words = list(tokens)
    text = "".join([f" {token.text}" if token.space else token.text for token in words])
    return text[1:] if words and words[0].space else text


def glued(before: str, after: str) -> bool:
    """Whether text that ends in `before` and goes on with `after` needs no space between, by its scripts."""
    if before.isascii() or after.isascii():
        return False
    return bool(GLUES.match(before[-1]) and GLUES.match(after[0]))


def needs_spaces(text: str) -> bool:
    """Whether no place in the text is one where `glued` could be true."""
    return text.isascii() or not GLUES.search(text)


def split(text: str) -> Iterator[tuple[str, bool]]:
    """Words of a text with whether a space stands before each: (word, space); a character each in unspaced scripts."""
    for number, run in enumerate(text.split()):
        for place, piece in enumerate([run] if run.isascii() else PIECES.findall(run)):
            yield piece, place == 0 and number > 0


def canonical(tokens: Sequence[Token]) -> list[Token]:
    """The same text with one token a word: words that are glued are joined, unspaced scripts are cut into characters.

    Formats that carry text only can then give back the very tokens that were written.
    """
    runs: list[list[Token]] = []
    for token in tokens:
        if runs and not token.space and token.speaker == runs[-1][-1].speaker:
            runs[-1].append(token)
        else:
            runs.append([token])
    return [piece for run in runs for piece in _pieces(run)]


def _pieces(run: Sequence[Token]) -> Iterator[Token]:
    """Tokens that stand without a space between, cut where their scripts say; times follow the characters."""
    pieces = PIECES.findall("".join(token.text for token in run))
    if len(run) == 1 and len(pieces) == 1:
        yield run[0]
        return
    owners = [token for token in run for _ in token.text]
    shares = [place / len(token.text) for token in run for place in range(len(token.text))]
    at = 0
    for number, piece in enumerate(pieces):
        first, last = owners[at], owners[at + len(piece) - 1]
        start = first.start + round((first.end - first.start) * shares[at])
        end = last.start + round((last.end - last.start) * (shares[at + len(piece) - 1] + 1 / len(last.text)))
        at += len(piece)
        yield Token(piece, start, end, first.speaker, first.probability, number == 0 and first.space)


def pack(tokens: Sequence[Token]) -> bytes:
    """One blob of all tokens: columns, compressed. Probabilities keep three decimals; equal tokens give equal bytes.

    Raises ValueError for times outside 0 to LATEST, and for text that is not valid Unicode.
    """
    texts, starts, ends, speakers, probabilities, spaces = (
        zip(*map(FIELDS, tokens), strict=True) if tokens else [()] * 6
    )
    if tokens and (min(*starts, *ends) < 0 or max(*starts, *ends) > LATEST):
        raise ValueError("a token's time lies before the recording's start or after 500 hours")
    columns = [
        array("i", map(len, texts)),
        array("i", map(sub, starts, (0, *ends))),
        array("i", map(sub, ends, starts)),
        array("i", [-1 if speaker is None else speaker for speaker in speakers]),
        array("H", [NOT_KNOWN if share is None else round(share * PER_PROBABILITY) for share in probabilities]),
        array("B", spaces),
    ]
    text = "".join(texts).encode("utf-8")
    body = b"".join(_little(column).tobytes() for column in columns) + text
    return MAGIC + struct.pack("<I", len(tokens)) + zlib.compress(body, 3)


def unpack(data: bytes | memoryview) -> list[Token]:
    """The tokens of a blob. Raises Failed when it is damaged or from a later version."""
    data = bytes(data)
    if data[:3] != MAGIC[:3]:
        raise Failed("These are not a transcript's words; restore the publication from a backup.")
    if data[:4] != MAGIC:
        raise Failed("A transcript was written by a later version of onrecord; upgrade the program.")
    try:
        return _unpack(data)
    except (zlib.error, struct.error, ValueError, IndexError) as error:
        raise Failed(
            f"A transcript's words are damaged in the database ({error}); restore it from a backup."
        ) from error


def _unpack(data: bytes) -> list[Token]:
    (count,) = struct.unpack_from("<I", data, len(MAGIC))
    body = zlib.decompress(data[len(MAGIC) + 4 :])
    at = 0
    columns: list[array[int]] = []
    for kind in "iiiiHB":
        column = array(kind)
        column.frombytes(body[at : at + count * column.itemsize])
        if len(column) != count:
            raise ValueError("too short")
        at += count * column.itemsize
        columns.append(_little(column))
    lengths, gaps, durations, speakers, probabilities, spaces = columns
    text = body[at:].decode("utf-8")
    if sum(lengths) != len(text):
        raise ValueError("lengths and text disagree")
    cuts = [0, *accumulate(lengths)]
    texts = [text[start:end] for start, end in pairwise(cuts)]
    ends = list(accumulate(map(add, gaps, durations)))
    starts = map(sub, ends, durations)
    said_by = [None if speaker < 0 else speaker for speaker in speakers]
    shares = [None if share == NOT_KNOWN else share / PER_PROBABILITY for share in probabilities]
    return list(map(Token, texts, starts, ends, said_by, shares, map(bool, spaces)))


def _little(column: array[int]) -> array[int]:
    """The column in little-endian order, whatever the machine."""
    if sys.byteorder == "big":
        column.byteswap()
    return column
