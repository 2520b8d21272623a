"""Brings the catalogues up to date with the words in code and templates: `python -m onrecord.locale.update`.

Finds every message, keeps the translations that there are, writes each `<language>/LC_MESSAGES/django.po`, compiles it
to `django.mo`, and says what is not translated and what is not used any more. English needs no catalogue: its words
stand in the code. Needs no program of GNU gettext.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from onrecord.lib.language import INTERFACES
from onrecord.lib.terminal import say

PACKAGE = Path(__file__).resolve().parent.parent
CATALOGUES = tuple(code for code in INTERFACES if code != "en")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLURAL_FORMS = {
    "es": (2, "(n != 1)"),
    "ur": (2, "(n != 1)"),
    "ar": (6, "(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5)"),
}
"""How many forms, and which is whose; Arabic: zero, one, two, few (3 to 10), many (11 to 99), other."""

ALWAYS = datetime(2026, 1, 1, tzinfo=UTC)
"""Dates in catalogues would change with every run."""

HEADER = "# {name} translation of onrecord's interface. Remade by `python -m onrecord.locale.update`."
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w+\}|<[^>]*>")
"""What a translation must have as its message has it: values, and HTML."""


@dataclass(frozen=True)
class Found:
    """A message in code or a template: `id` is a pair where it has a plural."""

    id: str | tuple[str, ...]
    context: str | None
    files: tuple[str, ...]
    comments: tuple[str, ...]


NOT_READERS = ("studio", "accounts", "templates/studio", "templates/account", "templates/mfa", "templates/429.html")
"""What only those who sign in see speaks English; its words are marked, and a catalogue may hold them one day."""


def found(left_out: Collection[str] = NOT_READERS) -> list[Found]:
    """Every message that readers may see, in the order of files; with nothing `left_out`, every message."""
    messages: dict[tuple[str | None, str], Found] = {}
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix not in (".py", ".html") or any(
            path.is_relative_to(PACKAGE / folder) for folder in ("locale", *left_out)
        ):
            continue
        name = path.relative_to(PACKAGE).as_posix()
        for id, context, comments in _in_file(path):
            key = (context, id if isinstance(id, str) else id[0])
            known = messages.get(key)
            if known is None:
                messages[key] = Found(id, context, (name,), comments)
                continue
            files = tuple(dict.fromkeys((*known.files, name)))
            messages[key] = Found(id if isinstance(id, tuple) else known.id, context, files, known.comments or comments)
    return list(messages.values())


def _in_file(path: Path) -> Iterator[tuple[str | tuple[str, ...], str | None, tuple[str, ...]]]:
    text = path.read_text("utf-8")
    if path.suffix == ".html":
        # A template as code that only its messages are left of, which indentation would make unreadable.
        text = "\n".join(line.lstrip() for line in templatize(text).splitlines())
    code = io.BytesIO(text.encode())
    for _, id, comments, context in extract("python", code, KEYWORDS, ("Translators:",), {"encoding": "utf-8"}):
        if id:
            yield id, context, tuple(comments)


def file_of(language: str) -> Path:
    """The catalogue of a language, as people edit it."""
    return PACKAGE / "locale" / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """A language's catalogue as it stands in its file; an empty one where there is none yet."""
    path = file_of(language)
    if not path.exists():
        return _dated(Catalog(locale=language))
    with path.open("rb") as file:
        return _dated(read_po(file, locale=language))


def _dated(catalog: Catalog) -> Catalog:
    catalog.creation_date = catalog.revision_date = ALWAYS
    return catalog


def merged(language: str, old: Catalog, messages: list[Found]) -> Catalog:
    """The messages with the translations that `old` has for them; what is not used any more is kept as obsolete."""
    new = _dated(Catalog(locale=language, project="onrecord", fuzzy=False, header_comment=_header(old)))
    count, rule = PLURAL_FORMS[language]
    new.mime_headers = [("Plural-Forms", f"nplurals={count}; plural={rule};")]
    used = set()
    for message in messages:
        known = old.get(message.id, message.context) or _obsolete(old, message)
        translation = known.string if known and not known.fuzzy else ""
        if isinstance(message.id, tuple) and not (isinstance(translation, (tuple, list)) and len(translation) == count):
            translation = ("",) * count
        elif isinstance(message.id, str) and not isinstance(translation, str):
            translation = ""
        locations = [(name, 0) for name in message.files]
        new.add(message.id, translation, locations, auto_comments=message.comments, context=message.context)
        used.add(new._key_for(message.id, message.context))
    for known in [*old, *old.obsolete.values()]:
        key = new._key_for(known.id, known.context) if known.id else None
        if key and key not in used and any(_strings(known)):
            new.obsolete[key] = known
    return new


def _header(old: Catalog) -> str:
    return HEADER.format(name=old.locale.english_name if old.locale else "")


def _obsolete(catalog: Catalog, message: Found) -> Message | None:
    return catalog.obsolete.get(catalog._key_for(message.id, message.context))


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def as_po(catalog: Catalog) -> bytes:
    """The catalogue as people edit it, the same bytes for the same messages."""
    file = io.BytesIO()
    write_po(file, catalog, width=110, include_lineno=False, sort_by_file=True)
    unwanted = (
        b'"POT-Creation-Date',
        b'"PO-Revision-Date',
        b'"Last-Translator',
        b'"Generated-By',
        b'"Report-Msgid',
        b'"Language-Team',
    )
    lines = [line for line in file.getvalue().splitlines(keepends=True) if not line.startswith(unwanted)]
    return b"".join(lines)


def as_mo(catalog: Catalog) -> bytes:
    """The catalogue as Django reads it."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def missing(catalog: Catalog) -> list[Message]:
    """Messages that are not translated, or only in some of their plural forms."""
    return [message for message in catalog if message.id and not all(_strings(message))]


def wrong(message: Message) -> str:
    """What is wrong with a translation's placeholders; empty when nothing is.

    Plural forms for one number (zero, one, two) may say it in words, without its placeholder.
    """
    if not message.id:
        return ""
    ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
    wanted = {name for id in ids for name in _placeholders(id)}
    for place, string in enumerate(_strings(message)):
        if not string:
            continue
        given = _placeholders(string)
        words = isinstance(message.id, tuple) and place < len(_strings(message)) - 1
        if (given - wanted) or ((wanted - given) and not words):
            return f"{ids[0]!r}: {string!r} has the placeholders {sorted(given)}, not {sorted(wanted)}"
    return ""


def _placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


def main() -> int:
    """Write and compile all catalogues; 1 when something is not translated or wrong."""
    messages = found()
    problems = 0
    for language in CATALOGUES:
        old = read(language)
        catalog = merged(language, old, messages)
        path = file_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_po(catalog))
        path.with_suffix(".mo").write_bytes(as_mo(read(language)))
        lacking, mistakes = missing(catalog), [mistake for message in catalog if (mistake := wrong(message))]
        for message in lacking:
            say(f"{language}: not translated: {message.id!r}" + (f" ({message.context})" if message.context else ""))
        for mistake in mistakes:
            say(f"{language}: {mistake}")
        if catalog.obsolete:
            say(f"{language}: {len(catalog.obsolete)} translations are not used.")
        problems += len(lacking) + len(mistakes)
    say(f"{len(messages)} messages, {len(CATALOGUES)} catalogues; {problems} to be seen to.")
    return min(problems, 1)


if __name__ == "__main__":
    sys.exit(main())
