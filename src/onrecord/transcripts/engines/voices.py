"""What voices sound like: a vector for each second and a half of speech, near each other when one person speaks.

The network is Resemblyzer's: three LSTM layers over 40 mel bands, trained to tell speakers apart (generalized
end-to-end loss, Wan et al. 2018). Its weights come as a PyTorch file and are read and run here without PyTorch.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from onrecord.lib.errors import Failed
from onrecord.transcripts.engines.loops import Range
from onrecord.transcripts.engines.windows import PER_MS, RATE, Samples, Sound, as_sound
from onrecord.transcripts.tokens import Token

Floats = npt.NDArray[np.float32]

STEP = RATE // 100
"""Samples from one frame to the next."""
SPAN = 400
"""Samples that a frame looks at."""
BANDS = 40
WIDTH = 256
FRAMES = 160
"""Frames that one vector looks at."""
LENGTH_MS = FRAMES * 10
HOP_MS = 400
LEVEL = 10 ** (-30 / 20)
"""Every piece is brought to this level (root mean square) before it is looked at, as in training."""
BATCH = 64
SHORTEST_MS = 300
"""Shorter stretches of speech say nothing of a voice."""
PAUSE_MS = 250
SENTENCE_ENDS = ".!?…。！？؟۔।"


@dataclass(frozen=True)
class Voices:
    """Vectors of unit length, one a row, in order; the middle and the length of what each looked at, in milliseconds;
    and the number of the stretch of speech that it lies in: what it looked at begins and ends there."""

    vectors: Floats
    middles: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    stretches: npt.NDArray[np.int64]


class VoiceModel:
    """The network with its weights: 5.7 MB."""

    def __init__(self, weights: Path) -> None:
        state = read_tensors(weights)["model_state"]
        self._layers = [
            (
                np.ascontiguousarray(state[f"lstm.weight_ih_l{n}"].T),
                np.ascontiguousarray(state[f"lstm.weight_hh_l{n}"].T),
                state[f"lstm.bias_ih_l{n}"] + state[f"lstm.bias_hh_l{n}"],
            )
            for n in range(3)
        ]
        self._last = (np.ascontiguousarray(state["linear.weight"].T), state["linear.bias"])
        self._filters = _mel_filters()
        self._window = np.hanning(SPAN + 1)[:-1].astype(np.float32)

    def vectors(self, pieces: Floats) -> Floats:
        """Mel frames (pieces, FRAMES, BANDS) to vectors of unit length (pieces, 256)."""
        values = pieces
        for into, onto, bias in self._layers:
            values = _lstm(values, into, onto, bias)
        weight, bias = self._last
        raw = np.maximum(values[:, -1] @ weight + bias, 0)
        return np.asarray(raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9), np.float32)

    def frames(self, sound: Sound) -> Floats:
        """Mel power of frames that begin every STEP samples: (frames, BANDS). Not logarithmic, as in training."""
        padded = np.pad(sound, SPAN // 2)
        cut = np.lib.stride_tricks.sliding_window_view(padded, SPAN)[::STEP]
        power = np.abs(np.fft.rfft(cut * self._window)) ** 2
        return (power.astype(np.float32) @ self._filters).astype(np.float32)


def embed(
    model: VoiceModel, samples: Samples, speech: Sequence[Range], told: Callable[[float], None] = lambda share: None
) -> Voices:
    """Vectors for all speech, every HOP_MS; `speech` in milliseconds. Reads a little of `samples` at a time."""
    places = list(_places(speech))
    vectors = np.zeros((len(places), WIDTH), np.float32)
    for at in range(0, len(places), BATCH):
        pieces = [_piece(model, samples, start, end) for _, start, end in places[at : at + BATCH]]
        vectors[at : at + BATCH] = model.vectors(np.stack(pieces))
        told(at / len(places))
    table = np.array(places, np.int64).reshape(-1, 3)
    return Voices(vectors, (table[:, 1] + table[:, 2]) // 2, table[:, 2] - table[:, 1], table[:, 0])


def stretches(speech: Sequence[Range], tokens: Sequence[Token]) -> list[Range]:
    """Stretches in which one person is likely to speak, with words in them: speech, cut at sentences' ends and pauses.

    Speech without words, laughter and music, says nothing of voices.
    """
    result: list[Range] = []
    at = 0
    for start, end in speech:
        begin, before = start, None
        while at < len(tokens) and (tokens[at].start + tokens[at].end) // 2 <= end:
            token = tokens[at]
            if before is not None and may_change(before, token):
                cut = min(end, max(begin, (before.end + token.start) // 2))
                result.append((begin, cut))
                begin = cut
            before = token
            at += 1
        if before is not None:
            result.append((begin, end))
    return [(start, end) for start, end in result if end > start]


def may_change(before: Token, after: Token) -> bool:
    """Whether another speaker may well begin between two words: after a sentence's end or a pause."""
    ended = before.text.rstrip("\"'”’»)")[-1:] in SENTENCE_ENDS
    return after.space and (ended or after.start - before.end >= PAUSE_MS)


