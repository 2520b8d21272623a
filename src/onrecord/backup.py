"""Backs a publication up into one file while it runs, and makes a publication's folder of such a file.

A backup holds one moment of the rows (SQLite's online backup, or PostgreSQL's tables read in one REPEATABLE READ
transaction) and every file that those rows name. Files are content-addressed or written whole, so that what is read
later than the rows can only be newer, never half; what only newer rows know is left out. A backup is restored on the
kind of database that it was made on.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from onrecord import __version__, rows
from onrecord.lib import configuration, erasures
from onrecord.lib.archive import ArchiveWriter, unpack, writing
from onrecord.lib.children import environment
from onrecord.lib.errors import BadInput, Failed
from onrecord.lib.files import make_folder, sync_folder

FORMAT = 1
BEFORE_UPGRADE = "before-upgrade"
KEPT_BEFORE_UPGRADE = 3
UNFINISHED = "backup-"
"""Begins the name of a folder in work/ that a backup gathers its rows in."""
LEFT_OUT = {"work", "onrecord.db", "onrecord.db-wal", "onrecord.db-shm", "search.db", "search.db-wal", "search.db-shm"}
"""Entries of the folder that are half-made or can be made again; the rows are written by themselves."""

_HALF_WRITTEN = re.compile(r"\..*\.tmp")
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_ROUNDS = 5
_TRIES = 20
"""How often a rendition is looked for in its two places."""


def backup(file: Path) -> None:
    """Write everything that must not be lost into `file`, a tar that only its owner may read.

    Raises BadInput when it cannot be written there, and Failed when files that the rows name are missing; then the
    backup is written all the same.
    """
    _check_target(file, settings.ONRECORD.folder)
    with _one_moment() as moment, _disk_errors(file), writing(file) as archive:
        moment.add_rows(archive)
        _add_files(archive, moment, settings.ONRECORD.folder)
        archive.finish(moment.about())
    missing = moment.named_files - {entry["sha256"] for entry in archive.files.values()}
    if missing:
        raise Failed(
            f"{file} is written, but {len(missing)} files that the publication names are not in its folder "
            f"(the first is {min(missing)}): `onrecord check` says which."
        )


def backup_rows_before_upgrade() -> None:
    """Keep the rows as they are in private/before-upgrade/; the newest three stay."""
    folder = settings.ONRECORD.private / BEFORE_UPGRADE
    make_folder(folder)
    file = folder / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}-{secrets.token_hex(2)}.tar"
    with _one_moment() as moment, _disk_errors(file), writing(file) as archive:
        moment.add_rows(archive)
        archive.finish(moment.about())
    for old in sorted(folder.glob("*.tar"))[:-KEPT_BEFORE_UPGRADE]:
        old.unlink()


def remove_leftovers() -> None:
    """Remove older rows that lie in the folder: those that were kept before upgrades, and of backups that were killed.

    Rows of an older program cannot be changed by a newer one: what was erased goes with all of them.
    """
    for old in (settings.ONRECORD.private / BEFORE_UPGRADE).glob("*"):
        old.unlink()
    for left in settings.ONRECORD.work.glob(f"{UNFINISHED}*"):
        if _is_left(left):
            shutil.rmtree(left, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    """Whether nobody works in it: who does holds it locked."""
    try:
        with _locked(folder, wait=False):
            return True
    except (BlockingIOError, FileNotFoundError):
        return False


@contextmanager
def _locked(folder: Path, wait: bool = True) -> Iterator[None]:
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(held)


def _check_target(file: Path, folder: Path) -> None:
    if file.exists():
        raise BadInput(f"{file} is there already: choose another name, or remove it first.")
    if not file.absolute().parent.is_dir():
        raise BadInput(f"There is no folder {file.absolute().parent}: make it, or choose another place.")
    for part in ("public", "originals", "private", "work"):
        if file.resolve().is_relative_to(folder / part):
            raise BadInput(f"{file} would lie in the publication's own {part}/: choose a place outside of it.")


@contextmanager
def _disk_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        at_fault = error.filename or file
        raise BadInput(
            f"{file} cannot be made ({error.strerror}: {at_fault}): see to room and rights, or choose another place."
        ) from error


class Moment:
    """The rows as they were at one moment, in files below a new temporary folder, and what they say of other files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.began = datetime.now(UTC)
        # The file system stamps by a clock that lags some milliseconds behind ours: what came before it must say.
        self.began_on_disk = folder.stat().st_ctime_ns
        self.migrations: list[tuple[str, str]] = []
        self.named_files: set[str] = set()
        self.public_paths: set[str] = set()
        self.renditions: dict[str, str] = {}

    def read(self, ask: Callable[[str], Iterable[Any]], tables: set[str]) -> None:
        """Note what the rows say of files. A database before an upgrade may lack tables."""
        self.migrations = [(app, name) for app, name in ask("SELECT app, name FROM django_migrations ORDER BY id")]
        for table in ("recordings_recording", "recordings_rendition", "catalogue_picture"):
            if table in tables:
                named = ask(f"SELECT sha256 FROM {table} WHERE sha256 <> ''")  # noqa: S608
                self.named_files |= {sha256 for (sha256,) in named}
        if "references_savedcopy" in tables:
            self.named_files |= {warc for (warc,) in ask("SELECT warc FROM references_savedcopy WHERE warc <> ''")}
            self.named_files |= {file for (file,) in ask("SELECT sha256 FROM references_reference WHERE sha256 <> ''")}
        if "press_publicfile" in tables:
            self.public_paths = {path for (path,) in ask("SELECT path FROM press_publicfile")}
        if "recordings_rendition" in tables:
            rows = ask("SELECT path, sha256, suffix FROM recordings_rendition")
            self.renditions = {path: f"private/renditions/{sha256}.{suffix}" for path, sha256, suffix in rows}

    def add_rows(self, archive: ArchiveWriter) -> None:
        """Add the database, or its tables."""
        for file in sorted(file for file in self.folder.rglob("*") if file.is_file()):
            archive.add(str(file.relative_to(self.folder)), file)

    def about(self) -> dict[str, Any]:
        """What the manifest says of the backup."""
        return {
            "format": FORMAT,
            "program": __version__,
            "made": self.began.isoformat(timespec="seconds"),
            "database": connection.vendor,
            "migrations": self.migrations,
        }

    def name_of(self, file: Path, name: str) -> str | None:
        """What a file of the folder is called in the backup; None when the rows of that moment do not know it.

        Only in public/ can there be files of later rows: what came after the moment is left out, and a rendition that
        went public after it is put back to where it was. What no row ever knew is the operator's own, and kept.
        """
        path = name.removeprefix("public/")
        if path == name or path.removesuffix(".gz") in self.public_paths:
            return name
        if path in self.renditions:
            return self.renditions[path]
        return name if file.stat().st_ctime_ns < self.began_on_disk else None


