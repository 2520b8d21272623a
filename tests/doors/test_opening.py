"""A publication's folder: made on first use, brought up to date, refused in one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import etree

from onrecord import opening
from onrecord.catalogue.identity import podcast_guid
from onrecord.lib.errors import BadInput
from onrecord.lib.files import write_atomically
from tests.conftest import ROOT, Command, name_address
from tests.sounds import write_wave

pytestmark = pytest.mark.first_use
PODCAST = "{https://podcastindex.org/namespace/1.0}"


def test_the_known_feed_has_the_known_guid() -> None:
    assert podcast_guid("https://podnews.net/rss") == "9b024349-ccf0-5f69-a609-6b82873eab3c"


def test_identity_is_minted_once_from_the_first_public_address(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    assert onrecord("publish", write_wave(tmp_path / "a.wav"), "--show", "Talks", "--title", "A").returncode == 0
    feed = folder / "public" / "talks" / "feed.xml"
    random_guid = etree.parse(feed).findtext(f".//{PODCAST}guid")

    def guid_at(address: str) -> str:
        name_address(folder, address)
        assert onrecord("press").returncode == 0
        assert address in feed.read_text()
        return str(etree.parse(feed).findtext(f".//{PODCAST}guid"))

    minted = guid_at("https://talks.example.org")
    assert minted == podcast_guid("https://talks.example.org/talks/feed.xml") != random_guid
    assert guid_at("https://elsewhere.example.net") == minted


def test_an_upgrade_keeps_the_rows_as_they_were_first(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    assert onrecord("publish", write_wave(tmp_path / "a.wav"), "--title", "A", "--draft").returncode == 0
    environment = {k: v for k, v in os.environ.items() if k != "ONRECORD_DATABASE_URL"}
    environment |= {"ONRECORD_FOLDER": str(folder), "PYTHONPATH": str(ROOT / "src")}
    environment["DJANGO_SETTINGS_MODULE"] = "onrecord.settings"
    older = [sys.executable, "-m", "django", "migrate", "press", "zero"]
    subprocess.run(older, env=environment, check=True, capture_output=True)
    status = onrecord("status", "--json")
    assert status.returncode == 0, status.stderr
    assert json.loads(status.stdout)["episodes"][0]["title"] == "A"
    assert len(list((folder / "private" / "before-upgrade").glob("*.tar"))) == 1


def test_what_is_no_publication_is_said(tmp_path: Path, onrecord: Command) -> None:
    done = onrecord("status", "--folder", tmp_path)
    assert done.returncode == 2
    assert "is not a publication" in done.stderr
    (tmp_path / "file").write_text("")
    done = onrecord("publish", write_wave(tmp_path / "a.wav"), "--folder", tmp_path / "file")
    assert done.returncode == 2
    assert "not a folder" in done.stderr


def test_a_refused_recording_leaves_no_new_folder(tmp_path: Path, onrecord: Command) -> None:
    (tmp_path / "a.mp3").write_bytes(b"no sound" * 100)
    done = onrecord("publish", tmp_path / "a.mp3", "--folder", tmp_path / "new")
    assert done.returncode == 2
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("size", ["300k", "5m"])
def test_a_full_disk_is_said_and_nothing_stays(size: str, tmp_path: Path) -> None:
    """300 kB do not hold the database, 5 MB not the recording; only the test sees the disk that is mounted."""
    if subprocess.run(["unshare", "--map-root-user", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    disk = tmp_path / "disk"
    disk.mkdir()
    environment = {k: v for k, v in os.environ.items() if k != "ONRECORD_DATABASE_URL"} | {
        "PYTHONPATH": str(ROOT / "src")
    }
    script = (
        'mount -t tmpfs -o size="$1" none "$2" && "$3" -m onrecord publish "$4" --folder "$2/new"; echo $?; ls -A "$2"'
    )
    arguments = [size, disk, sys.executable, write_wave(tmp_path / "a.wav")]
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", *arguments],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "2\n", done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "make room there" in done.stderr


@pytest.mark.parametrize("part", ["public", "work", "onrecord.db"])
def test_a_part_without_write_permission_is_said(part: str, folder: Path, onrecord: Command, tmp_path: Path) -> None:
    if part == "onrecord.db" and (folder / "onrecord.toml").exists():
        pytest.skip("the rows are in PostgreSQL")
    assert onrecord("publish", write_wave(tmp_path / "a.wav"), "--no-wait").returncode == 0
    (folder / part).chmod(0o500 if (folder / part).is_dir() else 0o400)
    # root may write everywhere, unless it gives that up
    powers = "-dac_override,-dac_read_search"
    without = ["setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}"] if os.getuid() == 0 else []
    done = subprocess.run(
        [*without, sys.executable, "-m", "onrecord", "publish", write_wave(tmp_path / "b.wav", seed=2), "--no-wait"],
        env=os.environ | {"ONRECORD_FOLDER": str(folder), "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2, done.stderr
    assert "cannot be written: check who owns it" in done.stderr
    assert len(list((folder / "originals").iterdir())) == 1


def test_a_refused_recording_takes_no_other_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with pytest.raises(BadInput), opening.nothing_half_made(folder):
        write_atomically(folder / "originals" / "of-another-command", b"taken in before")
        raise BadInput("refused")
    assert (folder / "originals" / "of-another-command").exists()

    folder, refused = tmp_path / "newer", BadInput("refused")
    this, other = opening.nothing_half_made(folder), opening.nothing_half_made(folder)
    this.__enter__()
    with other:
        assert not this.__exit__(BadInput, refused, None)
        assert folder.is_dir(), "another command is about to publish there"


def test_a_port_that_cannot_be_is_refused(tmp_path: Path, onrecord: Command) -> None:
    done = onrecord("serve", "--port", "99999")
    assert done.returncode == 2
    assert "from 1 to 65535" in done.stderr
