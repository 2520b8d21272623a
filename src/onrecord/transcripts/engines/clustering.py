"""Tells speakers apart: groups voice vectors, finds how many speakers there are, and gives each word its speaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from onrecord.transcripts.engines.voices import Floats, Voices, may_change
from onrecord.transcripts.tokens import Token

Labels = npt.NDArray[np.int64]

MOST_TO_GROUP = 1200
"""Vectors that are compared each with each; of more, an even selection is."""
MOST_GROUPS = 14
"""Groups to begin with; those of one speaker are then put together."""
TELLING_MS, FEW = 1000, 12
"""What looked at less does not take part in finding the speakers, where there are at least so many others."""
FEWEST = 4
"""Vectors of a group that may be a speaker's: some two seconds of speech."""
ROUNDS = 20

# Two groups are two speakers when they lie apart in both ways. Measured on voices of one speaker, cut in two where it
# is easiest, and of two speakers, clean, with noise, in a room and by telephone: docs/speech.md.
APART, APART_SMALL = 5.4, 10.0
ALIKE, ALIKE_SMALL = 0.89, 0.4

NEAR_MS = 800
"""How far the middle of what a vector looked at may be from a word that it tells about."""
SPREAD = 0.05
"""How much one voice's similarity to itself varies."""
STAY_WITHIN, STAY, STAY_AT_CUT = 100.0, 6.0, 1.0
"""What a change of speaker costs, in spreads: within a word, between words, where `may_change` says so."""


def speakers(voices: Voices) -> Floats:
    """One vector of unit length for each speaker that is found, at least one; (0, width) without vectors."""
    vectors = voices.vectors[voices.lengths >= TELLING_MS]
    if len(vectors) < FEW:
        vectors = voices.vectors
    if not len(vectors):
        return vectors
    some = vectors[np.linspace(0, len(vectors) - 1, min(len(vectors), MOST_TO_GROUP)).astype(int)]
    centres = _refined(some, _first_groups(some))
    while len(centres) > 1:
        labels = _nearest(vectors, centres)
        pair = _closest_of_one_speaker(vectors, labels, centres)
        if pair is None:
            break
        labels[labels == pair[1]] = pair[0]
        centres = _refined(vectors, _centres(vectors, labels))
    return centres


def with_speakers(tokens: Sequence[Token], speech: Sequence[tuple[int, int]], voices: Voices) -> list[Token]:
    """The words with who says them: speakers are counted from 0 in the order of their first words.

    `speech` are the stretches that `voices` were made of. A change of speaker is likelier after a pause or a
    sentence's end than between two words that follow each other closely.
    """
    centres = speakers(voices)
    if not tokens or not len(centres):
        return [replace(token, speaker=0) for token in tokens]
    likeness = _likeness(tokens, speech, voices, centres)
    labels = _path(likeness, [_cost_of_change(before, after) for before, after in pairwise(tokens)])
    numbers: dict[int, int] = {}
    return [
        replace(token, speaker=numbers.setdefault(label, len(numbers)))
        for token, label in zip(tokens, labels, strict=True)
    ]


# --- how many speakers


def _first_groups(vectors: Floats) -> Floats:
    """Centres of the groups that average linkage leaves while there are still MOST_GROUPS large ones, or as many as
    there ever are."""
    merges = _merges(vectors)
    sizes = [1] * len(vectors)
    large = [0]
    for one, other in merges:
        sizes.append(sizes[one] + sizes[other])
        gone = (sizes[one] >= FEWEST) + (sizes[other] >= FEWEST)
        large.append(large[-1] + (sizes[-1] >= FEWEST) - gone)
    wanted = min(MOST_GROUPS, max(large))
    if not wanted:
        return _unit(vectors.mean(axis=0, keepdims=True))
    done = max(number for number, count in enumerate(large) if count >= wanted)
    members = {number: [number] for number in range(len(vectors))}
    for number, (one, other) in enumerate(merges[:done], len(vectors)):
        members[number] = members.pop(one) + members.pop(other)
    groups = [group for group in members.values() if len(group) >= FEWEST]
    return _unit(np.stack([vectors[group].mean(axis=0) for group in groups]))


def _merges(vectors: Floats) -> list[tuple[int, int]]:
    """Average-linkage merges of unit vectors, most similar first. The n-th makes group number len(vectors) + n."""
    count = len(vectors)
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -np.inf)
    sizes, names = np.ones(count, np.float32), list(range(count))
    merges = []
    for number in range(count, 2 * count - 1):
        one, other = map(int, np.unravel_index(np.argmax(similar), similar.shape))
        merges.append((names[one], names[other]))
        joint = (sizes[one] * similar[one] + sizes[other] * similar[other]) / (sizes[one] + sizes[other])
        joint[one] = -np.inf
        similar[one], similar[:, one] = joint, joint
        similar[other], similar[:, other] = -np.inf, -np.inf
        sizes[one] += sizes[other]
        names[one] = number
    return merges


