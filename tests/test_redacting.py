"""What was redacted is in no file any more, and the public sees that it went: real folders, sound and databases."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import ROOT, Command
from tests.recordings.making import decoded
from tests.test_backup import back_up, in_publication, second_database
from tests.test_erasing import found, somebody_reads

__all__ = ["second_database"]

SECONDS, START, END = 12, 2.5, 4.5
SAID = "Good evening. My neighbour is Zebulon Quackenbush of Trumpington! He bakes our bread each day. Thank you all."
"""A word each half second: those from START to END are the name and the place."""

BEFORE = (
    "Hello and welcome. My neighbour is Zebulon Quackenbush of Trumpington! He bakes our bread each day. Thank you."
)
"""In a recording that was replaced, where other words stand before and behind."""

WORDS = (
    "Zebulon",
    "Quackenbush",
    "Quakkenbosch",
    "Trumpington",
    "zebulon",
    "quackenbush",
    "trumpington",
    "snollygoster",
)

MAKE = f"""
from django.utils import timezone
from onrecord.discussion import corrections, moderate, post
from onrecord.discussion.corrections import CorrectionDraft
from onrecord.discussion.disputes import DisputeDraft
from onrecord.discussion.models import CorrectionKind, Reason
from onrecord.passages import quote
from onrecord.recordings import originals
from onrecord.recordings.models import Recording
from onrecord.transcripts import correct, revisions
from onrecord.transcripts.models import HeardWindow, Origin, Speaker, Transcript
from onrecord.transcripts.tokens import Token, pack
from tests.press import archive
from tests.press.pressing import press
from tests.recordings.making import voice, write

def spoken(recording, text):
    words = [Token(word, at * 500, at * 500 + 450, 0, 0.9) for at, word in enumerate(text.split())]
    transcript = Transcript.objects.create(recording=recording, episode=recording.episode)
    Speaker.objects.create(transcript=transcript, index=0, name="Ada")
    revisions.add(transcript, None, words, language="en", origin=Origin.MACHINE, public=True)
    return words

def quoted(first, end, number=2):
    return quote.quotation(episode, number, range(first, end))

episode = archive.make_episode(archive.make_show(), 1, words=0)
before = episode.recordings.get()
spoken(before, {BEFORE!r})
of_before = quote.find_or_make(episode, quoted(5, 9, number=1))
press()
now = archive.record(episode, 2)
originals.forget(now.sha256)
now.sha256, now.size = originals.take_in(write(folder.parent / "talk.wav", voice({SECONDS})))
now.name, now.duration_ms = "talk.wav", {SECONDS} * 1000
now.save()
words = spoken(now, {SAID!r})
dropped = [{{"text": "A snollygoster.", "start": 2000, "reason": "noise"}}]
heard = {{"tokens": pack(words), "report": {{"dropped": dropped}}}}
HeardWindow.objects.create(recording=now, number=0, start_ms=0, end_ms=12000, **heard)
within, around = quote.find_or_make(episode, quoted(5, 7)), quote.find_or_make(episode, quoted(2, 12))
beyond = quote.find_or_make(episode, quoted(9, 14))
correct.correct(episode, 2, range(6, 7), "Quakkenbosch", 0)
draft = DisputeDraft(Reason.FACT, quoted(6, 9), True)
disputed = post.post(episode, post.Draft("Bo", "bo@example.org", "It is not so.", None, draft), post.Sender("n"))
press()
moderate.publish(disputed)
waits = post.post(episode, post.Draft("Cy", "cy@example.org", "Hm.", None, draft), post.Sender("m"))
corrections.publish(CorrectionDraft(episode, CorrectionKind.CORRECTION, "No.", passages=(within,)), "Max")
press()
from onrecord.search import index
index.update_all()
from onrecord import backup
backup.backup_rows_before_upgrade()
print(episode.key, of_before.key, within.key, around.key, beyond.key)
print(*{{one.sha256 for row in Recording.objects.all() for one in (row, *row.renditions.all())}})
"""


@pytest.fixture
def made(folder: Path) -> tuple[Path, list[str], list[bytes]]:
    """A publication, its episode's key and those of passages, and what must be nowhere once it is redacted."""
    (folder / "onrecord.toml").touch()
    result = in_publication(folder, MAKE, PYTHONPATH=f"{ROOT / 'src'}:{ROOT}")
    assert result.returncode == 0, result.stderr
    keys, files = (line.split() for line in result.stdout.splitlines())
    old = (folder.parent / "talk.wav").read_bytes()
    secrets = [word.encode() for word in (*WORDS, *files, *(file[:16] for file in files))]
    return folder, keys, [*secrets, old[4 * 32_000 : 4 * 32_000 + 256], b"mp3 of "]


