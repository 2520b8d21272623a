"""Pages in each language of the interface: every word, every direction, and nothing of who makes them."""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import subprocess
import sys

import pytest
from django.utils import translation
from lxml import etree

from onrecord import readmodel
from onrecord.catalogue.models import Episode
from onrecord.feeds import items, record, rss
from onrecord.lib import configuration
from onrecord.readmodel import EpisodeView, ListPage
from onrecord.site import embedding, pages
from onrecord.transcripts import exchange, missing
from onrecord.transcripts.models import Revision, Transcript
from tests.conftest import ROOT
from tests.site.languages import TEXTS, make_interview
from tests.site.test_pages import parsed, text_at

pytestmark = pytest.mark.django_db

FORMATS = re.compile(r"MP[34]|Opus|WebVTT|SRT|JSON(?: Feed)?|RSS|Atom|QR|MB|kB|https://\S+")
"""Names that every language writes so."""


def speak(settings, publication, language: str) -> None:
    """The publication as if its onrecord.toml named that language."""
    from onrecord.lib import language as languages

    (publication.folder / "onrecord.toml").write_text(
        f'[publication]\nlanguage = "{language}"\nfunding = "https://example.org/give"\n'
    )
    settings.ONRECORD = configuration.load(publication.folder)
    settings.LANGUAGE_CODE = languages.tag(language, "en")


def every_page(tag: str) -> dict[str, str]:
    """All kinds of pages with one interview in `tag`; its show is in `tag` too."""
    return pages_of(make_interview(tag))


def pages_of(episode: Episode) -> dict[str, str]:
    cards = readmodel.cards([episode.pk])
    person = readmodel.people()[0]
    return {
        "episode": pages.episode(readmodel.episode(episode.pk)),
        "year": pages.year(readmodel.show(episode.show_id), 2026, [2025, 2026, 2027], ListPage(cards, 1, 1)),
        "subscribe": pages.subscribe(readmodel.show(episode.show_id)),
        "embed": embedding.embed(readmodel.episode(episode.pk)),
        "show": pages.show(readmodel.show(episode.show_id), ListPage(cards, 2, 3)),
        "series": pages.series(readmodel.series(episode.series_id), cards),
        "home": pages.home(ListPage(cards, 1, 1)),
        "empty": pages.home(ListPage([], 1, 1)),
        "person": pages.person(person, ListPage(cards, 1, 1)),
        "tag": pages.tag(readmodel.tags()[0], ListPage(cards, 1, 1)),
        "people": pages.people(readmodel.people()),
        "tags": pages.tags(readmodel.tags()),
        "not found": pages.not_found(),
        "later": pages.later(),
        "moved": pages.redirect("https://example.org/a/"),
    }


def own_words(page: etree._Element) -> list[str]:
    """What the interface says: text outside of names and content, and labels."""
    content = "ancestor::bdi or ancestor::*[@class='turn' or @class='notes' or @class='standfirst']"
    standfirsts = {text[2] for text in TEXTS.values()}
    texts = [
        said for said in page.xpath(f"//body//text()[normalize-space()][not({content})]") if said not in standfirsts
    ]
    return [*texts, *page.xpath("//body//@aria-label[not(parent::audio or parent::video)] | //track/@label")]


@pytest.mark.parametrize("tag", ["ar", "ur-PK"])
def test_no_word_of_another_language_is_left_on_a_page(publication, settings, tag):
    speak(settings, publication, tag)
    for name, text in every_page(tag).items():
        page = parsed(text)
        assert (page.get("lang").partition("-")[0], page.get("dir")) == (tag[:2], "rtl"), name
        assert not page.xpath("//*[@lang='en' or (@lang and @dir='ltr')]"), f"{name}: nothing needs to be marked"
        said = own_words(page)
        assert len(said) > (0 if name in ("moved", "embed") else 3), name
        assert [words for words in said if re.search("[A-Za-z]{2}", FORMATS.sub("", words))] == [], name


def test_spanish(publication, settings):
    speak(settings, publication, "es")
    page = parsed(every_page("es")["episode"])
    assert set(text_at(page, "//article/header/p[@class='byline']")) == {
        "1 de noviembre de 2026 · 1 h 2 min",
        "Presentación: Ada Host",
        "Con مریم خان, Bo O'Guest y سلمى <b>",
    }
    assert text_at(page, "//p[@class='who']") == ["Hablante 1 0:00 Citar", "Hablante 2 1:00:05 Citar"]
    assert "no la ha leído ninguna persona" in text_at(page, "//p[@class='label machine']")[0]