def _places(speech: Sequence[Range]) -> Iterator[tuple[int, int, int]]:
    """Stretch, start and end of what each vector looks at: evenly over the stretch, all of it when it is short."""
    for number, (start, end) in enumerate(speech):
        if end - start < SHORTEST_MS:
            continue
        spare = max(0, end - start - LENGTH_MS)
        count = 1 + -(-spare // HOP_MS)
        for place in range(count):
            first = start + (spare * place // (count - 1) if count > 1 else 0)
            yield number, first, min(end, first + LENGTH_MS)


def _piece(model: VoiceModel, samples: Samples, start: int, end: int) -> Floats:
    """The frames of one piece. A short one is repeated, so that nobody else's voice fills it up."""
    sound = as_sound(samples[start * PER_MS : end * PER_MS])
    level = float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0
    frames = model.frames(sound * np.float32(LEVEL / max(level, 1e-5)))
    return frames[np.arange(FRAMES) % len(frames)]


def _lstm(values: Floats, into: Floats, onto: Floats, bias: Floats) -> Floats:
    """One LSTM layer over (pieces, frames, inputs); gates in PyTorch's order: input, forget, cell, output."""
    size = onto.shape[0]
    driven = values.transpose(1, 0, 2) @ into + bias
    hidden = cell = np.zeros((values.shape[0], size), np.float32)
    result = np.empty((*driven.shape[:2], size), np.float32)
    for at, drive in enumerate(driven):
        gates = drive + hidden @ onto
        gates[:, 2 * size : 3 * size] *= 2  # tanh(x) = 2 sigmoid(2x) - 1: one sigmoid for all four gates
        np.negative(gates, out=gates)
        np.exp(np.clip(gates, -80, 80, out=gates), out=gates)
        gates += 1
        np.reciprocal(gates, out=gates)
        enter, keep, new, leave = (gates[:, n * size : (n + 1) * size] for n in range(4))
        cell = keep * cell + enter * (2 * new - 1)
        hidden = leave * np.tanh(cell)
        result[at] = hidden
    return result.transpose(1, 0, 2)


def _mel_filters() -> Floats:
    """Triangles on Slaney's mel scale, 0 to 8 kHz, of equal area: (bins, BANDS)."""
    from faster_whisper.feature_extractor import FeatureExtractor

    filters: Floats = FeatureExtractor.get_mel_filters(RATE, SPAN, n_mels=BANDS)
    return np.ascontiguousarray(filters.T.astype(np.float32))


# --- PyTorch's old file format: pickles, then the numbers of each storage


class _Storage:
    """Where a tensor's numbers will be found; filled after the pickles are read."""

    def __init__(self, count: int) -> None:
        self.numbers = np.zeros(count, np.float32)


def read_tensors(path: Path) -> Mapping[str, Any]:
    """What a PyTorch file of before 1.6 holds, tensors as float32 arrays.

    Only dictionaries, numbers, texts and tensors are allowed in it: nothing in the file can run.
    """
    try:
        with path.open("rb") as file:
            return _read_tensors(file)
    except (pickle.UnpicklingError, EOFError, ValueError, KeyError, AttributeError, IndexError, TypeError) as error:
        raise Failed(
            f"{path} does not hold the weights of a voice model ({error}); remove it to fetch it again."
        ) from error


def _read_tensors(file: BinaryIO) -> Mapping[str, Any]:
    for _ in ("magic number", "protocol version", "about the machine"):
        _Unpickler(file, {}).load()
    storages: dict[str, _Storage] = {}
    content: Mapping[str, Any] = _Unpickler(file, storages).load()
    for key in _Unpickler(file, {}).load():
        count = int.from_bytes(file.read(8), "little")
        if count != storages[key].numbers.size:
            raise ValueError("a storage has another size than its tensor")
        storages[key].numbers[:] = np.frombuffer(file.read(count * 4), "<f4")
    return content


class _Unpickler(pickle.Unpickler):
    """Reads nothing but plain values and tensors of 32-bit floats."""

    def __init__(self, file: BinaryIO, storages: dict[str, _Storage]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        """The few names that a file of tensors needs; any other is refused."""
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _view,
            ("torch", "FloatStorage"): "FloatStorage",
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return known[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        """A tensor's storage, by its key."""
        kind, storage_kind, key, _, count, *_ = pid
        if kind != "storage" or storage_kind != "FloatStorage" or not 0 <= count <= MOST_NUMBERS:
            raise pickle.UnpicklingError(f"{kind} {storage_kind} is not allowed")
        return self._storages.setdefault(key, _Storage(count))


MOST_NUMBERS = 100_000_000


def _view(storage: _Storage, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object) -> Floats:
    """A tensor as a view of its storage, which is filled later."""
    reach = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    if offset < 0 or min((*size, *stride), default=1) < 0 or reach >= max(1, storage.numbers.size):
        raise ValueError("a tensor reaches beyond its storage")
    return np.lib.stride_tricks.as_strided(
        storage.numbers[offset:], size, tuple(step * 4 for step in stride), writeable=False
    )
