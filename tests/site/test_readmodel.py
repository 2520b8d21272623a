"""The read model: what it says of rows, and in how many queries."""

import dataclasses
from datetime import UTC, datetime

import pytest

from onrecord import readmodel
from onrecord.catalogue.models import Credit, Episode, EpisodeState, Person, Series, Tag
from onrecord.recordings.models import Recording
from onrecord.transcripts.models import Origin, Speaker, Transcript
from tests.site import making

pytestmark = pytest.mark.django_db


def test_full_episode(publication, django_assert_num_queries):
    pk = making.make_full_episode().pk
    with django_assert_num_queries(18):
        view = readmodel.episode(pk)
        assert view.transcript.tokens == making.CONVERSATION
        assert view.notes_html and view.newest
    assert view.path == "talks/boats/"
    assert [person.name for person in view.hosts] == ["Ada Host"]
    assert [person.name for person in view.guests] == ["Bo O'Guest"]
    assert [tag.name for tag in view.tags] == ["Craft", "Sea"]
    assert [chapter.start_ms for chapter in view.chapters] == [0, 5_000, 12_500]
    assert set(view.renditions) == {"mp3", "opus", "mp4", "peaks"}
    assert view.mp3.url == f"http://127.0.0.1:8000/{view.mp3.path}"
    assert view.duration_ms == 3_725_400
    assert view.part_display == "Part 1 of 2"
    assert view.is_public
    assert [size.width for size in view.picture.sizes] == [480, 960, 1600]
    assert view.picture.sizes[0].height == 288


def test_queries_do_not_grow(publication, django_assert_num_queries):
    show = making.make_show()
    full = making.make_full_episode(show)
    others = [making.make_episode(show, f"e{n}", day=n) for n in range(5)]
    for other in others:
        making.add_transcript(other)
        Credit.objects.create(episode=other, person=Person.objects.get(slug="ada"), role="host", position=0)
    ids = [full.pk, *(other.pk for other in others)]
    with django_assert_num_queries(16):
        views = readmodel.episodes(ids)
    assert [view.id for view in views] == ids
    assert views[0].transcript.tokens == [], "lists do without words"
    with django_assert_num_queries(13):
        items = readmodel.feed_items(ids)
    assert [(item.title, item.notes_text, item.tags, item.credits) for item in items] == [
        (view.title, view.notes_text, view.tags, view.credits) for view in views
    ]
    assert items[0].transcript.label == views[0].transcript.label
    with django_assert_num_queries(5):
        cards = readmodel.cards(reversed(ids))
    assert [card.id for card in cards] == ids[::-1]


def test_plain_episode_has_nothing_else(publication):
    view = readmodel.episode(making.make_episode(making.make_show()).pk)
    assert view.transcript is None
    assert (view.series, view.part, view.picture, view.tags, view.credits, view.chapters) == (
        None,
        None,
        None,
        (),
        (),
        (),
    )
    assert view.artwork == view.show.artwork, "an episode without a picture has the show's"


def test_no_such_episode(publication):
    with pytest.raises(Episode.DoesNotExist):
        readmodel.episode(99)
    assert readmodel.cards([99]) == []


def test_parts_out_and_coming(publication, django_assert_num_queries):
    first = making.make_full_episode()
    hidden = making.make_episode(first.show, "hidden", public=False, series=first.series, part=2)
    parts = readmodel.episode(first.pk).series.parts
    assert [(part.number, part.path, part.coming) for part in parts] == [(1, "talks/boats/", False), (2, "", True)]
    Episode.objects.filter(pk=hidden.pk).update(live_since=making.BEGINNING, slug="renamed")
    with django_assert_num_queries(3):
        parts = readmodel.series(first.series_id).parts
    assert [(part.number, part.path) for part in parts] == [(1, "talks/boats/"), (2, "talks/renamed/")]


def test_a_part_without_a_total(publication):
    first = making.make_full_episode()
    Series.objects.update(total=None)
    view = readmodel.episode(first.pk)
    assert view.part_display == "Part 1"
    assert [part.number for part in view.series.parts] == [1]


def test_a_total_that_nobody_can_read(publication):
    first = making.make_full_episode()
    Series.objects.update(total=2_000_000_000)
    assert [part.number for part in readmodel.episode(first.pk).series.parts] == [1]