def _refined(vectors: Floats, centres: Floats) -> Floats:
    """The centres after each vector has gone to the nearest until none moves; small groups dissolve."""
    labels = _nearest(vectors, centres)
    for _ in range(ROUNDS):
        centres = _centres(vectors, labels)
        moved = _nearest(vectors, centres)
        if np.array_equal(moved, labels):
            break
        labels = moved
    return centres


def _nearest(vectors: Floats, centres: Floats) -> Labels:
    return np.asarray((vectors @ centres.T).argmax(axis=1))


def _centres(vectors: Floats, labels: Labels) -> Floats:
    """The mean of each group that is large enough, of unit length; of all vectors when none is."""
    names, counts = np.unique(labels, return_counts=True)
    large = names[counts >= FEWEST]
    if not len(large):
        return _unit(vectors.mean(axis=0, keepdims=True))
    return _unit(np.stack([vectors[labels == name].mean(axis=0) for name in large]))


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), np.float32)


def _closest_of_one_speaker(vectors: Floats, labels: Labels, centres: Floats) -> tuple[int, int] | None:
    """The most similar pair of groups that are not two speakers; None when all are."""
    alike = centres @ centres.T
    pairs = [(float(alike[a, b]), a, b) for a in range(len(centres)) for b in range(a)]
    for likeness, a, b in sorted(pairs, reverse=True):
        if not _two_speakers(vectors[labels == a], vectors[labels == b], likeness):
            return a, b
    return None


def _two_speakers(one: Floats, other: Floats, likeness: float) -> bool:
    """Whether two groups lie apart: their centres, and all of them seen along the line between the centres.

    Small groups must lie further apart, because chance moves their centres.
    """
    fewest = min(len(one), len(other))
    if fewest < FEWEST or likeness > ALIKE - ALIKE_SMALL / fewest:
        return False
    line = _unit(one.mean(axis=0) - other.mean(axis=0))
    here, there = one @ line, other @ line
    gap = (here.mean() - there.mean()) / np.sqrt((here.var() + there.var()) / 2 + 1e-9)
    return bool(gap > APART + APART_SMALL / fewest)


# --- who says each word


def _likeness(
    tokens: Sequence[Token], speech: Sequence[tuple[int, int]], voices: Voices, centres: Floats
) -> npt.NDArray[np.float64]:
    """How much each word sounds like each speaker, in spreads below the likest: (words, speakers), at most 0."""
    similar = voices.vectors @ centres.T
    words = np.array([(token.start + token.end) // 2 for token in tokens])
    result = np.zeros((len(tokens), len(centres)))
    stretch_of = _stretches(words, speech)
    for at, (word, stretch) in enumerate(zip(words, stretch_of, strict=True)):
        first, last = np.searchsorted(voices.middles, (word - NEAR_MS, word + NEAR_MS))
        near = np.arange(first, last)
        same = near[voices.stretches[near] == stretch]
        near = same if len(same) else near
        if len(near):
            weights = 1.05 - np.abs(voices.middles[near] - word) / NEAR_MS
            result[at] = weights @ similar[near] / weights.sum()
    return np.asarray((result - result.max(axis=1, keepdims=True)) / SPREAD)


def _stretches(words: Labels, speech: Sequence[tuple[int, int]]) -> Labels:
    """The number of the stretch of speech that each moment lies in, or begins last before it."""
    starts = np.array([start for start, _ in speech] or [0])
    return np.maximum(np.searchsorted(starts, words, side="right") - 1, 0)


def _cost_of_change(before: Token, after: Token) -> float:
    """What a change of speaker between two words costs, in spreads of likeness."""
    if not after.space:
        return STAY_WITHIN
    return STAY_AT_CUT if may_change(before, after) else STAY


def _path(likeness: npt.NDArray[np.float64], costs: Sequence[float]) -> list[int]:
    """The likeliest speaker of each word when changes cost something (Viterbi)."""
    score = likeness[0]
    came_from = []
    for row, cost in zip(likeness[1:], costs, strict=True):
        changed = score.max() - cost
        came_from.append(np.where(score >= changed, np.arange(len(score)), score.argmax()))
        score = np.maximum(score, changed) + row
    path = [int(score.argmax())]
    for row in reversed(came_from):
        path.append(int(row[path[-1]]))
    return path[::-1]
