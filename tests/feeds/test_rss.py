"""Feeds, as podcast apps and validators read them."""

from __future__ import annotations

import base64
import dataclasses
import subprocess
import sys
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path

import feedparser
import podcastparser
import pytest
from lxml import etree

from onrecord import readmodel
from onrecord.catalogue.models import Chapter, Episode, Series, Show, Tag
from onrecord.feeds import items, notes, rss
from onrecord.readmodel import EpisodeView
from onrecord.readmodel.views import LABELS
from onrecord.transcripts.models import Origin
from tests.site import making
from tests.site.test_pages import hostile_texts

pytestmark = pytest.mark.django_db
NS = rss.NAMESPACES


@pytest.fixture
def published(publication, settings):
    """A publication that says everything about itself."""
    settings.ONRECORD = dataclasses.replace(
        settings.ONRECORD,
        publication=dataclasses.replace(
            settings.ONRECORD.publication,
            name="Harbour Radio",
            address="https://example.org",
            owner="Harbour Radio Ltd",
            email="radio@example.org",
            copyright="© Harbour Radio",
            funding="https://example.org/give",
        ),
    )
    return settings.ONRECORD


def feed_of(*episodes: EpisodeView, archive: int | None = None, newest: int = 0) -> bytes:
    show = readmodel.show(Show.objects.get().pk)
    return rss.feed(show, [items.make(view) for view in episodes], archive, newest)


def channel_of(feed: bytes) -> etree._Element:
    return etree.fromstring(feed).find("channel")


def full_view() -> EpisodeView:
    return readmodel.episodes([making.make_full_episode().pk])[0]


def test_channel(published):
    channel = channel_of(feed_of(full_view()))
    assert channel.findtext("title") == "Talks"
    assert channel.findtext("link") == "https://example.org/talks/"
    assert channel.findtext("description") == "Long talks with people who know."
    assert channel.findtext("language") == "en"
    assert channel.find("itunes:category", NS).get("text") == "Society & Culture"
    assert channel.findtext("itunes:explicit", namespaces=NS) == "false"
    assert channel.findtext("itunes:author", namespaces=NS) == "Harbour Radio Ltd"
    assert channel.findtext("itunes:owner/itunes:email", namespaces=NS) == "radio@example.org"
    assert channel.find("itunes:image", NS).get("href").startswith("https://example.org/talks/artwork-")
    assert channel.findtext("podcast:guid", namespaces=NS) == making.GUID
    locked = channel.find("podcast:locked", NS)
    assert (locked.text, locked.get("owner")) == ("yes", "radio@example.org")
    assert channel.findtext("podcast:medium", namespaces=NS) == "podcast"
    assert channel.find("podcast:funding", NS).attrib == {"url": "https://example.org/give"}
    links = {link.get("rel"): link.get("href") for link in channel.findall("atom:link", NS)}
    assert links == {"self": "https://example.org/talks/feed.xml"}


def test_item(published):
    view = full_view()
    item = channel_of(feed_of(view)).find("item")
    assert item.findtext("title") == "Boats & ‹b›ropes‹/b›"
    assert item.findtext("link") == "https://example.org/talks/boats/"
    assert (item.findtext("guid"), item.find("guid").get("isPermaLink")) == (view.guid, "false")
    assert item.findtext("pubDate") == "Sun, 01 Nov 2026 18:00:00 +0000"
    enclosure = item.find("enclosure").attrib
    assert enclosure == {"url": view.mp3.url, "length": "12345678", "type": "audio/mpeg"}
    assert item.findtext("itunes:duration", namespaces=NS) == "3725"
    assert item.findtext("itunes:season", namespaces=NS) == "3"
    assert item.findtext("itunes:episode", namespaces=NS) == "1"
    season, episode = item.find("podcast:season", NS), item.find("podcast:episode", NS)
    assert (season.text, season.get("name")) == ("3", "The harbour")
    assert (episode.text, episode.get("display")) == ("1", "Part 1 of 2")
    people = [(p.text, p.get("role"), p.get("group"), p.get("href")) for p in item.findall("podcast:person", NS)]
    assert people == [
        ("Ada Host", "host", "cast", "https://example.org/people/ada/"),
        ("Bo O'Guest", "guest", "cast", "https://example.org/people/bo/"),
    ]
    transcripts = [(t.get("url").rpartition(".")[2], dict(t.attrib)) for t in item.findall("podcast:transcript", NS)]
    assert [(suffix, t["type"], t["language"], t.get("rel")) for suffix, t in transcripts] == [
        ("vtt", "text/vtt", "en", "captions"),
        ("srt", "application/x-subrip", "en", "captions"),
        ("json", "application/json", "en", None),
        ("txt", "text/plain", "en", None),
    ]
    chapters = item.find("podcast:chapters", NS).attrib
    assert chapters == {"url": "https://example.org/talks/boats/chapters.json", "type": "application/json+chapters"}
    assert item.find("itunes:image", NS).get("href") == f"https://example.org/{view.artwork.path}"


