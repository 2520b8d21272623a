"""Markdown from strangers, directions of languages, characters that may not stand in XML."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from onrecord.lib import html


@pytest.mark.parametrize(
    ("language", "direction"),
    [
        ("en", "ltr"), ("ur", "rtl"), ("ar-EG", "rtl"), ("he", "rtl"), ("fa_IR", "rtl"), ("de-CH", "ltr"), ("", "ltr"),
        ("pa-Arab", "rtl"), ("pa-Guru-IN", "ltr"), ("ur-Latn", "ltr"), ("UR", "rtl"), ("urb", "ltr"),
    ],
)  # fmt: skip
def test_direction(language, direction):
    assert html.direction(language) == direction


def test_markdown():
    made = html.markdown(
        "# One\n\nText with **words**.\n\n### Three\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n~~gone~~", top=3
    )
    assert "<h3>One</h3>" in made
    assert "<h5>Three</h5>" in made
    assert "<strong>words</strong>" in made
    assert "<td>1</td>" in made
    assert "<s>gone</s>" in made


def test_headings_begin_at_the_top_and_end_at_six():
    assert html.markdown("## Two\n\n###### Six", top=4) == "<h4>Two</h4>\n<h6>Six</h6>"


def test_links():
    made = html.markdown("[a](https://e.org/?a=1&b=2) and www.example.org and <mail@example.org>")
    assert '<a href="https://e.org/?a=1&amp;b=2" rel="nofollow noopener">a</a>' in made
    assert 'href="http://www.example.org"' in made
    assert 'href="mailto:mail@example.org"' in made
    assert "href" not in html.markdown("[a](javascript:alert(1)) [b](data:text/html,x) [c](file:///etc/passwd)")


def test_pictures_become_links():
    assert html.markdown("![a boat](https://e.org/boat.jpg)") == (
        '<p><a href="https://e.org/boat.jpg" rel="nofollow noopener">a boat</a></p>'
    )
    assert "<img" not in html.markdown('![x"><img src=y>](javascript:alert(1))')


def test_raw_html_shows_as_text():
    assert html.markdown("<script>alert(1)</script> <b onclick=x>b</b>") == (
        "<p>&lt;script&gt;alert(1)&lt;/script&gt; &lt;b onclick=x&gt;b&lt;/b&gt;</p>"
    )


def test_with_base():
    made = html.with_base(html.markdown("[a](../x/) [b](#c) [d](https://e.org/)"), "https://example.org/talks/one/")
    assert re.findall(r'href="([^"]*)"', made) == [
        "https://example.org/talks/x/",
        "https://example.org/talks/one/#c",
        "https://e.org/",
    ]


def test_text_of():
    made = html.markdown("# Head\n\nOne & *two*.\n\n- a\n- b\n\n> said")
    assert html.text_of(made) == "Head\n\nOne & two.\n\n• a\n• b\n\nsaid"


@given(st.text())
def test_clean_text_may_stand_in_xml(text):
    element = etree.Element("a")
    element.text = html.clean(text)
    assert etree.fromstring(etree.tostring(element, encoding="utf-8")) is not None
    if text.isprintable():
        assert html.clean(text) == text


@given(st.text(alphabet="<>&\"'`ab [](!)#*_~|:/\n\\", max_size=60))
def test_no_markdown_makes_other_elements(text):
    made = html.markdown(text)
    assert set(re.findall(r"</?([a-z0-9]+)", made)) <= html.TAGS
    assert html.with_base(made, "https://e.org/") is not None
