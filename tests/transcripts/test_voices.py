"""Voices: weights without PyTorch, the network, stretches of one speaker, how many speakers, who says each word."""

import io
import itertools
import os
import pickle
import struct
import tracemalloc
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord.lib.errors import Failed
from onrecord.transcripts.engines import clustering, voices, weights
from onrecord.transcripts.engines.clustering import speakers, with_speakers
from onrecord.transcripts.engines.voices import VoiceModel, Voices, embed, read_tensors, stretches
from onrecord.transcripts.engines.windows import RATE
from onrecord.transcripts.tokens import Token

# --- the file of weights


class Persistent:
    def __init__(self, key: str, count: int) -> None:
        self.key, self.count = key, count


class Global:
    """Pickles as a name in a module, without importing it."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


def torch_file(parts: bytes, numbers: dict[str, np.ndarray]) -> bytes:
    """PyTorch's old format around the pickle of the content."""
    out = io.BytesIO()
    for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
        pickle.dump(value, out, 2)
    out.write(parts)
    pickle.dump(list(numbers), out, 2)
    for array in numbers.values():
        out.write(struct.pack("<q", array.size) + array.astype("<f4").tobytes())
    return out.getvalue()


def tensor(key: str, count: int, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> bytes:
    """The opcodes by which PyTorch pickles {"model_state": tensor}."""
    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\n" + text(key) + text("cpu") + number(count) + b"NtQ"
    sizes = b"(" + b"".join(map(number, size)) + b"t(" + b"".join(map(number, stride)) + b"t"
    call = (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage
        + number(offset)
        + sizes
        + b"\x89ccollections\nOrderedDict\n)RtR"
    )
    return b"\x80\x02}" + text("model_state") + call + b"s."


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def test_tensors_are_read(tmp_path):
    path = tmp_path / "weights.pt"
    path.write_bytes(torch_file(tensor("0", 12, 2, (2, 3), (5, 1)), {"0": np.arange(12)}))
    assert read_tensors(path)["model_state"].tolist() == [[2, 3, 4], [7, 8, 9]]


@pytest.mark.parametrize(
    "content",
    [
        tensor("0", 12, 2, (2, 3), (50, 1)),
        tensor("0", 12, -2, (2, 3), (5, 1)),
        tensor("0", 11, 0, (2, 3), (5, 1)),
        tensor("0", 2_000_000_000, 0, (2, 3), (5, 1)),
        tensor("1", 12, 0, (2, 3), (5, 1)),
        pickle.dumps({"model_state": OrderedDict}, 2).replace(b"collections", b"subprocess_"),
        b"\x80\x02.",
        b"",
    ],
)
def test_a_file_that_is_not_weights_is_refused(tmp_path, content):
    path = tmp_path / "weights.pt"
    path.write_bytes(torch_file(content, {"0": np.arange(12)}))
    with pytest.raises(Failed, match=r"weights\.pt"):
        read_tensors(path)


def test_nothing_in_the_file_can_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "was here"),)

    for content in (pickle.dumps(Evil(), 2), pickle.dumps({"model_state": Evil()}, 2)):
        path = tmp_path / "weights.pt"
        path.write_bytes(torch_file(content, {}))
        with pytest.raises(Failed, match="not allowed"):
            read_tensors(path)
        path.write_bytes(content)
        with pytest.raises(Failed, match="not allowed"):
            read_tensors(path)
    assert not (tmp_path / "was here").exists()


# --- the network


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def test_the_layer_is_an_lstm():
    """Against the textbook's equations, gate by gate, in float64."""
    rng = np.random.default_rng(1)
    into, onto, bias = (rng.normal(0, 0.5, shape).astype(np.float32) for shape in ((5, 16), (4, 16), (16,)))
    values = rng.normal(size=(3, 7, 5)).astype(np.float32)
    hidden = cell = np.zeros((3, 4))
    for at in range(7):
        enter, keep, new, leave = np.split(values[:, at] @ into + hidden @ onto + bias, 4, axis=1)
        cell = sigmoid(keep) * cell + sigmoid(enter) * np.tanh(new)
        hidden = sigmoid(leave) * np.tanh(cell)
        assert np.allclose(voices._lstm(values, into, onto, bias)[:, at], hidden, atol=1e-5)