def test_alternates_carry_their_checksum(published):
    view = full_view()
    item = channel_of(feed_of(view)).find("item")
    found = item.findall("podcast:alternateEnclosure", NS)
    assert [(a.get("type"), a.get("default"), a.get("codecs"), a.get("height")) for a in found] == [
        ("audio/mpeg", "true", None, None),
        ("audio/ogg", None, "opus", None),
        ("video/mp4", None, None, "720"),
    ]
    for alternate, rendition in zip(found, (view.mp3, view.opus, view.mp4), strict=True):
        assert alternate.find("podcast:source", NS).get("uri") == rendition.url
        kind, _, value = alternate.find("podcast:integrity", NS).get("value").partition("-")
        assert kind == "sha256"
        assert base64.b64decode(value).hex() == rendition.sha256


def test_description(published):
    view = full_view()
    text = channel_of(feed_of(view)).findtext("item/description")
    assert text.splitlines() == [
        "On mending things that float.",
        "",
        "Read on",
        "",
        "See the list and ours.",
        "",
        "• one",
        "• two",
        "",
        "00:00:00 Beginnings",
        "00:00:05 The boat",
        "00:00:12 Afterwards",
        "",
        LABELS["machine"],
        "",
        "https://example.org/talks/boats/",
    ]


def test_encoded_content(published):
    made = channel_of(feed_of(full_view())).findtext("item/content:encoded", namespaces=NS)
    assert "<p>On mending things that float.</p>" in made
    assert '<a href="https://example.org/talks/second/"' in made
    assert LABELS["machine"] in made
    assert "00:00:05 The boat<br>" in made


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ([0, 5_000], []),
        ([5_000, 10_000], ["00:00:00 The first talk", "00:00:05 C", "00:00:10 C"]),
        ([400, 5_000, 9_000], ["00:00:00 C", "00:00:05 C", "00:00:09 C"]),
    ],
)
def test_times_of_chapters_begin_at_zero_and_are_three(published, starts, expected):
    episode = making.make_episode(making.make_show())
    for start in starts:
        Chapter.objects.create(episode=episode, start_ms=start, title="C")
    text = channel_of(feed_of(*readmodel.episodes([episode.pk]))).findtext("item/description")
    assert [line for line in text.splitlines() if line.startswith("0")] == expected


def test_long_words_are_cut_between_characters(published):
    episode = making.make_full_episode()
    Episode.objects.update(standfirst="ب" * 3_000, notes="سمندر " * 3_000)
    Show.objects.update(description="🚢" * 2_000)
    for n in range(200):
        Chapter.objects.create(episode=episode, start_ms=60_000 * (n + 1), title="فصل " * 20)
    channel = channel_of(feed_of(*readmodel.episodes([episode.pk])))
    for text in (channel.findtext("description"), channel.findtext("item/description")):
        assert 3_900 < len(text.encode()) <= 4_000
    assert channel.findtext("item/description").endswith("https://example.org/talks/boats/")
    assert channel.findtext("description").endswith("🚢 …")


@pytest.mark.parametrize("longest", range(4, 12))
def test_cut(longest):
    short = notes.cut("aé🚢b", longest)
    assert len(short.encode()) <= longest
    assert short in ("aé🚢b", "…", "a …", "aé …", " …", "aé🚢 …")


def test_without_an_address_to_ask_a_feed_is_not_locked(publication):
    making.make_show()
    channel = channel_of(feed_of())
    locked = channel.find("podcast:locked", NS)
    assert (locked.text, locked.attrib) == ("no", {})
    assert channel.find("itunes:owner", NS) is None
    assert channel.find("lastBuildDate") is None
    assert channel.find("podcast:funding", NS) is None


def test_archives(published):
    view = full_view()

    def links(archive: int | None, newest: int) -> dict[str, str]:
        channel = channel_of(feed_of(view, archive=archive, newest=newest))
        assert (channel.find("fh:archive", NS) is not None) == (archive is not None)
        found = {link.get("rel"): link.get("href") for link in channel.findall("atom:link", NS)}
        return {rel: href.removeprefix("https://example.org/talks/") for rel, href in found.items()}

    assert links(None, 0) == {"self": "feed.xml"}
    assert links(None, 3) == {"self": "feed.xml", "prev-archive": "feed/3.xml"}
    assert links(1, 3) == {"self": "feed/1.xml", "current": "feed.xml", "next-archive": "feed/2.xml"}
    assert links(2, 3) == {
        "self": "feed/2.xml",
        "current": "feed.xml",
        "prev-archive": "feed/1.xml",
        "next-archive": "feed/3.xml",
    }
    assert links(3, 3) == {"self": "feed/3.xml", "current": "feed.xml", "prev-archive": "feed/2.xml"}


