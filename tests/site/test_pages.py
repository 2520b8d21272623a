"""The reader's pages, as text."""

import dataclasses
import json
import re
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

import pytest
from lxml import etree, html

from onrecord import readmodel
from onrecord.catalogue.models import Chapter, Credit, Episode, Person, Picture, Series, Show, Tag
from onrecord.catalogue.related import set_parts_elsewhere
from onrecord.lib import colour, configuration
from onrecord.readmodel import ListPage
from onrecord.readmodel.views import LABELS
from onrecord.recordings.models import Rendition
from onrecord.site import assets, pages
from onrecord.site.transcript import press_turns, words_json
from onrecord.transcripts.models import Speaker, Transcript
from onrecord.transcripts.tokens import Token, text_of
from tests.site import making

pytestmark = pytest.mark.django_db


def parsed(page: str) -> etree._Element:
    assert page.startswith("<!DOCTYPE html>")
    return html.document_fromstring(page.encode(), parser=html.HTMLParser(encoding="utf-8"))


def text_at(page: etree._Element, path: str) -> list[str]:
    return [" ".join(node.text_content().split()) for node in page.xpath(path)]


@pytest.fixture
def full(publication) -> etree._Element:
    return parsed(pages.episode(readmodel.episode(making.make_full_episode().pk)))


def test_head(full):
    assert full.get("lang") == "en"
    assert full.get("dir") == "ltr"
    assert full.findtext(".//title") == "Boats & <b>ropes</b> · Talks"
    assert full.xpath("//link[@rel='canonical']/@href") == ["http://127.0.0.1:8000/talks/boats/"]
    feeds = {link.get("type"): link.get("href") for link in full.xpath("//link[@rel='alternate'][@title='Talks']")}
    assert feeds == {
        "application/rss+xml": "/talks/feed.xml",
        "application/atom+xml": "/talks/atom.xml",
        "application/feed+json": "/talks/feed.json",
    }
    properties = {meta.get("property"): meta.get("content") for meta in full.xpath("//meta[@property]")}
    assert properties["og:title"] == "Boats & <b>ropes</b>"
    assert properties["og:url"] == "http://127.0.0.1:8000/talks/boats/"
    assert properties["og:image"].endswith("-1600.jpg")
    assert properties["article:published_time"] == "2026-11-01T18:00:00Z"
    policy = full.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_content(full):
    assert text_at(full, "//h1") == ["Boats & <b>ropes</b>"]
    assert text_at(full, "//p[@class='standfirst']") == ["On mending things that float."]
    assert text_at(full, "//p[@class='byline']") == [
        "Hosted by Ada Host",
        "With Bo O'Guest",
        "1 November 2026 · 1 h 2 min",
    ]
    assert full.xpath("//p[@class='byline']/a/@href") == ["/people/ada/", "/people/bo/"]
    assert text_at(full, "//nav[@class='parts']//li") == ["Part 1 of 2 Boats & <b>ropes</b>", "Part 2 of 2 is coming"]
    assert text_at(full, "//figcaption") == ["At the harbour Picture: A. Photographer"]
    assert full.xpath("//figure//img/@alt") == ["A person beside a boat"]
    assert len(full.xpath("//figure//source/@srcset")[0].split(", ")) == 3
    assert text_at(full, "//section[@class='notes']/h3") == ["Read on"]
    assert full.xpath("//a[@rel='tag']/@href") == ["/tags/craft/", "/tags/sea/"]
    assert full.xpath("//video//source/@type") == ["video/mp4"]
    assert full.xpath("//audio//source/@type") == ["audio/mpeg", "audio/ogg; codecs=opus"]
    assert full.xpath("//video//track/@src") == ["/talks/boats/transcript.vtt"]
    assert set(full.xpath("//audio/@preload|//video/@preload")) == {"none"}


