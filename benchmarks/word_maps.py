"""How well passages survive edits, and how long a map takes: ours, bare rapidfuzz, and difflib.

    python benchmarks/word_maps.py FILE...

FILE: transcripts in any format that we read. Deletions: a passage of 3 to 20 words is taken out and must be found
nowhere. Replacements: other talk stands in its place and must not be taken for it. Edits: a share of all words is
replaced, taken out or put in, and the truth is known. Wrong means attached to words that do not stand for the passage;
lost means orphaned although at least half of its words are still there.
"""

from __future__ import annotations

import difflib
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rapidfuzz.distance import LCSseq

from onrecord.transcripts import formats, maps
from onrecord.transcripts.tokens import Token

LENGTHS = (3, 5, 8, 20)
Maker = Callable[[Sequence[Token], Sequence[Token]], maps.WordMap]


def with_difflib(old: Sequence[Token], new: Sequence[Token]) -> maps.WordMap:
    """The map that difflib's blocks make."""
    a, b = [maps.sound(t.text) for t in old], [maps.sound(t.text) for t in new]
    runs = [tuple(m) for m in difflib.SequenceMatcher(None, a, b).get_matching_blocks() if m.size]
    return maps.WordMap(len(a), len(b), tuple(maps._blocks(runs, len(a), len(b))))


def with_rapidfuzz(old: Sequence[Token], new: Sequence[Token]) -> maps.WordMap:
    """The map that rapidfuzz's blocks make."""
    a, b = [maps.sound(t.text) for t in old], [maps.sound(t.text) for t in new]
    runs = [(m.a, m.b, m.size) for m in LCSseq.opcodes(a, b).as_matching_blocks() if m.size]
    return maps.WordMap(len(a), len(b), tuple(maps._blocks(runs, len(a), len(b))))


MAKERS: dict[str, Maker] = {"ours": maps.make, "rapidfuzz": with_rapidfuzz, "difflib": with_difflib}


def untimed(words: Sequence[str]) -> list[Token]:
    """Tokens without times."""
    return [Token(word, 0, 0) for word in words]


def ambiguous(words: Sequence[str], start: int, stop: int) -> bool:
    """Whether taking out neighbouring words instead would leave the same text."""
    sounds = [maps.sound(word) for word in words[max(0, start - 1) : stop + 1]]
    span = stop - start
    return any(sounds[n] == sounds[n + span] for n in range(len(sounds) - span))


def deletions(words: list[str], trials: int, dice: random.Random) -> None:
    """A passage is taken out."""
    wrong = dict.fromkeys(MAKERS, 0)
    done = 0
    while done < trials:
        length = dice.choice(LENGTHS)
        start = dice.randrange(len(words) - length)
        if ambiguous(words, start, start + length):
            continue
        done += 1
        around = slice(max(0, start - 600), start + 600)
        old, new = words[around], words[around.start : start] + words[start + length : around.stop]
        passage = range(start - around.start, start - around.start + length)
        for name, make in MAKERS.items():
            wrong[name] += maps.project(make(untimed(old), untimed(new)), passage).now is not None
    print(f"deletions: {trials} trials; attached elsewhere: {wrong}")


def replacements(words: list[str], trials: int, dice: random.Random) -> None:
    """A passage gives way to other talk of the same length or twice that; nothing of it is left."""
    wrong = dict.fromkeys(MAKERS, 0)
    for _ in range(trials):
        length = dice.choice(LENGTHS)
        start = dice.randrange(600, len(words) - 600)
        elsewhere = dice.randrange(len(words) - 2 * length)
        fresh = words[elsewhere : elsewhere + length * dice.choice([1, 2])]
        old, new = (
            words[start - 600 : start + 600],
            words[start - 600 : start] + fresh + words[start + length : start + 600],
        )
        for name, make in MAKERS.items():
            wrong[name] += maps.project(make(untimed(old), untimed(new)), range(600, 600 + length)).now is not None
    print(f"replacements: {trials} trials; attached to what replaced it: {wrong}")


def edited(words: Sequence[str], share: float, dice: random.Random) -> tuple[list[str], list[int | None]]:
    """The words with edits in runs of one to four, and the old index of each new word that is an old one."""
    new: list[str] = []
    origin: list[int | None] = []
    at = 0
    while at < len(words):
        if dice.random() < share / 2.5:
            run, kind = dice.choice([1, 1, 2, 3, 4]), dice.choice(["replace", "delete", "insert"])
            fresh = 0 if kind == "delete" else dice.choice([run, run, max(1, run - 1), run + 1])
            new += dice.choices(words, k=fresh)
            origin += [None] * fresh
            at += 0 if kind == "insert" else run
        if at < len(words):
            new.append(words[at])
            origin.append(at)
            at += 1
    return new, origin


def edits(words: list[str], share: float, trials: int, dice: random.Random) -> None:
    """Edits all over the text."""
    new, origin = edited(words, share, dice)
    place = {old: n for n, old in enumerate(origin) if old is not None}
    made = {name: make(untimed(words), untimed(new)) for name, make in MAKERS.items()}
    wrong, lost = dict.fromkeys(MAKERS, 0), dict.fromkeys(MAKERS, 0)
    for _ in range(trials):
        length = dice.choice(LENGTHS)
        start = dice.randrange(len(words) - length)
        true = [place[n] for n in range(start, start + length) if n in place]
        for name, word_map in made.items():
            now = maps.project(word_map, range(start, start + length)).now
            if now is None:
                lost[name] += 2 * len(true) >= length
            else:
                wrong[name] += not any(n in now for n in true)
    print(f"{share:.0%} of words edited: {trials} passages; wrong: {wrong}; lost: {lost}")


def timing(words: list[str], dice: random.Random) -> None:
    """Seconds a map takes."""
    for count in (10_000, 30_000):
        old = untimed((words * (count // len(words) + 1))[:count])
        new = untimed(edited([token.text for token in old], 0.1, dice)[0])
        for name, make in MAKERS.items():
            begun = time.perf_counter()
            word_map = make(old, new)
            print(f"{count} words, 10% edited, {name}: {time.perf_counter() - begun:.2f} s", end="")
            print(f", {len(maps.pack(word_map))} bytes" if name == "ours" else "")


def main() -> None:
    """All of it."""
    dice = random.Random(7)
    words: list[str] = []
    for name in sys.argv[1:]:
        words += [token.text for token in formats.read(Path(name).read_bytes(), name).tokens]
    print(f"{len(words)} words")
    deletions(words, 540, dice)
    replacements(words, 540, dice)
    for share in (0.05, 0.15, 0.3):
        edits(words, share, 1620, dice)
    timing(words, dice)


if __name__ == "__main__":
    main()
