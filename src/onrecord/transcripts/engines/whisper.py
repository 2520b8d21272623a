"""Hears the words of one window of a recording, with faster-whisper."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from onrecord.transcripts.engines import loops
from onrecord.transcripts.engines.loops import Range, Segment
from onrecord.transcripts.engines.windows import PER_MS, RATE, Sound
from onrecord.transcripts.tokens import Token

Told = Callable[[int], None]
"""Told up to which millisecond the model has listened."""

log = logging.getLogger("onrecord.transcripts")

BEAM = 5
PAUSE_MS = 300
"""A shorter silence does not end a stretch of speech."""
KEPT_PAUSE_MS = 2000
"""Longer silences are cut out before the model listens."""
PAD_MS = 400
HOLE_MS = 1500
"""Speech without words for so long is heard again by itself."""
HOLE_MARGIN_MS = 200
LONG_WORD_MS = 500
LONGEST_AGAIN_MS = 29_000
MOST_HOLES = 6
HOLE_PROBABILITY = 0.5
"""What is heard in a hole must be so probable to be believed."""
NO_REPEATS = 4
"""How many words may not come again, when the first hearing was caught in a loop."""


@dataclass(frozen=True)
class Heard:
    """The words of one window and how well they were heard. Times in milliseconds from the recording's start.

    `speech` is where a voice was found; `dropped` what the model invented.
    """

    tokens: list[Token]
    speech: list[Range] = field(default_factory=list)
    dropped: list[loops.Dropped] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"speech": self.speech, "dropped": [asdict(one) for one in self.dropped]}


class Ear:
    """A loaded model. Holds some 300 MB for `base`; one process needs only one."""

    def __init__(self, folder: Path, device: str = "auto", threads: int = 1) -> None:
        from faster_whisper import WhisperModel

        self.device = device if device != "auto" else "cuda" if _cuda_works(folder) else "cpu"
        self._whisper = WhisperModel(
            str(folder), device=self.device, compute_type=_number_kind(self.device), cpu_threads=threads
        )

    @property
    def multilingual(self) -> bool:
        """Whether it knows languages other than English."""
        return bool(self._whisper.model.is_multilingual)

    def language(self, sound: Sound) -> dict[str, float]:
        """How probable each language is, by the first 30 seconds of speech in `sound`; empty when nobody speaks."""
        ranges = find_speech(sound)
        if not ranges:
            return {}
        heard = _joined(sound, ranges)[: 30 * RATE]
        _, _, probabilities = self._whisper.detect_language(heard)
        return dict(probabilities or [])

    def listen(
        self,
        sound: Sound,
        ranges: Sequence[Range],
        language: str,
        told: Told = lambda at: None,
        context: bool = True,
        may_repeat: bool = True,
    ) -> list[Segment]:
        """What is said in these ranges (milliseconds of `sound`), nothing taken out.

        Every hearing decodes at temperature 0, so that the same sound always gives the same words. `context`: the words
        before are used to understand those that follow. Without `may_repeat` no four words come twice in a row of
        thirty seconds.
        """
        from faster_whisper.transcribe import restore_speech_timestamps

        chunks = [{"start": start * PER_MS, "end": end * PER_MS} for start, end in ranges]
        segments, _ = self._whisper.transcribe(
            _joined(sound, ranges),
            language=language,
            beam_size=BEAM,
            temperature=[0.0],
            condition_on_previous_text=context,
            no_repeat_ngram_size=0 if may_repeat else NO_REPEATS,
            word_timestamps=True,
        )
        result = []
        for segment in restore_speech_timestamps(segments, chunks, RATE):
            told(round(segment.end * 1000))
            result.append(
                Segment(_tokens(segment.words), segment.avg_logprob, segment.no_speech_prob, segment.compression_ratio)
            )
        return result


def hear(ear: Ear, sound: Sound, offset: int, language: str, told: Told = lambda at: None) -> Heard:
    """The words in `sound`, which begins `offset` milliseconds after the recording's start.

    What is invented over silence and music, or in loops, is taken out; speech that the model passed over is heard
    once more by itself.
    """
    speech = find_speech(sound)
    ranges = _padded(speech, len(sound) // PER_MS)
    if not ranges:
        return Heard([])
    segments = ear.listen(sound, ranges, language, told)
    if loops.repeats_itself(segments):
        segments = ear.listen(sound, ranges, language, told, context=False, may_repeat=False)
    kept, dropped = loops.sift(segments, speech)
    for hole in _holes(speech, kept):
        kept, more = _heard_again(ear, sound, language, speech, kept, hole)
        dropped += more
    tokens = sorted((token for segment in kept for token in segment.tokens), key=lambda token: token.start)
    return Heard(
        [_moved(token, offset) for token in tokens],
        [(start + offset, end + offset) for start, end in speech],
        [loops.Dropped(one.text, one.start + offset, one.reason) for one in dropped],
    )


def _heard_again(
    ear: Ear, sound: Sound, language: str, speech: Sequence[Range], segments: list[Segment], hole: Range
) -> tuple[list[Segment], list[loops.Dropped]]:
    """The segments after a hole has been heard by itself, with all that was said around it in one breath.

    The model may have put the words of one sentence over two, so what it hears then takes the place of what it heard
    before, when there are more words and it is sure of them.
    """
    around = [one for one in segments if one.tokens[0].start < hole[1] and one.tokens[-1].end > hole[0]]
    start = min([hole[0], *(one.tokens[0].start for one in around)])
    end = max([hole[1], *(one.tokens[-1].end for one in around)])
    if end - start > LONGEST_AGAIN_MS:
        return segments, []
    wider = (max(0, start - HOLE_MARGIN_MS), min(len(sound) // PER_MS, end + HOLE_MARGIN_MS))
    found, dropped = loops.sift(ear.listen(sound, [wider], language, context=False), speech)
    words = sum(len(one.tokens) for one in found)
    sure = sum(one.probability * len(one.tokens) for one in found) >= HOLE_PROBABILITY * words
    if not sure or words <= sum(len(one.tokens) for one in around):
        return segments, []
    return [one for one in segments if one not in around] + found, dropped


def find_speech(sound: Sound) -> list[Range]:
    """Where somebody speaks, in milliseconds of `sound`, by the voice detector that comes with faster-whisper."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(min_silence_duration_ms=PAUSE_MS, speech_pad_ms=0)
    return [(found["start"] // PER_MS, found["end"] // PER_MS) for found in get_speech_timestamps(sound, options)]


def engine(model: str) -> str:
    """Which program and model heard it, as a revision says it."""
    import faster_whisper

    return f"faster-whisper {faster_whisper.__version__}, {model}"


def _cuda_works(folder: Path) -> bool:
    """Whether there is a GPU whose libraries are all here; a driver alone is not enough."""
    import ctranslate2  # type: ignore[import-untyped]

    if not ctranslate2.get_cuda_device_count():
        return False
    try:
        model = ctranslate2.models.Whisper(str(folder), device="cuda", compute_type=_number_kind("cuda"))
        mels = model.n_mels
        model.encode(ctranslate2.StorageView.from_array(np.zeros((1, mels, 3000), np.float32)))
    except RuntimeError as error:
        log.warning("there is a GPU, but the processor is used: %s", error)
        return False
    return True


def _number_kind(device: str) -> str:
    return "int8_float16" if device == "cuda" else "int8"


def _padded(speech: Sequence[Range], length: int) -> list[Range]:
    """Speech with a margin on both sides, joined over pauses that are worth keeping."""
    result: list[Range] = []
    for start, end in speech:
        wider = (max(0, start - PAD_MS), min(length, end + PAD_MS))
        if result and start - (result[-1][1] - PAD_MS) < KEPT_PAUSE_MS:
            result[-1] = (result[-1][0], wider[1])
        else:
            result.append(wider)
    return result


def _joined(sound: Sound, ranges: Sequence[Range]) -> Sound:
    return np.concatenate([sound[start * PER_MS : end * PER_MS] for start, end in ranges])


def _holes(speech: Sequence[Range], segments: Iterable[Segment]) -> list[Range]:
    """Stretches of speech that have too few words: the longest few, in order.

    A word that seems to last longer than words do covers only its ends: something was left out there.
    """
    words = [(token.start, token.end) for segment in segments for token in segment.tokens]
    parts = [part for start, end in words for part in ((start, start + LONG_WORD_MS), (end - LONG_WORD_MS, end))]
    holes = []
    for start, end in speech:
        at, missing = start, 0
        for begin, stop in sorted((b, s) for b, s in parts if s > start and b < end):
            missing = max(missing, begin - at)
            at = max(at, stop)
        if max(missing, end - at) >= HOLE_MS:
            holes.append((start, end))
    return sorted(sorted(holes, key=lambda hole: hole[0] - hole[1])[:MOST_HOLES])


def _tokens(words: Iterable[Any] | None) -> tuple[Token, ...]:
    """faster-whisper's words, times from the start of the sound. Their space before tells where words are glued."""
    result = []
    for word in words or ():
        text = "".join(word.word.split())
        if text:
            start = max(0, round(word.start * 1000))
            end = max(start, round(word.end * 1000))
            result.append(Token(text, start, end, None, float(word.probability), word.word[:1].isspace()))
    return tuple(result)


def _moved(token: Token, offset: int) -> Token:
    return Token(token.text, token.start + offset, token.end + offset, None, token.probability, token.space)
