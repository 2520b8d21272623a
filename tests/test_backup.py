"""Backup and restore, on real folders and real databases, with the program and its data in processes of their own."""

import hashlib
import io
import json
import os
import random
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from onrecord.backup import restore
from onrecord.lib.archive import MANIFEST
from onrecord.lib.errors import BadInput
from tests.conftest import POSTGRES, ROOT

MAKE = """
from datetime import UTC, datetime
from hashlib import sha256
from onrecord.catalogue.models import Episode, Show
from onrecord.press.models import PublicFile
from onrecord.recordings.models import Recording, Rendition
from onrecord.jobs.models import Step
from onrecord.lib.files import write_atomically
show = Show.objects.create(slug="talks", name="A \\t\\n\\\\ \u0627\u0631\u062f\u0648", language="ur", podcast_guid="g")
for number in range(3):
    sound, made = b"sound %d" % number, b"made %d" % number
    hashes = sha256(sound).hexdigest(), sha256(made).hexdigest()
    episode = Episode.objects.create(show=show, slug=f"e{number}", title="T", published_at=datetime.now(UTC))
    recording = Recording.objects.create(
        episode=episode, sha256=hashes[0], name="n", size=7, kind="audio", format="wav")
    path = f"talks/e{number}/{hashes[1]}.mp3"
    Rendition.objects.create(recording=recording, kind="mp3", sha256=hashes[1], suffix="mp3", path=path, size=6,
                             mime_type="audio/mpeg", duration_ms=1)
    page = f"talks/e{number}/index.html"
    PublicFile.objects.create(path=page, kind="page", owner="site", order=20, generation=1)
    PublicFile.objects.create(path=path, kind="media", owner="site", order=10, generation=1)
    write_atomically(folder / "originals" / hashes[0], sound)
    write_atomically(folder / "public" / path, made)
    write_atomically(folder / "public" / page, b"page")
    write_atomically(folder / "public" / (page + ".gz"), b"packed page")
Step.objects.create(name="transcript.hear", subject=1, parameters={"a": [1, None]})
write_atomically(folder / "private" / "key", b"secret")
write_atomically(folder / "work" / "half", b"half")
write_atomically(folder / "search.db", b"search")
write_atomically(folder / "public" / "proof-for-a-directory.txt", b"put there by hand")
(folder / "public" / ".page.tmp").write_bytes(b"half-written")
(folder / "link").symlink_to("/etc/passwd")
"""

SHOW = """
import json
from django.core import serializers
from onrecord.catalogue.models import Change, Episode, Show
from onrecord.jobs.models import Step
from onrecord.press.models import PublicFile
from onrecord.recordings.models import Recording, Rendition
kinds = (Show, Episode, Recording, Rendition, PublicFile, Step)
rows = [serializers.serialize("json", kind.objects.order_by("pk")) for kind in kinds]
new = Show.objects.create(slug="next", name="N", language="en", podcast_guid="h")
print(json.dumps({"rows": rows, "stale": Change.objects.filter(kind="everything").exists(), "next": new.pk}))
new.delete()
"""