def test_transcript(full):
    assert text_at(full, "//p[contains(@class, 'label')]") == [LABELS["machine"]]
    assert full.xpath("//div[@class='turn']/@id") == ["t0", "t5", "t12"]
    assert text_at(full, "//p[@class='who']") == [
        "Ada Host 0:00 Quote",
        "Speaker 2 0:05 Quote",
        "Ada Host 0:12 Quote",
    ]
    assert full.xpath("//a[@class='quote']/@href")[1].endswith("&turn=t5")
    assert text_at(full, "//div[@id='t5']/p[not(@class)]") == [
        "It began with a boat. We mended it all winter & sang <loudly>."
    ]
    assert text_at(full, "//span[@id='t1']") == ["In a small harbour, I think."]
    assert full.xpath("//nav[@class='chapters']//a/@href")[2:4] == [
        full.xpath("//audio//source/@src")[0] + "#t=5",
        "#chapter-2",
    ]
    assert text_at(full, "//div[@class='turns']//h3") == ["Beginnings", "The boat", "Afterwards"]
    assert full.xpath("//h3[@id='chapter-2']/following-sibling::div[1]/@id") == ["t5"]


def test_every_sentence_knows_its_words(publication):
    """The contract with scripts: a sentence's text is the text of its tokens, and words.json says where each stands."""
    tokens = [*making.words("Well 𝄞 then. No! Yes,", 0, 0), Token("é\u0301.", 9_000, 9_400, 0, None, False)]
    tokens += [Token("日", 8_000, 8_100, 1, None, False), *making.words("本 & <so> on.", 1, 9_900)]
    episode = making.make_episode(making.make_show())
    making.add_transcript(episode, tokens)
    view = readmodel.episode(episode.pk).transcript
    page = parsed(pages.episode(readmodel.episode(episode.pk)))
    words = json.loads(words_json(view))
    starts, firsts = list(accumulate(words["start"])), []
    assert starts == [token.start for token in tokens]
    assert words["revision"] == 1 and page.xpath("//div[@class='turns']/@data-revision") == ["1"]
    spans = page.xpath("//span[@class='s']")
    firsts = [int(span.get("data-word")) for span in spans]
    for span, first, end in zip(spans, firsts, [*firsts[1:], len(tokens)], strict=True):
        said = tokens[first:end]
        assert span.text == text_of(said)
        units = len(span.text.encode("utf-16-le")) // 2
        assert units == sum(words["length"][first:end]) - said[0].space
    assert page.xpath("//div[@class='turn']/@data-word") == ["0", "6"]


def test_a_chapter_in_the_middle_of_a_turn(publication):
    episode = making.make_episode(making.make_show())
    making.add_transcript(episode, making.words("One two three. Four five six. Seven eight. Nine ten.", 0, 0, 1_000))
    for start, title in ((0, "A"), (3_400, "B <i>"), (3_500, "C"), (500_000, "Never")):
        Chapter.objects.create(episode=episode, start_ms=start, title=title)
    page = parsed(pages.episode(readmodel.episode(episode.pk)))
    assert text_at(page, "//div[@class='turns']//h3") == ["A", "B <i>", "C"]
    assert text_at(page, "//div[@class='turn']/p[not(@class)]") == [
        "One two three.",
        "Four five six. Seven eight. Nine ten.",
    ]
    assert page.xpath("//nav[@class='chapters']//a[@class='title']/@href") == ["#chapter-1", "#chapter-2", "#chapter-3"]
    assert text_at(page, "//nav[@class='chapters']//bdi") == ["A", "B <i>", "C", "Never"]


def test_the_way_on(publication):
    """The episodes before and after, and the show: links by identity."""
    show = making.make_show()
    middle, later = making.make_episode(show, "middle", 1), making.make_episode(show, "later", 2)
    page = parsed(pages.episode(readmodel.episode(middle.pk), readmodel.cards([later.pk])))
    assert page.xpath("//section[@class='further']//*[self::h2 or self::h3]/a/@href") == ["/talks/", "/talks/later/"]
    assert page.xpath("//a[@class='subscribe']/@href") == ["/talks/subscribe/"]


