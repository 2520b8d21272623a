"""The list of erasures: appended to, read from wherever it may lie, never taken for something else."""

import io
import tarfile
from pathlib import Path

import pytest

from onrecord.lib import erasures
from onrecord.lib.errors import BadInput


def test_what_is_noted_is_read_and_what_was_cut_off_spoils_nothing(tmp_path: Path) -> None:
    private = tmp_path / "private"
    assert erasures.read(private) == []
    erasures.note(private, "personal", writer="a1", comments=["c1"])
    file = private / erasures.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    with file.open("ab") as opened:
        opened.write(b'{"kind": "personal", "wri')
    erasures.note(private, "personal", comments=["c2"])
    assert [entry["comments"] for entry in erasures.read(private)] == [["c1"], ["c2"]]


@pytest.mark.parametrize("kind", ["folder", "backup", "file"])
def test_a_newer_list_is_found_and_laid_beside_older_rows(tmp_path: Path, kind: str) -> None:
    old, new = tmp_path / "old" / "private", tmp_path / "new" / "private"
    erasures.note(new, "personal", comments=["c1"])
    old.mkdir(parents=True)
    (old / erasures.FILE).write_bytes((new / erasures.FILE).read_bytes())
    erasures.note(new, "personal", comments=["c2"])
    (new.parent / "onrecord.toml").touch()
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        tar.add(new / erasures.FILE, f"private/{erasures.FILE}")
    place = {"folder": new.parent, "backup": tmp_path / "b.tar", "file": new / erasures.FILE}[kind]
    entries = erasures.read_elsewhere(place)
    assert erasures.lay_down(old, entries)
    assert (old / erasures.TO_REPLAY).exists()
    assert [entry["comments"] for entry in erasures.read(old)] == [["c1"], ["c2"]]
    (old / erasures.TO_REPLAY).unlink()
    assert not erasures.lay_down(old, entries), "nothing is new the second time"
    assert not (old / erasures.TO_REPLAY).exists()


def test_nothing_else_is_taken_for_a_list(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("words\n")
    (tmp_path / "list").write_text('{"kind": "personal", "comments": 5}\n[1]\n{"kind": 5}\n')
    (tmp_path / "folder").mkdir()
    for name in ("words.txt", "list", "folder", "none"):
        with pytest.raises(BadInput):
            erasures.read_elsewhere(tmp_path / name)
    (tmp_path / "empty").touch()
    assert erasures.read_elsewhere(tmp_path / "empty") == []
    with tarfile.open(tmp_path / "old.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("onrecord.toml"), io.BytesIO())
    assert erasures.read_elsewhere(tmp_path / "old.tar") == [], "a backup from before anybody was erased"
