"""Takes out what a speech model invents: over silence and music, in loops, stock phrases of its training data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from onrecord.transcripts.tokens import Token, text_of

Range = tuple[int, int]
"""Start and end in milliseconds."""


@dataclass(frozen=True)
class Segment:
    """What the model said in one breath, and what it thought of it.

    `logprob` is the mean log probability of its pieces, `silence` the probability that nobody speaks, `compression`
    how many times smaller zlib makes the text.
    """

    tokens: tuple[Token, ...]
    logprob: float
    silence: float
    compression: float

    @property
    def text(self) -> str:
        """Its words as running text."""
        return text_of(self.tokens)

    @property
    def probability(self) -> float:
        """The mean probability of its words."""
        known = [token.probability for token in self.tokens if token.probability is not None]
        return sum(known) / len(known) if known else 0.0


@dataclass(frozen=True)
class Dropped:
    """Words that were taken out, when, and why."""

    text: str
    start: int
    reason: str


MOST_COMPRESSED = 2.4
"""A text that zlib makes smaller than this many times repeats itself (the limit that Whisper's own decoder uses)."""
LEAST_PROBABLE = 0.25
"""Segments whose words have a lower mean probability are guesses."""
SILENT, SILENT_LOGPROB, SILENT_PROBABILITY = 0.6, -1.0, 0.5
UNCOVERED = 0.35
"""A segment of which a smaller share lies where voice was found was not said."""
LATE_MS = 250
"""How far the model's word times may be off."""
SURE_SPEECH = 0.75
"""A stock phrase is believed when its words are at least so probable and stand among others."""
FASTEST = 9.0
"""Words a second that nobody says."""
SLOWEST_MS = 1500
"""No words in a row last so long in the mean."""
ALONE_MS = 4000
"""A segment with no other so near stands alone."""

# What was said under countless films and videos, so that the model says it when it hears nothing.
CREDITS = re.compile(
    r"amara ?org|subtitle[sd]? (?:by|provided)|subtitles? made|captions? by|transcri(?:bed|ption) by|copyright|otter ai"
    r"|untertitel(?:ung)? (?:im auftrag|von|der|des|aufgrund)|untertitel \w+ \w+ 20\d\d|sous titr|sous titres"
    r"|subt[íi]tulos (?:por|realizados|creados)|legendas? (?:por|pela)|legendado|sottotitoli|qtss|revisione a cura"
    r"|ondertitel|tv gelderland|undertekst|undertext|tekstet av|napisy stworzone|titulky|altyaz[ıi]"
    r"|субтитры|редактор субтитров|корректор|продолжение следует|字幕|ご視聴ありがとうございました"
    r"|请不吝点赞|明镜|자막|시청해 주셔서|ترجمة نانسي|اشتركوا في القناة|תרגום"
)
FAREWELLS = frozenset(
    """
    you|thank you|thank you very much|thank you so much|thanks|bye|bye bye|goodbye|okay|ok|oh|mm|hmm|uh|um|yeah|so|the
    thanks for watching|thank you for watching|thank you for listening|thanks for listening|see you next time
    see you in the next video|please subscribe|please subscribe to my channel|like and subscribe|subscribe
    dont forget to subscribe|ill see you in the next video|we ll be right back|music|applause|laughter
    vielen dank|vielen dank fürs zuschauen|danke|danke fürs zuschauen|bis zum nächsten mal|tschüss|das wars
    merci|merci davoir regardé|merci davoir regardé cette vidéo|abonnez vous|à bientôt
    gracias|gracias por ver el video|gracias por ver|muchas gracias|suscríbete|hasta la próxima
    obrigado|obrigada|obrigado por assistir|inscreva se no canal|tchau|grazie|grazie per la visione|grazie a tutti
    bedankt|bedankt voor het kijken|dziękuję|dziękuję za uwagę|děkuji|děkuji za pozornost|teşekkürler
    izlediğiniz için teşekkürler|tack|tack för att du tittade|takk for at du så på|tak|kiitos|köszönöm
    спасибо|спасибо за просмотр|до свидания|подписывайтесь на канал|всем пока|дякую|дякую за перегляд
    شكرا|شكرا للمشاهدة|شکریہ|धन्यवाद|谢谢|谢谢观看|謝謝|謝謝觀看|感谢观看|ありがとうございました|감사합니다|תודה|תודה רבה
    """.replace("\n", "|")
    .replace("    ", "")
    .strip("|")
    .split("|")
)
LAUGHTER = re.compile(
    r"(?:(?:ha|he|hi|ho|ah|ja|je|ха|хе|ах|хи|ها|ه|哈|呵|は|ハ|하|ㅋ|ㅎ)+[\s!,.…-]*){3,}", re.IGNORECASE
)
LONGEST_PATTERN = 12
"""Words of the longest phrase that is looked for as a loop."""


def plain(text: str) -> str:
    """Only letters and digits, in small letters, single spaces between words, apostrophes gone."""
    return " ".join(re.findall(r"\w+", re.sub(r"['’]", "", text.casefold())))


def sift(segments: Sequence[Segment], speech: Sequence[Range]) -> tuple[list[Segment], list[Dropped]]:
    """What was said, and what was not. `speech` says where a voice was found, in the tokens' milliseconds."""
    kept: list[Segment] = []
    dropped: list[Dropped] = []
    for at, segment in enumerate(segments):
        alone = _stands_alone(segments, at)
        reason = _why_not(segment, _covered(segment.tokens, speech), alone) if segment.tokens else "empty"
        if reason:
            dropped.append(_dropped(segment.tokens, reason))
        else:
            kept.append(segment)
    return _without_loops(kept, dropped), dropped


def repeats_itself(segments: Sequence[Segment]) -> bool:
    """Whether the model was caught in a loop anywhere."""
    tokens = [token for segment in segments for token in segment.tokens]
    return any(segment.compression > MOST_COMPRESSED for segment in segments) or bool(_loops(tokens))


def _why_not(segment: Segment, covered: float, alone: bool) -> str:
    """Why a segment was not said, or nothing."""
    words = plain(segment.text)
    if not words or LAUGHTER.fullmatch(segment.text.strip()):
        return "no words"
    if covered < UNCOVERED:
        return "no voice there"
    if segment.probability < LEAST_PROBABLE:
        return "a guess"
    if segment.silence > SILENT and (segment.logprob < SILENT_LOGPROB or segment.probability < SILENT_PROBABILITY):
        return "probably silence"
    if CREDITS.search(words) and (len(words.split()) <= LONGEST_PATTERN or segment.probability < SURE_SPEECH):
        return "a stock phrase"
    if words in FAREWELLS and (segment.probability < SURE_SPEECH or segment.silence > SILENT) and alone:
        return "a stock phrase"
    return _implausible(segment.tokens)


def _implausible(tokens: Sequence[Token]) -> str:
    span = (tokens[-1].end - tokens[0].start) / 1000
    if sum(token.space for token in tokens) > max(5.0, FASTEST * span):
        return "too fast"
    if sum(token.end - token.start for token in tokens) / len(tokens) > SLOWEST_MS:
        return "too slow"
    return ""


def _stands_alone(segments: Sequence[Segment], at: int) -> bool:
    here = segments[at].tokens
    near = [other.tokens for other in (*segments[max(0, at - 1) : at], *segments[at + 1 : at + 2]) if other.tokens]
    return not here or all(
        other[0].start - here[-1].end > ALONE_MS or here[0].start - other[-1].end > ALONE_MS for other in near
    )


def _covered(tokens: Sequence[Token], speech: Iterable[Range]) -> float:
    """The share of a segment's time that lies where a voice was found."""
    if not tokens:
        return 0.0
    start, end = tokens[0].start, max(tokens[-1].end, tokens[0].start + 1)
    inside = sum(max(0, min(end, stop + LATE_MS) - max(start, begin - LATE_MS)) for begin, stop in speech)
    return inside / (end - start)


def _without_loops(segments: Sequence[Segment], dropped: list[Dropped]) -> list[Segment]:
    """Loops cut down to their first turn, whatever segments they run through."""
    tokens = [token for segment in segments for token in segment.tokens]
    gone: set[int] = set()
    for loop, length in _loops(tokens):
        dropped.append(_dropped(tokens[loop.start + length : loop.stop], "a loop"))
        gone.update(range(loop.start + length, loop.stop))
    if not gone:
        return list(segments)
    kept, at = [], 0
    for segment in segments:
        left = tuple(token for place, token in enumerate(segment.tokens, at) if place not in gone)
        at += len(segment.tokens)
        if left:
            kept.append(replace(segment, tokens=left))
    return kept


def _loops(tokens: Sequence[Token]) -> list[tuple[range, int]]:
    """Where a phrase comes again and again: the whole range, and how many words the phrase has."""
    words = [plain(token.text) for token in tokens]
    found: list[tuple[range, int]] = []
    at = 0
    while at < len(words):
        for length in range(1, LONGEST_PATTERN + 1):
            times = _times(words, at, length)
            if times >= _too_often(length):
                found.append((range(at, at + times * length), length))
                at += times * length
                break
        else:
            at += 1
    return found


def _times(words: Sequence[str], at: int, length: int) -> int:
    times = 1
    while words[at : at + length] == words[at + times * length : at + (times + 1) * length]:
        times += 1
    return times


def _too_often(length: int) -> int:
    """How often in a row nobody says a phrase: "no, no, no, no, no" is said, a sentence four times over is not."""
    return 8 if length == 1 else 6 if length == 2 else 4


def _dropped(tokens: Sequence[Token], reason: str) -> Dropped:
    return Dropped(text_of(tokens)[:200], tokens[0].start if tokens else 0, reason)