AFTER = """
import json
import re
from onrecord.discussion import log
from onrecord.discussion.models import Tie
from onrecord.passages.models import Passage, Place
from onrecord.press.check import check
from onrecord.recordings.models import Recording, Redaction
from onrecord.transcripts.models import HeardWindow, Revision
from onrecord.transcripts.tokens import text_of, unpack
print(json.dumps({
    "problems": [*log.verify(), *map(str, check())],
    "kinds": [line["kind"] for line in log.lines(1)],
    "revisions": [text_of(unpack(one.tokens)) for one in Revision.objects.order_by("id")],
    "heard": [text_of(unpack(one.tokens)) for one in HeardWindow.objects.all()],
    "passages": {one.key: one.words for one in Passage.objects.all()},
    "places": sorted({one.words for one in Place.objects.filter(revision__number=3)}),
    "ties": sorted({one.words for one in Tie.objects.all()}),
    "originals": [one.sha256 for one in Recording.objects.order_by("id")],
    "rows": list(Redaction.objects.values_list("start_ms", "end_ms", "reason", "original")),
}))
"""


def after(folder: Path, **environment: str) -> dict[str, Any]:
    result = in_publication(folder, AFTER, **environment)
    assert result.returncode == 0, result.stderr
    return dict(json.loads(result.stdout))


GONE = "My neighbour is █ █ █ █! He bakes our bread each day."


def check_rows(state: dict[str, Any], keys: list[str]) -> None:
    assert state["problems"] == []
    assert state["kinds"].count("redacted") == 1
    assert state["revisions"] == [
        f"Hello and welcome. {GONE} Thank you.",
        *[f"Good evening. {GONE} Thank you all."] * 2,
    ]
    _, of_before, within, around, beyond = keys
    assert [state["passages"][key] for key in (of_before, within, around, beyond)] == [
        "is █ █ █",
        "█ █",
        "My neighbour is █ █ █ █! He bakes our",
        "He bakes our bread each",
    ]
    assert state["places"] == ["He bakes our bread each", "My neighbour is █ █ █ █! He bakes our", "█ █", "█ █ █!"]
    assert (state["ties"], state["heard"]) == (["█ █ █!"], [f"Good evening. {GONE} Thank you all."])
    assert state["rows"] == [[2500, 4500, "A name.", ""]]
    assert state["originals"][0] == "", "the file of the recording before is gone"


def check_sound(folder: Path, sha256: str) -> None:
    """A tone where it was redacted, and every other sample as it was."""
    heard, rate = decoded(folder / "originals" / sha256)
    old, _ = decoded(folder.parent / "talk.wav")
    heard, old = heard[:, 0] / 2**31, old[:, 0] / 2**15
    assert heard.shape == old.shape
    start, end = round(START * rate), round(END * rate)
    assert np.array_equal(heard[:start], old[:start])
    assert np.array_equal(heard[end:], old[end:])
    is_tone(heard[start:end], rate, loud=0.1)


def is_tone(sound: np.ndarray, rate: int, loud: float) -> None:
    spectrum = np.abs(np.fft.rfft(sound)) / len(sound) * 2
    at = np.argmax(spectrum)
    assert abs(at * rate / len(sound) - 1000) < 1
    assert spectrum[at] == pytest.approx(loud, rel=0.01)
    spectrum[at - 20 : at + 21] = 0
    assert spectrum.max() < loud / 100


def redact(onrecord: Command, start: str = "0:02.5", end: str = "0:04.5", *more: str) -> Any:
    return onrecord("redact", "e1", "--from", start, "--to", end, *more)


