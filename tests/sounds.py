"""Recordings that tests make: short, without words, each different."""

import wave
from pathlib import Path

import numpy as np


def write_wave(path: Path, seconds: float = 4.0, rate: int = 16_000, seed: int = 1, level: float = 0.1) -> Path:
    """Mono noise that comes and goes like speech does, but says nothing."""
    generator = np.random.default_rng(seed)
    moments = np.arange(int(seconds * rate)) / rate
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * moments * 1.3)
    samples = generator.normal(0, level, moments.size) * swell
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path
