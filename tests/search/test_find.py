"""What is found, the same on SQLite and on PostgreSQL: one list of questions with their answers."""

from datetime import date

import pytest

from onrecord.catalogue.models import Person
from onrecord.search import find
from onrecord.search.find import Order, Question, search
from tests.search import making
from tests.site import making as rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def episodes(publication):
    return making.fill()


def slugs(text: str = "", **fields: object) -> list[str]:
    return [hit.episode.path.split("/")[1] for hit in search(Question(text=text, **fields)).hits]  # type: ignore[arg-type]


def texts(text: str = "", **fields: object) -> list[str]:
    return [hit.text for hit in search(Question(text=text, **fields)).hits]  # type: ignore[arg-type]


def test_words_of_every_language_are_found_however_they_are_typed(episodes):
    for question, expected in {
        "كتاب": ["ur", "ar"],
        "کِتاب": ["ur", "ar"],
        "پاکستان": ["ur"],
        "المدرسة": ["ar"],
        "مدرسه": ["ar"],
        "cancion": ["es", "es"],
        "CANCIONES": ["es", "es"],
        "東京": ["ja"],
        "東京都": ["ja"],
        "京都": ["ja", "ja"],
        "都": ["ja", "ja"],
        "歴": ["ja"],
        "елка": ["ru", "ru"],
        "haus": ["de", "de"],
        "strasse": ["de"],
        "lighthouses": ["sample"],
        "thirty-one": ["sample"],
        "大阪": [],
        "nobody said this": [],
    }.items():
        assert sorted(slugs(question)) == sorted(expected), question


def test_phrases(episodes):
    for question, expected in {
        '"thirty one years"': 1,
        "“thirty one years”": 1,
        '"one thirty years"': 0,
        '"years edwin"': 1,  # goes on in the next sentence
        '"thirty one years edwin thank"': 1,
        '"all those steps a hundred"': 0,  # another speaker goes on
        '"the lamp" itself': 1,
        '"thirty one': 1,  # a quotation mark without its other one
        '"東京都の歴史"': 1,
        '"歴史の東京都"': 0,
    }.items():
        assert search(Question(text=question)).found == expected, question


def test_a_phrase_across_two_sentences_shows_both_and_marks_them(episodes):
    (hit,) = search(Question(text='"thirty one years edwin thank"')).hits
    assert [hit.text[start:end] for start, end in hit.marked] == ["thirty one years. Edwin, thank"]


def test_a_phrase_over_three_sentences_and_more(publication):
    show = rows.make_show()
    episode = rows.make_episode(show, "signed")
    tokens = making.said("Did you sign? Yes. Never. Not once. I was away that winter.")
    tokens += making.said("Yes. Never.", 1, 20_000) + making.said("Not once more.", 0, 30_000)
    rows.add_transcript(episode, tokens)
    making.refresh()
    for question, expected in {
        '"sign yes never not once i was away"': "Did you sign? Yes. Never. Not once. I was away that winter.",
        '"never not once i"': "Never. Not once. I was away that winter.",
        '"yes never not once"': "Yes. Never. Not once.",
        '"never not once more"': "",  # the last words are another's
        '"sign yes not once"': "",
    }.items():
        assert texts(question) == ([expected] if expected else []), question


def test_as_one_types_a_word_stands_for_those_that_begin_like_it(publication):
    episode = rows.make_episode(rows.make_show(), "harbour")
    lines = "The harbours froze. We kept running there. The runner won. Happiness is a cold harbour. Élan vital."
    rows.add_transcript(episode, making.said(lines))
    making.refresh()
    for typed, expected in {
        "harb": ["The harbours froze.", "Happiness is a cold harbour."],
        "harbours": ["The harbours froze.", "Happiness is a cold harbour."],  # as when it is sent
        "runn": ["The runner won.", "We kept running there."],
        "runni": ["We kept running there."],
        "runnin": ["We kept running there."],
        "happine": ["Happiness is a cold harbour."],
        "kept runni": ["We kept running there."],
        "kept ha": [],
        "elà": ["Élan vital."],
        "ther": ["We kept running there."],
        '"kept runni': ["We kept running there."],
        '"cold harb"': [],
        "ru": [],
        "zebr": [],
    }.items():
        assert sorted(texts(typed, typing=True)) == sorted(expected), typed
    (hit,) = search(Question("runni", typing=True)).hits
    assert [hit.text[start:end] for start, end in hit.marked] == ["running"]
    assert texts("harb") == texts("runni") == [], "what is sent is whole words"
    rows.Episode.objects.update(state="withdrawn")
    making.refresh()
    assert texts("harb", typing=True) == []
    from onrecord.search import engines

    with engines.reading() as index:
        assert index.run("SELECT * FROM @term") == [], "no word of it is left"


