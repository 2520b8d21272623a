"""Renditions: kept, placed, withdrawn; whole at one place whatever happens."""

import os
from pathlib import Path

import pytest

from onrecord.lib.configuration import Configuration
from onrecord.lib.errors import Failed
from onrecord.recordings import renditions
from onrecord.recordings.loudness import Loudness
from onrecord.recordings.models import Recording, Rendition
from tests.recordings.conftest import TakeIn
from tests.recordings.making import voice, write


@pytest.fixture
def recording(take_in: TakeIn, tmp_path: Path) -> Recording:
    return take_in(write(tmp_path / "talk.wav", voice(1)))


def new_file(folder: Path, content: bytes = b"sound") -> Path:
    file = folder / f"made-{os.urandom(4).hex()}"
    file.write_bytes(content)
    return file


def kept(recording: Recording, folder: Path, content: bytes = b"sound", kind: str = "mp3") -> Rendition:
    made = renditions.made(new_file(folder, content), kind, 1000, 96_000, Loudness(-16.1, -1.5))
    return renditions.keep(made, recording)


def files(configuration: Configuration) -> set[str]:
    return {
        str(path.relative_to(configuration.folder))
        for part in (configuration.private, configuration.public)
        for path in part.rglob("*")
        if path.is_file()
    }


def test_a_rendition_is_kept_out_of_sight_under_its_hash(
    recording: Recording, tmp_path: Path, publication: Configuration
) -> None:
    rendition = kept(recording, tmp_path)
    assert files(publication) == {f"private/renditions/{rendition.sha256}.mp3"}
    assert rendition.path == f"talks/talk-1/{rendition.sha256[:16]}.mp3"
    assert (rendition.mime_type, rendition.size, rendition.bitrate) == ("audio/mpeg", 5, 96_000)
    assert (rendition.loudness, rendition.true_peak) == (-16.1, -1.5)
    assert renditions.file_of(rendition).stat().st_mode & 0o222 == 0


def test_peaks_are_named_so(recording: Recording, tmp_path: Path) -> None:
    rendition = kept(recording, tmp_path, b"{}", "peaks")
    assert rendition.path == f"talks/talk-1/peaks-{rendition.sha256[:16]}.json"


def test_placing_and_withdrawing_move_the_file_and_once_more_changes_nothing(
    recording: Recording, tmp_path: Path, publication: Configuration
) -> None:
    rendition = kept(recording, tmp_path)
    private, public = f"private/renditions/{rendition.sha256}.mp3", f"public/{rendition.path}"
    for _ in range(2):
        for _ in range(2):
            renditions.place(rendition)
            assert files(publication) == {public}
            assert renditions.file_of(rendition) == publication.folder / public
        for _ in range(2):
            renditions.withdraw(rendition)
            assert files(publication) == {private}
            assert renditions.file_of(rendition) == publication.folder / private


def test_the_same_file_again_stays_where_it_is(
    recording: Recording, tmp_path: Path, publication: Configuration
) -> None:
    first = kept(recording, tmp_path)
    renditions.place(first)
    changed = renditions.file_of(first).stat().st_mtime_ns
    again = kept(recording, tmp_path)
    assert (again.pk, again.path) == (first.pk, first.path)
    assert files(publication) == {f"public/{first.path}"}
    assert renditions.file_of(first).stat().st_mtime_ns == changed


def test_the_path_outlives_the_address(recording: Recording, tmp_path: Path) -> None:
    rendition = kept(recording, tmp_path)
    recording.episode.slug = "another-name"
    recording.episode.save()
    rendition.refresh_from_db()
    renditions.place(rendition)
    assert rendition.path.startswith("talks/talk-1/")


def test_a_recording_that_comes_back_takes_its_files_back(
    recording: Recording, take_in: TakeIn, tmp_path: Path, publication: Configuration
) -> None:
    first = kept(recording, tmp_path)
    renditions.place(first)
    returned = take_in(write(tmp_path / "b.wav", voice(1, seed=2)), episode=recording.episode, current=False)
    second = kept(returned, tmp_path)
    assert (second.pk, second.recording_id, second.path) == (first.pk, returned.pk, first.path)
    assert files(publication) == {f"public/{first.path}"}


def test_two_episodes_with_the_same_file_do_not_take_it_from_each_other(
    recording: Recording, take_in: TakeIn, tmp_path: Path, publication: Configuration
) -> None:
    one = kept(recording, tmp_path)
    other = kept(take_in(write(tmp_path / "b.wav", voice(1, seed=2))), tmp_path)
    for rendition in (one, other):
        renditions.place(rendition)
    assert {f"public/{one.path}", f"public/{other.path}"} <= files(publication)
    renditions.withdraw(one)
    assert f"public/{one.path}" not in files(publication)
    assert renditions.file_of(other) == publication.public / other.path
    renditions.withdraw(other)
    renditions.place(one)
    renditions.place(other)
    assert renditions.file_of(one).read_bytes() == renditions.file_of(other).read_bytes() == b"sound"


def test_an_address_that_another_episode_had_gets_another_name(
    recording: Recording, take_in: TakeIn, tmp_path: Path
) -> None:
    first = kept(recording, tmp_path)
    recording.episode.slug = "moved"
    recording.episode.save()
    other = take_in(write(tmp_path / "b.wav", voice(1, seed=2)))
    other.episode.slug = "talk-1"
    other.episode.save()
    second = kept(other, tmp_path)
    assert second.path == first.path.replace(".mp3", "-2.mp3")


def test_a_file_that_is_nowhere_is_told(recording: Recording, tmp_path: Path) -> None:
    rendition = kept(recording, tmp_path)
    renditions.file_of(rendition).unlink()
    with pytest.raises(Failed, match="missing"):
        renditions.place(rendition)


def test_other_content_of_the_same_kind_is_a_new_path(recording: Recording, tmp_path: Path) -> None:
    first = kept(recording, tmp_path)
    second = kept(recording, tmp_path, b"other sound")
    assert second.pk == first.pk
    assert second.path != first.path
    assert Rendition.objects.count() == 1
