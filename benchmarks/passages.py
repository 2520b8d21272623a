"""How well quotations survive when what a machine heard gives way to what a person wrote, and how long it takes.

    python benchmarks/passages.py HEARD TRUTH

HEARD: the recogniser's words with times (a transcript.json or .vtt that we wrote). TRUTH: what was said, in any format
that we read, or a JSON list of turns with `text`. Each sentence and random runs of 1, 3, 5 and 12 words of what was
heard are quoted. Right is where a slow alignment of letters (`difflib`) puts them. Wrong: attached by the map to words
of which none is right. Lost: orphaned although half of the words or more are there. Then 500 of the quotations are
deleted, and must be found nowhere.
"""

from __future__ import annotations

import difflib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from onrecord.passages.anchoring import widened
from onrecord.transcripts import formats, maps
from onrecord.transcripts.anchors import Step, anchors, sentence_spans
from onrecord.transcripts.maps import State
from onrecord.transcripts.tokens import Token, split, text_of

LENGTHS = (1, 3, 5, 12)
BY_MAP = (State.SAME, State.CHANGED, State.MOVED)


def read(name: str) -> list[Token]:
    """The words of a file; a list of turns has no times for single words."""
    data = Path(name).read_bytes()
    if name.endswith(".json") and isinstance(turns := json.loads(data), list):
        return [Token(word, 0, 0) for turn in turns for word, _ in split(turn["text"])]
    return formats.read(data, name).tokens


def by_letters(old: Sequence[Token], new: Sequence[Token]) -> dict[int, int]:
    """For old words the new ones that most of their letters became: found letter by letter, by no map of ours."""
    a, b = _letters(old), _letters(new)
    matcher = difflib.SequenceMatcher(None, [letter for _, letter in a], [letter for _, letter in b], autojunk=False)
    shared: dict[int, Counter[int]] = {}
    for match in matcher.get_matching_blocks():
        for k in range(match.size):
            if a[match.a + k][1] != " ":
                shared.setdefault(a[match.a + k][0], Counter())[b[match.b + k][0]] += 1
    found = {n: counts.most_common(1)[0] for n, counts in shared.items()}
    return {n: m for n, (m, count) in found.items() if 2 * count >= len(maps.sound(old[n].text))}


def _letters(tokens: Sequence[Token]) -> list[tuple[int, str]]:
    return [(n, letter) for n, token in enumerate(tokens) for letter in f"{maps.sound(token.text)} "]


def timed(old: Sequence[Token], new: Sequence[Token], word_map: maps.WordMap) -> list[Token]:
    """The corrected words with the times of the words that they are or stand between, as an import gives them."""
    places = {m: old[n] for n, m in word_map.kept()}
    result: list[Token] = []
    for n, token in enumerate(new):
        was = places.get(n)
        at = result[-1].end if result else 0
        result.append(Token(token.text, was.start, was.end) if was else Token(token.text, at, at))
    return result


def quotations(old: Sequence[Token], chance: random.Random) -> list[range]:
    """Every sentence, and as many runs of each length."""
    sentences = list(sentence_spans(old))
    runs = [(chance.randrange(len(old) - n), n) for n in LENGTHS for _ in range(300)]
    return [*sentences, *(range(start, start + n) for start, n in runs)]


def corrected(old: Sequence[Token], truth: Sequence[Token], chance: random.Random) -> None:
    """From what was heard to what was said."""
    word_map = maps.make(old, truth)
    new = timed(old, truth, word_map)
    right = by_letters(old, new)
    sentences = list(sentence_spans(old))
    states: Counter[str] = Counter()
    wrong = lost = 0
    passages = quotations(old, chance)
    begun = time.perf_counter()
    for passage in passages:
        found = maps.resolve(word_map, old, new, passage, widened(passage, sentences))
        states[found.state.value] += 1
        there = {right[n] for n in passage if n in right}
        if found.state in BY_MAP and found.now is not None and there and not there & set(found.now):
            wrong += 1
            print(
                "wrong:",
                text_of(old[passage.start : passage.stop]),
                "->",
                text_of(new[found.now.start : found.now.stop]),
            )
        kept = sum(n in right and maps.sound(old[n].text) == maps.sound(new[right[n]].text) for n in passage)
        lost += found.state not in BY_MAP and 2 * kept >= len(passage)
    took = time.perf_counter() - begun
    print(
        f"{len(old)} words heard, {len(new)} said, {sum(n in dict(word_map.kept()) for n in range(len(old)))} the same"
    )
    print(
        f"{len(passages)} passages: {dict(states)}; wrong: {wrong}; lost: {lost}; "
        f"{1e6 * took / len(passages):.0f} µs each"
    )
    begun = time.perf_counter()
    made = anchors([Step(old), Step(new, word_map)])
    gone = sum(one.gone for several in made.former.values() for one in several)
    print(f"{len(sentences)} ids of sentences: {gone} lost their words; {1e3 * (time.perf_counter() - begun):.0f} ms")


def deleted(old: Sequence[Token], trials: int, chance: random.Random) -> None:
    """Quotations are taken out of what was heard."""
    wrong = 0
    sentences = list(sentence_spans(old))
    for _ in range(trials):
        length = chance.choice(LENGTHS)
        start = chance.randrange(1, len(old) - 2 * length)
        passage = range(start, start + length)
        new = [*old[: passage.start], *old[passage.stop :]]
        found = maps.resolve(maps.make(old, new), old, new, passage, widened(passage, sentences))
        if found.state in BY_MAP and not _same_beside(old, passage):
            wrong += 1
    print(f"{trials} deletions: {wrong} attached elsewhere")


def _same_beside(old: Sequence[Token], passage: range) -> bool:
    """Whether taking out neighbouring words instead would leave the same text."""
    sounds = [maps.sound(token.text) for token in old]
    length = len(passage)
    return (
        sounds[passage.start - 1] == sounds[passage.stop - 1]
        or sounds[passage.start : passage.start + 1] == sounds[passage.start + length : passage.start + length + 1]
    )


def main() -> None:
    """Both."""
    chance = random.Random(5)
    old, truth = read(sys.argv[1]), read(sys.argv[2])
    corrected(old, truth, chance)
    deleted(old, 500, chance)


if __name__ == "__main__":
    main()
