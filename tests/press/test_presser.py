"""The press on real rows and files: what a change touches, and what it leaves."""

from __future__ import annotations

import fcntl
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from lxml import html

from onrecord import edit
from onrecord.catalogue.changes import episode_changed, everything_changed
from onrecord.catalogue.models import Change, Episode, EpisodeState, Redirect, Related, Series
from onrecord.catalogue.related import set_parts_elsewhere, set_related
from onrecord.discussion import moderate
from onrecord.feeds import items
from onrecord.lib import configuration
from onrecord.press import affected, lists, presser, stale, writer
from onrecord.press.check import check
from onrecord.press.models import KeptItem, PublicFile
from onrecord.recordings import renditions
from onrecord.recordings.models import Recording, Rendition
from tests.press import archive
from tests.press.pressing import change, contents, press, times

pytestmark = pytest.mark.django_db


def test_withdrawn_before_anything_was_pressed(twelve: list[Episode], public: Path) -> None:
    """Its show had a public episode, so it has a page; one whose only episode was made a draft again has none."""
    episode = archive.make_episode(archive.make_show("second", "Second"), 1)
    change(episode, state=EpisodeState.WITHDRAWN)
    press()
    assert check() == []
    assert (public / "second/feed.xml").is_file()
    change(episode, state=EpisodeState.DRAFT)
    press()
    assert check() == []
    assert not (public / "second").exists()


def test_an_empty_publication_has_its_pages(public: Path) -> None:
    press()
    assert check() == []
    assert {"index.html", "404.html", "later.html", "robots.txt", "sitemap.xml", "people/index.html"} <= contents(
        public
    ).keys()


def test_every_file_of_an_episode(public: Path) -> None:
    episode = archive.make_episode(archive.make_show(), 1)
    press()
    names = {path.removeprefix("talks/e1/") for path in contents(public) if path.startswith("talks/e1/")}
    media = {rendition.path.rpartition("/")[2] for rendition in episode.recordings.get().renditions.all()}
    text = {
        "index.html",
        "embed/index.html",
        "episode.json",
        "chapters.json",
        "transcript.vtt",
        "transcript.srt",
        "transcript.json",
        "transcript.txt",
        "words.json",
    }
    assert names - {name for name in names if name.endswith(".gz")} == text | media
    assert {"index.html.gz", "episode.json.gz"} < names
    assert check() == []


def test_nothing_private_is_public(public: Path) -> None:
    show = archive.make_show()
    archive.make_episode(show, 1)
    archive.make_episode(show, 2, state=EpisodeState.DRAFT, title="A secret")
    archive.make_episode(show, 3, live_since=None, title="Not yet")
    press()
    for path, content in contents(public).items():
        assert "talks/e2" not in path and "talks/e3" not in path
        assert b"A secret" not in content and b"Not yet" not in content
    archive.make_episode(archive.make_show("hidden", "Hidden name"), 4, state=EpisodeState.DRAFT)
    press()
    assert not (public / "hidden").exists()
    assert not any(b"Hidden name" in content for content in contents(public).values())


def test_one_more_touches_few_files(twelve: list[Episode]) -> None:
    archive.make_episode(twelve[0].show, 13)
    touched = {path for path in press() if not path.startswith("talks/e13/")}
    assert touched == {
        "index.html",
        "sitemap-4.xml",
        "sitemap.xml",
        "talks/e12/index.html",
        "talks/index.html",
        "talks/feed.xml",
        "talks/feed.json",
        "talks/atom.xml",
        "talks/2026/index.html",
        "people/index.html",
        "people/ada-host/index.html",
        "people/guest-3/index.html",
        "tags/index.html",
        "tags/tag-1/index.html",
    }
    assert check() == []


