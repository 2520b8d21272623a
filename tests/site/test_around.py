"""Pages around the episode: subscribing, years, the player for other sites, what is elsewhere."""

import doctest

import pytest
from lxml import html

from onrecord import readmodel
from onrecord.catalogue.models import Episode
from onrecord.feeds import atom, oembed
from onrecord.lib import addresses, slugs
from onrecord.lib.addresses import is_web_address
from onrecord.readmodel import ListPage
from onrecord.site import embedding, pages, subscribing
from tests.site import making

pytestmark = pytest.mark.django_db


def parsed(page: str):
    return html.document_fromstring(page.encode(), parser=html.HTMLParser(encoding="utf-8"))


@pytest.mark.parametrize("module", [addresses, atom, oembed, subscribing, slugs], ids=lambda module: module.__name__)
def test_examples(publication, module):
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


def test_subscribing(publication):
    view = readmodel.show(making.make_show().pk)
    page = parsed(pages.subscribe(view))
    assert page.xpath("//input/@value") == ["http://127.0.0.1:8000/talks/feed.xml"]
    apps = dict(
        zip(page.xpath("//ul[@class='apps']//bdi/text()"), page.xpath("//ul[@class='apps']//@href"), strict=True)
    )
    assert apps["Apple Podcasts"] == "podcast://127.0.0.1:8000/talks/feed.xml"
    assert apps["Overcast"].endswith("?url=http%3A%2F%2F127.0.0.1%3A8000%2Ftalks%2Ffeed.xml")
    assert not any(map(is_web_address, apps.values())), "nothing passes through a stranger's site"
    assert page.xpath("//ul[@class='formats']//@href") == ["/talks/feed.xml", "/talks/atom.xml", "/talks/feed.json"]
    code = page.xpath("//svg")[0]
    assert code.get("class") == "qr" and code.get("viewbox")
    assert not page.xpath("//@style|//style|//script")


def test_the_code_can_be_read(publication):
    """Module by module as segno's own text form, so that what is drawn is what was encoded."""
    import segno

    address = "https://example.org/radio/talks/feed.xml"
    assert segno.make(address, error="m", micro=False).designator in ("3-M", "4-M")
    svg = html.fragment_fromstring(subscribing.qr_code(address))
    size = segno.make(address, error="m", micro=False).symbol_size(border=subscribing.QR_BORDER)[0]
    assert svg.get("viewbox") == f"0 0 {size} {size}"
    assert [path.get("fill") or path.get("stroke") for path in svg] == ["#fff", "#000"]


def test_years(publication):
    show = making.make_show()
    cards = readmodel.cards([making.make_full_episode(show).pk])
    view = readmodel.show(show.pk)
    page = parsed(pages.year(view, 2026, [2019, 2024, 2026, 2027, 2030], ListPage(cards, 2, 2)))
    assert page.xpath("//nav[@aria-label='Years']//@href") == ["/talks/2027/", "/talks/2024/"]
    assert page.xpath("//link[@rel='canonical']/@href") == ["http://127.0.0.1:8000/talks/2026/"]
    assert page.xpath("//nav[@class='pages'][1]//@href") == ["/talks/2026/page/1/"]
    for years in ([2026], [2019, 2026, 2030]):
        assert pages.year(view, 2026, years, ListPage(cards, 1, 2)) == pages.year(view, 2026, [], ListPage(cards, 1, 2))
    listed = parsed(pages.show(view, ListPage(cards, 1, 1), [2024, 2026]))
    assert listed.xpath("//nav[@class='years']//@href") == ["/talks/2026/", "/talks/2024/"]
    assert listed.xpath("//a[contains(., 'Subscribe')]/@href") == ["/talks/subscribe/"]


def test_the_player_for_other_sites(publication):
    view = readmodel.episode(making.make_full_episode().pk)
    page = parsed(embedding.embed(view))
    assert page.xpath("//link[@rel='canonical']/@href") == ["http://127.0.0.1:8000/talks/boats/"]
    assert page.xpath("//h1/a/@href") == ["http://127.0.0.1:8000/talks/boats/"]
    assert page.xpath("//a[@target]/@target") == ["_top", "_top"]
    assert page.xpath("//audio/@preload") == ["none"]
    assert page.xpath("//li/a/@data-start") == ["0", "5", "12.5"]
    assert page.xpath("//li[2]/a/@href") == [f"/{view.mp3.path}#t=5"]
    loaded = page.xpath("//@src|//link[@rel='stylesheet']/@href")
    assert all(value.startswith("/") for value in loaded)
    assert len(embedding.embed(view)) < 4_000


def test_what_is_elsewhere_is_a_link_and_loads_nothing(publication):
    episode = making.make_full_episode()
    Episode.objects.filter(pk=episode.pk).update(video_url="https://www.video.example/watch?v=1&a=2")
    renditions = episode.recordings.get().renditions
    page = parsed(pages.episode(readmodel.episode(episode.pk)))
    (link,) = page.xpath("//a[contains(@href, 'video.example')]")
    assert not link.xpath(".//img"), "its picture is the player's already"
    renditions.filter(kind="mp4").delete()
    page = parsed(pages.episode(readmodel.episode(episode.pk)))
    (link,) = page.xpath("//*[@class='stage']//a[@class='video-elsewhere']")
    assert link.get("href") == "https://www.video.example/watch?v=1&a=2"
    assert page.xpath("//*[@id='player']//img") == link.xpath(".//img"), "one picture"
    assert link.xpath(".//img/@src")[0].startswith("/talks/boats/picture-")
    assert link.text_content().strip().endswith("video.example")
    assert page.xpath("//h2[@id='listen']")[0].text == "Watch or listen"
    cards = page.xpath("//section[@class='related']//li")
    assert [card.xpath(".//h3/a/@href")[0] for card in cards] == ["/talks/nets/", "https://example.org/tar"]
    assert "3 November 2026" in cards[0].text_content() and "Harbour News" in cards[1].text_content()
    loaded = page.xpath("//@src|//@srcset|//link[@rel='stylesheet']/@href")
    assert not any("example" in value for value in loaded)
    renditions.all().delete()
    page = parsed(pages.episode(readmodel.episode(episode.pk)))
    assert page.xpath("//h2[@id='listen']")[0].text == "Watch" and not page.xpath(
        "//*[@id='player']//*[@class='label']"
    )
    Episode.objects.filter(pk=episode.pk).update(video_url="javascript:alert(1)")
    assert "video-elsewhere" not in pages.episode(readmodel.episode(episode.pk)), "whatever an import brought"
