"""Encoding sound to a loudness that is measured on the result while it is made.

One ffmpeg decodes the recording, brings it to the target through a limiter, encodes it, decodes what it encoded and
measures that. What misses is encoded again with a corrected gain and ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from onrecord.recordings import ffmpeg
from onrecord.recordings.loudness import METER, MOST_GAIN, Loudness, Prediction, read_meter
from onrecord.recordings.probe import Probe
from onrecord.recordings.speech import TIMELINE, channel_filter

MOST_TRIES = 4

PROMISED, CLOSE_ENOUGH = 0.5, 0.3
"""LU from the target: the meter prints tenths, and meters differ by a tenth or two."""

PEAK_MARGIN = 0.1
"""dB below the highest allowed true peak, for the same reason."""

GAINS, CEILINGS = (-36.0, 36.0), (-24.0, 0.0)
"""dB and dBFS that ffmpeg's limiter takes."""


@dataclass(frozen=True)
class Codec:
    """How sound is encoded.

    `taken` is the loudness in dB that the encoder itself takes away; `ceiling` the limiter's first ceiling in dBFS,
    low enough that the encoded speech of our tests stays under -1.1 dBTP.
    """

    name: str
    muxer: str
    mono: int
    stereo: int
    ceiling: float
    taken: float = 0.0
    arguments: tuple[str, ...] = ()

    def bitrate(self, channels: str) -> int:
        """Bits per second."""
        return self.stereo if channels == "stereo" else self.mono


# LAME scales what it encodes at these rates by 0.95
MP3 = Codec("libmp3lame", "mp3", 96_000, 128_000, ceiling=-2.6, taken=0.45)
OPUS = Codec("libopus", "ogg", 64_000, 96_000, ceiling=-3.0, arguments=("-application", "audio"))
AAC = Codec("aac", "mp4", 96_000, 128_000, ceiling=-3.0)


@dataclass(frozen=True)
class Sound:
    """The recording that is encoded: its original, what it is, and what is heard of it."""

    original: Path
    found: Probe
    channels: str
    duration_ms: int

    @property
    def rate(self) -> int:
        """Samples a second of what is made: 48,000 or 44,100, whichever the recording's rate divides better."""
        return 44_100 if self.found.rate % 11_025 == 0 else 48_000


@dataclass(frozen=True)
class Aim:
    """What the result should measure: `loudness` in LUFS, and at most `true_peak` in dBTP."""

    loudness: float
    true_peak: float

    def miss(self, measured: Loudness) -> float:
        """LU that the result is too quiet (negative: too loud); 0 for silence, which has no loudness."""
        return 0.0 if measured.integrated is None else self.loudness - measured.integrated

    def excess(self, measured: Loudness) -> float:
        """dB that the peaks are too high; not above 0 when they are low enough."""
        highest = -120.0 if measured.peak is None else measured.peak
        return highest - (self.true_peak - PEAK_MARGIN)


@dataclass(frozen=True)
class Extras:
    """What goes into the file beside sound: further inputs and how they are mapped, as ffmpeg's arguments."""

    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=lambda: ["-map_metadata", "-1", "-map_chapters", "-1"])


@dataclass(frozen=True)
class Encoded:
    """What became of it, measured on the result. `tries` is how often it was encoded."""

    measured: Loudness
    bitrate: int
    tries: int
    warning: str = ""


def encode(
    sound: Sound,
    codec: Codec,
    aim: Aim,
    prediction: Prediction,
    target: Path,
    extras: Extras | None = None,
    progress: ffmpeg.Progress | None = None,
) -> Encoded:
    """Encode `sound` to `target` so that it measures what `aim` says, or as near as it gets, with a warning then."""
    ceiling = codec.ceiling
    gain = prediction.gain(aim.loudness + codec.taken, ceiling)
    for tries in range(1, MOST_TRIES + 1):
        measured = _encode_once(sound, codec, gain, ceiling, target, extras or Extras(), progress)
        miss, excess = aim.miss(measured), aim.excess(measured)
        if excess <= 0 and (abs(miss) <= CLOSE_ENOUGH or gain + miss > MOST_GAIN):
            break
        if tries < MOST_TRIES:
            gain, ceiling = _corrected(gain, ceiling, miss, excess)
    return Encoded(measured, codec.bitrate(sound.channels), tries, _warning(aim, gain, miss, excess))


def _corrected(gain: float, ceiling: float, miss: float, excess: float) -> tuple[float, float]:
    """Gain and ceiling for the next try. A lower ceiling takes loudness too; half of it is a good guess."""
    lowered = max(0.0, excess + PEAK_MARGIN) if excess > 0 else 0.0
    return min(gain + miss + lowered / 2, MOST_GAIN), max(ceiling - lowered, CEILINGS[0])


def _warning(aim: Aim, gain: float, miss: float, excess: float) -> str:
    """The same sentence for every rendition of a recording, so that it is told once."""
    if gain >= MOST_GAIN and miss > PROMISED:
        return f"The recording is so quiet that its sound could not be brought to {aim.loudness:g} LUFS."
    if excess > PEAK_MARGIN:
        return f"The loudest peaks of the recording could not be brought down to {aim.true_peak:g} dBTP."
    if abs(miss) > PROMISED:
        return f"The recording's sound is too uneven or too short to be brought to {aim.loudness:g} LUFS exactly."
    return ""


def _encode_once(
    sound: Sound,
    codec: Codec,
    gain: float,
    ceiling: float,
    target: Path,
    extras: Extras,
    progress: ffmpeg.Progress | None,
) -> Loudness:
    rate = 48_000 if codec is OPUS else sound.rate
    said = ffmpeg.run(
        [
            *sound.found.source(sound.original).arguments(),
            *extras.inputs,
            *("-filter_complex", f"[0:{sound.found.stream}]{_chain(sound, rate, gain, ceiling)}[out]", "-map", "[out]"),
            *extras.outputs,
            *("-c:a", codec.name, "-b:a", str(codec.bitrate(sound.channels)), *codec.arguments, *ffmpeg.EXACT),
            *("-t", f"{sound.duration_ms / 1000 + 1:.3f}", "-f", codec.muxer, ffmpeg.address(target)),
            *("-dec", "0:0", "-filter_complex", f"[dec:0]{METER}[measured]", "-map", "[measured]", "-f", "null", "-"),
        ],
        doing=f"encoding {codec.muxer}",
        duration_ms=sound.duration_ms,
        progress=progress,
    )
    return read_meter(said)


def _chain(sound: Sound, rate: int, gain: float, ceiling: float) -> str:
    """One resampler, and one limiter that also gives the gain: a filter more costs a tenth of what the encoder does."""
    levels = f"level_in={_factor(gain, GAINS):.5f}:limit={_factor(ceiling, CEILINGS):.5f}"
    channels = channel_filter(sound.channels, sound.found.channels)
    return f"aresample={rate}:{TIMELINE},{channels},alimiter={levels}:level=false:latency=true"


def _factor(decibels: float, allowed: tuple[float, float]) -> float:
    return 10 ** (min(max(decibels, allowed[0]), allowed[1]) / 20)
