"""Erasing a person leaves nothing in any file, and no older backup brings it back: real folders, real databases."""

from __future__ import annotations

import gzip
import json
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.conftest import POSTGRES, ROOT, Command
from tests.test_backup import back_up, in_publication, second_database

__all__ = ["second_database"]

NAME, ADDRESS = "Zephyrine Quill", "zephyrine@quillmail.example"
WORDS = (
    "xylographer",
    "quixotically",
    "bandersnatch",
    "kumquattery",
    "flibbertigibbet",
    "snollygoster",
    "مقراضچی",
    "widdershins",
    "cattywampus",
)
"""In the comments, an earlier wording, a dispute, a reference, an attached file, a return's reason, in Urdu; in a legal
notice, in the postal address that was given to another."""

MAKE = f"""
import hashlib, os
from django.utils import timezone
from onrecord.discussion import log, moderate, notices, post, writers
from onrecord.discussion.citing import Given
from onrecord.discussion.disputes import DisputeDraft
from onrecord.discussion.models import Cited, Comment, Law, Notice, Reason, Writer
from onrecord.discussion.notices import Item, NoticeDraft
from onrecord.mail import outgoing
from onrecord.lib.files import write_atomically
from onrecord.passages import quote
from onrecord.references import attached, keeping
from onrecord.references.models import SavedCopy, Outcome
from tests.press import archive
from tests.press.pressing import press
episode = archive.make_episode(archive.make_show(), 1)
press()
NAME, ADDRESS, W = {NAME!r}, {ADDRESS!r}, {WORDS!r}
def write(words, name=NAME, address=ADDRESS, parent=None, dispute=None):
    draft = post.Draft(name, address, words, parent, dispute)
    return post.post(episode, draft, post.Sender(os.urandom(8).hex(), "192.0.2.77" if name == NAME else "192.0.2.1"))
first = write("I am a " + W[0] + ". " + "More of it. " * 200)
post.edit(first, "I am no " + W[1] + ". https://quill.example/" + W[3])
moderate.publish(first)
write("In reply, from somebody else.", "Bo", "bo@example.org", parent=first)
for one in Comment.objects.filter(name="Bo"):
    moderate.publish(one)
disputed = write(W[6], dispute=DisputeDraft(Reason.FACT, quote.quotation(episode, 1, range(2, 9)),
                 True, (Given("https://quill.example/minutes", W[3]),)))
file = attached.attach(attached.keep((W[4] + " in a file. ").encode() * 100, W[4] + ".txt"), episode=episode)
Cited.objects.create(comment=disputed, reference=file)
moderate.publish(disputed)
link = first.cited.get().reference.link
page = (W[3] + " page").encode()
warc = hashlib.sha256(page).hexdigest()
write_atomically(keeping.warc_file(warc), page)
write_atomically(keeping.text_file(warc), (W[3] + " page").encode())
SavedCopy.objects.create(link=link, made=timezone.now(), outcome=Outcome.SAVED, warc=warc, title=W[3])
returned = write(W[2])
moderate.send_back(returned, "No " + W[5] + " here.", "Max")
write(W[2] + " waits")
write("Mine stays.", "Cy", "cy@example.org")
about_other = Item(episode, Comment.objects.get(name="Bo"))
notices.receive(about_other, NoticeDraft(Law.DSA, NAME, ADDRESS, W[7]), "one", "192.0.2.77")
complaint = NoticeDraft(Law.UK, "Cy", "cy@example.org", "It defames me.", statement=W[1])
against = notices.receive(Item(episode, first), complaint, "two", "")
notices.ask(against)
notices.respond_keep(against, NAME, W[8], may_pass=True)
write_atomically(outgoing.outbox() / "2026-01-01T000000-00ab.eml", ("To: " + ADDRESS + "\\n\\n" + W[0]).encode())
press()
from onrecord import backup
backup.backup_rows_before_upgrade()
left = folder / "work" / "backup-left"
left.mkdir()
(left / "onrecord.db").write_text(ADDRESS)
writer = Writer.objects.get(name=NAME)
salts = [event.salt for event in log.Event.objects.exclude(salt="")]
print(first.salt, first.fingerprint, first.network, writer.address_hash, bytes(writer.address).hex())
print(*salts, file.sha256)
"""


@pytest.fixture
def made(folder: Path) -> tuple[Path, list[bytes]]:
    """A publication with a discussion, and everything that must not be anywhere once its writer is erased."""
    (folder / "onrecord.toml").touch()
    result = in_publication(folder, MAKE, PYTHONPATH=f"{ROOT / 'src'}:{ROOT}")
    assert result.returncode == 0, result.stderr
    *hashes, salted, file = result.stdout.split()
    assert len(hashes) == 5
    words = [NAME, ADDRESS, "zephyrine", *WORDS, *hashes, salted, file]
    secrets = [word.encode() for word in words] + [bytes.fromhex(hashes[-1])]
    return folder, secrets