def test_redacted_from_every_file_and_not_back_after_a_restore(
    made: tuple[Path, list[str], list[bytes]], tmp_path: Path, onrecord: Command, second_database: dict[str, str]
) -> None:
    folder, keys, secrets = made
    before = {secret for _, secret in found(folder, secrets)}
    assert len(before) > len(secrets) - 3, "what is looked for can be found"
    back_up(folder, tmp_path / "old.tar")
    asked = redact(onrecord)
    assert (asked.returncode, asked.stderr.count("\n")) == (2, 1)
    assert "add --yes" in asked.stderr

    done = redact(onrecord, "0:02.5", "0:04.5", "--yes", "--reason", "A  name.")
    assert done.returncode == 0, done.stderr
    assert "Redacted, with 4 words" in done.stderr
    assert found(folder, secrets) == set()
    state = after(folder)
    check_rows(state, keys)
    check_sound(folder, state["originals"][1])
    check_public(folder / "public", keys)
    assert found(folder, secrets) == set(), "nothing that is done later brings it back"
    with_key(folder, onrecord)
    late = redact(onrecord, "0:02.5", "0:04.5", "--yes", "--hold")
    assert (late.returncode, "nothing is left that could be kept" in late.stderr) == (2, True)

    restored = tmp_path / "again"
    result = onrecord("restore", tmp_path / "old.tar", "--folder", restored, "--erasures", folder, **second_database)
    assert result.returncode == 0, result.stderr
    assert found(restored, secrets) == set()
    state = after(restored, **second_database)
    check_rows(state, keys)
    check_sound(restored, state["originals"][1])
    assert not (restored / "private" / "erasures-to-replay").exists()


def check_public(public: Path, keys: list[str]) -> None:
    """The sound is there again, with the tone; the page and the record say that something went, and when."""
    record = json.loads((public / "talks/e1/episode.json").read_text())
    (redaction,) = record["redactions"]
    assert (redaction["start_ms"], redaction["end_ms"], redaction["reason"]) == (2500, 4500, "A name.")
    (mp3,) = [one["url"] for one in record["media"] if one["kind"] == "mp3"]
    heard, rate = decoded(public / "talks/e1" / mp3.rpartition("/")[2])
    middle = heard[round((START + 0.1) * rate) : round((END - 0.1) * rate), 0]
    is_tone(middle, rate, loud=float(np.sqrt(2) * middle.std()))
    page = (public / "talks/e1/index.html").read_text()
    assert "was said from 0:02 to 0:04 was redacted. <bdi>A name.</bdi>" in page
    assert 'My neighbour is <span class="blank" role="img" aria-label="redacted">█ █ █ █!</span></span><a ' in page
    assert '<a class="corrected" href="#redacted-2500-4500" data-name="redacted"' in page
    assert "Words of this were redacted." in (public / "q" / keys[2] / "index.html").read_text()
    assert "Words of this" not in (public / "q" / keys[4] / "index.html").read_text()
    assert "█ █ █ █!" in (public / "talks/e1/transcript.vtt").read_text()


def test_what_cannot_be_redacted_is_refused_in_a_sentence(folder: Path, onrecord: Command) -> None:
    (folder / "onrecord.toml").touch()
    made = "from tests.press import archive; archive.make_episode(archive.make_show(), 1)"
    result = in_publication(folder, made, PYTHONPATH=f"{ROOT / 'src'}:{ROOT}")
    assert result.returncode == 0, result.stderr
    for start, end, expected in (
        ("0:05", "0:04", "What is to be redacted ends at 0:04 and begins at 0:05: it must end later."),
        ("0:05", "0:05", "What is to be redacted ends at 0:05 and begins at 0:05: it must end later."),
        ("0:05", "1:00.001", "The recording ends at 1:00: there is nothing at 1:00.001."),
        ("soon", "0:04", "'soon' is no time: write it like 12:34, 12:34.5 or 1:02:03."),
    ):
        done = redact(onrecord, start, end, "--yes")
        assert (done.returncode, done.stderr) == (2, f"onrecord: {expected}\n")
    done = onrecord("redact", "nobody", "--from", "1", "--to", "2", "--yes")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert not (folder / "private" / "erasures.jsonl").exists()


OUT_OF_THE_INDEX = """
from django.db import connection
from onrecord.catalogue.models import Episode
from onrecord.search import index
Episode.objects.update(state="withdrawn")
index.outdate(Episode.objects.values_list("id", flat=True))
index.scrub()
if connection.vendor == "postgresql":
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_filepath(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
                       "WHERE nspname = 'onrecord_search' AND relkind IN ('r', 'i')")
        print(*(path.rpartition("/")[2] for (path,) in cursor.fetchall()))
else:
    print("search.db")
"""


def test_the_index_keeps_nothing_though_somebody_reads(made: tuple[Path, list[str], list[bytes]]) -> None:
    folder, _, _ = made
    with somebody_reads(folder, seconds=8):
        result = in_publication(folder, OUT_OF_THE_INDEX)
    assert result.returncode == 0, result.stderr
    files = set(result.stdout.split())
    assert not {name for name, _ in found(folder, [b"zebulon"]) if Path(name).name in files}


