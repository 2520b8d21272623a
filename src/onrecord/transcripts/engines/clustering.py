"""Tells speakers apart: groups voice vectors, finds how many speakers there are, and gives each word its speaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from onrecord.transcripts.engines.voices import HOP_MS, LENGTH_MS, Floats, Voices, may_change
from onrecord.transcripts.tokens import Token

Labels = npt.NDArray[np.int64]

MOST_TO_GROUP = 1200
"""Vectors that are compared each with each; of more, an even selection is."""
MOST_GROUPS = 14
"""Groups to begin with; those of one speaker are then put together."""
TELLING_MS, FEW = 1000, 12
"""What looked at less does not take part in finding the speakers, where there are at least so many others."""
FEWEST, FEWEST_SHARE = 2.5, 0.005
"""Independent looks of a group that may be a speaker's, and their share of all."""
MOST_OF_A_STRETCH = 1.5
"""Independent looks that one stretch of speech is worth, however long."""
USUAL_CHANGES, MOST_CHANGES = 2, 4
"""Two people take turns; one person who has changed manner goes on so. More changes between groups, more evidence."""
MOST_SPEAKERS = 30
DIRECTIONS = 2
ROUNDS = 20

# Two groups are two speakers when they lie apart in both ways; small groups further, because chance moves them.
# Measured on voices of one speaker, cut in two where it is easiest, and of two, clean and not: docs/speech.md.
APART, APART_SMALL = 5.4, 8.0
ALIKE, ALIKE_SMALL = 0.89, 0.15
APART_MINOR, MINOR_SHARE = 2.0, 0.15
"""Added for a group beside which the other is very large: the longer one person speaks, the more moods are heard."""

NEAR_MS = 800
"""How far the middle of what a vector looked at may be from a word that it tells about."""
SPREAD = 0.05
"""How much one voice's similarity to itself varies."""
STAY_WITHIN, STAY, STAY_AT_CUT = 100.0, 6.0, 1.0
"""What a change of speaker costs, in spreads: within a word, between words, where `may_change` says so."""


@dataclass(frozen=True)
class Looks:
    """Vectors that take part in finding the speakers, and how many independent looks at a voice each is worth."""

    vectors: Floats
    stretches: Labels
    worth: npt.NDArray[np.float64]

    @classmethod
    def of(cls, voices: Voices) -> Looks:
        """Vectors of one stretch look at much the same sound, said in one manner: they share what it is worth."""
        telling = voices.lengths >= TELLING_MS
        if np.count_nonzero(telling) < FEW:
            telling = np.ones(len(voices.vectors), bool)
        stretches = voices.stretches[telling]
        _, place, counts = np.unique(stretches, return_inverse=True, return_counts=True)
        count = counts[place]
        worth = np.minimum(MOST_OF_A_STRETCH, 1 + (count - 1) * HOP_MS / LENGTH_MS) / count
        return cls(voices.vectors[telling], stretches, np.asarray(worth))

    def fewest(self) -> float:
        """What a group must be worth to be a speaker's."""
        return max(FEWEST, FEWEST_SHARE * float(self.worth.sum()))

    def where(self, chosen: npt.NDArray[np.bool_]) -> Looks:
        """Some of them."""
        return Looks(self.vectors[chosen], self.stretches[chosen], self.worth[chosen])

    def some(self, most: int) -> Looks:
        """An even selection, worth as much together."""
        places = np.linspace(0, len(self.vectors) - 1, min(len(self.vectors), most)).astype(int)
        worth = self.worth[places] * (len(self.vectors) / max(1, len(places)))
        return Looks(self.vectors[places], self.stretches[places], worth)


def speakers(voices: Voices) -> Floats:
    """One vector of unit length for each speaker that is found, at least one; (0, width) without vectors."""
    looks = Looks.of(voices)
    if not len(looks.vectors):
        return looks.vectors
    some = looks.some(MOST_TO_GROUP)
    return _split(looks, _merged(looks, _refined(some, _first_groups(some))))


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


def _merged(looks: Looks, centres: Floats) -> Floats:
    """The centres after groups that are not two speakers have been put together, the most similar first."""
    while len(centres) > 1:
        labels = _nearest(looks.vectors, centres)
        pair = _closest_of_one_speaker(looks, labels, centres)
        if pair is None:
            break
        labels[labels == pair[1]] = pair[0]
        centres = _refined(looks, _centres(looks, labels))
    return centres


def _split(looks: Looks, centres: Floats) -> Floats:
    """The centres after groups have been cut in two where they turn out to be two speakers.

    Merging goes from near to near and may join two speakers who are near each other here and there; seen along the
    direction in which a whole group varies most, they still lie apart.
    """
    at = 0
    while at < len(centres) and len(centres) < MOST_SPEAKERS:
        labels = _nearest(looks.vectors, centres)
        halves = _halves(looks.where(labels == at))
        cut = centres if halves is None else _refined(looks, np.concatenate([centres[:at], halves, centres[at + 1 :]]))
        if len(cut) > len(centres):
            centres = cut
        else:  # one speaker, or halves that dissolve again among all vectors
            at += 1
    return centres


