"""The publication's secret: made once, by whoever comes first, and readable by nobody else."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from onrecord.lib.errors import Failed
from onrecord.lib.keys import key


def test_the_secret_stays_and_each_purpose_has_its_own_key(tmp_path: Path) -> None:
    first = key(tmp_path, "django")
    assert key(tmp_path, "django") == first
    assert key(tmp_path, "addresses") != first
    assert key(tmp_path / "other", "django") != first


def test_many_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: key(tmp_path, "django"), range(64)))
    assert len(found) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["secret"]


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    key(tmp_path, "django")
    assert stat.S_IMODE((tmp_path / "keys" / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_damaged_secret_is_not_used(tmp_path: Path) -> None:
    key(tmp_path, "django")
    (tmp_path / "keys" / "secret").write_bytes(b"short")
    with pytest.raises(Failed, match="backup"):
        key(tmp_path, "django")
