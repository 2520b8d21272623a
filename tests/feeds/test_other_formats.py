"""JSON Feed, Atom and oEmbed, as other programs read them."""

import json
from urllib.parse import quote
from xml.etree import ElementTree

import feedparser
import pytest
from django.test import Client
from lxml import etree, html

from onrecord import readmodel
from onrecord.catalogue.models import Episode, EpisodeState, Redirect
from onrecord.feeds import atom, items, json_feed, oembed
from tests.site import making

pytestmark = pytest.mark.django_db
SITE = "http://127.0.0.1:8000/"
REQUIRED = {"id", "url", "content_html", "date_published"}


@pytest.fixture
def views(publication):
    full = making.make_full_episode()
    plain = making.make_episode(full.show, "plain", day=3)
    return readmodel.episodes([plain.pk, full.pk])


def test_json_feed(views):
    plain, full = views
    feed = json.loads(json_feed.feed(full.show, list(map(items.make, views))))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert (feed["home_page_url"], feed["feed_url"]) == (f"{SITE}talks/", f"{SITE}talks/feed.json")
    assert [item["id"] for item in feed["items"]] == [plain.guid, full.guid]
    assert all(item.keys() >= REQUIRED and all(item.values()) for item in feed["items"])
    item = feed["items"][1]
    assert item["content_html"].startswith("<p>On mending things that float.</p>")
    assert [author["name"] for author in item["authors"]] == ["Ada Host", "Bo O'Guest"]
    sound = item["attachments"][0]
    assert (sound["url"], sound["mime_type"], sound["duration_in_seconds"]) == (full.mp3.url, "audio/mpeg", 3725)
    assert json.loads(json_feed.feed(full.show, []))["items"] == []


def test_atom(views):
    full = views[1]
    written = atom.feed(full.show, list(map(items.make, views)))
    read = feedparser.parse(written)
    assert not read.bozo and read.version == "atom10"
    assert read.feed.id == f"urn:uuid:{making.GUID}"
    assert [entry.link for entry in read.entries] == [f"{SITE}talks/plain/", f"{SITE}talks/boats/"]
    entry = read.entries[1]
    assert entry.title == "Boats & <b>ropes</b>" or entry.title_detail.type == "text/plain"
    assert (entry.author, [person.name for person in entry.contributors]) == ("Ada Host", ["Bo O'Guest"])
    assert [enclosure.type for enclosure in entry.enclosures] == ["audio/mpeg", "audio/ogg", "video/mp4"]
    assert "<li>one</li>" in entry.content[0].value
    assert entry.published == "2026-11-01T18:00:00Z"
    tree = ElementTree.fromstring(atom.feed(full.show, []))
    assert tree.findtext(f"{{{atom.ATOM}}}updated") == atom.NEVER, "a date even where nothing is"
    root = etree.fromstring(written, etree.XMLParser(remove_blank_text=True))
    assert etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True) == written


def asked(url: str, **more: object):
    return Client().get("/oembed/", {"url": url, **more})


def test_oembed(views):
    Redirect.objects.create(folder="talks/old", episode=Episode.objects.get(slug="boats"))
    answer = asked(f"{SITE}talks/boats/?t=90")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json; charset=utf-8")
    content = answer.json()
    assert (content["type"], content["version"], content["title"]) == ("rich", "1.0", "Boats & <b>ropes</b>")
    frame = html.fragment_fromstring(content["html"])
    assert frame.tag == "iframe"
    assert frame.get("src") == f"{SITE}talks/boats/embed/?t=90"
    assert frame.get("title") == "Boats & <b>ropes</b>"
    small = asked(f"{SITE}talks/boats/embed/#t12-2", maxwidth=300, maxheight=1, format="xml")
    tree = ElementTree.fromstring(small.content)
    assert (tree.findtext("width"), tree.findtext("height")) == ("300", str(oembed.LOWEST))
    assert "embed/?t=12" in tree.findtext("html")
    for same in ("talks/boats", "talks/boats/index.html", "talks/old/", "talks/boats/?q=1"):
        assert asked(SITE + same).json()["html"] == asked(f"{SITE}talks/boats/").json()["html"], same
    assert asked(f"https{SITE[4:]}talks/boats/").status_code == 200, "whichever scheme it was shared with"
    assert not answer.cookies and answer["Access-Control-Allow-Origin"] == "*"


def test_oembed_tells_nothing_of_what_is_not_public(views):
    for url in (
        "",
        "talks/boats/",
        "https://else.example/talks/boats/",
        f"{SITE}talks/",
        f"{SITE}a/%00",
        "http://[::1/",
    ):
        assert asked(url).status_code == 404, url
    assert asked(f"{SITE}talks/boats/", format="yaml").status_code == 501
    assert Client().post("/oembed/").status_code == 405
    key = Episode.objects.get(slug="boats").key
    assert asked(f"{SITE}{key}").status_code == 404
    Episode.objects.update(state=EpisodeState.WITHDRAWN)
    assert asked(f"{SITE}talks/boats/").status_code == 404


def test_the_page_says_where_its_oembed_is(views):
    from onrecord.site import pages

    page = html.document_fromstring(pages.episode(views[1]))
    (link,) = page.xpath("//link[@type='application/json+oembed']/@href")
    assert link == f"{SITE}oembed/?format=json&url={quote(f'{SITE}talks/boats/', safe='')}"
    assert Client().get(link.removeprefix(SITE[:-1])).json()["title"] == "Boats & <b>ropes</b>"
