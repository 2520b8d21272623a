"""`check`, and that what was pressed bit by bit equals a full rebuild."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from onrecord.catalogue.models import Episode
from onrecord.lib import configuration
from onrecord.press import kept_items, presser
from onrecord.press.check import check
from onrecord.press.models import KeptItem, Listed, PublicFile
from tests.press import archive
from tests.press.pressing import change, contents, press

pytestmark = pytest.mark.django_db


def test_check_does_not_believe_what_is_kept(twelve: list[Episode]) -> None:
    kept = KeptItem.objects.get(episode=twelve[-1].pk)
    kept.item = kept_items.pack(dataclasses.replace(kept_items.unpack(bytes(kept.item)), json='{"id": "false"}'))
    kept.save()
    archive.make_episode(twelve[0].show, 13)
    press()
    assert "talks/feed.json" in {problem.path for problem in check()}


def test_check_finds_what_is_wrong(twelve: list[Episode], public: Path) -> None:
    def found() -> set[str]:
        return {str(problem) for problem in check()}

    page = public / "talks/e1/index.html"
    good = page.read_bytes()
    page.write_bytes(good + b" ")
    assert "talks/e1/index.html is not as it would be written now." in found()
    page.unlink()
    assert "talks/e1/index.html is missing." in found()
    page.write_bytes(good)
    (public / "talks/e1/index.html.gz").unlink()
    assert found() == {"talks/e1/index.html.gz is missing, or is not talks/e1/index.html compressed."}
    (public / "stray.html").write_bytes(b"x")
    assert "stray.html is in public/, but no part of the site: delete or move it." in found()
    media = public / twelve[0].recordings.get().renditions.get(kind="mp3").path
    media.write_bytes(b"x")
    assert f"{media.relative_to(public)} has other content than its recorded hash says." in found()
    Listed.objects.filter(episode=twelve[2].pk, list="all").delete()
    assert "talks/e3 stands in other lists than it should." in found()
    PublicFile.objects.filter(path="talks/e4/index.html").delete()
    assert "talks/e4/index.html should be public and is not recorded." in found()


def test_check_finds_links_that_dangle(twelve: list[Episode]) -> None:
    change(twelve[0], notes="[gone](/talks/gone/) [here](#nowhere) [there](/talks/e2/) [out](https://else.example/x)")
    press()
    sentences = [str(problem) for problem in check()]
    assert "talks/e1/index.html links to /talks/gone/, which is not there." in sentences
    assert not any("e2" in sentence or "else.example" in sentence for sentence in sentences)


def test_check_says_what_is_wrong_with_originals(twelve: list[Episode], settings: Any) -> None:
    one, two = (episode.recordings.get().sha256 for episode in twelve[:2])
    (settings.ONRECORD.originals / one).unlink()
    (settings.ONRECORD.originals / two).write_bytes(b"x")
    assert {str(problem) for problem in check()} == {
        f"originals/{one} is missing: put it back from a backup.",
        f"originals/{two} has other content than was uploaded.",
    }


def test_press_all_mends_damage(twelve: list[Episode], public: Path) -> None:
    good = contents(public)
    (public / "talks/e1/index.html").write_bytes(b"x")
    (public / "talks/e2/index.html").unlink()
    (public / "index.html.gz").write_bytes(b"x")
    presser.press_all()
    assert contents(public) == good


@hypothesis_settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(seed=st.integers(0, 10**9), deeds=st.integers(5, 30), pressed_every=st.integers(1, 8))
def test_incremental_equals_full(
    seed: int,
    deeds: int,
    pressed_every: int,
    tmp_path_factory: pytest.TempPathFactory,
    settings: Any,
    small_lists: None,
) -> None:
    folder = tmp_path_factory.mktemp("publication")
    settings.ONRECORD = configuration.load(folder)
    chance = random.Random(seed)
    with transaction.atomic():
        history = []
        for number in range(deeds):
            history.append(archive.do_something(chance))
            if number % pressed_every == 0:
                press()
        press()
        assert [str(problem) for problem in check()] == [], history
        incremental = contents(folder / "public")
        presser.press_all()
        assert contents(folder / "public") == incremental, history
        PublicFile.objects.exclude(kind="media").delete()
        Listed.objects.all().delete()
        for path in incremental:
            if not PublicFile.objects.filter(path=path.removesuffix(".gz")).exists():
                (folder / "public" / path).unlink()
        presser.press_all()
        assert contents(folder / "public") == incremental, history
        transaction.set_rollback(True)