def in_publication(folder: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code with the publication in `folder` open."""
    start = "import sys; from pathlib import Path; folder = Path(sys.argv[1])\n"
    start += "from onrecord import opening; opening.open_publication(folder)\n"
    clean = {k: v for k, v in os.environ.items() if k not in ("ONRECORD_DATABASE_URL", "ONRECORD_FOLDER")}
    return subprocess.run(
        [sys.executable, "-c", start + code, str(folder)],
        capture_output=True,
        text=True,
        env={**clean, "PYTHONPATH": str(ROOT / "src"), **environment},
    )


def shown(folder: Path, **environment: str) -> dict[str, object]:
    result = in_publication(folder, SHOW, **environment)
    assert result.returncode == 0, result.stderr
    return dict(json.loads(result.stdout))


@pytest.fixture
def made(folder: Path) -> Path:
    (folder / "onrecord.toml").touch()
    result = in_publication(folder, MAKE)
    assert result.returncode == 0, result.stderr
    return folder


def back_up(folder: Path, file: Path) -> None:
    result = in_publication(folder, f"from onrecord import backup; backup.backup(Path({str(file)!r}))")
    assert result.returncode == 0, result.stderr


@pytest.fixture
def backup_file(made: Path, tmp_path: Path) -> Path:
    file = tmp_path / "backup.tar"
    back_up(made, file)
    return file


@pytest.fixture(scope="module")
def backup_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For tests to which the kind of database does not matter."""
    folder = tmp_path_factory.mktemp("sqlite") / "my-show"
    folder.mkdir()
    (folder / "onrecord.toml").touch()
    assert in_publication(folder, MAKE).returncode == 0
    back_up(folder, folder.parent / "backup.tar")
    return folder.parent / "backup.tar"


@pytest.fixture
def no_database_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONRECORD_DATABASE_URL", raising=False)


def public_files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def second_database(monkeypatch: pytest.MonkeyPatch) -> object:
    """Where a backup of PostgreSQL is restored to; nothing on SQLite."""
    if not POSTGRES:
        yield {}
        return
    import psycopg

    name, base = f"onrecord_restored_{os.getpid()}", POSTGRES.rpartition("/")[0]
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    monkeypatch.setenv("ONRECORD_DATABASE_URL", f"{base}/{name}")
    yield {"ONRECORD_DATABASE_URL": f"{base}/{name}"}
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_there_and_back(made: Path, backup_file: Path, tmp_path: Path, second_database: dict[str, str]) -> None:
    before = shown(made)
    again = tmp_path / "again"
    restore(backup_file, again)
    assert public_files(again / "originals") == public_files(made / "originals")
    files = public_files(made / "public")
    del files[".page.tmp"]
    assert public_files(again / "public") == files
    assert (again / "private" / "key").read_bytes() == b"secret"
    for part in ("work", "search.db", "link", "rows"):
        assert not (again / part).is_symlink() and not (again / part).exists(), part
    after = shown(again)
    assert after["rows"] == before["rows"]
    assert after["stale"], "public files may be newer than the rows"
    assert after["next"] == 2, "new rows go on counting"
    assert not list(tmp_path.glob(".again*"))


def test_modes_and_times(backup_on_sqlite: Path, tmp_path: Path, no_database_named: None) -> None:
    backup_file, made = backup_on_sqlite, backup_on_sqlite.parent / "my-show"
    assert stat.S_IMODE(backup_file.stat().st_mode) == 0o600
    again = tmp_path / "again"
    again.mkdir()
    restore(backup_file, again)
    assert stat.S_IMODE((again / "private").stat().st_mode) == 0o700
    page = "public/talks/e0/index.html"
    assert abs((again / page).stat().st_mtime - (made / page).stat().st_mtime) < 0.001


def test_manifest_names_everything_with_its_hash(backup_on_sqlite: Path) -> None:
    backup_file = backup_on_sqlite
    with tarfile.open(backup_file) as tar:
        names = tar.getnames()
        content, settings = tar.extractfile(MANIFEST), tar.extractfile("onrecord.toml")
        assert content is not None and settings is not None
        manifest, settings_of_the_show = json.load(content), settings.read()
    assert names[-1] == MANIFEST
    assert set(names[:-1]) == set(manifest["files"])
    assert manifest["files"]["onrecord.toml"]["sha256"] == hashlib.sha256(settings_of_the_show).hexdigest()
    assert ["press", "0001_initial"] in manifest["migrations"]


def refused(file: Path, folder: Path) -> str:
    """The sentence; nothing may have been made."""
    before = sorted(folder.parent.iterdir())
    with pytest.raises(BadInput) as caught:
        restore(file, folder)
    assert sorted(folder.parent.iterdir()) == before
    return str(caught.value)


def test_only_into_an_empty_folder(backup_on_sqlite: Path, tmp_path: Path, no_database_named: None) -> None:
    backup_file = backup_on_sqlite
    assert "is not empty" in refused(backup_file, backup_file.parent / "my-show")
    (tmp_path / "file").touch()
    assert "is not empty" in refused(backup_file, tmp_path / "file")
    assert "There is no file" in refused(tmp_path / "none.tar", tmp_path / "again")


def test_damaged_backups_make_nothing(backup_on_sqlite: Path, tmp_path: Path, no_database_named: None) -> None:
    backup_file = backup_on_sqlite
    whole = backup_file.read_bytes()
    damaged = tmp_path / "damaged.tar"
    choice = random.Random(1)
    for cut in [0, 100, 512, len(whole) // 2, *(choice.randrange(len(whole) - 11_000) for _ in range(10))]:
        damaged.write_bytes(whole[:cut])
        sentence = refused(damaged, tmp_path / "again")
        assert "try another copy" in sentence and "\n" not in sentence
    with tarfile.open(backup_file) as tar:
        inside = tar.getmember("private/key").offset_data
    damaged.write_bytes(whole[:inside] + b"X" + whole[inside + 1 :])
    assert "'private/key' is not what was backed up" in refused(damaged, tmp_path / "again")
    damaged.write_bytes(b"PK\x03\x04" + bytes(5000))
    assert "is not a backup" in refused(damaged, tmp_path / "again")


def _tar(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    with tarfile.open(path, "w") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "a/../../escaped", "a//b", ".", "a/./b", "a\n/../../b"])
def test_hostile_names_write_nothing_outside(tmp_path: Path, name: str) -> None:
    place = tmp_path / "inner"
    place.mkdir()
    file = _tar(tmp_path / "hostile.tar", [(tarfile.TarInfo(name), b"x")])
    assert "try another copy" in refused(file, place / "again")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["hostile.tar", "inner"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_only_regular_files(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("public/x")
    member.type, member.linkname = kind, "/etc/passwd"
    with tarfile.open(tmp_path / "hostile.tar", "w") as tar:
        tar.addfile(member)
    assert "try another copy" in refused(tmp_path / "hostile.tar", tmp_path / "again")


@pytest.mark.parametrize("manifest", [b"[]", b"{", b'{"files": []}', b'{"files": {"x": {}}}', b"\xff"])
def test_hostile_manifests(tmp_path: Path, manifest: bytes) -> None:
    file = _tar(tmp_path / "hostile.tar", [(tarfile.TarInfo(MANIFEST), manifest)])
    assert "try another copy" in refused(file, tmp_path / "again")


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"format": 2}, "use a newer onrecord"),
        ({"format": 1, "database": "oracle"}, "use a newer onrecord"),
        (
            {"format": 1, "database": "sqlite", "migrations": [["press", "0099_later"]], "program": "9.0"},
            "made by a newer onrecord (9.0",
        ),
        ({"format": 1, "database": "sqlite", "migrations": "x"}, "try another copy"),
        ({"format": 1, "database": "sqlite", "migrations": [["press", "0001_initial"]]}, "try another copy"),
    ],
)
def test_what_this_program_cannot_restore(
    tmp_path: Path, no_database_named: None, about: dict[str, object], words: str
) -> None:
    manifest = json.dumps({**about, "files": {}}).encode()
    assert words in refused(_tar(tmp_path / "odd.tar", [(tarfile.TarInfo(MANIFEST), manifest)]), tmp_path / "again")