def _halves(looks: Looks) -> Floats | None:
    """The centres of the two speakers in one group; None when there is only one."""
    if looks.worth.sum() < 2 * FEWEST:
        return None
    directions = np.linalg.svd(looks.vectors - looks.vectors.mean(axis=0), full_matrices=False)[0]
    for side in (directions.T[:DIRECTIONS] > 0).astype(int):
        centres = _refined(looks, _centres(looks, side))
        if len(centres) == 2 and _closest_of_one_speaker(looks, _nearest(looks.vectors, centres), centres) is None:
            return centres
    return None


def _first_groups(looks: Looks) -> Floats:
    """Centres of the groups that average linkage leaves while there are still MOST_GROUPS large ones, or as many as
    there ever are."""
    merges = _merges(looks.vectors)
    worth = looks.worth.tolist()
    large = [sum(one >= FEWEST for one in worth)]
    for one, other in merges:
        worth.append(worth[one] + worth[other])
        large.append(large[-1] + (worth[-1] >= FEWEST) - (worth[one] >= FEWEST) - (worth[other] >= FEWEST))
    wanted = min(MOST_GROUPS, max(large))
    if not wanted:
        return _unit(looks.vectors.mean(axis=0, keepdims=True))
    done = max(number for number, count in enumerate(large) if count >= wanted)
    members = {number: [number] for number in range(len(looks.vectors))}
    for number, (one, other) in enumerate(merges[:done], len(members)):
        members[number] = members.pop(one) + members.pop(other)
    groups = [group for name, group in members.items() if worth[name] >= FEWEST]
    return _unit(np.stack([looks.vectors[group].mean(axis=0) for group in groups]))


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


def _refined(looks: Looks, centres: Floats) -> Floats:
    """The centres after each vector has gone to the nearest until none moves; small groups dissolve."""
    labels = _nearest(looks.vectors, centres)
    for _ in range(ROUNDS):
        centres = _centres(looks, labels)
        moved = _nearest(looks.vectors, centres)
        if np.array_equal(moved, labels):
            break
        labels = moved
    return centres


def _nearest(vectors: Floats, centres: Floats) -> Labels:
    return np.asarray((vectors @ centres.T).argmax(axis=1))


def _centres(looks: Looks, labels: Labels) -> Floats:
    """The mean of each group that is large enough, of unit length; of all vectors when none is."""
    large = np.flatnonzero(np.bincount(labels, looks.worth) >= looks.fewest())
    if not len(large):
        return _unit(looks.vectors.mean(axis=0, keepdims=True))
    return _unit(np.stack([looks.vectors[labels == name].mean(axis=0) for name in large]))


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), np.float32)


def _closest_of_one_speaker(looks: Looks, labels: Labels, centres: Floats) -> tuple[int, int] | None:
    """The most similar pair of groups that are not two speakers; None when all are."""
    alike = centres @ centres.T
    worth = np.bincount(labels, looks.worth, minlength=len(centres))
    pairs = [(float(alike[a, b]), a, b) for a in range(len(centres)) for b in range(a)]
    for likeness, a, b in sorted(pairs, reverse=True):
        fewest = min(worth[a], worth[b])
        if fewest < looks.fewest() or likeness > ALIKE - ALIKE_SMALL / fewest:
            return a, b
        evidence = fewest * min(_changes(looks, labels, a, b), MOST_CHANGES) / USUAL_CHANGES
        minor = max(0.0, 1 - fewest / (worth[a] + worth[b]) / MINOR_SHARE)
        needed = APART + APART_SMALL / max(evidence, 0.1) + APART_MINOR * minor
        if _gap(looks.vectors[labels == a], looks.vectors[labels == b]) < needed:
            return a, b
    return None


def _changes(looks: Looks, labels: Labels, a: int, b: int) -> int:
    """How often the talk goes from one group to the other, from one stretch of speech to another."""
    either = (labels == a) | (labels == b)
    _, place = np.unique(looks.stretches[either], return_inverse=True)
    mostly = np.bincount(place, np.where(labels[either] == a, 1.0, -1.0)) > 0
    return int(np.count_nonzero(mostly[1:] != mostly[:-1]))


def _gap(one: Floats, other: Floats) -> float:
    """How far two groups lie apart along the line between their centres, in spreads of one group."""
    line = _unit(one.mean(axis=0) - other.mean(axis=0))
    here, there = one @ line, other @ line
    return float((here.mean() - there.mean()) / np.sqrt((here.var() + there.var()) / 2 + 1e-9))


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