@pytest.mark.parametrize(
    ("origins", "read", "status"),
    [
        ([Origin.MACHINE], None, "machine"),
        ([Origin.MACHINE], datetime(2026, 11, 5, tzinfo=UTC), "read"),
        ([Origin.MACHINE, Origin.IMPORT], None, "corrected"),
        ([Origin.MACHINE, Origin.EDIT], datetime(2026, 11, 5, tzinfo=UTC), "read"),
        ([Origin.IMPORT], None, "given"),
    ],
)
def test_who_has_read_the_words(publication, origins, read, status):
    episode = making.make_episode(making.make_show())
    for number, origin in enumerate(origins, 1):
        making.add_transcript(episode, origin=origin, number=number, read=read if number == len(origins) else None)
    view = readmodel.episode(episode.pk).transcript
    assert (view.status, view.revision) == (status, len(origins))


def test_only_public_words_of_the_current_recording(publication):
    episode = making.make_episode(making.make_show())
    making.add_transcript(episode, public=False)
    assert readmodel.episode(episode.pk).transcript is None
    making.add_transcript(episode, number=2)
    making.add_transcript(episode, number=3, public=False)
    assert readmodel.episode(episode.pk).transcript.revision == 2
    Recording.objects.update(current=False)
    assert readmodel.episode(episode.pk).transcript is None


def test_why_there_are_no_words(publication):
    episode = making.make_episode(making.make_show())
    Transcript.objects.create(recording=episode.recordings.get(), episode=episode, missing_because="No speech.")
    assert readmodel.episode(episode.pk).missing_because == "No speech."


def test_speakers_link_only_to_people_with_a_page(publication):
    pk = making.make_full_episode().pk
    uncredited = Person.objects.create(slug="zed", name="Zed")
    Speaker.objects.filter(index=1).update(person=uncredited, name="Zed")
    ada, zed = readmodel.episode(pk).transcript.speakers
    assert ada.person.slug == "ada"
    assert (zed.label, zed.person) == ("Zed", None)


def test_indexes_name_nobody_who_is_not_public(publication, django_assert_num_queries):
    show = making.make_show()
    making.make_full_episode(show)
    draft = making.make_episode(show, "draft", state=EpisodeState.DRAFT)
    hidden = Person.objects.create(slug="hidden", name="Hidden")
    Credit.objects.create(episode=draft, person=hidden, role="guest", position=0)
    draft.tags.add(Tag.objects.create(slug="hidden", name="Hidden"), Tag.objects.get(slug="sea"))
    Credit.objects.create(episode=draft, person=Person.objects.get(slug="ada"), role="host", position=1)
    with django_assert_num_queries(2):
        people, tags = readmodel.people(), readmodel.tags()
    assert [(person.name, person.episodes) for person in people] == [("Ada Host", 1), ("Bo O'Guest", 1)]
    assert [(tag.name, tag.episodes) for tag in tags] == [("Craft", 1), ("Sea", 1)]
    making.make_show("empty", "Empty")
    assert [show.name for show in readmodel.shows()] == ["Talks"]


def test_artwork(publication):
    show = making.make_show()
    drawn = readmodel.show(show.pk).artwork
    assert (drawn.sha256, drawn.side, drawn.name) == ("", 1400, "Talks")
    show.picture = making.make_picture(5000, 4000)
    show.save()
    assert readmodel.show(show.pk).artwork.side == 3000
    show.picture = making.make_picture(300, 500)
    show.save()
    small = readmodel.show(show.pk).artwork
    assert small.side == 1400
    assert small.path == f"talks/artwork-{show.picture.sha256[:16]}.jpg"


def test_small_pictures_are_not_made_larger(publication):
    episode = making.make_episode(making.make_show(), picture=making.make_picture(700, 350))
    assert [(size.width, size.height) for size in readmodel.episode(episode.pk).picture.sizes] == [
        (480, 240),
        (700, 350),
    ]


def test_forbidden_characters_are_gone(publication):
    show = making.make_show(name="Ta\x02lks\x1b")
    view = readmodel.episode(making.make_episode(show, title="a\x01b\ud7ffc\ufffed", standfirst="\x08x").pk)
    assert (view.show.name, view.title, view.standfirst) == ("Talks", "ab\ud7ffcd", "x")


def test_addresses_below_a_folder(publication, settings):
    settings.ONRECORD = dataclasses.replace(
        settings.ONRECORD,
        publication=dataclasses.replace(settings.ONRECORD.publication, address="https://example.org/radio/"),
    )
    us = readmodel.publication()
    assert us.url("talks/") == "https://example.org/radio/talks/"
    assert us.link("talks/") == "/radio/talks/"
    assert us.link("") == "/radio/"
