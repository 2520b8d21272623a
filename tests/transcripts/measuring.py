"""How well a transcript agrees with what was said: word error rate, share of words with the right speaker."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from onrecord.transcripts.tokens import Token

ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}
ORDINALS |= {"twelve": "twelfth", "twenty": "twentieth", "thirty": "thirtieth"}
SPELLINGS = {"programme": "program", "harbour": "harbor", "percent": "per cent"}
Turns = Sequence[tuple[float, float, str]]


def plain_words(text: str) -> list[str]:
    """Words in small letters without punctuation; numbers as words, one spelling of what has two."""
    text = text.lower().replace("%", " per cent").replace("-", " ")
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"(\d+)(st|nd|rd|th)\b", lambda found: _ordinal(int(found[1])), text)
    text = re.sub(r"\d+", lambda found: _number(int(found[0])), text)
    return " ".join(SPELLINGS.get(word, word) for word in re.findall(r"[\w']+", text)).split()


def _number(value: int) -> str:
    if 1100 <= value < 2000:  # a year
        return f"{_number(value // 100)} {_number(value % 100)}" if value % 100 else f"{_number(value // 100)} hundred"
    if value >= 1000:
        return f"{_number(value // 1000)} thousand {_number(value % 1000) if value % 1000 else ''}"
    if value >= 100:
        return f"{ONES[value // 100]} hundred" + (f" and {_number(value % 100)}" if value % 100 else "")
    if value >= 20:
        return TENS[value // 10] + (f" {ONES[value % 10]}" if value % 10 else "")
    return ONES[value]


def _ordinal(value: int) -> str:
    *first, last = _number(value).split()
    return " ".join([*first, ORDINALS.get(last, f"{last}th")])


def word_error_rate(said: str, heard: str) -> float:
    """Words that were changed, left out or added, as a share of the words that were said."""
    reference = plain_words(said)
    return float(Levenshtein.distance(reference, plain_words(heard))) / len(reference)


def turns_of(recording: Path) -> Turns:
    """Who speaks when, from the .json or .rttm beside a recording: (start, end, speaker) in seconds."""
    if recording.with_suffix(".rttm").exists():
        rows = [line.split() for line in recording.with_suffix(".rttm").read_text().splitlines()]
        return [(float(row[3]), float(row[3]) + float(row[4]), row[7]) for row in rows]
    return [(t["start"], t["end"], t["speaker"]) for t in json.loads(recording.with_suffix(".json").read_text())]


def share_with_right_speaker(tokens: Sequence[Token], turns: Turns) -> float:
    """The share of words whose speaker is one who speaks then, speakers paired as fits best, each once."""
    spoken = [_who(turns, (token.start + token.end) / 2000) for token in tokens]
    pairs = Counter((token.speaker, who) for token, whos in zip(tokens, spoken, strict=True) for who in whos)
    names: dict[int | None, str] = {}
    for (speaker, who), _ in pairs.most_common():
        if speaker not in names and who not in names.values():
            names[speaker] = who
    right = sum(names.get(token.speaker) in whos for token, whos in zip(tokens, spoken, strict=True))
    return right / len(tokens)


def _who(turns: Turns, moment: float) -> set[str]:
    """Everybody who speaks at a moment, or the one who speaks nearest to it."""
    now = {who for start, end, who in turns if start <= moment <= end}
    return now or {min(turns, key=lambda turn: min(abs(turn[0] - moment), abs(turn[1] - moment)))[2]}
