"""Sound and pictures that the tests of this room make: a voice without words, and files of every kind of it."""

import subprocess
import wave
from functools import cache
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]


@cache
def ffmpeg_program() -> str:
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def make(target: Path, *arguments: str | Path) -> Path:
    """Run ffmpeg as it is, to make an input."""
    command = [ffmpeg_program(), "-nostdin", "-loglevel", "error", "-y", *map(str, arguments), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return target


def voice(seconds: float = 8.0, rate: int = 16_000, seed: int = 1, level: float = 0.25) -> Samples:
    """Harmonics in syllables of uneven strength, with pauses: peaks well above its loudness, as speech has."""
    generator = np.random.default_rng(seed)
    moments = np.arange(int(seconds * rate)) / rate
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * moments)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    sound = sum(np.sin(n * phase + n) / n for n in range(1, 12))
    knots = np.arange(0, seconds + 0.5, 0.13)
    strength = generator.uniform(0, 1, knots.size) ** 2 * (generator.uniform(0, 1, knots.size) > 0.2)
    envelope = np.interp(moments, knots, strength)
    return np.asarray(level * sound * envelope + 0.001 * generator.normal(size=moments.size))


def write(path: Path, samples: Samples, rate: int = 16_000) -> Path:
    """A 16-bit WAV file; `samples` has one column a channel, full scale being 1."""
    columns = samples.reshape(len(samples), -1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(columns.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(columns, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def decoded(path: Path) -> tuple[Samples, int]:
    """All samples of a file (one column a channel) and how many there are a second, by PyAV."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        frames = [frame.to_ndarray() for frame in container.decode(stream)]
        channels = stream.codec_context.layout.nb_channels
        planes = [frame if frame.shape[0] == channels else frame.reshape(-1, channels).T for frame in frames]
        return np.concatenate(planes, axis=1).T.astype(np.float64), stream.rate


def loudness_by_another_meter(path: Path) -> float:
    """Integrated loudness in LUFS by pyloudnorm, which shares no code with ffmpeg."""
    import pyloudnorm

    samples, rate = decoded(path)
    return float(pyloudnorm.Meter(rate).integrated_loudness(samples))


def true_peak_by_another_meter(path: Path) -> float:
    """Highest value in dBFS of the decoded sound at four times its rate."""
    samples, _ = decoded(path)
    highest = 0.0
    for start in range(0, len(samples), 1 << 16):
        piece = samples[max(0, start - 64) : start + (1 << 16) + 64]
        spectrum = np.fft.rfft(piece, axis=0)
        finer = np.fft.irfft(spectrum, n=4 * len(piece), axis=0) * 4
        inner = finer[256:-256] if len(finer) > 1024 else finer
        highest = max(highest, float(np.abs(inner).max()))
    return float(20 * np.log10(max(highest, 1e-9)))