@pytest.fixture(scope="module")
def model() -> VoiceModel:
    return VoiceModel(weights.find_voice_weights(weights.cache_folder(), lambda *_: None))


def voice(pitch: float, seconds: float, seed: int) -> np.ndarray:
    """A buzz with formants that wanders as speech does."""
    rng = np.random.default_rng(seed)
    moments = np.arange(int(seconds * RATE)) / RATE
    wander = np.interp(
        moments, np.arange(0, seconds + 1, 0.2), rng.normal(1, 0.06, len(np.arange(0, seconds + 1, 0.2)))
    )
    phase = np.cumsum(2 * np.pi * pitch * wander / RATE)
    sound = sum(np.sin(phase * n) / n for n in range(1, int(3500 / pitch)))
    return (sound * 4000 * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * moments))).astype(np.int16)


@pytest.mark.speech
def test_vectors_are_of_unit_length_and_do_not_depend_on_loudness(model):
    samples = voice(120, 4, 1)
    found = embed(model, samples, [(0, 4000)])
    quiet = embed(model, samples // 8, [(0, 4000)])
    assert np.allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-5)
    assert (found.vectors * quiet.vectors).sum(axis=1).min() > 0.99
    assert found.middles[0] == 800 and found.middles[-1] == 3200
    assert set(found.lengths) == {1600} and set(found.stretches) == {0}


@pytest.mark.speech
def test_short_and_silent_stretches(model):
    samples = np.concatenate([voice(120, 1, 1), np.zeros(RATE, np.int16)])
    found = embed(model, samples, [(0, 100), (0, 700), (1000, 2000), (1900, 2000)])
    assert found.stretches.tolist() == [1, 2]
    assert np.isfinite(found.vectors).all()
    assert len(embed(model, samples, []).vectors) == 0


@pytest.mark.speech
def test_a_long_recording_is_read_in_little_pieces(model, tmp_path):
    path = tmp_path / "long.s16"
    with path.open("wb") as file:
        file.truncate(3600 * RATE * 2)
    samples = np.memmap(path, np.int16, "r")
    tracemalloc.start()
    embed(model, samples, [(at * 60_000, at * 60_000 + 1600) for at in range(60)])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200 << 20


# --- stretches


def words(text: str, start: int = 0, each: int = 300) -> list[Token]:
    return [Token(word, start + each * at, start + each * (at + 1)) for at, word in enumerate(text.split())]


def test_speech_is_cut_at_sentences_and_pauses_and_music_left_out():
    tokens = words("Is it? Yes it is") + words("I think", 2500)
    speech = [(0, 1800), (2000, 4000), (9000, 12_000)]
    assert stretches(speech, tokens) == [(0, 600), (600, 1800), (2000, 4000)]
    assert stretches(speech, []) == []


@given(st.lists(st.integers(0, 400), max_size=30), st.lists(st.tuples(st.integers(0, 9000), st.integers(1, 3000))))
def test_stretches_lie_in_the_speech_in_order(gaps, parts):
    tokens, at = [], 0
    for gap in gaps:
        tokens.append(Token("so." if gap % 3 else "so", at + gap, at + gap + 100))
        at += gap + 100
    speech, end = [], 0
    for gap, length in parts:
        speech.append((end + gap, end + gap + length))
        end += gap + length
    found = stretches(speech, tokens)
    assert all(start < stop for start, stop in found)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(found))
    assert all(any(start <= a and b <= stop for start, stop in speech) for a, b in found)


# --- how many, and who


