"""The real models on real and made sound. What is not speech gives no words; the figures that the issue asks for."""

import json
from pathlib import Path

import numpy as np
import pytest

from onrecord.recordings import ffmpeg
from onrecord.transcripts.engines import clustering, voices, weights, whisper
from onrecord.transcripts.engines.whisper import Ear, Heard, hear
from onrecord.transcripts.engines.windows import RATE, as_sound
from onrecord.transcripts.tokens import text_of
from tests.transcripts.measuring import share_with_right_speaker, turns_of, word_error_rate

pytestmark = pytest.mark.speech


@pytest.fixture(scope="module")
def cache() -> Path:
    return weights.cache_folder()


@pytest.fixture(scope="module")
def base(cache) -> Ear:
    return Ear(weights.find_model("base", cache, lambda *_: None).path, "cpu")


def samples_of(path: Path, tmp_path: Path) -> np.ndarray:
    target = tmp_path / "speech.s16"
    ffmpeg.run(["-i", str(path), "-ac", "1", "-ar", "16000", "-f", "s16le", str(target)], doing="test")
    return np.fromfile(target, np.int16)


def chords(seconds: float) -> np.ndarray:
    """Something like music: changing chords with overtones and a beat."""
    moments = np.arange(int(seconds * RATE)) / RATE
    sound = np.zeros(len(moments))
    for bar in range(int(seconds) + 1):
        inside = (moments >= bar) & (moments < bar + 1)
        for note in (220, 277, 330):
            for overtone in (1, 2, 3):
                pitch = note * (1 + bar % 4 / 8) * overtone
                sound[inside] += np.sin(2 * np.pi * pitch * moments[inside]) / overtone**2
    beat = np.exp(-((moments * 2) % 1) * 5)
    return (sound * beat * 0.1).astype(np.float32)


def noise(seconds: float, level: float = 0.05) -> np.ndarray:
    return np.random.default_rng(1).normal(0, level, int(seconds * RATE)).astype(np.float32)


@pytest.mark.parametrize("sound", [np.zeros(20 * RATE, np.float32), noise(20), noise(20, 0.001), chords(30)])
def test_what_is_no_speech_gives_no_words(base, sound):
    assert hear(base, sound, 0, "en").tokens == []


def test_silence_music_and_noise_between_speech_give_no_words(base, cases, tmp_path):
    speech = as_sound(samples_of(cases / "recordings" / "jfk.flac", tmp_path))
    between = np.concatenate([np.zeros(8 * RATE, np.float32), chords(12), noise(6, 0.02)])
    heard = hear(base, np.concatenate([speech, between, speech, chords(10)]), 5000, "en")
    assert len(heard.tokens) == 44
    gap = (5000 + 11_000, 5000 + 11_000 + 26_000)
    assert not [token for token in heard.tokens if gap[0] + 500 < (token.start + token.end) / 2 < gap[1] - 500]
    assert heard.tokens[0].start >= 5000


def test_a_loop_of_the_model_is_heard_again_without_context():
    """A model that loops at first is asked a second time, and what still loops is cut down."""

    class Looping:
        asked: list[bool] = []

        def listen(self, sound, ranges, language, told=None, context=True, may_repeat=True):
            from onrecord.transcripts.engines.loops import Segment
            from onrecord.transcripts.tokens import Token

            self.asked.append(may_repeat)
            text = "so it goes and goes " * (9 if may_repeat else 1)
            tokens = tuple(Token(word, 100 + at * 50, 140 + at * 50, None, 0.9) for at, word in enumerate(text.split()))
            return [Segment(tokens, -0.2, 0.0, 1.0)]

    ear = Looping()
    whisper_find, whisper.find_speech = whisper.find_speech, lambda sound: [(0, 1000)]
    try:
        heard = hear(ear, np.zeros(RATE, np.float32), 0, "en")  # type: ignore[arg-type]
    finally:
        whisper.find_speech = whisper_find
    assert ear.asked[:2] == [True, False]
    assert text_of(heard.tokens) == "so it goes and goes"


def test_the_same_sound_gives_the_same_words(base, cases, tmp_path):
    sound = as_sound(samples_of(cases / "recordings" / "meeting-sample.wav", tmp_path))
    assert hear(base, sound, 0, "en") == hear(base, sound, 0, "en")


def test_languages_are_told_apart(base, cases, tmp_path):
    for name, language in (("russian.wav", "ru"), ("jfk.flac", "en")):
        found = base.language(as_sound(samples_of(cases / "recordings" / name, tmp_path)))
        assert max(found, key=found.get) == language
    assert base.language(np.zeros(RATE * 5, np.float32)) == {}


def said_by(cache: Path, heard: Heard, samples: np.ndarray):
    model = voices.VoiceModel(weights.find_voice_weights(cache, lambda *_: None))
    stretches = voices.stretches(heard.speech, heard.tokens)
    return clustering.with_speakers(heard.tokens, stretches, voices.embed(model, samples, stretches))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "count", "share"),
    [
        ("interview-two-voices", 2, 0.97),
        ("readers-two", 2, 0.97),
        ("readers-four", 4, 0.97),
        ("meeting-sample", 2, 0.85),
    ],
)
def test_who_says_what(base, cache, cases, tmp_path, name, count, share):
    (path,) = (path for path in (cases / "recordings").glob(f"{name}.*") if path.suffix in (".flac", ".wav"))
    samples = samples_of(path, tmp_path)
    heard = hear(base, as_sound(samples), 0, "en")
    tokens = said_by(cache, heard, samples)
    assert len({token.speaker for token in tokens}) == count
    assert share_with_right_speaker(tokens, turns_of(path)) >= share
    if name == "interview-two-voices":
        said = " ".join(turn["text"] for turn in json.loads(path.with_suffix(".json").read_text()))
        assert word_error_rate(said, text_of(tokens)) <= 0.04
