"""The catalogues hold every word of code and templates, whole, and are compiled."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from onrecord.locale import update
from tests.conftest import ROOT

REMADE = "run `python -m onrecord.locale.update`"
LANGUAGES = pytest.mark.parametrize("language", update.CATALOGUES)


@LANGUAGES
def test_every_message_is_translated(language):
    catalog = update.read(language)
    held = {(message.context, message.id) for message in catalog if message.id}
    wanted = {(message.context, message.id) for message in update.found()}
    assert len(wanted) > 50
    assert wanted - held == set(), f"{REMADE} and translate"
    assert [message.id for message in update.missing(catalog)] == []
    assert [message.id for message in catalog if message.id and message.fuzzy] == []
    assert [problem for message in catalog if (problem := update.wrong(message))] == []


@LANGUAGES
def test_the_files_are_what_the_script_makes(language):
    path = update.file_of(language)
    old = update.read(language)
    assert path.read_bytes() == update.as_po(update.merged(language, old, update.found())), REMADE
    assert path.with_suffix(".mo").read_bytes() == update.as_mo(old), REMADE


@LANGUAGES
def test_translations_are_written_as_the_language_is(language):
    """Our words in Arabic script, with its own punctuation; no English sentence left standing."""
    names = re.compile(
        r"%\(\w+\)[a-z]|\{\w+\}|</?bdi>|MP[34]|Opus|MB|kB|RSS|QR|Atom|JSON|WebVTT|SRT|HTML|PDF|https?:\S+|\W|\d"
    )
    for message in update.read(language):
        strings = [message.string] if isinstance(message.string, str) else message.string
        for string in strings if message.id else ():
            left = names.sub("", string)
            if language in ("ar", "ur"):
                assert not re.search("[A-Za-z]", left), string
                assert not re.search(r"[^\d\s%(]\s*[,;?](\s|$)", string), f"{string}: , ; ? are ، ؛ ؟"
                assert language == "ar" or "." not in names.sub("", string), f"{string}: a sentence ends with ۔"
            assert string == string.strip() or message.id != str(message.id).strip(), repr(string)


@LANGUAGES
def test_plural_forms_are_the_languages_own(language):
    catalog = update.read(language)
    count, _ = update.PLURAL_FORMS[language]
    assert catalog.num_plurals == count
    if language == "ar":
        rule = catalog.plural_expr.replace("?", " and ").replace(":", " or ")
        assert "n%100>=11" in rule
        assert [plural(catalog, n) for n in (0, 1, 2, 3, 10, 11, 99, 100, 102, 103, 111)] == [
            0, 1, 2, 3, 3, 4, 4, 5, 5, 3, 4,
        ]  # fmt: skip


def plural(catalog: Catalog, number: int) -> int:
    from gettext import c2py

    return c2py(catalog.plural_expr)(number)


def test_no_message_is_hidden_from_the_script():
    """One inside an f-string, or put together from variables, would be in no catalogue."""
    every = update.found(left_out=())
    known = {message.id if isinstance(message.id, str) else message.id[0] for message in every}
    for path in sorted((ROOT / "src" / "onrecord").rglob("*.py")):
        for call in [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]:
            name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            if name in update.KEYWORDS and not path.is_relative_to(ROOT / "src" / "onrecord" / "locale"):
                said = call.args[1 if name.startswith("pgettext") else 0]
                constant = isinstance(said, ast.Constant)
                assert not constant or said.value in known, f"{path}:{call.lineno}"
                assert constant or _is_a_table_entry(said), f"{path}:{call.lineno} translates what is put together"


def _is_a_table_entry(node: ast.expr) -> bool:
    """Such as LABELS[status] or a name: the entries are marked with gettext_noop."""
    return isinstance(node, ast.Subscript | ast.Name | ast.Attribute)


def test_a_message_is_found_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a.html").write_text(
        "<p>\n    {% translate \"One\" %} {{ _('Two') }} it's\n {% blocktranslate count n=n %}{{ n }} a{% plural %}"
        "{{ n }} b{% endblocktranslate %}\n</p>{% translate 'Three' context 'verb' %}"
    )
    (tmp_path / "b.py").write_text('x = gettext("Four"), ngettext("%(n)s c", "%(n)s d", 2), pgettext("noun", "One")\n')
    monkeypatch.setattr(update, "PACKAGE", tmp_path)
    assert {(m.context, m.id) for m in update.found()} == {
        (None, "One"),
        (None, "Two"),
        (None, ("%(n)s a", "%(n)s b")),
        ("verb", "Three"),
        (None, "Four"),
        (None, ("%(n)s c", "%(n)s d")),
        ("noun", "One"),
    }


def test_what_is_not_used_any_more_comes_back_when_it_is_used_again(monkeypatch: pytest.MonkeyPatch):
    catalog = Catalog(locale="ar")
    catalog.add("Gone", "ذهب")
    without = update.merged("ar", catalog, [])
    assert [message.id for message in without if message.id] == []
    back = update.merged("ar", without, [update.Found("Gone", None, ("a.html",), ())])
    assert back.get("Gone").string == "ذهب"


@pytest.mark.parametrize(
    ("id", "string", "is_wrong"),
    [
        ("%(n)s a", "%(n)s b", False),
        ("%(n)s a", "b", True),
        ("%(n)s a", "%(m)s b", True),
        ("{n} a", "b", True),
        ("<b>a</b>", "<b onclick=x>a</b>", True),
        ("100 %", "100 %", False),
        (("%(n)s a", "%(n)s as"), ("أ", "واحد", "اثنان", "%(n)s", "%(n)s", "%(n)s"), False),
        (("%(n)s a", "%(n)s as"), ("أ", "واحد", "اثنان", "%(n)s", "%(n)s", "ستة"), True),
    ],
)
def test_placeholders_are_compared(id, string, is_wrong):
    catalog = Catalog(locale="ar")
    assert bool(update.wrong(catalog.add(id, string))) is is_wrong
