"""The index is as the rows say, whatever happens: withdrawal, correction, death, loss."""

import json
import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from onrecord import edit
from onrecord.catalogue.models import Change, Episode
from onrecord.press import affected
from onrecord.search import engines, index, words
from onrecord.search.engines import NotReady
from onrecord.search.find import Question, search
from onrecord.transcripts.speakers import name_speakers
from tests.conftest import ROOT
from tests.search import making
from tests.site import making as rows

on_sqlite = pytest.mark.skipif(bool(os.environ.get("ONRECORD_TEST_POSTGRES")), reason="the index is no file there")


def found(text: str) -> int:
    return search(Question(text=text)).found


def catch_up() -> None:
    """What a worker does: consume changes, bring the index up to date."""
    while affected.consume():
        pass
    index.update_all()


@pytest.mark.django_db
def test_changes_reach_the_index(publication):
    episodes = making.fill()
    sample = episodes["sample"]
    name_speakers(sample, {2: "Bo Keeper"})
    catch_up()
    assert search(Question(text="machinery")).hits[0].speaker == "Bo Keeper"
    edit.edit(sample, edit.Changes(at="1999-05-05"))
    rows.add_transcript(sample, making.said("We spoke of submarines instead."), number=2)
    Change.objects.create(kind="episode", subject=sample.pk)
    catch_up()
    (hit,) = search(Question(text="submarine")).hits
    assert hit.episode.published_at.year == 1999
    assert found("machinery") == 0
    Episode.objects.filter(pk=sample.pk).update(live_since=None)
    Change.objects.create(kind="episode", subject=sample.pk)
    catch_up()
    assert found("submarine") == 0
    with engines.reading() as opened:
        assert opened.cut_of(sample.pk) is None
        assert not opened.note("untidy")


@pytest.mark.django_db
def test_what_was_withdrawn_is_not_found_even_before_the_index_knows(publication):
    episodes = making.fill()
    assert found("machinery") == 1
    edit.withdraw(episodes["sample"])
    assert found("machinery") == 0
    assert search(Question(speaker="Edwin")).hits == ()


@pytest.mark.django_db
def test_a_draft_is_never_in_the_index(publication):
    draft = rows.make_episode(rows.make_show(), state="draft")
    rows.add_transcript(draft, making.said("An unpublished secret."))
    making.refresh()
    with engines.reading() as opened:
        assert opened.count() == (0, 0)


@on_sqlite
@pytest.mark.django_db
def test_withdrawn_words_are_gone_from_every_byte(publication):
    episodes = making.fill()
    assert b"machineri" in making.search_files()
    edit.withdraw(episodes["sample"])
    catch_up()
    left = making.search_files()
    for gone in (b"machineri", b"machinery", b"lighthous", b"Edwin, thank"):
        assert gone not in left
    assert b"haus" in left
    assert found("haus") == 2


@pytest.mark.django_db
def test_nothing_is_written_for_what_has_not_changed(publication, monkeypatch):
    making.fill()
    put = []
    monkeypatch.setattr(engines.Engine, "put", lambda self, document: put.append(document.episode))
    making.refresh()
    assert put == []


@pytest.mark.django_db
def test_an_index_of_other_words_is_made_anew(publication, monkeypatch):
    making.fill()
    for module in (words, sys.modules["onrecord.search.engines.base"], *map(sys.modules.get, ENGINES)):
        if module is not None and hasattr(module, "edition"):
            monkeypatch.setattr(module, "edition", lambda: "newer")
    with pytest.raises(NotReady):
        found("haus")
    assert index.is_pending()
    index.update_all()
    assert found("haus") == 2
    assert not index.is_pending()


ENGINES = ["onrecord.search.engines.sqlite", "onrecord.search.engines.postgresql"]


@on_sqlite
@pytest.mark.django_db
@pytest.mark.parametrize("harm", ["lost", "no database", "broken"])
def test_a_lost_or_damaged_file_is_made_anew(publication, harm):
    making.fill()
    file = settings.ONRECORD.folder / "search.db"
    if harm == "lost":
        file.unlink()
    elif harm == "no database":
        file.write_bytes(b"this was never a database" * 500)
    else:
        file.write_bytes(file.read_bytes()[:4096] + b"\xff" * (file.stat().st_size - 4096))
    with pytest.raises(NotReady):
        found("haus")
    index.update_all()
    assert found("haus") == 2


@pytest.mark.django_db
def test_episodes_of_one_minute_and_very_long_ones_have_their_places(publication):
    show = rows.make_show()
    for number in range(3):
        rows.add_transcript(
            rows.make_episode(show, f"e{number}"), making.said("Yes. " * 17_000 if number == 1 else "Yes.")
        )
    making.refresh()
    with engines.reading() as opened:
        assert opened.count() == (3, 17_002)
    last = search(Question(text="yes", episode=show.episodes.get(slug="e2").pk))
    assert last.found == 1


@pytest.mark.parametrize("moment", ["inside", "after"])
def test_a_killed_worker_leaves_nothing_half_done(folder, moment):
    environment = {k: v for k, v in os.environ.items() if k != "ONRECORD_DATABASE_URL"} | {
        "ONRECORD_FOLDER": str(folder)
    }
    (folder / "onrecord.toml").touch()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        script = str(ROOT / "tests/search/killed.py")
        return subprocess.run([sys.executable, script, *arguments], env=environment, capture_output=True, text=True)

    filled = run("fill")
    assert filled.returncode == 0, filled.stderr
    assert run("die", moment).returncode == -signal.SIGKILL
    finished = run("finish")
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout) == {"before": 7, "found": [0, 2, 2]}


def test_the_command_line(folder, onrecord):
    environment = {k: v for k, v in os.environ.items() if k != "ONRECORD_DATABASE_URL"} | {
        "ONRECORD_FOLDER": str(folder)
    }
    (folder / "onrecord.toml").touch()
    subprocess.run([sys.executable, str(ROOT / "tests/search/killed.py"), "rows"], env=environment, check=True)
    missing = onrecord("search", "machinery")
    assert missing.returncode == 1
    assert "no search index" in missing.stderr
    assert "sentences of 7 episodes" in onrecord("search", "--rebuild").stderr
    (moment,) = json.loads(onrecord("search", "machinery", "--json").stdout)["moments"]
    assert moment["url"].endswith(f"/talks/sample/?play={moment['start_ms']}#t{moment['start_ms'] // 1000}")
    assert moment["text"] in onrecord("search", '"the machinery talks"').stdout
    onrecord("withdraw", "talks/sample")
    assert json.loads(onrecord("search", "machinery", "--json").stdout)["found"] == 0
    if not os.environ.get("ONRECORD_TEST_POSTGRES"):
        assert b"machineri" not in (folder / "search.db").read_bytes()
    assert onrecord("search").returncode == 2


def test_the_engine_follows_the_database(db, publication):
    making.refresh()
    assert (settings.ONRECORD.folder / "search.db").exists() == (connection.vendor == "sqlite")