def test_the_publications_own_look(publication, settings):
    folder = publication.folder
    plain = assets.address("style.css")
    (folder / "mark.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "onrecord.toml").write_text('[look]\naccent = "#ffd400"\nlogo = "mark.svg"\n')
    settings.ONRECORD = configuration.load(folder)
    page = parsed(pages.not_found())
    style = page.xpath("//link[@rel='stylesheet']/@href")[0]
    assert style != f"/{plain}"
    rules = assets.files()[style[1:]].decode()
    light, dark = re.findall(r":root \{ --accent: (#[0-9a-f]{6}); \}", rules)
    assert dark == "#ffd400", "bright enough for a dark page as it is"
    for shade, grounds in ((light, assets.LIGHT_GROUNDS), (dark, assets.DARK_GROUNDS)):
        assert all(colour.contrast(colour.parse(shade), ground) >= 4.5 for ground in grounds)
    assert rules.endswith(
        assets.files()[assets.address("embed.css")].decode().partition("\n\n:root { --accent")[2][-60:]
    )
    logo = page.xpath("//header//img")[0]
    assert (logo.get("src")[1:] in assets.files(), logo.get("alt")) == (True, publication.publication.name)


def test_the_grounds_of_the_accent_are_those_of_the_style_sheet():
    rules = (assets.FOLDER / "style.css").read_text()
    for grounds, part in (
        (assets.LIGHT_GROUNDS, rules.split("@media")[0]),
        (assets.DARK_GROUNDS, rules.split("@media")[1]),
    ):
        papers = [colour.parse(found) for found in re.findall(r"--(?:paper|tint): (#\w+)", part)]
        assert tuple(papers) == grounds


def test_every_link_within_the_page_leads_somewhere(full):
    ids = full.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {href[1:] for href in full.xpath("//a/@href") if href.startswith("#")} <= set(ids)
    labels = {label for labels in full.xpath("//@aria-labelledby") for label in labels.split()}
    assert labels <= set(ids)


def test_our_own_pages_by_identity(publication):
    first = making.make_full_episode()
    second = making.make_episode(first.show, "second", day=1, series=first.series, part=2)
    Episode.objects.filter(pk=second.pk).update(slug="renamed")
    page = parsed(pages.episode(readmodel.episode(first.pk)))
    assert page.xpath("//nav[@class='parts']//li/a/@href") == ["/talks/renamed/"]


def test_read_and_missing_words(publication):
    episode = making.make_episode(making.make_show())
    empty = parsed(pages.episode(readmodel.episode(episode.pk)))
    assert text_at(empty, "//p[@class='label']") == ["There is no transcript yet."]
    assert not empty.xpath("//a[contains(@href, 'transcript.')]")
    transcript = Transcript.objects.create(
        recording=episode.recordings.get(), episode=episode, missing_because="Only <i>."
    )
    missing = parsed(pages.episode(readmodel.episode(episode.pk)))
    assert text_at(missing, "//p[@class='label']") == ["Only <i>."]
    transcript.delete()
    making.add_transcript(episode, read=datetime(2026, 11, 5, tzinfo=UTC))
    read = parsed(pages.episode(readmodel.episode(episode.pk)))
    assert text_at(read, "//p[@class='label read']") == [f"{LABELS['read']} (5 November 2026)"]


def test_right_to_left(publication):
    show = making.make_show("guftagu", "گفتگو", language="ur")
    episode = making.make_episode(show, title="سمندر")
    making.add_transcript(episode, making.words("یہ کہاں سے شروع ہوا؟ ایک کشتی سے۔"), language="ur")
    page = parsed(pages.episode(readmodel.episode(episode.pk)))
    assert (page.get("lang"), page.get("dir")) == ("ur", "rtl")
    assert text_at(page, "//h1/bdi") == ["سمندر"]
    assert page.xpath("//p[@class='label machine'][not(@lang)][not(@dir)]"), "as the page's"
    assert not page.xpath("//div[@class='turns']/@lang"), "as the page's"
    assert page.xpath("//div[@id='t0']//span/@id") == ["t2"]


def test_transcript_in_another_language(publication):
    episode = making.make_episode(making.make_show())
    making.add_transcript(episode, making.words("مرحبا"), language="ar")
    page = parsed(pages.episode(readmodel.episode(episode.pk)))
    assert page.xpath("//div[@class='turns'][@lang='ar'][@dir='rtl']")


def test_lists_link_to_their_neighbours(publication):
    show = making.make_show()
    cards = readmodel.cards([making.make_full_episode(show).pk])
    view = readmodel.show(show.pk)
    newest = parsed(pages.show(view, ListPage(cards, 3, 3)))
    middle = parsed(pages.show(view, ListPage(cards, 2, 3)))
    oldest = parsed(pages.show(view, ListPage(cards, 1, 3)))
    only = parsed(pages.show(view, ListPage(cards, 1, 1)))
    links = "//nav[@class='pages']/a/@href"
    assert newest.xpath(links) == ["/talks/page/2/"]
    assert middle.xpath(links) == ["/talks/", "/talks/page/1/"]
    assert oldest.xpath(links) == ["/talks/page/2/"]
    assert only.xpath(links) == []
    canonical = "//link[@rel='canonical']/@href"
    assert newest.xpath(canonical) == ["http://127.0.0.1:8000/talks/"]
    assert middle.xpath(canonical) == ["http://127.0.0.1:8000/talks/page/2/"]


def test_old_list_pages_do_not_know_how_many_there_are(publication):
    show = making.make_show()
    cards = readmodel.cards([making.make_full_episode(show).pk])
    for page in (pages.home, lambda page: pages.show(readmodel.show(show.pk), page)):
        assert page(ListPage(cards, 2, 9)) == page(ListPage(cards, 2, 100))


def test_other_lists(publication):
    show = making.make_show()
    episode = making.make_full_episode(show)
    cards = readmodel.cards([episode.pk])
    ada, sea = Person.objects.get(slug="ada"), Tag.objects.get(slug="sea")
    person = parsed(pages.person(readmodel.person(ada.pk), ListPage(cards, 1, 1)))
    assert text_at(person, "//h1") == ["Ada Host"]
    assert person.xpath("//article//h2/a/@href") == ["/talks/boats/"]
    assert text_at(parsed(pages.tag(readmodel.tag(sea.pk), ListPage(cards, 1, 1))), "//h1") == ["Sea"]
    series = parsed(pages.series(readmodel.series(episode.series_id), cards))
    assert text_at(series, "//p[@class='coming']") == ["Part 2 of 2 is coming"]
    assert series.xpath("//link[@rel='canonical']/@href") == ["http://127.0.0.1:8000/talks/series/harbour/"]
    assert parsed(pages.people(readmodel.people())).xpath("//main//a/@href") == ["/people/ada/", "/people/bo/"]
    assert parsed(pages.tags(readmodel.tags())).xpath("//main//a/@href") == ["/tags/craft/", "/tags/sea/"]
    home = parsed(pages.home(ListPage(cards, 1, 1)))
    assert home.xpath("//link[@rel='alternate']/@href") == ["/talks/feed.xml", "/talks/atom.xml", "/talks/feed.json"]
    assert home.xpath("//header//a[@class='subscribe']/@href") == ["/talks/subscribe/"]
    assert text_at(home, "//article//h2") == ["Boats & <b>ropes</b>"]
    making.make_episode(making.make_show("walks", "Walks"))
    home = parsed(pages.home(ListPage(cards, 1, 1)))
    shows = ["/talks/", "/talks/subscribe/", "/walks/", "/walks/subscribe/"]
    assert home.xpath("//header//li/a/@href") == shows and len(home.xpath("//a[@class='subscribe']")) == 2


def test_an_introduction_stands_above_the_first_heading_of_the_notes(publication):
    episode = making.make_full_episode()
    notes = "She met us at [the quay][1].\n\n> # not this\n\n## Links\n\n- one\n\n[1]: https://example.org/quay\n"
    Episode.objects.filter(pk=episode.pk).update(notes=notes)
    page = parsed(pages.episode(readmodel.episode(episode.pk)))
    assert text_at(page, "//div[@class='notes introduction']/p") == ["She met us at the quay."]
    assert page.xpath("//div[@class='notes introduction']//a/@href") == ["https://example.org/quay"]
    assert text_at(page, "//section[@class='notes']/*") == ["Notes", "Links", "one"]
    Episode.objects.filter(pk=episode.pk).update(notes="Only words.")
    page = parsed(pages.episode(readmodel.episode(episode.pk)))
    assert text_at(page, "//section[@class='notes']/*") == ["Notes", "Only words."]
    assert not page.xpath("//div[@class='notes introduction']")


def test_the_parts_of_a_series_stand_by_number_wherever_they_are(publication):
    show = making.make_show()
    episode = making.make_full_episode(show)
    last = making.make_episode(show, "last", series=episode.series, part=4)
    Series.objects.update(total=5)
    set_parts_elsewhere(episode, [["3", "https://example.org/3", "Part three", "The Paper"]])
    cards = readmodel.cards([last.pk, episode.pk])
    page = parsed(pages.series(readmodel.series(episode.series_id), cards))
    parts = ["Part 1 of 5", "Part 2 of 5 is coming", "Part 3 of 5", "Part 4 of 5", "Part 5 of 5 is coming"]
    assert text_at(page, "//*[@class='kicker' or @class='coming'][ancestor::*[@class='cards']]") == parts
    assert page.xpath("//h2/a/@href") == ["/talks/boats/", "https://example.org/3", "/talks/last/"]


def test_redirect_and_notices(publication):
    moved = parsed(pages.redirect('https://example.org/a/"><script>alert(1)</script>'))
    assert moved.xpath("//meta[@http-equiv='refresh']/@content") == [
        '0; url=https://example.org/a/"><script>alert(1)</script>'
    ]
    assert [(script.get("src"), script.text) for script in moved.xpath("//script")] == [
        (f"/{assets.address('moved.js')}", None)
    ]
    for page in (pages.not_found(), pages.later()):
        assert parsed(page).xpath("//main//a/@href") == ["/"]


def test_a_publication_may_have_its_own_templates(publication, settings, tmp_path):
    (tmp_path / "not_found.html").write_text("{% extends 'base.html' %}{% block main %}<h1>Lost</h1>{% endblock %}")
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path, *engine["DIRS"]]}]
    assert text_at(parsed(pages.not_found()), "//h1") == ["Lost"]


