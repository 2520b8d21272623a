"""Running ffmpeg: what it may open, how far it is, how it ends."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.lib.configuration import Configuration
from onrecord.lib.errors import BadInput, Failed
from onrecord.recordings import ffmpeg
from tests.conftest import ROOT
from tests.recordings.making import voice, write

TONE = ("-f", "lavfi", "-i", "sine=440:d=20")
TO_NOWHERE = ("-f", "null", "-")


@pytest.mark.parametrize("format", ["hls", "concat", "dash", "image2", "sdp", "svg_pipe", "lavfi", "ffmetadata", ""])
def test_formats_that_name_other_files_are_never_opened(format: str) -> None:
    with pytest.raises(BadInput):
        ffmpeg.Source(Path("a.mp3"), format).arguments()


def test_a_list_of_files_that_is_said_to_be_sound_opens_nothing(tmp_path: Path, publication: Configuration) -> None:
    secret = write(tmp_path / "secret.wav", voice(1))
    (tmp_path / "list.wav").write_text(f"ffconcat version 1.0\nfile '{secret}'\n")
    output = tmp_path / "out.wav"
    with pytest.raises(Failed):
        ffmpeg.run([*ffmpeg.Source(tmp_path / "list.wav", "wav").arguments(), str(output)], "trying")
    assert not output.exists()


def test_names_that_look_like_addresses_are_files(tmp_path: Path, publication: Configuration) -> None:
    odd = write(tmp_path / "concat:a|b\n\u202e-i.wav", voice(1))
    said = ffmpeg.run([*ffmpeg.Source(odd, "wav").arguments(), *TO_NOWHERE], "reading")
    assert "Audio: pcm_s16le" in said


def test_progress_goes_up_to_the_end(publication: Configuration) -> None:
    seen: list[float] = []
    ffmpeg.run(["-readrate", "10", *TONE, *TO_NOWHERE], "playing", 20_000, lambda share, _: seen.append(share))
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0, abs=0.01)


def test_a_failure_is_one_sentence(tmp_path: Path, publication: Configuration) -> None:
    with pytest.raises(Failed) as caught:
        ffmpeg.run(["-f", "wav", "-i", "file:/nonexistent", *TO_NOWHERE], "reading the recording")
    assert "while reading the recording" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_called_so(publication: Configuration) -> None:
    with pytest.raises(Failed, match="disk is full") as caught:
        ffmpeg.run([*TONE, "-f", "s16le", "file:/dev/full"], "encoding")
    assert isinstance(caught.value.__cause__, OSError)


def test_raising_from_progress_ends_it(publication: Configuration) -> None:
    def stop(share: float, doing: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ffmpeg.run(["-readrate", "1", *TONE, *TO_NOWHERE], "playing", 20_000, stop)
    assert not [child for child in psutil.Process().children() if "ffmpeg" in child.name()]


def test_what_makes_no_progress_is_ended(
    tmp_path: Path, publication: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "never")
    monkeypatch.setattr(ffmpeg, "STALLED_AFTER", 0.5)
    with pytest.raises(Failed, match="no progress"):
        ffmpeg.run(["-f", "s16le", "-i", f"file:{tmp_path / 'never'}", *TO_NOWHERE], "waiting")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_it_dies_with_its_parent_even_by_kill_9(tmp_path: Path) -> None:
    script = (
        "import django; django.setup()\n"
        "from onrecord.recordings import ffmpeg\n"
        "ffmpeg.run(['-readrate', '1', '-f', 'lavfi', '-i', 'anullsrc', '-f', 'null', '-'], 'playing')\n"
    )
    environment = os.environ | {"ONRECORD_FOLDER": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}
    environment["DJANGO_SETTINGS_MODULE"] = "onrecord.settings"
    parent = subprocess.Popen([sys.executable, "-c", script], env=environment)
    try:
        children = wait_for_children(parent.pid)
        parent.send_signal(signal.SIGKILL)
        _, alive = psutil.wait_procs(children, timeout=5)
        assert not alive
    finally:
        parent.kill()
        parent.wait()


def wait_for_children(pid: int) -> list[psutil.Process]:
    for _ in range(200):
        children = [child for child in psutil.Process(pid).children() if "-readrate" in child.cmdline()]
        if children:
            return children
        time.sleep(0.1)
    raise AssertionError("ffmpeg did not start")


def test_an_ffmpeg_that_does_not_run_is_named(publication: Configuration, settings) -> None:  # type: ignore[no-untyped-def]
    settings.ONRECORD = replace(publication, recordings=replace(publication.recordings, ffmpeg="/nonexistent/ffmpeg"))
    with pytest.raises(Failed, match="/nonexistent/ffmpeg"):
        ffmpeg.program()


def test_an_ffmpeg_that_is_too_old_is_refused(tmp_path: Path, publication: Configuration, settings) -> None:  # type: ignore[no-untyped-def]
    old = tmp_path / "ffmpeg"
    old.write_text("#!/bin/sh\necho ffmpeg version 5.1.6-0+deb12u1\n")
    old.chmod(0o755)
    settings.ONRECORD = replace(publication, recordings=replace(publication.recordings, ffmpeg=str(old)))
    with pytest.raises(Failed, match="version 7 or newer"):
        ffmpeg.program()


@given(st.lists(st.binary(max_size=900), max_size=8))
def test_lines_are_the_same_however_they_arrive(pieces: list[bytes]) -> None:
    buffer, lines = bytearray(), []
    for piece in [*pieces, b"\n"]:
        lines += ffmpeg._lines(buffer, piece)
        assert len(buffer) <= ffmpeg.KEPT_OF_A_LINE
    assert all(len(line) <= ffmpeg.KEPT_OF_A_LINE and "\n" not in line for line in lines)
    whole = b"".join(pieces)
    if max(map(len, whole.replace(b"\r", b"\n").split(b"\n"))) <= ffmpeg.KEPT_OF_A_LINE:
        expected = [line for line in whole.replace(b"\r", b"\n").split(b"\n") if line]
        assert lines == [line.decode("utf-8", "replace") for line in expected]
