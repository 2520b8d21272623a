"""Files are whole or not there."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from onrecord.press import writer
from onrecord.press.writer import Batch, Leaving

ROOT = Path(__file__).resolve().parent.parent.parent


def write(public: Path, contents: dict[str, bytes]) -> None:
    batch = Batch(public)
    for key, (path, content) in enumerate(contents.items()):
        batch.stage(key, path, content)
    batch.sync()
    batch.swap(range(len(contents)))
    batch.close()


def remove(public: Path, *paths: str) -> None:
    batch = Batch(public)
    for path in paths:
        batch.remove(path)
    batch.close()


def files(public: Path) -> set[str]:
    return {str(file.relative_to(public)) for file in public.rglob("*")}


@pytest.mark.parametrize("count", [1, 30])
def test_files_and_their_compressed_forms(tmp_path: Path, count: int) -> None:
    contents = {f"talks/e{number}/index.html": b"<p>%d" % number * 400 for number in range(count)}
    write(tmp_path, contents)
    for path, content in contents.items():
        assert (tmp_path / path).read_bytes() == content
        compressed = (tmp_path / f"{path}.gz").read_bytes()
        assert gzip.decompress(compressed) == content
        assert compressed == writer.compress(content)
        assert compressed[4:8] == b"\0\0\0\0", "no time in it"


def test_small_files_and_media_are_not_compressed(tmp_path: Path) -> None:
    write(tmp_path, {"robots.txt": b"x" * 999, "a.jpg": b"x" * 5000})
    assert files(tmp_path) == {"robots.txt", "a.jpg"}


def test_unchanged_bytes_keep_their_time(tmp_path: Path) -> None:
    write(tmp_path, {"a.html": b"x" * 2000})
    for name in ("a.html", "a.html.gz"):
        os.utime(tmp_path / name, (1_000_000, 1_000_000))
    write(tmp_path, {"a.html": b"x" * 2000})
    assert {(tmp_path / name).stat().st_mtime for name in ("a.html", "a.html.gz")} == {1_000_000}


def test_a_compressed_form_that_is_of_other_bytes_is_written_again(tmp_path: Path) -> None:
    write(tmp_path, {"a.html": b"x" * 2000})
    (tmp_path / "a.html.gz").write_bytes(writer.compress(b"y" * 2000))
    write(tmp_path, {"a.html": b"x" * 2000})
    assert gzip.decompress((tmp_path / "a.html.gz").read_bytes()) == b"x" * 2000


def test_a_file_that_shrinks_loses_its_compressed_form(tmp_path: Path) -> None:
    write(tmp_path, {"a.html": b"x" * 2000})
    write(tmp_path, {"a.html": b"x"})
    assert files(tmp_path) == {"a.html"}


def test_going_takes_compressed_form_and_empty_folders(tmp_path: Path) -> None:
    write(tmp_path, {"talks/one/index.html": b"x" * 2000, "talks/two/index.html": b"y"})
    remove(tmp_path, "talks/one/index.html")
    assert files(tmp_path) == {"talks", "talks/two", "talks/two/index.html"}
    remove(tmp_path, "talks/two/index.html", "talks/gone/before/index.html")
    assert files(tmp_path) == set()


def test_what_is_not_swapped_leaves_nothing(tmp_path: Path) -> None:
    batch = Batch(tmp_path)
    batch.stage(1, "a.html", b"one")
    batch.stage(2, "b.html", b"two")
    batch.sync()
    batch.swap([1])
    batch.close()
    assert files(tmp_path) == {"a.html"}


def test_a_link_to_elsewhere_is_not_followed(tmp_path: Path) -> None:
    public, elsewhere = tmp_path / "public", tmp_path / "private"
    public.mkdir()
    elsewhere.mkdir()
    (public / "talks").symlink_to(elsewhere)
    with pytest.raises(Leaving):
        write(public, {"talks/one/index.html": b"x"})
    with pytest.raises(Leaving):
        remove(public, "talks/one/index.html")
    assert not list(elsewhere.iterdir())


def test_public_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "public").symlink_to(tmp_path / "disk")
    write(tmp_path / "public", {"a.html": b"x"})
    assert (tmp_path / "disk" / "a.html").read_bytes() == b"x"


def test_the_sweep_takes_what_the_dead_left_and_nothing_else(tmp_path: Path) -> None:
    killed = (
        "import os, signal, sys; from pathlib import Path; from onrecord.press.writer import Batch\n"
        "batch = Batch(Path(sys.argv[1])); batch.stage(1, 'talks/one/index.html', b'x' * 2000); batch.sync()\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    subprocess.run([sys.executable, "-c", killed, str(tmp_path)], env=environment, check=False)
    left = {file for file in files(tmp_path) if file.endswith(".tmp")}
    assert len(left) == 2, "the page and its compressed form"
    alive = Batch(tmp_path)
    alive.stage(1, "talks/two.html", b"x")
    others = {"talks/.a.mp3.89abcdef.tmp": True, "talks/notes.tmp": False}
    for file in others:
        (tmp_path / file).write_bytes(b"x")
    assert writer.sweep(tmp_path) == len(left) + 1
    assert not left & files(tmp_path)
    assert "talks/notes.tmp" in files(tmp_path)
    alive.swap([1])
    assert "talks/two.html" in files(tmp_path), "what a running worker writes stays"