def hostile_texts(cases: Path) -> list[str]:
    return [
        *json.loads((cases / "hostile" / "html.json").read_text()),
        "</title><script>alert(1)</script>",
        "\u202egnp.exe\u2066",
        "javascript:alert(1)",
        '" onmouseover="alert(1)',
        "'><img src=x onerror=alert(1)>",
        "{{ publication.email }}{% load os %}",
        "a\x00b\x1b[31m\x7f",
        "../../etc/passwd\n\n<b>",
    ]


def test_whatever_strangers_write_is_inert(publication, cases):
    """Each hostile text stands in every place that takes words; no element, handler or address comes of it."""
    episode = making.make_full_episode()
    for text in hostile_texts(cases):
        stored = text.replace("\x00", "")
        Episode.objects.update(title=stored, standfirst=stored, notes=stored)
        Show.objects.update(name=stored[:300], description=stored)
        Series.objects.update(name=stored[:300])
        Person.objects.update(name=stored[:300])
        Tag.objects.update(name=stored[:100])
        Chapter.objects.update(title=stored)
        Picture.objects.update(caption=stored, credit=stored, alt=stored)
        Speaker.objects.update(name=stored[:300])
        view = readmodel.episode(episode.pk)
        view = dataclasses.replace(
            view,
            transcript=dataclasses.replace(
                view.transcript, packed=making.blobs.pack([Token(stored, 0, 900, 0, 0.9, True)])
            ),
        )
        cards = ListPage(readmodel.cards([episode.pk]), 1, 1)
        for page in (
            pages.episode(view),
            pages.home(cards),
            pages.show(view.show, cards),
            pages.person(view.hosts[0], cards),
            pages.people(readmodel.people()),
            pages.series(view.series, cards.cards),
        ):
            assert_inert(page, text)