def test_one_more_makes_one_item_for_all_feeds(twelve: list[Episode], monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    make = items.make
    monkeypatch.setattr(items, "make", lambda view: made.append(view.slug) or make(view))
    archive.make_episode(twelve[0].show, 13)
    assert {path for path in press() if path.startswith("talks/") and "feed" in path} >= {"talks/feed.xml"}
    assert made == ["e13"]
    held = lists.ARCHIVE + 13 % lists.ARCHIVE
    assert KeptItem.objects.count() <= held, "only what feeds hold is kept"
    change(twelve[-1], title="Another title")
    press()
    assert made == ["e13", "e12"]


def test_a_page_that_fills_moves_its_neighbours_only(twelve: list[Episode]) -> None:
    for number in (13, 14, 15):
        archive.make_episode(twelve[0].show, number, words=0)
        touched = press()
    assert {path for path in touched if path.startswith("talks/page")} == {
        "talks/page/3/index.html",
        "talks/page/4/index.html",
    }
    assert {path for path in touched if path.startswith("talks/feed")} == {
        "talks/feed.xml",
        "talks/feed.json",
        "talks/feed/2.xml",
        "talks/feed/3.xml",
    }
    assert check() == []


def test_an_edit_touches_the_page_it_stands_on(twelve: list[Episode]) -> None:
    change(twelve[4], title="Another title")
    touched = {path for path in press() if not path.startswith("talks/e5/")}
    assert touched == {
        "page/2/index.html",
        "talks/e4/index.html",
        "talks/e6/index.html",
        "talks/page/2/index.html",
        "talks/2026/page/2/index.html",
        "talks/feed/1.xml",
        "sitemap-2.xml",
        "people/ada-host/page/2/index.html",
        "people/guest-0/index.html",
        "tags/tag-2/index.html",
    }
    assert check() == []


def test_another_language_is_spoken_wherever_the_episode_stands(twelve: list[Episode], public: Path) -> None:
    change(twelve[4], language="ur-PK")
    touched = press()
    assert {"talks/e5/index.html", "talks/e5/episode.json", "page/2/index.html", "talks/page/2/index.html"} <= set(
        touched
    )
    assert '<html lang="ur-PK" dir="rtl">' in (public / "talks/e5/index.html").read_text()
    assert 'lang="ur-PK" dir="rtl"' in (public / "page/2/index.html").read_text()
    assert check() == []


def test_an_edit_that_changes_nothing_changes_no_time(twelve: list[Episode], public: Path) -> None:
    before = times(public)
    episode_changed(twelve[4].pk)
    press()
    presser.press_all()
    assert times(public) == before


def test_back_dating_moves_what_comes_after(twelve: list[Episode]) -> None:
    change(twelve[11], published_at=archive.START - timedelta(days=1))
    assert {"page/1/index.html", "page/2/index.html", "page/3/index.html", "index.html"} <= press()
    assert check() == []


def test_withdrawing_takes_everything_away(twelve: list[Episode], public: Path) -> None:
    for episode in twelve[3:]:
        change(episode, state=EpisodeState.WITHDRAWN)
    press()
    assert check() == []
    assert {path.name for path in (public / "talks").iterdir() if path.is_dir()} == {
        "2026",
        "e1",
        "e2",
        "e3",
        "subscribe",
    }
    for episode in twelve[:3]:
        change(episode, state=EpisodeState.WITHDRAWN)
    press()
    assert check() == []
    assert (public / "talks" / "feed.xml").exists(), "subscribers keep their feed"
    assert not (public / "people" / "ada-host").exists()
    assert not any(b"Episode 1" in content for content in contents(public).values())
    change(twelve[0], state=EpisodeState.PUBLISHED)
    press()
    assert check() == []
    assert (public / "talks" / "e1" / "index.html").exists()


def test_renaming_leaves_a_way_and_keeps_the_media(twelve: list[Episode], public: Path) -> None:
    media = {path for path in contents(public) if path.startswith("talks/e2/") and path.endswith(".mp3")}
    Redirect.objects.create(folder="talks/e2", episode=twelve[1])
    change(twelve[1], slug="better")
    press()
    assert check() == []
    assert media <= contents(public).keys()
    assert b"talks/better/" in (public / "talks/e2/index.html").read_bytes()
    assert not (public / "talks/e2/episode.json").exists()


def test_a_discussion_is_found_at_every_address_that_its_episode_had(twelve: list[Episode], public: Path) -> None:
    """Its pages lead on, the feed of comments goes on; what is written later too. Another episode's home is its own."""
    one, two, chance = twelve[0], twelve[1], random.Random(3)

    def say(number: int) -> None:
        for _ in range(number):
            comment = archive.write_about(chance, one)
            assert comment
            moderate.publish(comment)

    def leads(path: str) -> list[str]:
        return html.fromstring((public / path).read_bytes()).xpath("//link[@rel='canonical']/@href")

    say(3)
    press()
    edit.rename(one, "first")
    press()
    assert check() == []
    new = "http://127.0.0.1:8000/talks/first/"
    pages = {"": "", "embed/": "embed/", "discussion/": "discussion/", "discussion/page/2/": "discussion/page/2/"}
    assert {page: leads(f"talks/e1/{page}index.html") for page in pages} == {p: [new + to] for p, to in pages.items()}
    assert (public / "talks/e1/discussion/atom.xml").read_bytes() == (
        public / "talks/first/discussion/atom.xml"
    ).read_bytes()
    say(2)
    press()
    edit.edit(one, edit.Changes(show="Elsewhere"))
    press()
    assert check() == []
    for former in ("talks/e1", "talks/first"):
        assert leads(f"{former}/discussion/page/3/index.html") == [
            "http://127.0.0.1:8000/elsewhere/first/discussion/page/3/"
        ]
        feed = (public / former / "discussion/atom.xml").read_bytes()
        assert b"#5" in feed and b"elsewhere/first/discussion/atom.xml" in feed
    change(two, slug="e1")
    press()
    assert check() == []
    assert not (public / "talks/e1/discussion").exists(), "another episode lives there now"
    change(two, slug="e2")
    press()
    assert check() == []
    assert leads("talks/e1/discussion/index.html") == ["http://127.0.0.1:8000/elsewhere/first/discussion/"]


def test_an_address_taken_over_comes_back_when_it_is_free(twelve: list[Episode], public: Path) -> None:
    one, two = twelve[:2]
    Redirect.objects.create(folder="talks/e1", episode=one)
    change(one, slug="first")
    press()
    change(two, slug="e1")
    press()
    assert check() == []
    assert b"Episode 2" in (public / "talks/e1/index.html").read_bytes()
    change(two, state=EpisodeState.WITHDRAWN)
    press()
    assert check() == []
    assert b"talks/first/" in (public / "talks/e1/index.html").read_bytes()


def test_parts_find_each_other_through_renames(twelve: list[Episode], public: Path) -> None:
    series = Series.objects.create(show=twelve[0].show, slug="long-talk", name="Long talk", number=1, total=2)
    change(twelve[0], series=series, part=1)
    change(twelve[11], series=series, part=2)
    press()
    change(twelve[11], slug="the-second")
    press()
    assert check() == []
    assert b"talks/the-second/" in (public / "talks/e1/index.html").read_bytes()
    change(twelve[11], series=None, part=None)
    press()
    assert check() == []
    assert b"talks/the-second/" not in (public / "talks/e1/index.html").read_bytes()


def test_related_pieces_are_shown_by_identity(twelve: list[Episode], public: Path) -> None:
    """A change of a picked piece touches the pages that show it and no others; what is not public is not shown."""
    for episode in twelve[:3]:
        set_related(episode, [Related(piece=twelve[9]), Related(url="https://else.example/a", title="There", site="E")])
        episode_changed(episode.pk)
    assert "talks/e10/index.html" not in press(), "what is shown does not know of it"
    shown = {f"talks/e{n}/{name}" for n in (1, 2, 3) for name in ("index.html", "episode.json")}

    def beside() -> bytes:
        return (public / "talks/e2/index.html").read_bytes()

    assert b"Episode 10" in beside() and b'href="https://else.example/a"' in beside()
    change(twelve[9], slug="another", title="Another name")
    touched = {path for path in press() if path.startswith("talks/e") and "e10/" not in path}
    assert touched == shown | {"talks/e9/index.html", "talks/e11/index.html"}, "those and its neighbours in the show"
    assert b'href="/talks/another/"' in beside() and b"Another name" in beside()
    change(twelve[9], state=EpisodeState.WITHDRAWN)
    assert shown <= press()
    assert b"Another name" not in beside()
    assert check() == []
    change(twelve[9], state=EpisodeState.PUBLISHED)
    change(twelve[1], slug="moved")
    press()
    assert check() == [], "both in one press: no page is left at the former address"
    assert b"Another name" in (public / "talks/moved/index.html").read_bytes()
    episode_changed(twelve[9].pk)
    Recording.objects.filter(episode=twelve[9]).delete()
    twelve[9].delete()
    press()
    assert check() == [], "deleted for good"
    assert b"Another name" not in (public / "talks/moved/index.html").read_bytes()


def test_a_part_elsewhere_is_on_every_part_in_feeds_and_records(twelve: list[Episode], public: Path) -> None:
    series = Series.objects.create(show=twelve[0].show, slug="long-talk", name="Long talk", number=1, total=3)
    change(twelve[0], series=series, part=1)
    change(twelve[11], series=series, part=3)
    press()
    assert b'Part 2 of 3</span> <span class="coming">is coming' in (public / "talks/e12/index.html").read_bytes()
    guid = "9b024349-ccf0-5f69-a609-6b82873eab3c"
    set_parts_elsewhere(twelve[0], [["2", "https://else.example/2", "The middle", "Elsewhere", guid, "x"]])
    episode_changed(twelve[0].pk)
    press()
    assert check() == []
    for page in ("talks/e1/index.html", "talks/e12/index.html", "talks/series/long-talk/index.html"):
        assert (
            b'<a href="https://else.example/2" rel="noopener"><bdi>The middle</bdi></a>' in (public / page).read_bytes()
        )
    remote = f'<podcast:remoteItem feedGuid="{guid}" itemGuid="x" title="The middle"/>'.encode()
    assert remote in (public / "talks/feed.xml").read_bytes() and remote in (public / "talks/feed/1.xml").read_bytes()
    change(twelve[5], series=series, part=2)
    press()
    assert b"else.example" not in (public / "talks/e12/index.html").read_bytes(), "our own part takes its place"
    assert check() == []


def test_years_find_their_neighbours(twelve: list[Episode], public: Path) -> None:
    """A year that comes or goes touches the years beside it and the show's newest page, however many there are."""
    show = twelve[0].show
    for number, year in ((20, 1999), (21, 2003), (22, 2010)):
        episode = archive.make_episode(show, number, words=0)
        change(episode, published_at=archive.START.replace(year=year))
    press()
    change(twelve[11], published_at=archive.START.replace(year=2005))
    touched = {path for path in press() if path.startswith("talks/2") or path.startswith("talks/1")}
    assert touched == {
        "talks/2003/index.html",
        "talks/2005/index.html",
        "talks/2010/index.html",
        "talks/2026/index.html",
        "talks/2026/page/2/index.html",  # it has one page less
        "talks/2026/page/3/index.html",
    }
    assert b'href="/talks/2005/"' in (public / "talks/2003/index.html").read_bytes()
    assert b'href="/talks/2005/"' in (public / "talks/index.html").read_bytes()
    assert b"/talks/2005/</loc>" in (public / "sitemap-lists.xml").read_bytes()
    assert check() == []
    change(twelve[11], state=EpisodeState.WITHDRAWN)
    press()
    assert not (public / "talks/2005").exists()
    assert b'href="/talks/2010/"' in (public / "talks/2003/index.html").read_bytes()
    assert b"2005" not in (public / "sitemap-lists.xml").read_bytes()
    assert check() == []


def test_a_year_is_the_publications_own(public: Path, settings: Any) -> None:
    midnight = archive.START.replace(year=2025, month=12, day=31, hour=23, minute=30)
    change(archive.make_episode(archive.make_show(), 1), published_at=midnight)
    press()
    assert (public / "talks/2025/index.html").exists()
    (settings.ONRECORD.folder / "onrecord.toml").write_text('[publication]\ntime_zone = "Asia/Karachi"\n')
    settings.ONRECORD = configuration.load(settings.ONRECORD.folder)
    press()
    assert (public / "talks/2026/index.html").exists() and not (public / "talks/2025").exists()
    assert check() == []


def test_old_media_stay_thirty_days(twelve: list[Episode], public: Path, settings: Any) -> None:
    episode = twelve[0]
    old = episode.recordings.get(current=True)
    paths = set(old.renditions.values_list("path", flat=True))
    archive.record(episode, 100, words=40)
    episode_changed(episode.pk)
    press()
    assert check() == []
    assert paths <= contents(public).keys()
    Recording.objects.filter(pk=old.pk).update(replaced_at=timezone.now() - timedelta(days=31))
    presser.stale.Standing.objects.update(looked_for_old_media=None)
    presser.press_some()
    press()
    assert not paths & contents(public).keys()
    assert check() == []


def test_a_recording_replaced_before_it_was_public_stays_private(public: Path) -> None:
    episode = archive.make_episode(archive.make_show(), 1)
    first = episode.recordings.get()
    archive.record(episode, 2)
    press()
    assert not set(first.renditions.values_list("path", flat=True)) & contents(public).keys()
    assert check() == []


def test_changed_settings_mark_everything(twelve: list[Episode], public: Path, settings: Any) -> None:
    assert not presser.notice_settings()
    (settings.ONRECORD.folder / "onrecord.toml").write_text(
        '[publication]\nname = "Elsewhere"\naddress = "https://a.example/b"\n'
    )
    settings.ONRECORD = configuration.load(settings.ONRECORD.folder)
    assert presser.notice_settings()
    press()
    assert check() == []
    assert b"Elsewhere" in (public / "index.html").read_bytes()
    assert b"https://a.example/b/talks/e1/" in (public / "talks" / "feed" / "1.xml").read_bytes()


def test_only_the_generation_that_was_rendered_is_cleared(twelve: list[Episode]) -> None:
    change(twelve[0], title="One")
    while affected.consume():
        pass
    name, claims = stale.claim_some(100, lists_too=True)
    change(twelve[0], title="Two")
    while affected.consume():
        pass
    presser._press(name, claims)
    assert set(stale.stale().values_list("path", flat=True)) >= {claim.path for claim in claims}
    press()
    assert check() == []


def test_a_page_withdrawn_while_it_is_rendered_goes_and_is_no_failure(twelve: list[Episode], public: Path) -> None:
    change(twelve[0], title="Soon gone")
    while affected.consume():
        pass
    name, claims = stale.claim_some(100, lists_too=True)
    change(twelve[0], state=EpisodeState.WITHDRAWN)
    while affected.consume():
        pass
    presser._press(name, claims)
    assert not presser.failures()
    assert not any(b"Soon gone" in content for content in contents(public).values())
    press()
    assert not (public / "talks/e1").exists()
    assert check() == []


def test_a_worker_thought_dead_changes_nothing(twelve: list[Episode], public: Path) -> None:
    change(twelve[0], title="Too late")
    while affected.consume():
        pass
    name, claims = stale.claim_some(100, lists_too=True)
    PublicFile.objects.filter(claimed_by=name).update(claimed_until=timezone.now() - timedelta(seconds=1))
    presser._press(name, claims)
    assert b"Too late" not in (public / "talks/e1/index.html").read_bytes()
    assert not list(public.rglob(".*.tmp"))
    press()
    assert b"Too late" in (public / "talks/e1/index.html").read_bytes()


def test_whoever_finds_another_turning_changes_into_stale_paths_does_not_wait(
    twelve: list[Episode], settings: Any
) -> None:
    press()
    episode_changed(twelve[0].pk)
    with (settings.ONRECORD.private / "changes.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert presser.press_some() == 0
        assert affected.is_pending()
    presser.press_some()
    assert not affected.is_pending()


def test_pages_do_not_wait_until_all_of_a_change_of_everything_is_looked_at(
    twelve: list[Episode], monkeypatch: pytest.MonkeyPatch
) -> None:
    press()
    monkeypatch.setattr(affected, "CHANGES_AT_ONCE", 3)
    monkeypatch.setattr(presser, "ENOUGH_TO_PRESS", 1)
    everything_changed()
    presser.press_some(limit=1)
    waiting = Change.objects.count()
    presser.press_some(limit=1)
    assert Change.objects.count() == waiting > 3, "there are pages to press"
    episode_changed(twelve[3].pk)
    presser.press_some(limit=1)
    assert not Change.objects.filter(kind="episode").exists(), "what somebody changed is looked at at once"
    presser.press_what_is_stale()
    assert presser.stale_count() == 0
    assert check() == []


def test_lists_wait_until_pages_are_written_by_whomever(twelve: list[Episode]) -> None:
    change(twelve[0], title="In order")
    while affected.consume():
        pass
    orders = []
    while claimed := stale.claim_some(3, lists_too=True)[1]:
        orders += [claim.order for claim in claimed]
    assert orders and max(orders) < lists_order(), "pages are claimed and not written, so no list is given out"


def lists_order() -> int:
    from onrecord.press.paths import FIRST_LIST

    return FIRST_LIST


def test_one_file_that_fails_holds_up_no_other(
    twelve: list[Episode], public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from onrecord.press import render

    working = render.RENDERERS["chapters"]

    def broken(*given: object) -> bytes:
        raise RuntimeError("no ink")

    monkeypatch.setitem(render.RENDERERS, "chapters", broken)  # type: ignore[arg-type]
    archive.make_episode(twelve[0].show, 13)
    presser.press_what_is_stale()
    assert b"Episode 13" in (public / "index.html").read_bytes()
    assert presser.failures() == ["talks/e13/chapters.json could not be written: RuntimeError: no ink"]
    assert not presser.is_stale(Episode.objects.get(slug="e13").pk), "nobody waits for what failed"
    monkeypatch.setitem(render.RENDERERS, "chapters", working)  # type: ignore[arg-type]
    PublicFile.objects.exclude(error="").update(retry_at=timezone.now() - timedelta(seconds=1))
    presser.press_some()
    assert presser.failures() == []
    assert check() == []


def test_is_stale_until_everything_that_shows_it_is_pressed(public: Path) -> None:
    episode = archive.make_episode(archive.make_show(), 1)
    assert presser.is_stale(episode.pk)
    waited = 0
    while presser.press_some(limit=3):
        waited += presser.is_stale(episode.pk)
    assert waited
    assert not presser.is_stale(episode.pk)
    assert presser.stale_count() == 0


def test_sound_that_is_redacted_while_it_is_pressed(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows go between the rendering and the placing; the rest is pressed, and then the page without sound."""
    episode = archive.make_episode(archive.make_show(), 1)
    sync = writer.Batch.sync

    def meanwhile(batch: writer.Batch) -> None:
        sync(batch)
        for rendition in Rendition.objects.all():
            renditions.discard(rendition)
            episode_changed(episode.pk)

    monkeypatch.setattr(writer.Batch, "sync", meanwhile)
    press()
    assert b"Episode 1" in (public / "talks/e1/index.html").read_bytes()
    assert not list(public.rglob("*.mp3"))
    assert check() == []