# ── legal hold ──────────────────────────────────────────────────────────────────────────────────────────────────────


def with_key(folder: Path, onrecord: Command) -> Path:
    """A key outside of the publication, named in its settings."""
    key = folder.parent / "key.txt"
    done = onrecord("hold", "key", key)
    assert (done.returncode, key.stat().st_mode & 0o777) == (0, 0o600), done.stderr
    with (folder / "onrecord.toml").open("a") as settings:
        settings.write(done.stdout)
    return key


def test_a_sealed_copy_is_opened_by_its_key_alone(
    made: tuple[Path, list[str], list[bytes]], tmp_path: Path, onrecord: Command
) -> None:
    folder, _, secrets = made
    key = with_key(folder, onrecord)
    done = redact(onrecord, "0:02.5", "0:04.5", "--yes", "--hold", "--reason", "A  name.")
    assert done.returncode == 0, done.stderr
    assert found(folder, secrets) == set(), "nobody here can read what was sealed"
    (line,) = onrecord("hold", "list").stdout.splitlines()
    copy = folder / "private" / "holds" / line.split()[0]
    assert (copy.stat().st_mode & 0o777, copy.parent.stat().st_mode & 0o777) == (0o600, 0o700)

    opened = onrecord("hold", "open", copy, "--key", key, "--into", tmp_path / "opened")
    assert opened.returncode == 0, opened.stderr
    about = json.loads((tmp_path / "opened" / "manifest.json").read_text())
    assert (about["from_ms"], about["to_ms"], about["reason"], about["by"] != "") == (2500, 4500, "A name.", True)
    now, before = about["recordings"]
    assert (tmp_path / "opened" / now["file"]).read_bytes() == (folder.parent / "talk.wav").read_bytes()
    said = [json.loads((tmp_path / "opened" / name).read_text()) for one in (now, before) for name in one["words"]]
    words = [" ".join(segment["body"] for segment in one["segments"]) for one in said]
    assert words == [SAID, SAID.replace("Quackenbush", "Quakkenbosch"), BEFORE]
    assert (tmp_path / "opened" / before["file"]).read_bytes() != b""

    assert redact(onrecord, "0:02.5", "0:04.5", "--yes", "--hold").returncode == 0, "once more changes nothing"
    assert onrecord("hold", "list").stdout.splitlines() == [line]
    other = tmp_path / "other.txt"
    assert onrecord("hold", "key", other).returncode == 0
    damaged = tmp_path / "damaged.tar.age"
    damaged.write_bytes(copy.read_bytes()[:-100])
    for file, given, into, expected in (
        (copy, other, "new", "does not open with this key"),
        (damaged, key, "new", "is damaged"),
        (copy, copy, "new", "cannot be read as a key"),
        (copy, folder / "onrecord.toml", "new", "cannot be read as a key"),
        (copy, key, "opened", "name a folder that is not there yet"),
        (tmp_path / "none", key, "new", "There is no sealed copy"),
    ):
        done = onrecord("hold", "open", file, "--key", given, "--into", tmp_path / into)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert expected in done.stderr
        assert not (tmp_path / "new").exists()

    assert onrecord("hold", "drop", "../onrecord.db").returncode == 2
    assert onrecord("hold", "drop", copy.name).returncode == 0
    assert not copy.exists() and onrecord("hold", "list").stdout == ""


@pytest.mark.slow
def test_nothing_is_redacted_where_a_sealed_copy_was_asked_for_and_cannot_be_made(
    made: tuple[Path, list[str], list[bytes]], onrecord: Command
) -> None:
    folder, _, _ = made
    refused = redact(onrecord, "0:02.5", "0:04.5", "--yes", "--hold")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "There is no key for sealed copies" in refused.stderr
    key = with_key(folder, onrecord)
    taken = onrecord("hold", "key", key)
    assert (taken.returncode, taken.stderr.count("\n")) == (2, 1)
    (folder / "private" / "holds").touch()
    refused = redact(onrecord, "0:02.5", "0:04.5", "--yes", "--hold")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert "nothing was redacted" in refused.stderr
    assert not (folder / "private" / "erasures.jsonl").exists()
    (folder / "private" / "holds").unlink()
    text = (folder / "onrecord.toml").read_text()
    (folder / "onrecord.toml").write_text(re.sub('hold_key = ".*"', 'hold_key = "age1nonsense"', text))
    refused = onrecord("hold", "list")
    assert (refused.returncode, "[legal] hold_key must be" in refused.stderr) == (2, True)