@contextmanager
def _one_moment() -> Iterator[Moment]:
    work = settings.ONRECORD.work
    make_folder(work)
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=work) as folder, _locked(Path(folder)):
        moment = Moment(Path(folder))
        if connection.vendor == "postgresql":
            with rows.one_moment() as (ask, tables):
                moment.read(ask, tables)
                rows.write_tables(moment.folder / "rows")
        else:
            _copy_sqlite(moment)
        yield moment


def _copy_sqlite(moment: Moment) -> None:
    connection.ensure_connection()
    with sqlite3.connect(moment.folder / "onrecord.db") as copy:
        connection.connection.backup(copy)
        tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        moment.read(copy.execute, tables)
    copy.close()


def _add_files(archive: ArchiveWriter, moment: Moment, folder: Path) -> None:
    """Add every file. The press moves files while we read: look again until nothing new is found, and then for each
    rendition that was on its way whenever we looked."""
    seen: set[str] = set()
    for _ in range(_ROUNDS):
        fresh = [name for name in _names(folder) if name not in seen]
        if not fresh:
            break
        seen.update(name for name in fresh if _was_there(archive, moment, folder / name, name))
    for path, kept in moment.renditions.items():
        places = (f"public/{path}", kept)
        for place in places * _TRIES:
            if archive.files.keys().isdisjoint(places):
                _was_there(archive, moment, folder / place, place)


def _was_there(archive: ArchiveWriter, moment: Moment, file: Path, name: str) -> bool:
    """Add a file that belongs into the backup. False when it has been moved or withdrawn meanwhile."""
    try:
        kept_as = moment.name_of(file, name)
        if kept_as is not None and kept_as not in archive.files:
            archive.add(kept_as, file)
    except FileNotFoundError:
        return False
    return True


def _names(folder: Path) -> Iterator[str]:
    """Regular files below the folder, each as "public/index.html"; links are not followed."""
    for place, folders, files in os.walk(folder):
        relative = Path(place).relative_to(folder)
        left_out = {Path(): LEFT_OUT, Path("private"): {BEFORE_UPGRADE}}.get(relative, set())
        folders[:] = sorted(set(folders) - left_out)
        for name in sorted(set(files) - left_out):
            path = Path(place, name)
            if path.is_file() and not path.is_symlink() and not _HALF_WRITTEN.fullmatch(name):
                yield str(relative / name)


