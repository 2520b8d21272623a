"""A look at the door: what is taken, what is refused, and in what words."""

import os
import struct
import wave
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onrecord.lib.errors import BadInput
from onrecord.recordings.probe import probe
from tests.recordings.making import make, voice, write

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
NOT_RECORDINGS = {
    "nothing": (b"", "empty"),
    "text": (b"this is not sound\n" * 100, "it is text"),
    "playlist": (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "playlist"),
    "adaptive playlist": (b'<?xml version="1.0"?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>', "playlist"),
    "concat": (b"ffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
    "session": (b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n", "playlist"),
    "svg": (SVG, "marked-up text"),
    "page": (b"<!doctype html><title>x</title>", "marked-up text"),
    "picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "picture"),
    "wav without sound": (b"RIFF\x24\x00\x00\x00WAVEfmt ", "cut off"),
    "mp4 without end": (b"\x00\x00\x00\x20ftypisom" + b"\0" * 200, "cut off"),
    "zeros": (b"\0" * 5000, "no known media format"),
}


@pytest.mark.parametrize("kind", NOT_RECORDINGS)
@pytest.mark.parametrize("suffix", [".mp3", ".m3u8", ""])
def test_what_is_no_recording_is_refused_whatever_its_name(kind: str, suffix: str, tmp_path: Path) -> None:
    content, nature = NOT_RECORDINGS[kind]
    path = tmp_path / f"talk{suffix}"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=nature) as caught:
        probe(path, path.name)
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_things_that_are_no_files_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path, words in (
        (tmp_path, "a folder"),
        (tmp_path / "pipe", "a named pipe"),
        (tmp_path / "loop", "cannot be read"),
        (tmp_path / "missing.wav", "cannot be read"),
        (Path("/dev/zero"), "a device"),
    ):
        with pytest.raises(BadInput, match=words):
            probe(path, path.name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", voice(1))
    path.chmod(0)
    with pytest.raises(BadInput, match="Permission denied"):
        probe(path, path.name)


def test_a_hostile_name_is_shown_in_one_short_line(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"nothing")
    with pytest.raises(BadInput) as caught:
        probe(path, "a\n\u202egnp\u2066../../" + "x" * 5000)
    assert len(str(caught.value)) < 400
    assert all(character.isprintable() for character in str(caught.value))


def test_a_link_to_a_recording_is_a_recording(tmp_path: Path) -> None:
    (tmp_path / "link.wav").symlink_to(write(tmp_path / "a.wav", voice(1)))
    assert probe(tmp_path / "link.wav", "link.wav").kind == "audio"


FORMATS = {
    "flac": ("-c:a", "flac"),
    "mp3": ("-c:a", "libmp3lame"),
    "m4a": ("-c:a", "aac"),
    "aac": ("-c:a", "aac"),
    "ogg": ("-c:a", "libvorbis"),
    "opus": ("-c:a", "libopus"),
    "webm": ("-c:a", "libopus"),
    "mka": ("-c:a", "flac"),
    "aiff": (),
    "caf": (),
    "w64": (),
    "wma": ("-c:a", "wmav2"),
    "ac3": ("-c:a", "ac3"),
    "wv": (),
}


def test_every_usual_format_is_taken_by_its_content(tmp_path: Path) -> None:
    source = write(tmp_path / "a.wav", voice(2))
    for suffix, arguments in FORMATS.items():
        path = make(tmp_path / f"a.{suffix}", "-i", source, *arguments)
        found = probe(path, path.name)
        assert (found.kind, found.channels, found.warnings) == ("audio", 1, ()), suffix
        assert found.source(path).arguments()
        renamed = probe(path, "a.wav")
        assert "whatever its name says" in renamed.warnings[0], suffix


def test_a_telephone_recording_is_taken_with_a_warning(tmp_path: Path) -> None:
    found = probe(write(tmp_path / "a.wav", voice(1, rate=8000), rate=8000), "a.wav")
    assert found.rate == 8000
    assert "8,000 samples" in found.warnings[0]


def test_a_wav_file_that_was_cut_off_says_so(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.wav", voice(4)).read_bytes()
    (tmp_path / "b.wav").write_bytes(whole[:40_000])
    assert "cut off" in probe(tmp_path / "b.wav", "b.wav").warnings[0]
    # recorders that cannot know the length write the highest number there
    (tmp_path / "c.wav").write_bytes(whole[:4] + b"\xff\xff\xff\xff" + whole[8:40] + b"\xff\xff\xff\xff" + whole[44:])
    assert probe(tmp_path / "c.wav", "c.wav").warnings == ()


def test_a_wav_header_without_samples_is_refused(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
    with pytest.raises(BadInput, match="no sound that can be decoded"):
        probe(tmp_path / "a.wav", "a.wav")


def test_pictures_without_sound_are_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-c:v", "libx264")
    with pytest.raises(BadInput, match="has no sound"):
        probe(path, "a.mp4")


def test_moving_pictures_make_a_video_and_a_cover_does_not(tmp_path: Path) -> None:
    sound = write(tmp_path / "a.wav", voice(2))
    film = make(
        tmp_path / "a.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=2", "-i", sound, "-pix_fmt", "yuv420p"
    )
    found = probe(film, "a.mp4")
    assert found.kind == "video"
    assert found.video is not None
    assert (found.video.width, found.video.height, found.video.rate) == (320, 180, 25)
    still = make(tmp_path / "c.jpg", "-f", "lavfi", "-i", "color=red:s=64x64:d=1", "-frames:v", "1")
    cover = ("-map", "0:a", "-map", "1:v", "-c:v", "copy", "-disposition:v", "attached_pic")
    for name in ("a.mp3", "a.m4a", "a.flac"):
        assert probe(make(tmp_path / name, "-i", sound, "-i", still, *cover), name).kind == "audio", name


def test_two_sound_tracks_are_told(tmp_path: Path) -> None:
    sound = write(tmp_path / "a.wav", voice(1))
    path = make(tmp_path / "a.mka", "-i", sound, "-i", sound, "-map", "0", "-map", "1", "-c:a", "flac")
    assert "2 sound tracks" in probe(path, "a.mka").warnings[0]


def test_chapters_are_read_in_order_once_a_moment(tmp_path: Path) -> None:
    (tmp_path / "tags.txt").write_text(
        ";FFMETADATA1\n"
        + "".join(
            f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={start + 500}\ntitle={title}\n"
            for start, title in ((0, "One"), (500, "Two \u202e words"), (1000, " "), (1500, "x" * 1000))
        )
    )
    sound = write(tmp_path / "a.wav", voice(2))
    path = make(tmp_path / "a.m4a", "-i", sound, "-f", "ffmetadata", "-i", tmp_path / "tags.txt", "-map_metadata", "1")
    chapters = probe(path, "a.m4a").chapters
    assert chapters[:2] == ((0, "One"), (500, "Two words"))
    assert [start for start, _ in chapters] == sorted({start for start, _ in chapters})
    assert all(len(title) <= 300 for _, title in chapters)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_published_or_refused_in_one_sentence(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever is done to a file, it is a Probe or BadInput: no other error, and no crash."""
    kind = data.draw(st.sampled_from(["wav", "flac", "m4a", "ogg", "mkv", "mp3"]))
    whole = damaged_seed(tmp_path, kind)
    content = bytearray(whole[: data.draw(st.integers(1, len(whole)))])
    for _ in range(data.draw(st.integers(0, 12))):
        content[data.draw(st.integers(0, min(len(content) - 1, 400)))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged"
    path.write_bytes(bytes(content))
    try:
        found = probe(path, "damaged")
    except BadInput as error:
        assert "\n" not in str(error)
    else:
        assert found.rate > 0
        assert found.channels > 0


def damaged_seed(folder: Path, kind: str) -> bytes:
    path = folder / f"seed.{kind}"
    if not path.exists():
        make(path, "-i", write(folder / "seed-source.wav", voice(0.4)))
    return path.read_bytes()


def test_a_header_that_claims_hours_is_not_believed(tmp_path: Path) -> None:
    content = bytearray(make(tmp_path / "a.flac", "-i", write(tmp_path / "a.wav", voice(2))).read_bytes())
    samples = 47 * 3600 * 16_000
    # STREAMINFO: 36 bits of sample count end 16 bytes before the block's end
    (before,) = struct.unpack(">Q", content[18:26])
    content[18:26] = struct.pack(">Q", (before & ~0xFFFFFFFFF) | (samples & 0xFFFFFFFFF))
    (tmp_path / "b.flac").write_bytes(content)
    assert (probe(tmp_path / "b.flac", "b.flac").claimed_ms or 0) > 40 * 3600 * 1000