# fmt: off
ALLOWED = {
    "dialog", "fieldset", "legend", "textarea",
    "html", "head", "meta", "title", "link", "body", "a", "header", "p", "nav", "main", "article", "h1", "h2",
    "h3", "h4", "h5", "h6", "bdi", "span", "time", "ol", "li", "figure", "picture", "source", "img",
    "figcaption", "small", "section", "video", "track", "audio", "ul", "div", "b", "footer", "em", "strong",
    "s", "code", "pre", "blockquote", "br", "hr", "table", "thead", "tbody", "tr", "th", "td",
    "form", "label", "input", "button", "output", "select", "option", "template", "svg", "path", "text", "script",
}
# fmt: on


def assert_inert(page: str, text: str) -> None:
    tree = parsed(page)
    for element in tree.iter():
        data = element.tag == "script" and element.get("type") == "application/ld+json"
        assert data or element.tag in ALLOWED, (element.tag, text)
        ours = element.get("src", "").startswith("/static/") and not element.text
        assert data or element.tag != "script" or ours, text
        for name, value in element.attrib.items():
            assert not name.startswith("on"), (name, text)
            assert name != "style", text
            if name in ("href", "src"):
                scheme = re.match(r"\s*([a-z][a-z0-9+.-]*):", value, re.IGNORECASE)
                assert not scheme or scheme[1] in ("http", "https", "mailto"), (value, text)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", page)