def test_last_build_date_is_the_newest_date_inside(published):
    show = making.make_show()
    old = making.make_episode(show, "old", day=0)
    new = making.make_episode(show, "new", day=3)
    making.add_transcript(old, read=datetime(2026, 12, 24, 12, tzinfo=UTC))
    channel = channel_of(feed_of(*readmodel.episodes([new.pk, old.pk])))
    assert parsedate_to_datetime(channel.findtext("pubDate")) == new.published_at
    assert parsedate_to_datetime(channel.findtext("lastBuildDate")) == datetime(2026, 12, 24, 12, tzinfo=UTC)


def test_the_same_rows_give_the_same_bytes(published):
    pk = making.make_full_episode().pk
    assert feed_of(*readmodel.episodes([pk])) == feed_of(*readmodel.episodes([pk]))


def test_subcategory(published, settings):
    settings.ONRECORD = dataclasses.replace(
        published, publication=dataclasses.replace(published.publication, category="Society & Culture > Documentary")
    )
    making.make_show()
    category = channel_of(feed_of()).find("itunes:category", NS)
    assert category.get("text") == "Society & Culture"
    assert category.find("itunes:category", NS).get("text") == "Documentary"


def test_psp1(published, cases, tmp_path):
    """The Podcast Standards Project's rules: nothing wrong, nothing missing."""
    validator = cases.parent / "validators" / "psp1_check.py"
    if not validator.is_file():
        pytest.skip("the validator is not here")
    show = making.make_show()
    full = making.make_full_episode(show)
    plain = making.make_episode(show, "plain", day=2)
    making.add_transcript(plain, origin=Origin.IMPORT)
    path = tmp_path / "feed.xml"
    path.write_bytes(feed_of(*readmodel.episodes([plain.pk, full.pk])))
    result = subprocess.run([sys.executable, validator, path], capture_output=True, text=True)
    assert result.stdout.strip() == "0 errors, 0 warnings"


def test_feedparser(published):
    view = full_view()
    read = feedparser.parse(feed_of(view))
    assert not read.bozo, read.get("bozo_exception")
    entry = read.entries[0]
    assert entry.title == "Boats & ‹b›ropes‹/b›"
    assert entry.enclosures[0].href == view.mp3.url
    assert entry.itunes_duration == "3725"
    assert entry.published_parsed[:5] == (2026, 11, 1, 18, 0)
    assert (entry.itunes_season, entry.itunes_episode) == ("3", "1")


def test_podcastparser(published):
    view = full_view()
    read = podcastparser.parse("https://example.org/talks/feed.xml", BytesIO(feed_of(view)))
    assert read["title"] == "Talks"
    episode = read["episodes"][0]
    assert episode["total_time"] == 3725
    assert episode["enclosures"][0]["url"] == view.mp3.url
    assert episode["guid"] == view.guid
    assert episode["number"] == 1
    assert episode["description_html"].startswith("<p>On mending things that float.</p>")


def test_hostile_words_stay_words(published, cases: Path):
    episode = making.make_full_episode()
    for text in hostile_texts(cases):
        stored = text.replace("\x00", "")
        Episode.objects.update(title=stored, standfirst=stored, notes=stored)
        Show.objects.update(name=stored[:300], description=stored)
        Series.objects.update(name=stored[:300])
        Tag.objects.update(name=stored[:100])
        feed = feed_of(*readmodel.episodes([episode.pk]))
        item = etree.fromstring(feed).find("channel/item")
        assert "<" not in item.findtext("title")
        assert len(item.findtext("category")) <= 100
        encoded = item.findtext("content:encoded", namespaces=NS)
        for start in ("<script", "<img", "<svg", "<iframe", "<style", "<form", "<object"):
            assert start not in encoded.lower()


def test_it_is_one_document(published):
    """Items are written out one by one; the whole is what one would write at once."""
    written = feed_of(full_view(), readmodel.episodes([making.make_episode(Show.objects.get(), "plain").pk])[0])
    assert one_document(written) == written


def one_document(written: bytes) -> bytes:
    root = etree.fromstring(written, etree.XMLParser(remove_blank_text=True))
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)


def test_300_episodes_take_few_queries(published, django_assert_max_num_queries):
    show = making.make_show()
    ids = [making.make_episode(show, f"e{n}", day=n).pk for n in range(30)]
    with django_assert_max_num_queries(13):
        feed_of(*readmodel.episodes(ids[::-1])[:30])
