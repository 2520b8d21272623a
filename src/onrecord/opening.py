"""Opens a publication's folder: finds it, makes it on first use, and brings its database up to date."""

import contextlib
import errno
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from django.utils import translation

from onrecord.lib import configuration, erasures
from onrecord.lib.errors import BadInput, Failed
from onrecord.lib.files import make_folder, write_atomically
from onrecord.lib.locks import alone
from onrecord.lib.names import clean_name
from onrecord.lib.terminal import say

SQLITE_MAY_NOT = ("readonly database", "unable to open database file")
"""What SQLite says when it may not write."""

LEAST_ROOM = 1 << 20
"""Bytes on a disk below which SQLite cannot work."""

TEMPLATE = """\
# Settings of this publication. Every setting has a working default; what is commented out shows it.

[publication]
name = {name}
# The public address of the site, such as "https://interviews.example.org". Feeds and shared links begin with it.
address = {address}
# description = ""
# language = "en"
# owner = ""                 # who publishes: your name, or your organisation's
# email = ""                 # for directories; it stands in the feed
# category = "Society & Culture"
# explicit = false
# time_zone = "UTC"
# copyright = ""
# funding = ""               # an address where listeners can give

[look]
# accent = "#8a1c2c"         # your colour; it is made darker or lighter where it could not be read
# logo = "logo.svg"          # a file in this folder, in place of the name (svg, png, webp, jpg)
# logo_dark = ""             # another one for readers whose pages are dark

[speech]
# model = "base"             # a faster-whisper model ("small", "large-v3-turbo", ...) or the path of one
# approve_first = false      # true: a transcript waits for `onrecord approve` before it is shown

[discussion]
# on = true                  # false: readers cannot write; what is published stays
# hold = "first"             # a person's first comments wait until you have read them; "all": every comment does
# uk_section_5 = false       # true: complaints of defamation run by the clocks of the law of England and Wales

# [mail]                     # a mail server; without one each mail is a file in private/outbox/
# host = "smtp.example.org"
# security = "starttls"      # or "tls", "none"
# user = ""
# password_file = ""         # a file in this folder that holds the password
# from_address = "interviews@example.org"

# [references]               # the pages that readers cite
# save = true                # keep a copy of each, for the case that it goes away
# check = true               # look each week whether it is still there
# proxy = ""                 # a proxy for both, such as "http://proxy.example.org:3128"

# [server]
# largest_upload_gb = 20.0   # a recording that is sent to the studio, in GB

# [database]
# url = "postgresql://user:password@host/name"
"""


def named_folder(folder: str | None) -> Path:
    """The folder that --folder names, or the nearest publication, or BadInput that says how to name one."""
    if folder:
        return Path(folder).expanduser().resolve()
    found = configuration.find_folder()
    if found is None:
        raise BadInput(
            "No publication here: go into a publication's folder, name it with --folder DIR, or set ONRECORD_FOLDER."
        )
    return found


def name_of(folder: Path) -> str:
    """A publication's name until its publisher gives another: the folder's, in words."""
    words = " ".join(folder.name.replace("-", " ").replace("_", " ").split())
    return words[:1].upper() + words[1:] or "Interviews"


@contextlib.contextmanager
def nothing_half_made(folder: Path) -> Iterator[None]:
    """Make the folder; one that was not there before what can be refused is not there after it was refused.

    Unless somebody else publishes in it at the same time.
    """
    is_new, held = True, None
    with contextlib.suppress(PermissionError):  # its parent may not be entered: then making it says so
        is_new = not folder.exists()
    try:
        with _in_one_sentence(folder):
            held = _enter(folder)
            yield
    except BadInput:
        if is_new and held is not None and _is_alone(held) and not _holds_a_recording(folder):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        if held is not None:
            os.close(held)


def _enter(folder: Path) -> int | None:
    """The folder, made where necessary and held against removal by others; None when it cannot be made."""
    while True:
        try:
            make_folder(folder)
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:  # `make_publication` says why
            return None
        fcntl.flock(held, fcntl.LOCK_SH)  # waits while somebody removes it
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(held), folder.stat()):
                return held
        os.close(held)


