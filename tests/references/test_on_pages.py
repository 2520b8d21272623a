"""What an episode cites, on its page: through rows, steps and the press, as readers see it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from lxml import html

from onrecord.catalogue.changes import episode_changed
from onrecord.catalogue.models import Change, Episode, EpisodeState
from onrecord.discussion import answers, corrections, moderate
from onrecord.discussion.answers import AnswerDraft
from onrecord.discussion.corrections import CorrectionDraft
from onrecord.discussion.models import CorrectionKind
from onrecord.press import affected
from onrecord.press.check import check
from onrecord.references.models import Link, Reference, SavedCopy
from tests.discussion.making import published
from tests.press import archive
from tests.press.pressing import press

pytestmark = pytest.mark.django_db

FERRY = b"<title>The ferry\xe2\x80\x99s last trip</title><p>It sank at dawn.</p>"
NOTES = (
    "The [report](http://news.org/ferry#dawn), and [the same](http://news.org/ferry) again. "
    "See also [us](http://127.0.0.1:8000/talks/) and <http://gone.org/>."
)


@pytest.fixture
def public(publication: Any) -> Path:
    return publication.public


@pytest.fixture
def episode(public: Path) -> Episode:
    return archive.make_episode(archive.make_show(), 1)


def change(episode: Episode, **fields: Any) -> None:
    Episode.objects.filter(pk=episode.pk).update(**fields)
    episode_changed(episode.pk)
    press()


def entries(public: Path, episode: Episode) -> list[str]:
    """What the page's section of references says, an entry each."""
    page = html.document_fromstring((public / episode.folder / "index.html").read_text())
    found = page.xpath("//section[h2[text()='References']]//li")
    return [" ".join(" ".join(entry.itertext()).split()) for entry in found]


def given() -> list[str]:
    return sorted(Reference.objects.values_list("given", flat=True))


def test_links_of_the_notes_are_listed_saved_and_looked_after(
    episode: Episode, public: Path, web: Any, work: Any
) -> None:
    web.put("/ferry", FERRY, content_type="text/html")
    change(episode, notes=NOTES, state=EpisodeState.DRAFT)
    assert not Reference.objects.exists(), "nobody is visited for a draft"
    change(episode, state=EpisodeState.PUBLISHED)
    assert [entry.split(" ")[0] for entry in entries(public, episode)] == [
        "http://news.org/ferry#dawn",
        "http://gone.org/",
    ]
    assert all("A copy will be saved." in entry for entry in entries(public, episode))
    assert not web.requests
    work("references.save")
    press()
    day = timezone.now().strftime("%-d %B %Y")
    first, _ = entries(public, episode)
    assert first.startswith(f"The ferry’s last trip news.org A copy was saved on {day} .")
    Link.objects.filter(address="http://gone.org/").update(dead_since=timezone.now() - timedelta(days=9))
    change(episode)
    assert "This link has led nowhere since" in entries(public, episode)[1]
    links = html.document_fromstring((public / episode.folder / "index.html").read_text()).xpath(
        "//*[@class='cites']//a"
    )
    assert [(link.get("href"), link.get("rel")) for link in links] == [
        ("http://news.org/ferry#dawn", "nofollow noopener")
    ], "a dead one is no link, and what the publisher cites is no reader's"
    assert check() == []


def test_what_the_notes_cite_no_longer_is_forgotten(episode: Episode, public: Path, web: Any, work: Any) -> None:
    web.put("/ferry", FERRY, content_type="text/html")
    change(episode, notes=NOTES)
    work("references.save")
    press()
    change(episode, state=EpisodeState.WITHDRAWN)
    assert set(Reference.objects.values_list("published", flat=True)) == {None}, "nobody is visited any more"
    assert SavedCopy.objects.exists(), "what was saved stays"
    change(episode, state=EpisodeState.PUBLISHED)
    assert "A copy was saved" in entries(public, episode)[0]
    change(episode, notes="See <http://gone.org/> and <http://new.org/>.")
    assert given() == ["http://gone.org/", "http://new.org/"]
    assert not SavedCopy.objects.filter(link__address="http://news.org/ferry").exists()
    change(episode, notes="")
    assert (given(), Link.objects.count(), entries(public, episode)) == ([], 0, [])
    assert check() == []


def test_each_is_listed_once_with_the_comments_that_cite_it(episode: Episode, public: Path, web: Any) -> None:
    change(episode, notes=NOTES)
    published(episode, "It says so: http://news.org/ferry and http://other.org/x.", address="a@example.org")
    second = published(episode, "No: http://news.org/ferry#2", address="b@example.org")
    press()
    found = entries(public, episode)
    assert [entry.split(" ")[0] for entry in found] == [
        "http://news.org/ferry#dawn",
        "http://gone.org/",
        "http://other.org/x",
    ]
    assert [entry.partition("Cited in ")[2] for entry in found] == ["#1 and #2 .", "", "#1 ."]
    assert check() == []
    moderate.spam(second)
    press()
    assert entries(public, episode)[0].endswith("Cited in #1 .")
    assert check() == []


def test_what_corrections_and_answers_cite_is_listed_too(episode: Episode, public: Path, web: Any) -> None:
    comment = published(episode, "No: http://other.org/x", address="a@example.org")
    answers.answer(comment, AnswerDraft("See http://answer.org/ and http://other.org/x."), "max")
    text = "It was leased: http://ledger.org/ and [this](http://other.org/x#2)."
    corrections.publish(CorrectionDraft(episode, CorrectionKind.CORRECTION, text), "Ada")
    press()
    assert entries(public, episode) == [
        "http://ledger.org/ A copy will be saved. Cited in Correction #1 .",
        "http://other.org/x#2 A copy will be saved. Cited in Correction #1 and #1 .",
        "http://answer.org/ A copy will be saved. Cited in #1 .",
    ]
    record = json.loads((public / episode.folder / "episode.json").read_text())
    assert [(one["corrections"], one["comments"]) for one in record["references"]] == [([1], []), ([1], [1]), ([], [1])]
    assert check() == []


def test_a_change_that_cites_nothing_new_changes_nothing(episode: Episode) -> None:
    change(episode, notes=NOTES)
    episode_changed(episode.pk)
    before = list(Reference.objects.values_list("pk", "published"))
    while affected.consume():
        pass
    assert list(Reference.objects.values_list("pk", "published")) == before and not Change.objects.exists()
