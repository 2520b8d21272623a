"""Which language a recording is in, and whether it was heard well enough to be shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from onrecord.transcripts.engines.loops import Dropped
from onrecord.transcripts.engines.windows import RATE, Samples, Sound, as_sound
from onrecord.transcripts.tokens import Token

Recognise = Callable[[Sound], dict[str, float]]
"""How probable each language is in a piece of sound; empty when nobody speaks there. `Ear.language` is one."""

PIECE = 45 * RATE
"""Samples of a piece that is listened to."""
FIRST_LOOK, SECOND_LOOK, THIRD_LOOK = 3, 7, 25
"""How many pieces are listened to: until they agree, until somebody speaks."""
AGREED = 0.8
LEAST_SHARE = 0.5
"""With a smaller share of the votes, a language is not recognised."""
LEAST_EXPECTED = 0.1
"""The language that the publisher's shows are in is believed already with this share."""
LEAST_PROBABILITY = 0.5
MOST_INVENTED = 0.3
FEW_WORDS = 5

ALIASES = {"nb": "no", "iw": "he", "in": "id", "ji": "yi", "fil": "tl", "cmn": "zh", "jv": "jw", "mo": "ro"}
"""Codes that the speech models know by another name."""


@dataclass(frozen=True)
class Detected:
    """The language that was recognised; `code` is empty when none was, `spoken` whether anybody speaks at all."""

    code: str
    share: float
    spoken: bool


def code_of(tag: str) -> str:
    """The code by which the speech models know a language tag such as "en-GB"."""
    first = tag.replace("_", "-").split("-")[0].lower()
    return ALIASES.get(first, first)


def detect(samples: Samples, recognise: Recognise, expected: str = "") -> Detected:
    """The language of a recording, by votes of pieces all over it. `expected` is believed more easily."""
    votes: Counter[str] = Counter()
    heard = 0
    listened: set[int] = set()
    for look in (FIRST_LOOK, SECOND_LOOK, THIRD_LOOK):
        for start in _places(len(samples), look):
            if start in listened:
                continue
            listened.add(start)
            found = recognise(as_sound(samples[start : start + PIECE]))
            votes.update(found)
            heard += bool(found)
        if heard and (votes.most_common(1)[0][1] / heard >= AGREED or look == SECOND_LOOK):
            break
    if not heard:
        return Detected("", 0.0, spoken=False)
    best, count = votes.most_common(1)[0]
    if count / heard < LEAST_SHARE and votes[expected] / heard >= LEAST_EXPECTED:
        best, count = expected, votes[expected]
    elif count / heard < LEAST_SHARE:
        best = ""
    return Detected(best, count / heard, spoken=True)


def _places(length: int, count: int) -> list[int]:
    """Where pieces begin, evenly over the recording, without overlap."""
    count = max(1, min(count, length // PIECE))
    return [max(0, length * (2 * number + 1) // (2 * count) - PIECE // 2) for number in range(count)]


def heard_badly(tokens: Sequence[Token], dropped: Sequence[Dropped]) -> bool:
    """Whether what was heard is so uncertain, or so full of loops, that it had better not be shown."""
    known = [token.probability for token in tokens if token.probability is not None]
    if known and sum(known) / len(known) < LEAST_PROBABILITY:
        return True
    invented = sum(len(one.text.split()) for one in dropped if one.reason in ("a guess", "a loop"))
    return invented > FEW_WORDS and invented > MOST_INVENTED * (len(tokens) + invented)