def people(count: int, turns: int, seed: int = 0, each: int = 6, spread: float = 0.06) -> tuple[Voices, list[int]]:
    """Vectors as the network makes them: alike within a speaker, less so between, in turns of `each` looks."""
    rng = np.random.default_rng(seed)
    centres = np.abs(rng.normal(size=(count, 256)))
    order = [turn % count for turn in range(turns)]
    rows = np.repeat(order, each)
    vectors = centres[rows] / np.linalg.norm(centres[rows], axis=1, keepdims=True)
    vectors = np.abs(vectors + rng.normal(0, spread / 2, vectors.shape))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    stretch = np.repeat(np.arange(turns), each)
    middles = np.arange(len(rows)) * 400 + stretch * 2000 + 800
    return Voices(vectors, middles, np.full(len(rows), 1600), stretch), order


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 8])
@pytest.mark.parametrize("turns", [24, 60])
def test_as_many_speakers_are_found_as_there_are(count, turns):
    for seed in range(3):
        found, _ = people(count, turns, seed)
        assert len(speakers(found)) == count


def test_three_hours_are_no_more_work_than_memory_allows():
    found, _ = people(3, 4500)
    tracemalloc.start()
    assert len(speakers(found)) == 3
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.vectors) == 27_000 and peak < 250 << 20


def test_words_go_to_their_speakers_in_order_of_first_words():
    found, order = people(3, 30)
    spans = [(int(found.middles[6 * turn]) - 800, int(found.middles[6 * turn + 5]) + 800) for turn in range(30)]
    tokens = [token for start, _ in spans for token in words("we went to the sea and slept.", start, 500)]
    said = with_speakers(tokens, spans, found)
    assert [token.speaker for token in said] == [who for who in order for _ in range(7)]
    assert [token.text for token in said] == [token.text for token in tokens]


def test_a_change_within_a_sentence_needs_more_than_one_odd_look():
    found, _ = people(2, 20)
    spans = [(int(found.middles[6 * turn]) - 800, int(found.middles[6 * turn + 5]) + 800) for turn in range(20)]
    found.vectors[2] = found.vectors[6]
    tokens = [token for start, _ in spans for token in words("we went to the sea and slept.", start, 500)]
    assert {token.speaker for token in with_speakers(tokens, spans, found)[:7]} == {0}


def test_parts_of_one_word_have_one_speaker():
    found, _ = people(2, 20)
    spans = [(int(found.middles[6 * turn]) - 800, int(found.middles[6 * turn + 5]) + 800) for turn in range(20)]
    tokens = [Token("half", 5600, 5800), Token("-way", spans[1][0], spans[1][0] + 300, space=False)]
    said = with_speakers(tokens, spans, found)
    assert said[0].speaker == said[1].speaker


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_little_to_go_by_is_one_speaker(count):
    found, _ = people(1, 1, each=max(1, count))
    found = Voices(found.vectors[:count], found.middles[:count], found.lengths[:count], found.stretches[:count])
    said = with_speakers(words("Hello there."), [(0, 2000)], found)
    assert [token.speaker for token in said] == [0, 0]
    assert with_speakers([], [(0, 2000)], found) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.integers(1, 12), st.integers(0, 1000))
def test_the_same_vectors_always_give_the_same_speakers(count, turns, seed):
    found, _ = people(count, turns, seed)
    tokens = words("one two three. four five six", 0, 1000)
    spans = [(0, 100_000)]
    first = with_speakers(tokens, spans, found)
    assert first == with_speakers(tokens, spans, found)
    assert first[0].speaker == 0


def test_halves_that_dissolve_again_are_not_cut_for_ever(monkeypatch):
    """Seen on real voices: what is apart within one group may not be among all vectors."""
    found, _ = people(2, 24)
    cuts = iter(range(100))

    def halves(looks):
        next(cuts)
        return np.stack([looks.vectors[0], -looks.vectors[0]])

    monkeypatch.setattr(clustering, "_halves", halves)
    assert len(speakers(found)) == 2
