"""Words as the index knows them: what people leave out when they type makes no difference."""

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord.search import matching, words

LETTERS = "abcéïöñßçøæ ΆάέΣσς ЁёйЖю آأإٱىیيکكةہه مَدْرَسَة שָׁלוֹם कखि 東京カナ -'’,.!"
LANGUAGES = ["en", "de", "es-MX", "ru", "ar", "ur", "fa", "he", "ja", "el", "", "xx"]
anything = st.text(max_size=60)
speech = st.text(LETTERS, max_size=60)
language = st.sampled_from(LANGUAGES)


@settings(deadline=None)
@given(anything | speech, language)
def test_terms_are_clean(text, language):
    """Nothing in a term could be taken for an engine's own signs, and each is a part of the text."""
    found = words.read(text, language)
    assert [term.text for term in found] == words.terms(text, language)
    for term in found:
        assert term.text
        assert not re.search(r"[\s'\"\\:*()\0_&|!<>^-]", term.text)
        assert len(term.text) <= 2 * words.LONGEST_TERM
        assert 0 <= term.start < term.end <= len(text)
    assert [term.start for term in found] == sorted(term.start for term in found)


@settings(deadline=None)
@given(speech, language)
def test_folding_folds_once(text, language):
    assert words.fold(words.fold(text)) == words.fold(text)
    assert words.terms(words.fold(text), language) == words.terms(text, language)


@settings(deadline=None)
@given(speech, language)
def test_case_and_composition_make_no_difference(text, language):
    plain = words.terms(text, language)
    assert words.terms(unicodedata.normalize("NFD", text), language) == plain
    assert words.terms(text.lower(), language) == plain
    assert words.terms(text.replace("a", "ａ"), language) == plain


@settings(deadline=None)
@given(st.lists(speech, max_size=4), language)
def test_what_was_said_is_found(sentences, language):
    """Any sentence, typed as a phrase, stands in itself; with others before and after it too."""
    text = " ".join(sentences)
    terms = words.terms(text, language)
    for sentence in sentences:
        for asked in matching.parse(f'"{sentence[:100]}"', [language]):
            if len(words.terms(sentence, language)) == len(asked.forms[0]):
                assert any(matching.places(terms, form) for form in asked.forms)


@settings(deadline=None)
@given(anything | speech, language)
def test_a_question_of_anything_can_be_asked(text, language):
    for asked in matching.parse(text, [language, "en"]):
        assert asked.forms
        assert all(form and all(form) for form in asked.forms)
    spans = matching.marked(text, language, matching.parse(text, [language]))
    assert all(a < b for a, b in spans)
    assert all(first[1] < second[0] for first, second in pairwise(spans))


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "interviewing", "Interviews"),
        ("de", "Häuser", "haus"),
        ("de", "Straße", "STRASSE"),
        ("es", "canción", "canciones"),
        ("fr", "chanté", "CHANTER"),
        ("ru", "ёлки", "елка"),
        ("ar", "مَدْرَسَةٌ", "المدرسه"),
        ("ar", "إلى", "الي"),
        ("ur", "کِتاب", "كتاب"),
        ("ur", "یہ", "يه"),
        ("fa", "کتاب‌ها", "كتابها"),
        ("he", "שָׁלוֹם", "שלומ"),
        ("el", "ΟΔΌΣ", "οδός"),
        ("ar", "جـــميل", "جميل"),
        ("ur", "۱۲", "12"),
        ("ja", "ﾊﾟﾝ", "パン"),
    ],
)
def test_these_are_the_same(language, one, other):
    assert words.terms(one, language) == words.terms(other, language)


def test_different_words_stay_different():
    assert words.terms("کہا", "ur") != words.terms("کھا", "ur")  # said, and eat
    assert words.terms("мой", "") != words.terms("мои", "")
    assert words.terms("कि", "") != words.terms("का", "")
