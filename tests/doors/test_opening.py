"""A publication's folder: made on first use, brought up to date, refused in one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

from lxml import etree

from onrecord.catalogue.identity import podcast_guid
from tests.conftest import ROOT, Command
from tests.sounds import write_wave

PODCAST = "{https://podcastindex.org/namespace/1.0}"


def test_the_known_feed_has_the_known_guid() -> None:
    assert podcast_guid("https://podnews.net/rss") == "9b024349-ccf0-5f69-a609-6b82873eab3c"


def test_identity_is_minted_once_from_the_first_public_address(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    assert onrecord("publish", write_wave(tmp_path / "a.wav"), "--show", "Talks", "--title", "A").returncode == 0
    feed, settings = folder / "public" / "talks" / "feed.xml", folder / "onrecord.toml"
    random_guid = etree.parse(feed).findtext(f".//{PODCAST}guid")
    before = settings.read_text().replace('address = ""\n', "")

    def guid_at(address: str) -> str:
        settings.write_text(f'[publication]\naddress = "{address}"\n' + before.replace("[publication]\n", ""))
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