def _is_alone(held: int) -> bool:
    """Whether nobody else is in the folder; if so, nobody comes in until it is let go."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holds_a_recording(folder: Path) -> bool:
    originals = folder / "originals"
    return originals.is_dir() and any(originals.iterdir())


@contextlib.contextmanager
def _in_one_sentence(folder: Path) -> Iterator[None]:
    """What full disks, permissions and databases make fail. SQLite says "disk is full", or only "disk I/O error"."""
    from django.db.utils import OperationalError

    try:
        yield
    except (OSError, OperationalError) as error:
        if _is_full(folder, error):
            raise BadInput(f"The disk that holds {folder} is full: make room there.") from error
        if isinstance(error, PermissionError) or any(words in str(error) for words in SQLITE_MAY_NOT):
            at_fault = clean_name(str(getattr(error, "filename", None) or folder))
            raise BadInput(f"{at_fault} cannot be written: check who owns it, or choose another folder.") from error
        if isinstance(error, OperationalError):
            raise Failed(f"The database does not answer: {str(error).strip().splitlines()[0]}") from error
        raise


def _is_full(folder: Path, error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    existing = next(part for part in (folder, *folder.parents) if part.exists())
    return "disk" in str(error) and shutil.disk_usage(existing).free < LEAST_ROOM


def make_publication(folder: Path, name: str, address: str = "") -> None:
    """Make the folder and its settings file on first use; what is there stays as it is."""
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file, not a folder: name a folder for the publication.")
    try:
        make_folder(folder)
        settings_file = folder / configuration.FILE_NAME
        if not settings_file.exists():
            text = TEMPLATE.format(name=_toml_text(name), address=_toml_text(address))
            write_atomically(settings_file, text.encode())
    except OSError as error:
        if _is_full(folder, error):
            raise BadInput(f"The disk that holds {folder} is full: make room there.") from error
        raise BadInput(f"{folder} cannot be written ({error.strerror}): choose a folder that you may write.") from error


def _toml_text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in escaped) + '"'


def open_publication(folder: Path) -> None:
    """Start Django on the publication in `folder` and bring its database up to date.

    Raises BadInput when it is not a publication or cannot be written.
    """
    if not (folder / configuration.FILE_NAME).is_file():
        raise BadInput(
            f"{folder} is not a publication (it has no {configuration.FILE_NAME}): "
            "`onrecord publish RECORDING --folder DIR --title T` makes one."
        )
    if not os.access(folder, os.W_OK):
        raise BadInput(f"{folder} cannot be written: check who owns it, or choose another folder.")
    os.environ["ONRECORD_FOLDER"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "onrecord.settings"
    configuration.load(folder)
    django.setup()
    translation.activate("en")  # what the command line says; pages are made within `language.speaks`
    with _in_one_sentence(folder):
        _make_parts(folder)
        _bring_database_up_to_date(folder)
        from onrecord.catalogue import identity

        identity.mint_all()
        _replay_erasures(folder)


def _make_parts(folder: Path) -> None:
    for part in ("originals", "public", "private", "work"):
        make_folder(folder / part)
        if not os.access(folder / part, os.W_OK | os.X_OK):
            raise BadInput(f"{folder / part} cannot be written: check who owns it, or choose another folder.")
    (folder / "private").chmod(0o700)


def _bring_database_up_to_date(folder: Path) -> None:
    """Apply new migrations, one process at a time, after a backup of the rows when there are any already."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with alone(folder / "work" / "migrations.lock"):
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if not plan:
            return
        if executor.loader.applied_migrations:
            from onrecord import backup

            backup.backup_rows_before_upgrade()
        call_command("migrate", verbosity=0, interactive=False)


def _replay_erasures(folder: Path) -> None:
    """After a restore of an older backup: nobody sees what has been erased since, whatever dies meanwhile."""
    if not (folder / "private" / erasures.TO_REPLAY).exists():
        return
    from onrecord import erase

    with alone(folder / "work" / "migrations.lock"):
        erase.replay()


def check_recording_exists(recording: Path) -> None:
    """Say so before a publication is made for a recording that is not there."""
    try:
        is_there = recording.exists()
    except OSError:  # a folder above it may not be entered, or the name is too long: probing says which
        return
    if not is_there:
        raise BadInput(f"There is no file {clean_name(str(recording))}: check the name of the recording.")


def ask_address(folder: Path) -> str:
    """The site's public address, asked for once, on first use at a terminal; empty until there is one."""
    if (folder / configuration.FILE_NAME).exists() or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return ""
    say("The site's public address, such as https://interviews.example.org?")
    say("Press Enter if there is none yet; it can be written into onrecord.toml at any time.")
    return input().strip()