# ── restoring ───────────────────────────────────────────────────────────────────────────────────────────────────────


def restore(file: Path, folder: Path, erased: Sequence[Path] = ()) -> str:
    """Make the publication in `folder`, which is new or empty, from a backup. Needs no Django. Returns its date.

    `erased`: where newer lists of erasures are, which whoever opens the folder first replays. Everything is verified
    before `folder` is there. Raises BadInput, with nothing made, when it cannot be.
    """
    _check_place(file, folder)
    entries = [entry for place in erased for entry in erasures.read_elsewhere(place)]
    parent = folder.absolute().parent
    make_folder(parent)
    with _unpacking_in(parent, folder) as stage:
        manifest = unpack(file, stage)
        _check_manifest(file, manifest)
        _bring_rows_back(file, stage, manifest["database"])
        (stage / "private").mkdir(exist_ok=True)
        (stage / "private").chmod(0o700)
        erasures.lay_down(stage / "private", entries)
        os.sync()
        if folder.exists():
            folder.rmdir()
        stage.rename(folder)
    sync_folder(parent)
    return str(manifest.get("made", ""))


def _check_place(file: Path, folder: Path) -> None:
    if not file.is_file():
        raise BadInput(f"There is no file {file}: check the name of the backup.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder} is not empty: name a new folder, or an empty one, to restore into.")


@contextmanager
def _unpacking_in(parent: Path, folder: Path) -> Iterator[Path]:
    try:
        stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}.restore-", dir=parent))
        stage.chmod(0o755)
    except OSError as error:
        raise BadInput(f"{parent} cannot be written ({error.strerror}): choose a folder that you may write.") from error
    try:
        yield stage
    except OSError as error:
        raise BadInput(f"{folder} cannot be written ({error.strerror}): choose a place with room.") from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _check_manifest(file: Path, manifest: dict[str, Any]) -> None:
    if manifest.get("format") != FORMAT or manifest.get("database") not in _NAMES:
        raise BadInput(f"{file} is a backup of a form that this program does not read: use a newer onrecord.")
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in manifest["migrations"]):
        raise BadInput(f"{file} has a list of contents that cannot be read: try another copy of it.")
    unknown = [f"{app}.{name}" for app, name in manifest["migrations"] if not _is_known(app, name)]
    if unknown:
        made_by = manifest.get("program")
        raise BadInput(f"{file} was made by a newer onrecord ({made_by}, this is {__version__}): upgrade first.")


def _is_known(app: str, migration: str) -> bool:
    """Other packages' migrations are their own affair."""
    folder = Path(__file__).parent / app / "migrations"
    return not folder.is_dir() or (folder / f"{migration}.py").is_file()


def _bring_rows_back(file: Path, stage: Path, database: str) -> None:
    """Put the rows in place, and mark every public file stale: it may be newer than the rows."""
    url = os.environ.get("ONRECORD_DATABASE_URL") or configuration.load(stage).database.url
    if bool(url) != (database == "postgresql"):
        raise BadInput(
            f"{file} holds the rows of {_NAMES[database]} and is restored on the same: "
            f"{'unset ONRECORD_DATABASE_URL' if url else 'name an empty database in ONRECORD_DATABASE_URL'}."
        )
    if database == "sqlite":
        _mark_stale(file, stage / "onrecord.db")
    else:
        _load_tables(stage, url)


def _mark_stale(file: Path, database: Path) -> None:
    copy = sqlite3.connect(database)
    try:
        with copy:
            copy.execute("INSERT INTO catalogue_change (kind, subject) VALUES ('everything', 0)")
    except sqlite3.Error as error:
        raise BadInput(f"{file} holds no rows of a publication: try another copy of it.") from error
    finally:
        copy.close()


def _load_tables(stage: Path, url: str) -> None:
    """In a process of its own, because Django can be opened on one folder only in each."""
    _name_database(stage / configuration.FILE_NAME, url)
    command = [sys.executable, "-m", "onrecord.rows", str(stage / "rows")]
    result = subprocess.run(command, check=False, env=environment(stage), capture_output=True, text=True)
    if result.returncode:
        raise BadInput(result.stderr.strip().splitlines()[-1])
    shutil.rmtree(stage / "rows")


def _name_database(settings_file: Path, url: str) -> None:
    """The restored publication must never run on the database of the one that was backed up."""
    old = configuration.load(settings_file.parent).database.url
    text = settings_file.read_text()
    if old and old in text:
        settings_file.write_text(text.replace(old, url))
    elif old != url:
        raise BadInput(f"The backup's {settings_file.name} names its database in a way that cannot be changed here.")