def test_arabic_as_egypt_writes_it(publication, settings):
    speak(settings, publication, "ar-EG")
    made = every_page("ar-EG")
    page = parsed(made["episode"])
    assert set(text_at(page, "//article/header/p[@class='byline']")) == {
        "١ نوفمبر ٢٠٢٦ · ساعة ودقيقتان",
        "تقديم: Ada Host",
        "مع مریم خان وBo O'Guest وسلمى <b>",
    }
    assert text_at(page, "//nav[@class='parts']//li")[1:] == ["الجزء ٢ من ٣ قريبًا", "الجزء ٣ من ٣ قريبًا"]
    assert text_at(page, "//p[@class='who']") == ["المتحدث ١ ٠:٠٠ اقتباس", "المتحدث ٢ ١:٠٠:٠٥ اقتباس"]
    assert text_at(page, "//*[@class='chapters']//li/a[@class='time']") == ["٠:٠٠", "١:٠٠:٠٥"]
    assert "١٢٫٣ م.ب" in text_at(page, "//ul[@class='downloads']//small")
    assert page.xpath("//time/@datetime")[:2] == ["2026-11-01T18:00:00Z", "PT1H2M5S"], "for programs, as ever"
    assert text_at(parsed(made["series"]), "//p[@class='byline']")[0] == "مقابلة في ٣ أجزاء"
    assert text_at(parsed(made["people"]), "//ul[@class='entries']//small") == ["١"] * 4


def test_urdu(publication, settings):
    speak(settings, publication, "ur")
    page = parsed(every_page("ur")["episode"])
    assert set(text_at(page, "//article/header/p[@class='byline']")) == {
        "1 نومبر، 2026 · 1 گھنٹہ 2 منٹ",
        "میزبان: Ada Host",
        "مہمان: مریم خان، Bo O'Guest، اور سلمى <b>",
    }
    assert text_at(page, "//p[@class='who']") == ["متکلم 1 0:00 اقتباس", "متکلم 2 1:00:05 اقتباس"]
    assert "12.3 ایم بی" in page.xpath("//small/text()"), "no unit of the other direction"


@pytest.mark.parametrize("tag", ["en", "ar", "ur"])
def test_names_and_titles_stand_apart_from_what_is_around_them(publication, settings, tag):
    """Each in an element of its own direction; in a page's title, where there is no markup, in Unicode's isolates."""
    speak(settings, publication, "en")
    names = {"Interviews", "Ada Host", "مریم خان", "Bo O'Guest", "سلمى <b>", "At the harbour", "A. Photographer"}
    names |= {TEXTS[tag][0], TEXTS[tag][1], TEXTS[tag][4]}
    for kind, text in every_page(tag).items():
        page = parsed(text)
        shown = [said for said in page.xpath("//body//text()") for name in names if name in said]
        assert shown or kind == "moved", kind
        bare = [said for said in shown if not said.getparent().xpath("ancestor-or-self::*[self::bdi or @dir='auto']")]
        assert bare == [], kind
    title = parsed(pages.show(readmodel.shows()[0], ListPage([], 1, 1))).findtext(".//title")
    isolated = {
        "en": "Talks · Interviews",
        "ar": "حوارات · \u2068Interviews\u2069",
        "ur": "گفتگو · \u2068Interviews\u2069",
    }
    assert title == isolated[tag]


def test_a_language_per_show_and_per_episode(publication, settings):
    """Lists speak the publication's language, a show's page the show's, an episode's the episode's."""
    speak(settings, publication, "es")
    episode = make_interview("ur", "guftagu")
    other = make_interview("ar", "guftagu-2")
    other.show.language = "ur"
    other.show.save()
    cards = readmodel.cards([episode.pk, other.pk])
    home = parsed(pages.home(ListPage(cards, 1, 1)))
    assert home.xpath("//article/@lang") == ["ur", "ar"]
    assert (
        home.xpath("//article//p[@class='byline'][@lang='es'][@dir='ltr']//time/text()")[0] == "1 de noviembre de 2026"
    )
    assert parsed(pages.show(readmodel.show(other.show_id), ListPage(cards, 1, 1))).get("lang") == "ur"
    page = parsed(pages.episode(readmodel.episode(other.pk)))
    assert (page.get("lang"), text_at(page, "//h2[@id='transcript']")) == ("ar", ["نص المقابلة"])
    feed = etree.fromstring(rss.feed(readmodel.show(other.show_id), [items.make(readmodel.episode(other.pk))], None, 0))
    item = feed.find("channel/item")
    assert item.findtext("podcast:episode", namespaces=rss.NAMESPACES) == "1"
    assert item.find("podcast:episode", rss.NAMESPACES).get("display") == "حصہ 1 از 3"
    assert "متن مشین نے تیار کیا" in item.findtext("description")
    assert "أُعِدَّ هذا النص آليًا" in record.episode_json(readmodel.episode(other.pk)).decode()