def test_a_long_transcript_is_small(publication):
    """800 turns, 10,400 words."""
    tokens = []
    for turn in range(800):
        text = "and so we went on with it. Nobody knew why, at that time."
        tokens += making.words(text, turn % 2, turn * 5_000, each=300)
    episode = making.make_episode(making.make_show())
    making.add_transcript(episode, tokens)
    view = readmodel.episode(episode.pk)
    assert len(view.transcript.tokens) == 10_400
    pressed = press_turns(view.transcript)
    assert pressed.html.count('class="turn"') == 800
    assert len(pressed.html) < 300_000


def test_ids_are_their_own_whatever_the_times(publication):
    """Words that a machine put at one moment, or in the wrong order, still have places of their own."""
    episode = making.make_episode(making.make_show())
    making.add_transcript(episode, [Token("One.", 1500, 1500, s % 2, None, True) for s in range(5)])
    pressed = press_turns(readmodel.episode(episode.pk).transcript)
    assert list(pressed.anchors.ids.values()) == ["t1", "t1-2", "t1-3", "t1-4", "t1-5"]


def test_static_files_are_named_by_content(publication):
    files = assets.files()
    page = pages.not_found() + pages.episode(readmodel.episode(making.make_full_episode().pk))
    for path, content in files.items():
        assert re.fullmatch(r"static/[a-z]+-[0-9a-f]{16}\.[a-z]+", path)
        assert (
            f'"/{path}"' in page
            or path.startswith(("static/embed", "static/search", "static/discuss", "static/studio"))
            or path.endswith(".js")
        )
        assert b"http" not in content.replace(b"http://www.w3.org/2000/svg", b""), "no request to anyone"


def test_nothing_is_asked_of_others(full):
    """Promise 7: whatever the page loads is our own."""
    loaded = full.xpath("//@src|//@srcset|//@poster|//link[@rel='stylesheet' or @rel='icon']/@href")
    assert loaded
    assert all(value.startswith("/") and not value.startswith("//") for value in loaded)
    assert not full.xpath("//style|//iframe|//@style|//script[not(@src) and not(@type='application/ld+json')]")
    loaded = full.xpath("//script/@src|//form/@action|//@*[starts-with(name(), 'data-')][starts-with(., '/')]")
    assert all(value.startswith("/") and not value.startswith("//") for value in loaded)


def test_a_page_before_its_video_has_words(publication):
    episode = making.make_full_episode()
    Transcript.objects.all().delete()
    page = parsed(pages.episode(readmodel.episode(episode.pk)))
    assert page.xpath("//video") and not page.xpath("//track")
    Rendition.objects.all().delete()
    assert not parsed(pages.episode(readmodel.episode(episode.pk))).xpath("//audio|//video")


def test_hosts_come_first_in_the_order_given(publication):
    episode = making.make_full_episode()
    third = Person.objects.create(slug="cy", name="Cy")
    Credit.objects.create(episode=episode, person=third, role="host", position=1)
    page = parsed(pages.episode(readmodel.episode(episode.pk)))
    assert text_at(page, "//p[@class='byline']")[:-1] == ["Hosted by Ada Host and Cy", "With Bo O'Guest"]
