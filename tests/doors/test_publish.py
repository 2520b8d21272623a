"""`onrecord publish` as a person runs it."""

import json
import os
from pathlib import Path

import pytest
from lxml import etree, html
from PIL import Image

from onrecord.catalogue.models import Person, Series, Show, Tag
from onrecord.lib.configuration import Configuration
from onrecord.publish import Request, discard, publish
from tests.conftest import Command, Rows
from tests.sounds import write_wave

ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"


def published(onrecord: Command, recording: Path, *more: str) -> dict:
    done = onrecord("publish", recording, "--json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def public_files(folder: Path) -> dict[str, tuple[int, bytes]]:
    public = folder / "public"
    return {
        str(path.relative_to(public)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(public.rglob("*"))
        if path.is_file()
    }


@pytest.mark.first_use
def test_a_recording_goes_in_and_a_site_comes_out(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    recording = write_wave(tmp_path / "talk.wav")
    result = published(
        onrecord,
        recording,
        *("--title", "A talk", "--standfirst", "On bridges.", "--host", "Ada Hill", "--guest", "Ben Rowe"),
        *("--tag", "Bridges", "--series", "Long talks", "--part", "1", "--of", "2", "--language", "en"),
    )
    assert set(result) >= {"episode", "page", "url", "feed", "transcript", "seconds", "warnings"}
    page = html.fromstring(Path(result["page"]).read_text())
    words = page.text_content()
    for expected in ("A talk", "On bridges.", "Ada Hill", "Ben Rowe", "Bridges", "Part 1 of 2"):
        assert expected in words
    enclosure = etree.parse(result["feed"]).find(".//item/enclosure")
    media = folder / "public" / enclosure.get("url").partition("//")[2].partition("/")[2]
    assert media.stat().st_size == int(enclosure.get("length"))
    assert set(result["seconds"]) >= {"recording.measure", "recording.encode_audio", "episode.go_live"}
    assert onrecord("check").returncode == 0


def test_the_same_recording_again_changes_nothing(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    recording = write_wave(tmp_path / "talk.wav")
    first = published(onrecord, recording, "--title", "A talk")
    before = public_files(folder)
    again = onrecord("publish", recording, "--title", "Another title", "--json")
    assert again.returncode == 0
    assert "already published" in again.stderr
    assert json.loads(again.stdout)["episode"] == first["episode"]
    assert public_files(folder) == before


def test_what_stands_beside_an_episode(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    """--related, --part-elsewhere and --video, when it is published and afterwards."""
    published(onrecord, write_wave(tmp_path / "a.wav"), "--title", "The ferry", "--language", "en")
    second = published(
        onrecord,
        write_wave(tmp_path / "b.wav", seed=2),
        *("--title", "The bridge", "--language", "en", "--series", "Rivers", "--part", "1", "--of", "2"),
        *("--related", "the-ferry", "--related", "https://example.org/a", "Dams", "The Paper"),
        *("--part-elsewhere", "2", "https://example.org/b", "Part two", "The Paper"),
        *("--video", "https://video.example/watch"),
    )

    def links() -> dict[str, str]:
        page = html.fromstring(Path(second["page"]).read_text())
        return {link.get("href"): " ".join(link.text_content().split()) for link in page.xpath("//main//a[@href]")}

    shown = links()
    assert next(name for link, name in shown.items() if link.endswith("/the-ferry/")) == "The ferry"
    assert shown["https://example.org/a"] == "Dams"
    assert shown["https://example.org/b"] == "Part two"
    assert shown["https://video.example/watch"] == "Watch the video at video.example"
    wrong = onrecord("edit", "the-bridge", "--related", "no-such-talk", "--video", "")
    assert wrong.returncode == 2 and "no-such-talk" in wrong.stderr
    assert links() == shown, "what is refused changes nothing"
    done = onrecord("edit", "the-bridge", "--no-related", "--no-part-elsewhere", "2", "--video", "")
    assert done.returncode == 0, done.stderr
    assert not any("example" in link for link in links() if "//127.0.0.1" not in link)
    assert onrecord("check").returncode == 0


def test_a_show_is_changed(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    """Its language on its pages and in its feed; its artwork, small on pages and large in the feed."""
    feed = Path(published(onrecord, write_wave(tmp_path / "a.wav"), "--title", "A talk", "--language", "en")["feed"])
    Image.effect_noise((1500, 1500), 90).convert("RGB").save(tmp_path / "square.png")
    wrong = onrecord("show", "--language", "nowhere")
    assert wrong.returncode == 2 and "language" in wrong.stderr
    changes = ("--language", "ur", "--name", "گفتگو", "--picture", tmp_path / "square.png")
    done = onrecord("show", feed.parent.name, *changes)
    assert done.returncode == 0, done.stderr
    channel = etree.parse(feed).find("channel")
    assert (channel.findtext("language"), channel.findtext("title")) == ("ur", "گفتگو")
    page = html.fromstring((feed.parent / "index.html").read_text())
    assert (page.get("lang"), page.get("dir"), page.xpath("string(//h1)")) == ("ur", "rtl", "گفتگو")
    shown = folder / "public" / page.xpath("//img[@class='artwork']/@src")[0].lstrip("/")
    assert Image.open(shown).size == (352, 352)
    large = channel.find(f"{ITUNES}image").get("href")
    assert Image.open(folder / "public" / large.partition("//")[2].partition("/")[2]).size == (1500, 1500)
    talk = html.fromstring((feed.parent / "a-talk/index.html").read_text())
    assert talk.get("lang") == "en", "an episode keeps its own"
    assert onrecord("check").returncode == 0


def test_a_draft_is_made_but_not_shown(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    result = published(onrecord, write_wave(tmp_path / "a.wav"), "--title", "Secret talk", "--draft")
    assert result["page"] is None
    assert not any(b"Secret talk" in content for _, content in public_files(folder).values())
    assert not list((folder / "public").rglob("*.mp3"))
    assert onrecord("release", result["episode"]).returncode == 0
    assert any(b"Secret talk" in content for _, content in public_files(folder).values())
    assert len(list((folder / "public").rglob("*.mp3"))) == 1
    assert onrecord("check").returncode == 0


def test_a_future_date_holds_the_page_back(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    result = published(onrecord, write_wave(tmp_path / "a.wav"), "--title", "Later talk", "--at", "2090-01-01")
    assert result["page"] is None
    assert any("2090-01-01" in warning for warning in result["warnings"])
    assert not any(b"Later talk" in content for _, content in public_files(folder).values())


@pytest.mark.slow
def test_a_date_that_moves_takes_the_page_with_it(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    recording = write_wave(tmp_path / "a.wav")
    published(onrecord, recording, "--title", "A talk", "--at", "2090-01-01")
    assert onrecord("edit", "a-talk", "--at", "1999-05-06").returncode == 0
    assert "1999-05-06" in Path(published(onrecord, recording)["page"]).read_text()


@pytest.mark.slow
def test_a_replacement_waits_for_the_date_too(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    published(onrecord, write_wave(tmp_path / "a.wav"), "--title", "A talk", "--at", "2090-01-01")
    result = published(onrecord, write_wave(tmp_path / "b.wav", seed=2, seconds=5), "--replace", "a-talk")
    assert result["page"] is None
    assert not list((folder / "public").rglob("*.mp3"))
    assert onrecord("release", "a-talk").returncode == 0
    feed = etree.parse(next((folder / "public").glob("*/feed.xml")))
    assert feed.findtext(f".//item/{ITUNES}duration") == "5"
    assert "2090" not in feed.findtext(".//item/pubDate")
    assert onrecord("check").returncode == 0


@pytest.mark.slow
def test_a_draft_released_for_a_later_date_waits_for_it(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    result = published(onrecord, write_wave(tmp_path / "a.wav"), "--title", "A talk", "--draft", "--no-wait")
    assert onrecord("release", result["episode"], "--at", "2090-01-01").returncode == 0
    assert not any(b"A talk" in content for _, content in public_files(folder).values())


def test_a_past_date_is_the_date_on_the_page(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    result = published(onrecord, write_wave(tmp_path / "a.wav"), "--title", "Old talk", "--at", "1994-05-06T10:00")
    assert "1994-05-06" in Path(result["page"]).read_text()
    assert "Fri, 06 May 1994 10:00:00" in Path(result["feed"]).read_text()


def test_replacing_keeps_page_guid_and_links(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    first = published(onrecord, write_wave(tmp_path / "a.wav"), "--title", "A talk")
    old_guid = etree.parse(first["feed"]).findtext(".//item/guid")
    old_media = next((folder / "public").rglob("*.mp3"))
    write_wave(tmp_path / "b.wav", seed=2, seconds=5)
    done = onrecord("publish", tmp_path / "b.wav", "--replace", first["episode"], "--title", "Another", "--json")
    assert "--title changed nothing" in done.stderr
    second = json.loads(done.stdout)
    assert (second["page"], second["url"]) == (first["page"], first["url"])
    feed = etree.parse(second["feed"])
    assert feed.findtext(".//item/guid") == old_guid
    assert feed.findtext(f".//item/{ITUNES}duration") == "5"
    assert old_media.exists(), "the old address stays for 30 days"
    assert onrecord("check").returncode == 0


def test_withdrawing_takes_everything_off_and_release_brings_it_back(
    folder: Path, onrecord: Command, tmp_path: Path
) -> None:
    result = published(onrecord, write_wave(tmp_path / "a.wav"), "--title", "A talk")
    before = {name: content for name, (_, content) in public_files(folder).items()}
    assert onrecord("withdraw", result["episode"]).returncode == 0
    assert not any("a-talk" in name for name in public_files(folder))
    assert onrecord("release", result["episode"]).returncode == 0
    assert {name: content for name, (_, content) in public_files(folder).items()} == before


def test_a_new_address_keeps_the_old_one_working(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    result = published(onrecord, write_wave(tmp_path / "a.wav"), "--title", "A talk")
    assert onrecord("edit", result["episode"], "--slug", "another-name").returncode == 0
    old_page = Path(result["page"]).read_text()
    assert "/another-name/" in old_page
    assert "A talk" in (Path(result["page"]).parent.parent / "another-name" / "index.html").read_text()
    assert onrecord("check").returncode == 0


def test_settings_are_found_as_git_finds_its_folder(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    published(onrecord, write_wave(tmp_path / "a.wav"), "--title", "A talk")
    here = Path.cwd()
    try:
        os.chdir(folder / "public")
        done = onrecord("status", "--json")
    finally:
        os.chdir(here)
    assert json.loads(done.stdout)["episodes"][0]["title"] == "A talk"


BAD = {
    "empty": (b"", "a.mp3"),
    "text": (b"this is not sound\n" * 100, "a.mp3"),
    "playlist": (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "a.m3u8"),
    "concat": (b"ffconcat version 1.0\nfile /etc/passwd\n", "a.wav"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', "a.svg"),
    "wav without sound": (b"RIFF\x24\x00\x00\x00WAVEfmt ", "a.wav"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_recording_is_refused(kind: str, folder: Path, onrecord: Command, tmp_path: Path) -> None:
    content, name = BAD[kind]
    (tmp_path / name).write_bytes(content)
    done = onrecord("publish", tmp_path / name, "--title", "A talk")
    assert done.returncode == 2
    assert name in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not any((folder / "originals").glob("*")) if (folder / "originals").exists() else True
    assert not list((folder / "public").rglob("index.html")) if (folder / "public").exists() else True


BAD_WORDS = {
    "long title": ("--title", "x" * 10_000),
    "empty title": ("--title", "  "),
    "year": ("--at", "0001-01-01"),
    "no date": ("--at", "yesterday"),
    "part without series": ("--part", "1"),
    "series without part": ("--series", "Long talks"),
    "part above total": ("--series", "S", "--part", "3", "--of", "2"),
    "picture not there": ("--picture", "/nonexistent.jpg"),
    "notes not there": ("--notes", "/nonexistent.md"),
    "notes without end": ("--notes", "/dev/zero"),
    "no language": ("--language", "nonsense language"),
    "part that no row can hold": ("--series", "S", "--part", "9" * 20),
    "not UTF-8": ("--title", os.fsdecode(b"a\xff")),
    "long tag": ("--tag", "x" * 101),
}


@pytest.mark.parametrize("kind", BAD_WORDS)
def test_words_that_cannot_be_used_are_refused(
    kind: str, folder: Path, rows: Rows, onrecord: Command, tmp_path: Path
) -> None:
    done = onrecord("publish", write_wave(tmp_path / "a.wav"), *BAD_WORDS[kind])
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list((folder / "originals").glob("*"))
    assert rows("SELECT title FROM catalogue_episode") == []


def test_a_picture_of_what_is_refused_is_not_kept(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    part = ("--series", "Long talks", "--part", "1", "--no-wait")
    published(onrecord, write_wave(tmp_path / "a.wav"), *part)
    before = sorted((folder / "originals").iterdir())
    Image.new("RGB", (60, 40)).save(tmp_path / "a.png")
    picture = ("--picture", str(tmp_path / "a.png"))
    done = onrecord("publish", write_wave(tmp_path / "b.wav", seed=2), *part, *picture)
    assert done.returncode == 2
    assert "choose another --part" in done.stderr
    assert sorted((folder / "originals").iterdir()) == before
    done = onrecord("publish", tmp_path / "b.wav", *picture, "--credit", "x" * 10_000)
    assert done.returncode == 2
    assert "The credit has 10,000 characters" in done.stderr


@pytest.mark.django_db
def test_names_that_only_a_refused_recording_brought_go_with_it(publication: Configuration, tmp_path: Path) -> None:
    stays = publish(Request(write_wave(tmp_path / "a.wav"), "A", hosts=["Ada Hill"], tags=["Bridges"]))
    other = Request(
        write_wave(tmp_path / "b.wav", seed=2),
        "B",
        show=stays.episode.show.name,
        hosts=["Ada Hill"],
        guests=["Ada Hill", "Ben Rowe"],
        tags=["Bridges", "Tides"],
        series="Long talks",
        part=1,
    )
    discard(publish(other).recording)
    assert list(Person.objects.values_list("name", flat=True)) == ["Ada Hill"]
    assert list(Tag.objects.values_list("name", flat=True)) == ["Bridges"]
    assert not Series.objects.exists()
    discard(stays.recording)
    assert not Show.objects.exists()
    assert not Person.objects.exists()
    assert not list((publication.folder / "originals").glob("*"))


def test_a_title_from_a_files_name_turns_nothing_around(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    name = tmp_path / ("new\nline \u202egnp \u0645\u06cc\u200c\u0634\u0648\u062f " + os.fsdecode(b"\xff.wav"))
    result = published(onrecord, write_wave(tmp_path / "a.wav").rename(name), "--no-wait")
    assert result["title"] == "new line gnp \u0645\u06cc\u200c\u0634\u0648\u062f \ufffd"


@pytest.mark.slow
def test_hearing_again_that_fails_says_so_to_programs(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    published(onrecord, write_wave(tmp_path / "a.wav"), "--title", "A talk", "--language", "en")
    done = onrecord("transcribe", "a-talk", "--model", "/no/such/model")
    assert done.returncode == 1
    assert "There is no speech model" in done.stderr.splitlines()[-1]


def test_blank_tags_are_no_tags(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    published(onrecord, write_wave(tmp_path / "a.wav"), "--tag", " ", "--tag", "Bridges")
    assert [path.name for path in (folder / "public" / "tags").glob("*/")] == ["bridges"]


def test_a_hostile_file_name_is_shown_in_one_harmless_line(folder: Path, onrecord: Command, tmp_path: Path) -> None:
    bad = tmp_path / "a\n\u202egnp..\u2066.wav"
    bad.write_bytes(b"nothing")
    done = onrecord("publish", bad, "--title", "A talk")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "\u202e" not in done.stderr