TRY = """
from onrecord import backup
for file in sys.argv[2:]:
    try:
        backup.backup(Path(file))
    except Exception as error:
        print(type(error).__name__, error)
"""


def test_where_a_backup_may_not_lie_and_what_is_missing(made: Path, tmp_path: Path) -> None:
    (tmp_path / "there.tar").touch()
    next((made / "originals").iterdir()).unlink()
    kept = tmp_path / "kept.tar"
    places = [tmp_path / "there.tar", tmp_path / "no" / "b.tar", made / "public" / "b.tar", made / "private" / "b.tar"]
    result = in_publication(made, f"sys.argv += {[str(place) for place in [*places, kept]]!r}\n{TRY}")
    sentences = result.stdout.splitlines()
    for sentence, words in zip(sentences, ["there already", "no folder", "own public/", "own private/"], strict=False):
        assert sentence.startswith("BadInput") and words in sentence
    assert "Failed" in sentences[4] and "is written, but 1 files that the publication names are not" in sentences[4]
    assert kept.exists() and not (made / "public" / "b.tar").exists()


BUSY = """
import itertools, sys, time
from hashlib import sha256
from datetime import UTC, datetime
from onrecord.catalogue.models import Episode, Show
from onrecord.lib.files import write_atomically, move_durably
from onrecord.press.models import PublicFile
from onrecord.recordings.models import Recording, Rendition
show = Show.objects.get()
until = time.monotonic() + 300
for number in itertools.count(10):
    if number == 20:
        print("busy", flush=True)
    if time.monotonic() > until:
        break
    made = b"made %d" % number * 1000
    digest = sha256(made).hexdigest()
    path = f"talks/e{number}/{digest}.mp3"
    private = folder / "private" / "renditions" / f"{digest}.mp3"
    write_atomically(private, made)
    episode = Episode.objects.create(show=show, slug=f"e{number}", title="T", published_at=datetime.now(UTC))
    recording = Recording.objects.create(episode=episode, sha256=digest, name="n", size=7, kind="audio", format="wav")
    write_atomically(folder / "originals" / digest, made)
    Rendition.objects.create(recording=recording, kind="mp3", sha256=digest, suffix="mp3", path=path, size=len(made),
                             mime_type="audio/mpeg", duration_ms=1)
    move_durably(private, folder / "public" / path)
    PublicFile.objects.create(path=path, kind="media", owner="site", order=10, generation=1)
    other = Rendition.objects.order_by("?").first()
    back = folder / "private" / "renditions" / f"{other.sha256}.mp3"
    if (folder / "public" / other.path).exists():
        move_durably(folder / "public" / other.path, back)
    elif back.exists():
        move_durably(back, folder / "public" / other.path)
"""

