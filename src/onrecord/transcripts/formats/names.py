"""Speakers' names that stand as "Name: " before what they say, as SRT and plain text have them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from onrecord.transcripts.formats.document import Cue

JOINER = "\u2060"
"""WORD JOINER, which no reader sees. We put it into text that would otherwise read back as something else."""

PREFIX = re.compile(
    rf"\s{{0,9}}(?:>>\s{{0,9}}|-\s{{0,9}})?\[?(?P<name>{JOINER}(?:[^:\n]|(?<={JOINER}):){{1,400}}|[^:\[\]\n]{{1,60}})"
    r"(?P<end>\]?\s{0,9}:)(?:\s+|\Z)"
)
GUARD = re.compile(rf"{JOINER}(?=\]?\s{{0,9}}:)")
NOT_IN_NAMES = re.compile(r"[,;!?\"“”«»()<>@/…]|\.\S{2}|\S{4}\.(\s|$)|\d{3}")
PARTICLES = frozenset("de da di del der den van von bin ibn al el la le du of the and y e zu".split())  # noqa: SIM905
MOST_WORDS = 5


def looks_like_name(text: str) -> bool:
    """Whether words before a colon could be somebody's name: few, capitalised where the script has capitals."""
    words = text.split()
    if not 1 <= len(words) <= MOST_WORDS or NOT_IN_NAMES.search(text) or not words[0][0].isalpha():
        return False
    return not words[0][0].islower() and all(not w[0].islower() or w in PARTICLES for w in words)


def prefix(name: str, text: str) -> str:
    """What stands before `text` when `name` begins to speak."""
    shown = name.replace(":", f"{JOINER}:")
    plain = looks_like_name(name) and shown == name and "[" not in name and "]" not in name
    return f"{shown}: " if plain and text else f"{JOINER}{shown}: "


def guarded(text: str) -> str:
    """`text` with a joiner before its first colon if it would read as somebody's name."""
    found = PREFIX.match(text)
    return f"{text[: found.start('end')]}{JOINER}{text[found.start('end') :]}" if found else text


def unguarded(text: str) -> str:
    """`text` without the joiners that `guarded` and `prefix` put in."""
    return GUARD.sub("", text)


def split_prefix(text: str, known: Collection[str] = ()) -> tuple[str | None, str]:
    """The name before the text, if there is one, and what is said."""
    found = PREFIX.match(text)
    if not found:
        return None, text
    given = found["name"]
    name = unguarded(given.removeprefix(JOINER)).strip()
    if given.rstrip().endswith(JOINER) and not given.startswith(JOINER):
        return None, text
    sure = given.startswith(JOINER) or name in known
    return (name, text[found.end() :]) if name and (sure or looks_like_name(name)) else (None, text)


def with_named_speakers(cues: Sequence[Cue], known: Collection[str] = ()) -> list[Cue]:
    """The cues with the names before their texts as speakers, who stay until the next name.

    Where other words stand before a colon as often as names do, colons belong to the sentences and nobody is named,
    but for names that are known.
    """
    names = others = 0
    for cue in cues:
        found, _ = split_prefix(cue.text, known)
        names += found is not None
        others += found is None and bool(PREFIX.match(cue.text)) and JOINER not in cue.text
    trusted = names > others
    speaker: str | None = None
    result: list[Cue] = []
    for cue in cues:
        name, text = split_prefix(cue.text, known)
        if name and (trusted or name in known):
            speaker = name
        else:
            text = cue.text
        result.append(replace(cue, text=unguarded(text), speaker=cue.speaker or speaker))
    return result