def pieces(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the folder as it is, unpacked where it is packed, with its name; and PostgreSQL's own files."""
    for file in folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            yield str(file), str(file.relative_to(folder)).encode() + content
            if content[:2] == b"\x1f\x8b":
                yield f"{file} unpacked", gzip.decompress(content)
    if POSTGRES:
        yield from _pieces_of_postgresql(folder)


def _pieces_of_postgresql(folder: Path) -> Iterator[tuple[str, bytes]]:
    """What is in the files of the database itself, and not only in its memory. The log of its writes is not among
    them: it keeps what was written until it is used again (docs/operating.md)."""
    with closing(_connected(folder)) as connection:
        connection.execute("CHECKPOINT")
        (where,) = connection.execute("SHOW data_directory").fetchone()
        (number,) = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
    files = [file for file in (Path(where) / "base" / str(number)).iterdir() if file.is_file()]
    assert len(files) > 100
    for file in files:
        yield str(file), file.read_bytes()


@contextmanager
def somebody_reads(folder: Path, seconds: float) -> Iterator[None]:
    """A transaction that began before, and so sees for a while all that is removed: a dump is one."""
    began = Event()

    def read() -> None:
        with closing(_connected(folder)) as reader:
            reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ" if POSTGRES else "BEGIN")
            reader.execute("SELECT count(*) FROM discussion_comment").fetchone()
            began.set()
            time.sleep(seconds)

    with ThreadPoolExecutor() as threads:
        reading = threads.submit(read)
        assert began.wait(60)
        yield
        reading.result()


def _connected(folder: Path) -> Any:
    if not POSTGRES:
        return sqlite3.connect(folder / "onrecord.db")
    import psycopg

    from onrecord.lib import configuration

    return psycopg.connect(configuration.load(folder).database.url, autocommit=True)


def found(folder: Path, secrets: list[bytes]) -> set[tuple[str, bytes]]:
    return {(name, secret) for name, content in pieces(folder) for secret in secrets if secret in content}


AFTER = """
import json
from onrecord.discussion import log
from onrecord.discussion.models import Comment, Writer
from onrecord.press.check import check
rows = Comment.objects.order_by("id").values_list("number", "state", "name", "text")
print(json.dumps({"problems": [*log.verify(), *check()], "rows": list(rows), "writers": Writer.objects.count(),
                  "kinds": [line["kind"] for line in log.lines(1)]}))
"""


def after(folder: Path, **environment: str) -> dict[str, Any]:
    result = in_publication(folder, AFTER, **environment)
    assert result.returncode == 0, result.stderr
    return dict(json.loads(result.stdout))


def check_erased(folder: Path, secrets: list[bytes], **environment: str) -> None:
    state = after(folder, **environment)
    assert state["problems"] == []
    assert state["rows"] == [
        [1, "withdrawn", "", ""],
        [2, "published", "Bo", "In reply, from somebody else."],
        [3, "withdrawn", "", ""],
        [None, "held", "Cy", "Mine stays."],
    ]
    assert (state["writers"], state["kinds"].count("erased")) == (2, 4)


def test_erased_from_every_file_and_not_back_after_a_restore(
    made: tuple[Path, list[bytes]], tmp_path: Path, onrecord: Command, second_database: dict[str, str]
) -> None:
    folder, secrets = made
    before = {secret for _, secret in found(folder, secrets)}
    assert len(before) > len(secrets) - 3, "what is looked for can be found"
    back_up(folder, tmp_path / "old.tar")
    kept = onrecord("discussion", "export", "--address", ADDRESS, "--file", tmp_path / "yours.zip")
    assert kept.returncode == 0, kept.stderr
    check_export(tmp_path / "yours.zip")

    with somebody_reads(folder, seconds=12):
        done = onrecord("discussion", "erase", "--address", ADDRESS.upper())
    assert done.returncode == 0, done.stderr
    assert "with 4 comments" in done.stderr
    assert found(folder, secrets) == set()
    check_erased(folder, secrets)
    assert found(folder, secrets) == set(), "nothing that is done later brings it back"
    again = onrecord("discussion", "erase", "--address", ADDRESS)
    assert (again.returncode, again.stderr) == (2, "onrecord: Nothing is kept of this address.\n")

    restored = tmp_path / "again"
    if not POSTGRES:  # where a second restore needs no second database
        result = onrecord("restore", tmp_path / "old.tar", "--folder", tmp_path / "without")
        assert "No list of erasures was given" in result.stderr
        assert len({secret for _, secret in found(tmp_path / "without", secrets)}) > len(secrets) - 3, "all is back"
    result = onrecord("restore", tmp_path / "old.tar", "--folder", restored, "--erasures", folder, **second_database)
    assert result.returncode == 0, result.stderr
    assert "No list" not in result.stderr
    assert found(restored, secrets) == set()
    check_erased(restored, secrets, **second_database)
    assert not (restored / "private" / "erasures-to-replay").exists()


def check_export(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as archive:
        everything = json.loads(archive.read("yours.json"))
        (name,) = [name for name in archive.namelist() if name.startswith("files/")]
        assert WORDS[4].encode() in archive.read(name)
    text = json.dumps(everything, ensure_ascii=False)
    for word in (*WORDS, NAME, ADDRESS):
        assert word in text, word
    assert "somebody else" not in text and "Mine stays" not in text
    assert [comment["state"] for comment in everything["comments"]] == ["published", "published", "returned", "held"]
    assert everything["comments"][1]["references"][1]["file"] == name
    assert everything["comments"][0]["receipt"]["salt"]
    assert len(everything["mails_waiting"]) == 9