COMPARE = """
from onrecord.recordings.models import Rendition
missing = [r.path for r in Rendition.objects.all() if not (folder / "public" / r.path).exists()
           and not (folder / "private" / "renditions" / f"{r.sha256}.mp3").exists()]
known = {r.path for r in Rendition.objects.all()}
unknown = [str(p) for p in (folder / "public").rglob("*.mp3") if str(p.relative_to(folder / "public")) not in known]
print(len(known), missing, unknown)
"""


def test_while_everything_moves(made: Path, tmp_path: Path, second_database: dict[str, str]) -> None:
    """Whatever happens meanwhile, each row's file is in the backup, and no file that only later rows know."""
    start = "import sys; from pathlib import Path; folder = Path(sys.argv[1])\n"
    start += "from onrecord import opening; opening.open_publication(folder)\n"
    clean = {k: v for k, v in os.environ.items() if k != "ONRECORD_DATABASE_URL"}
    busy = subprocess.Popen(
        [sys.executable, "-c", start + BUSY, str(made)],
        stdout=subprocess.PIPE,
        text=True,
        env={**clean, "PYTHONPATH": str(ROOT / "src"), "ONRECORD_FOLDER": str(made)},
    )
    try:
        assert busy.stdout is not None
        assert busy.stdout.readline() == "busy\n"
        back_up(made, tmp_path / "busy.tar")
        assert busy.poll() is None
    finally:
        busy.kill()
        busy.wait()
    restore(tmp_path / "busy.tar", tmp_path / "again")
    result = in_publication(tmp_path / "again", COMPARE, **second_database)
    assert result.returncode == 0, result.stderr
    count, rest = result.stdout.split(" ", 1)
    assert int(count) > 5
    assert rest.strip() == "[] []"


RESTLESS = """
from onrecord import backup
from onrecord.lib.archive import ArchiveWriter
from onrecord.recordings.models import Rendition
rendition = Rendition.objects.first()
places = [folder / "public" / rendition.path, folder / "private" / "renditions" / f"{rendition.sha256}.mp3"]
places[1].parent.mkdir()
add, moves = ArchiveWriter.add, 9
def add_what_is_there(self, name, path):
    global moves
    if path in places and moves:
        moves -= 1
        path.replace(places[1 - places.index(path)])
    add(self, name, path)
ArchiveWriter.add = add_what_is_there
backup.backup(Path(sys.argv[2]))
assert not moves
print(rendition.path)
"""


def test_a_rendition_that_is_elsewhere_whenever_it_is_looked_for(made: Path, tmp_path: Path) -> None:
    file = tmp_path / "restless.tar"
    result = in_publication(made, f"sys.argv.append({str(file)!r})\n{RESTLESS}")
    assert result.returncode == 0, result.stderr
    path = result.stdout.strip()
    with tarfile.open(file) as tar:
        names = tar.getnames()
    kept = f"private/renditions/{Path(path).name}"
    assert (f"public/{path}" in names) + (kept in names) == 1


def test_rows_are_kept_before_an_upgrade(made: Path, tmp_path: Path) -> None:
    code = "from onrecord import backup\nfor _ in range(5): backup.backup_rows_before_upgrade()"
    assert in_publication(made, code).returncode == 0
    kept = list((made / "private" / "before-upgrade").iterdir())
    assert len(kept) == 3
    with tarfile.open(kept[0]) as tar:
        assert tar.getnames()[-1] == MANIFEST
        assert all(name == MANIFEST or name.startswith(("onrecord.db", "rows/")) for name in tar.getnames())
    back_up(made, tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as tar:
        assert not [name for name in tar.getnames() if "before-upgrade" in name]


@pytest.mark.skipif(not POSTGRES, reason="about PostgreSQL")
def test_a_database_that_is_not_empty_is_left_alone(
    made: Path, backup_file: Path, tmp_path: Path, no_database_named: None
) -> None:
    before = shown(made)
    assert "is not empty" in refused(backup_file, tmp_path / "again")
    assert shown(made)["rows"] == before["rows"]


def test_rows_stay_on_their_kind_of_database(
    backup_on_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONRECORD_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert "holds the rows of SQLite" in refused(backup_on_sqlite, tmp_path / "again")