def test_a_page_in_a_language_without_a_catalogue_is_marked(publication, settings):
    speak(settings, publication, "ur")
    episode = make_interview("es")
    episode.language = "he"
    episode.save()
    page = parsed(pages.episode(readmodel.episode(episode.pk)))
    assert (page.get("lang"), page.get("dir")) == ("he", "rtl")
    assert page.xpath("//h2[@id='transcript'][@lang='ur'][@dir='rtl']/text()") == ["انٹرویو کا متن"]
    speak(settings, publication, "de")
    page = parsed(pages.episode(readmodel.episode(episode.pk)))
    assert page.xpath("//h2[@id='transcript'][@lang='en'][@dir='ltr']/text()") == ["Transcript"]
    assert parsed(pages.not_found()).get("lang") == "en", "where nothing is in the publication's language"


def test_why_there_are_no_words_is_said_in_the_pages_language(publication, settings):
    speak(settings, publication, "en")
    episode = make_interview("ur")
    Revision.objects.all().delete()
    for reason in missing.SENTENCES:
        Transcript.objects.update(missing_because=reason, missing_details={"model": "tiny.en", "language": "ur"})
        label = text_at(parsed(pages.episode(readmodel.episode(episode.pk))), "//p[@class='label']")[0]
        assert label.startswith("متن دستیاب نہیں: "), reason
        assert ("tiny.en" in label) == ("اردو" in label) == ("%(model)s" in missing.SENTENCES[reason])


@pytest.mark.parametrize("format", ["vtt", "srt", "txt", "json"])
def test_a_transcript_with_numbered_speakers_comes_back_as_it_went(publication, format):
    """Files name "المتحدث ١"; taken back, nobody new speaks. Files from before, with "Speaker 1", are taken too."""
    episode = make_interview("ar-EG")
    text = exchange.export(episode, format)
    assert "المتحدث ١" in text
    assert ("آليًا" in text) == (format == "txt")
    assert exchange.import_corrected(episode, text.encode(), f"a.{format}") is None
    older = text.replace("المتحدث ١", "Speaker 1").replace("المتحدث ٢", "Speaker 2")
    assert exchange.import_corrected(episode, older.encode(), f"a.{format}") is None


PRESS = """
import hashlib, pickle, sys
import django
django.setup()
from tests.site.test_languages import made_of
view = pickle.loads(sys.stdin.buffer.read())
print(hashlib.sha256(made_of(view)).hexdigest())
"""


def made_of(view: EpisodeView) -> bytes:
    """The files that are made from one view, without any row."""
    page, feed = pages.episode(view).encode(), rss.feed(view.show, [items.make(view)], None, 0)
    return b"\n".join([page, feed, record.episode_json(view), pages.not_found().encode()])


@pytest.mark.parametrize("tag", ["ar-EG", "ur", "en"])
def test_a_file_does_not_depend_on_the_machines_locale_nor_on_who_asks(publication, settings, tag):
    speak(settings, publication, "es")
    episode = make_interview(tag)
    view = readmodel.episode(episode.pk)
    view.transcript.tokens  # noqa: B018 read before it is sent away
    expected, all_pages = made_of(view), pages_of(episode)
    for asked in ("en", "ar", "ur-in", "fr"):
        with translation.override(asked):
            assert made_of(view) == expected, asked
            assert pages_of(episode) == all_pages, asked
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))}
    environment |= {
        "ONRECORD_FOLDER": str(publication.folder),
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        "DJANGO_SETTINGS_MODULE": "onrecord.settings",
        "LANG": "ar_EG.UTF-8",
        "LC_ALL": "ar_EG.UTF-8",
        "LANGUAGE": "ar:ur",
        "TZ": "Asia/Karachi",
    }
    pressed = subprocess.run(
        [sys.executable, "-c", PRESS], input=pickle.dumps(view), env=environment, capture_output=True, check=True
    )
    assert pressed.stdout.decode().strip() == hashlib.sha256(expected).hexdigest()