def test_a_moment_says_who_when_and_where(episodes):
    (hit,) = search(Question(text="machinery voice")).hits
    assert hit.text == "But the machinery talks, and when its voice changes, you get up and find out why."
    assert [hit.text[start:end] for start, end in hit.marked] == ["machinery", "voice"]
    assert (hit.speaker, hit.person) == ("Edwin Tarn", 0)
    assert hit.anchor == f"t{hit.start_ms // 1000}"
    assert hit.episode.mp3.endswith(".mp3")
    page = rows_page(hit.episode.id)
    assert f'id="{hit.anchor}"' in page


def rows_page(episode: int) -> str:
    from onrecord import readmodel
    from onrecord.site import pages

    return pages.episode(readmodel.episode(episode))


def test_filters(episodes):
    person = Person.objects.get(slug="ada").pk
    assert "actually do all night" in " ".join(texts("night", person=person))
    assert len(texts("night", person=person)) < len(texts("night"))
    assert texts("night", speaker="ada hos") == texts("night", person=person)
    assert texts("night", speaker="Hóst") == texts("night", person=person)
    assert texts("night", speaker="nobody") == []
    assert slugs("haus", show=making.show_of("talks")) == []
    assert slugs("haus", show=making.show_of("gespraeche")) == ["de", "de"]
    assert slugs("night", episode=episodes["de"].pk) == []
    assert set(slugs("night", episode=episodes["sample"].pk)) == {"sample"}
    assert slugs("كتاب", first_day=date(2026, 11, 2)) == ["ar"]
    assert slugs("كتاب", last_day=date(2026, 11, 1)) == ["ur"]
    assert slugs("كتاب", first_day=date(2026, 11, 1), last_day=date(2026, 11, 2), order=Order.OLDEST) == ["ur", "ar"]
    assert slugs("كتاب", first_day=date.max) == slugs("كتاب", last_day=date.min) == []


def test_everything_a_person_said_is_in_order(episodes):
    answer = search(Question(speaker="Ada", order=Order.OLDEST))
    assert len(answer.hits) > 5
    assert [hit.start_ms for hit in answer.hits] == sorted(hit.start_ms for hit in answer.hits)
    assert {hit.speaker for hit in answer.hits} == {"Ada Hóst"}


def test_order_of_dates(episodes):
    assert slugs("كتاب", order=Order.NEWEST) == ["ar", "ur"]
    assert slugs("كتاب", order=Order.OLDEST) == ["ur", "ar"]
    newest = [hit.start_ms for hit in search(Question(text="the", order=Order.NEWEST)).hits]
    assert newest == sorted(newest)


def test_the_form_that_was_typed_comes_first(publication):
    show = rows.make_show()
    for day, text in enumerate(
        ["We were talking about the old boats here.", "They gave a talk about the new boats here."]
    ):
        rows.add_transcript(rows.make_episode(show, f"e{day}", day), making.said(text))
    making.refresh()
    assert slugs("talk") == ["e1", "e0"]
    assert slugs("talking") == ["e0", "e1"]


def test_pages_and_bounds(publication, monkeypatch):
    monkeypatch.setattr(find, "LOOKED_AT", 30)
    show = rows.make_show()
    for day in range(4):
        rows.add_transcript(rows.make_episode(show, f"e{day}", day), making.said("Boats again. " * 12))
    making.refresh()
    first = search(Question(text="boats", order=Order.NEWEST))
    assert (first.found, first.bounded, first.pages, len(first.hits)) == (30, True, 2, 20)
    second = search(Question(text="boats", order=Order.NEWEST, page=2))
    assert (second.found, len(second.hits), second.bounded) == (48, 20, False)
    assert search(Question(text="boats", page=2)).found == 30
    assert search(Question(text="boats", page=99)).page == 2
    seen = [(hit.episode.path, hit.anchor) for hit in [*first.hits, *second.hits]]
    assert len(set(seen)) == 40
    assert seen[0][0] == "talks/e3/"
    assert search(Question(text="boats", order=Order.OLDEST)).hits[0].episode.path == "talks/e0/"
    assert search(Question(text="boats", episode=show.episodes.get(slug="e0").pk)).found == 12


def test_how_many_queries_it_takes(episodes, django_assert_max_num_queries):
    with django_assert_max_num_queries(24):
        assert search(Question(text="the")).found > 5


def test_only_what_is_asked_is_answered(episodes):
    assert not search(Question(text="")).asked
    assert not search(Question(text='!!! 🙂 \0 ""')).asked
