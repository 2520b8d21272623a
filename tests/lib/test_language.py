"""What a language is to the interface: which words, and how numbers, dates, lists and lengths of time are written."""

import threading
from datetime import UTC, datetime

import pytest
from django.conf import settings as django_settings
from django.utils import translation
from django.utils.safestring import mark_safe

from onrecord.lib import language, times
from onrecord.lib.language import interface_language, speaking

MOMENT = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
LONG = 3_725_400


@pytest.mark.parametrize(
    ("tag", "interface"),
    [
        *[("en", "en"), ("en-GB", "en"), ("es-419", "es"), ("ar_EG", "ar"), ("ur-PK", "ur"), ("UR", "ur")],
        *[("pt", "en"), ("zh-Hant-TW", "en"), ("", "en"), ("arc", "en"), ("../es", "en")],
    ],
)
def test_the_interface_speaks_the_pages_language_or_else_english(tag, interface):
    assert interface_language(tag) == interface
    assert interface_language(tag, otherwise="de") == interface


def test_or_else_the_publications_own(settings):
    settings.LANGUAGE_CODE = "es-mx"
    assert interface_language("pt") == "es"
    assert interface_language("ur") == "ur"
    with speaking("pt"):
        assert translation.get_language() == "es-mx"
        assert language.marked("pt") == ' lang="es" dir="ltr"'
    with speaking("pt", otherwise="en"):
        assert language.spoken() == "en"


def test_our_own_words_are_marked_only_inside_another_language():
    with speaking("ar-EG"):
        assert language.marked("ar") == language.marked("ar-SA") == ""
        assert language.marked("en") == ' lang="ar" dir="rtl"'
    with speaking("en"):
        assert language.marked("ur") == ' lang="en" dir="ltr"'


@pytest.mark.parametrize(
    ("tag", "date", "number", "clock", "lasts", "names"),
    [
        ("en", "23 November 2026", "1,234.5", "1:02", "1 h 2 min", "A, B and C"),
        ("en-US", "November 23, 2026", "1,234.5", "1:02", "1 h 2 min", "A, B, and C"),
        ("es", "23 de noviembre de 2026", "1.234,5", "1:02", "1 h 2 min", "A, B y C"),
        ("es-MX", "23 de noviembre de 2026", "1,234.5", "1:02", "1 h 2 min", "A, B y C"),
        ("ar", "23 نوفمبر 2026", "1,234.5", "1:02", "ساعة ودقيقتان", "A وB وC"),
        ("ar-EG", "٢٣ نوفمبر ٢٠٢٦", "١٬٢٣٤٫٥", "١:٠٢", "ساعة ودقيقتان", "A وB وC"),
        ("ar-MA", "23 نونبر 2026", "1.234,5", "1:02", "ساعة ودقيقتان", "A وB وC"),
        ("ur", "23 نومبر، 2026", "1,234.5", "1:02", "1 گھنٹہ 2 منٹ", "A، B، اور C"),
        ("ur-IN", "۲۳ نومبر، ۲۰۲۶", "۱٬۲۳۴٫۵", "۱:۰۲", "۱ گھنٹہ ۲ منٹ", "A، B، اور C"),
        ("pt", "23 November 2026", "1,234.5", "1:02", "1 h 2 min", "A, B and C"),
    ],
)
def test_forms_are_those_of_the_unicode_consortium(tag, date, number, clock, lasts, names):
    """CLDR 48 by region: Egypt's and India's own digits, 0 to 9 in Morocco, Pakistan, and where no region is named."""
    with speaking(tag):
        assert times.long_date(MOMENT, "UTC") == date
        assert language.number(1234.5, 1) == number
        assert language.digits("1:02") == clock
        assert times.spoken_duration(LONG) == lasts
        assert language.listed(["A", "B", "C"]) == names


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (1, "دقيقة واحدة"),
        (2, "دقيقتان"),
        (3, "3 دقائق"),
        (11, "11 دقيقة"),
        (60, "ساعة"),
        (120, "ساعتان"),
        (183, "3 ساعات و3 دقائق"),
        (6000, "100 ساعة"),
        (6180, "103 ساعات"),
    ],
)
def test_arabic_has_its_six_plurals(minutes, said):
    with speaking("ar"):
        assert times.spoken_duration(minutes * 60_000) == said


def test_lists_escape_what_is_not_html():
    with speaking("ur"):
        made = language.listed(["<b>", mark_safe("<i>B</i>")])
    assert made == "&lt;b&gt; اور <i>B</i>"
    assert language.listed([]) == ""


def test_text_of_the_other_direction_is_isolated_where_no_markup_can_stand():
    assert language.isolated("Talks", "en") == "Talks"
    assert language.isolated("گفتگو", "ur-PK") == "گفتگو"
    assert language.isolated("«گفتگو» 1", "en") == "\u2068«گفتگو» 1\u2069"
    assert language.isolated("Talks", "ar") == "\u2068Talks\u2069"
    assert language.isolated("1987", "ar") == "1987"


def test_threads_speak_each_their_own():
    said, together = {}, threading.Barrier(3)

    def say(tag):
        with speaking(tag):
            together.wait()
            said[tag] = times.long_date(MOMENT, "UTC")

    threads = [threading.Thread(target=say, args=(tag,)) for tag in ("es", "ur", "ar-EG")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {"es": "23 de noviembre de 2026", "ur": "23 نومبر، 2026", "ar-EG": "٢٣ نوفمبر ٢٠٢٦"}
    assert times.long_date(MOMENT, "UTC") == "23 November 2026", "and what is spoken outside is as before"


def test_languages_have_names_in_each_other():
    with speaking("ur"):
        assert language.name_of("de-AT") == "جرمن"
        assert language.name_of("x-y") == "x-y"


@pytest.mark.parametrize("tag", ["en", "ur-PK", "zh-Hant-TW", "pnb", "sr-Latn-RS", "EN"])
def test_known_languages(tag):
    assert language.problem_with(tag) == ""


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("english", "there is none 'english'."),
        ("urd", "there is none 'urd'; ur may be meant."),
        ("zz", "there is none 'zz'."),
        ("en_US", "found 'en_US'."),
        ("", "found ''."),
        ("en-", "found 'en-'."),
        ("e" * 900, "found 'eeee"),
        ("de-" + "a" * 8 + "-" + "b" * 8 + "-x", "found 'de-"),
        ("en\n", "found 'en\\n'."),
    ],
)
def test_unknown_languages_get_one_sentence(tag, said):
    problem = language.problem_with(tag)
    assert said in problem
    assert len(problem) < 200


def test_django_knows_the_same_languages():
    assert [code for code, _ in django_settings.LANGUAGES] == list(language.INTERFACES)
