"""Files that are whole or not there."""

from pathlib import Path

import pytest

from onrecord.lib import files


def test_a_failed_write_leaves_the_old_content_and_no_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "page.html"
    files.write_atomically(target, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_long_name_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / ("x" * 240)
    files.write_atomically(target, b"content")
    assert target.read_bytes() == b"content"
