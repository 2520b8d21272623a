"""The page /search/: a plain form with results, whatever is asked of it."""

import re
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from onrecord.catalogue.models import Episode, EpisodeState
from onrecord.lib import headers
from onrecord.search import find, views
from tests.search import making
from tests.site import making as rows

pytestmark = pytest.mark.django_db


def ask(**fields: str) -> str:
    answer = Client().get(f"/search/?{urlencode(fields)}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_result_leads_to_its_moment(publication):
    making.fill()
    page = ask(q="machinery", part="results")
    link = re.search(
        r'<a class="play" href="(/talks/sample/\?play=(\d+)#t(\d+))" data-sound="/talks/sample/\w+\.mp3"', page
    )
    assert link
    assert int(link[2]) // 1000 == int(link[3])
    assert f'<a href="{link[1]}">But the <mark>machinery</mark> talks' in page
    assert "<bdi>Edwin Tarn</bdi>" in page
    assert ">1 moment<" in page.replace("\n", "")


def test_the_form_keeps_what_was_asked(publication):
    making.fill()
    page = ask(
        q='"salt" & <b>', speaker="Ed", show="talks", **{"from": "2020-01-02", "to": "2030-03-04", "sort": "oldest"}
    )
    for field in (
        'value="&quot;salt&quot; &amp; &lt;b&gt;"',
        'value="Ed"',
        '<option value="talks" selected>',
        'value="2020-01-02"',
        'value="2030-03-04"',
        '<option value="oldest" selected>',
    ):
        assert field in page
    assert "<title>Search: &quot;salt&quot; &amp; &lt;b&gt; · " in page


def test_everything_a_person_said(publication):
    making.fill()
    page = ask(person="ada")
    assert "Only what <bdi>Ada Hóst</bdi> said." in page
    assert "Edwin Tarn" not in page
    assert page.index("Today I am talking") < page.index("What does a keeper")
    assert 1 <= ask(person="ada", q="keeper").count('class="said"') < page.count('class="said"')
    assert 'class="said"' not in ask(person="nobody", q="keeper")


def test_within_one_episode(publication):
    episodes = making.fill()
    assert "machinery</mark>" in ask(q="machinery", episode=episodes["sample"].key)
    assert "Nobody said this." in ask(q="machinery", episode=episodes["de"].key)
    Episode.objects.update(state="withdrawn")
    hidden = ask(q="machinery", episode=episodes["sample"].key)
    assert "Nobody said this." in hidden
    assert episodes["sample"].title not in hidden


def test_right_to_left_moments_are_written_so(publication):
    making.fill()
    page = ask(q="کتاب")
    assert '<p class="said" lang="ur" dir="rtl">' in page
    assert '<p class="said" lang="ar" dir="rtl">' in page


def test_what_a_transcript_holds_does_nothing(publication):
    show = rows.make_show(name="<i>Talks</i>")
    rows.add_transcript(
        rows.make_episode(show, title="<script>1</script>"), making.said("<script>alert(1)</script> & harbour")
    )
    making.refresh()
    page = ask(q="harbour alert")
    assert "<script>1" not in page
    assert "&lt;script&gt;<mark>alert</mark>(1)&lt;/script&gt; &amp; <mark>harbour</mark>" in page


def test_headers(publication):
    making.fill()
    answer = Client().get("/search/?q=machinery")
    for name, value in headers.ALWAYS.items():
        assert answer.headers[name] == value
    assert answer.headers["Cache-Control"] == "no-cache"
    assert not answer.cookies
    assert "X-Robots-Tag" in answer.headers
    page = answer.content.decode()
    assert not re.search(r"<script(?! type=\"module\" src=)|\son\w+=|\sstyle=|https?://(?!127\.0\.0\.1)", page)
    assert Client().post("/search/").status_code == 405
    assert Client().head("/search/?q=x").status_code == 200


HOSTILE = [
    "x" * 10_000,
    "the " * 3000,
    '"' * 9_999,
    '" " "" "\0" \'',
    "\0",
    "a\0b",
    'NEAR("a" "b", 5) OR NOT ^a AND terms : b -c + d * e*',
    "(((((((((((((",
    "' OR 1=1; DROP TABLE moment; --",
    "a & b | !c <-> d:*",
    "\\'\\\\:*",
    "%_%",
    "🙂🙂 👩‍👩‍👧",
    "the a of and",
    "\ud7ff\uffff\u202e\u200b",
    "é" * 5000,
    "東" * 9999,
    "ﷺ" * 2000,
    "-" * 300,
    "{% now %} {{ q }} %(n)s %s %d",
    "s:1 v:1 b:thirty:one",
]


@pytest.mark.parametrize("place", ["q", "speaker", "person", "show", "episode", "from", "to", "sort", "page", "part"])
def test_hostile_questions_are_questions(publication, place):
    making.fill()
    for text in HOSTILE:
        ask(**{"q": "the", place: text})
    ask(**{"q": "the", place: "9" * 5000})


def test_bytes_that_are_no_text(publication):
    making.fill()
    assert Client().get("/search/?q=%ff%fe%00&page=%ed%a0%80&&&=;=&from=0000-00-00&to=9999-12-31").status_code == 200
    assert Client().get("/search/", headers={"host": "evil.example:99"}).status_code in (200, 400)
    assert b"evil" not in Client().get("/search/", headers={"host": "evil.example"}).content


def test_before_there_is_an_index(publication):
    rows.make_show()
    assert "being prepared" in ask(q="anything")


def test_the_page_says_when_there_is_more(publication, monkeypatch):
    monkeypatch.setattr(find, "LOOKED_AT", 3)
    making.fill()
    assert "The newest 3 matches were looked at; there may be more." in ask(q="the")
    assert "The oldest 3 matches were looked at; there may be more." in ask(q="the", sort="oldest")


def test_nothing_in_what_was_looked_at(publication, monkeypatch):
    """All that was looked at was withdrawn a moment ago, and the index goes on: nobody knows what comes then."""
    monkeypatch.setattr(find, "LOOKED_AT", 1)
    rows.add_transcript(rows.make_episode(rows.make_show()), making.said("Boats again. " * 3))
    making.refresh()
    Episode.objects.update(state=EpisodeState.WITHDRAWN)
    page = ask(q="boats")
    assert "Nothing was found in what was looked at; there may be more." in page
    assert "match" not in page and "Nobody said this" not in page


def test_pages_of_results(publication):
    show = rows.make_show()
    rows.add_transcript(rows.make_episode(show), making.said("Boats again. " * 45))
    making.refresh()
    page = ask(q="boats", page="2")
    assert "45 moments" in page
    assert page.count('class="said"') == 20
    assert 'rel="prev"' in page
    assert 'href="/search/?q=boats&amp;page=3"' in page
    assert 'rel="next"' not in ask(q="boats", page="3")


def test_the_page_in_another_language(publication, settings):
    making.fill()
    from dataclasses import replace

    ours = settings.ONRECORD
    settings.ONRECORD = replace(ours, publication=replace(ours.publication, language="ur"))
    assert '<html lang="ur" dir="rtl">' in ask(q="کتاب")


def test_the_views_limits_are_those_of_the_form():
    form = (settings.BASE_DIR / "templates" / "search.html").read_text()
    assert f'maxlength="{views.LONGEST_QUERY}"' in form
    assert f'maxlength="{views.LONGEST_FIELD}"' in form
