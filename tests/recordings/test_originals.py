"""Taking in: whole, unaltered, once, or not at all."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from onrecord.lib.configuration import Configuration
from onrecord.lib.errors import BadInput
from onrecord.lib.files import sha256_of
from onrecord.recordings import originals


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    path.write_bytes(os.urandom(3_000_000))
    return path


def kept(publication: Configuration) -> list[str]:
    return sorted(path.name for path in publication.originals.glob("*"))


def test_what_is_kept_is_what_was_given(file: Path, publication: Configuration) -> None:
    sha256, size = originals.take_in(file)
    copy = originals.original_path(sha256)
    assert (sha256, size) == (sha256_of(file), 3_000_000)
    assert copy.read_bytes() == file.read_bytes()
    assert copy.stat().st_mode & 0o222 == 0
    assert copy.stat().st_ino != file.stat().st_ino


def test_once_more_changes_nothing(file: Path, publication: Configuration) -> None:
    assert originals.take_in(file) == originals.take_in(file)
    assert kept(publication) == [sha256_of(file)]


def test_a_file_that_grows_while_it_is_copied_is_refused(
    file: Path, publication: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = originals._copy

    def copy_and_grow(source: Any, target: Any) -> tuple[str, int]:
        found = copy(source, target)
        with file.open("ab") as still_recording:
            still_recording.write(b"more")
        return found

    monkeypatch.setattr(originals, "_copy", copy_and_grow)
    with pytest.raises(BadInput, match=r"talk\.wav changed"):
        originals.take_in(file)
    assert kept(publication) == []


def test_a_disk_that_writes_other_bytes_is_noticed(
    file: Path, publication: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(originals, "sha256_of", lambda path: "0" * 64)
    with pytest.raises(BadInput, match="reads back differently"):
        originals.take_in(file)
    assert kept(publication) == []


def test_room_is_looked_for_first(file: Path, publication: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(100, 90, 10))  # type: ignore[attr-defined]
    with pytest.raises(BadInput, match=r"talk\.wav does not fit"):
        originals.take_in(file)
    assert kept(publication) == []


@pytest.mark.parametrize(("code", "words"), [(errno.ENOSPC, "is full"), (errno.EROFS, "no permission"), (5, "copied")])
def test_a_disk_that_fails_in_the_middle_leaves_nothing(
    code: int, words: str, file: Path, publication: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    publication.originals.mkdir()
    with pytest.raises(BadInput, match=words) as caught:
        originals.take_in(file)
    assert "talk.wav" in str(caught.value)
    assert kept(publication) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_no_permission_is_one_sentence(file: Path, publication: Configuration) -> None:
    publication.folder.chmod(0o500)
    try:
        with pytest.raises(BadInput, match="no permission"):
            originals.take_in(file)
    finally:
        publication.folder.chmod(0o700)


def test_what_a_killed_process_left_goes_with_the_next(file: Path, publication: Configuration) -> None:
    publication.originals.mkdir()
    (publication.originals / f"{originals.UNFINISHED}0123").write_bytes(b"half")
    originals.take_in(file)
    assert kept(publication) == [sha256_of(file)]


def test_forgetting_takes_original_and_speech(file: Path, publication: Configuration) -> None:
    sha256, _ = originals.take_in(file)
    speech = publication.work / "speech" / f"{sha256}.s16"
    speech.parent.mkdir(parents=True)
    speech.write_bytes(b"\0\0")
    originals.forget(sha256)
    originals.forget(sha256)
    assert kept(publication) == []
    assert not speech.exists()
