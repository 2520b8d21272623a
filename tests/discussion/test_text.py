"""What readers write becomes HTML that cannot do anything, and of which nothing is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from onrecord.discussion import text
from onrecord.readmodel.discussion import CommentView, folder_of, page_of, threads
from tests.site.making import BEGINNING

PIECES = [*"ab 1:234\n>*_`-#[]()<>!&\"'|\\~", "https://example.org/", "12:34", "اب", "۱۲:۳۴"]
MARKDOWN = st.lists(st.sampled_from(PIECES), max_size=80).map("".join)
LONG = 10 * 3600 * 1000


@given(MARKDOWN | st.text(max_size=200))
def test_no_markdown_does_anything(words: str) -> None:
    made = text.clean_html(words, LONG)
    tree = html.fragment_fromstring(made, create_parent="div")
    for element in tree.iterdescendants():
        assert element.tag in text.TAGS
        assert set(element.attrib) <= {"href", "rel", "start"}
        assert re.match(r"https?://|\?t=\d+$", element.get("href", "https://"))
        assert element.tag != "a" or "href" not in element.attrib or element.get("rel") == "nofollow ugc noopener"


@given(st.lists(st.text(st.characters(categories=["L"]), min_size=1, max_size=9), min_size=1, max_size=8))
def test_paragraphs_and_words_are_kept(words: list[str]) -> None:
    made = text.clean_html(text.plain("\r\n\r\n".join(words)))
    assert [p.text_content() for p in html.fragment_fromstring(made, create_parent="div")] == words


@given(st.integers(0, 35_999), st.booleans())
def test_time_codes_lead_to_their_second(second: int, urdu: bool) -> None:
    minutes, seconds = divmod(second, 60)
    hours, minutes = divmod(minutes, 60)
    code = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    if urdu:
        code = code.translate({ord("0") + digit: 0x06F0 + digit for digit in range(10)})
    assert f'<a href="?t={second}" rel="nofollow ugc noopener">{code}</a>' in text.clean_html(
        f"at {code}, he says", LONG
    )
    assert "<a" not in text.clean_html(f"at {code}", second * 1000 - 1)


@pytest.mark.parametrize(
    "words", ["12:34:56:78", "1:2", "99:99", "a12:34", "12:345", "1:75:00", "http-12:34", "`12:34`", "4:30.5"]
)
def test_what_is_no_time_code_is_left(words: str) -> None:
    assert "?t=" not in text.clean_html(words, LONG)


@given(st.text(max_size=100))
def test_names_are_one_line_that_turns_nothing(name: str) -> None:
    made = text.name_of(name)
    assert made == text.name_of(made) and "\n" not in made and not set(made) & set("\u202e\u2067\u200f")


def comment(number: int, to: int | None) -> CommentView:
    return CommentView(number, "A", "x", "<p>x</p>", "en", BEGINNING, None, "", to)


@given(st.lists(st.integers(0, 60), max_size=60), st.integers(1, 30))
def test_each_comment_stands_once_in_its_thread(parents: list[int], first: int) -> None:
    """Whatever replies to whatever, on this page or another: nothing is lost, nothing is twice, order is kept."""
    views = [comment(n, to if 0 < to < n else None) for n, to in enumerate(parents, 1)][first:]
    found = threads(views)
    listed = [one.number for some in found.values() for one in some]
    assert sorted(listed) == [one.number for one in views]
    for some in found.values():
        assert [one.number for one in some] == sorted(one.number for one in some)

    def walked(parent: int | None) -> list[int]:
        return [n for one in found.get(parent, ()) for n in (one.number, *walked(one.number))]

    assert sorted(walked(None)) == [one.number for one in views]


@given(st.integers(1, 10**6))
def test_pages_never_move(number: int) -> None:
    assert folder_of(page_of(number)) == (
        "discussion/" if number <= 100 else f"discussion/page/{(number - 1) // 100 + 1}/"
    )
