"""In which language a page speaks around its content, and how that language writes numbers, dates and lists.

Words come from our own catalogues (`onrecord/locale`), forms of numbers, dates and lists from Unicode's CLDR through
Babel, in the variant that the page's language tag names. All of it depends on the language that is spoken in this
thread, which `speaking` sets, and never on the machine's locale.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, wraps
from typing import ParamSpec, TypeVar
from unicodedata import bidirectional

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.lists import format_list
from babel.numbers import format_decimal
from django.conf import settings
from django.utils import translation
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from onrecord.lib import html

INTERFACES: tuple[str, ...] = ("en", "es", "ar", "ur")
"""The languages that the interface speaks."""

LONGEST = 20
"""Characters of a tag that rows have room for."""

WRITTEN_AS = {"en": "en-001"}
"""Which variant a tag without a region means: world English, "23 November 2026", where CLDR has that of the US."""

ZEROS = {"arab": "\u0660", "arabext": "\u06f0"}
"""The digit 0 of CLDR's numbering systems that are not 0 to 9, as far as our languages have them."""

P = ParamSpec("P")
T = TypeVar("T")


def interface_language(language: str, otherwise: str | None = None) -> str:
    """The language that the interface speaks on a page in `language` (BCP 47): "ur" for "ur-PK".

    Where there is no catalogue for it, that of `otherwise`, the publication's own language unless given, else English.
    """
    return _base(tag(language, otherwise))


def tag(language: str, otherwise: str | None = None) -> str:
    """The tag by which Django speaks `interface_language(language, otherwise)`: with a region where CLDR knows one."""
    for wanted in (language, settings.LANGUAGE_CODE if otherwise is None else otherwise):
        if _base(wanted) in INTERFACES:
            return _with_region(wanted)
    return INTERFACES[0]


@contextlib.contextmanager
def speaking(language: str, otherwise: str | None = None) -> Iterator[None]:
    """Within, this thread's translations, numbers and dates are those of `interface_language(language, otherwise)`."""
    with translation.override(tag(language, otherwise)):
        yield


def speaks(language_of: Callable[..., str], otherwise: str | None = None) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorates a function that makes a page or a file: it speaks what `language_of` its arguments says."""

    def decorate(make: Callable[P, T]) -> Callable[P, T]:
        @wraps(make)
        def made(*args: P.args, **kwargs: P.kwargs) -> T:
            with speaking(language_of(*args, **kwargs), otherwise):
                return make(*args, **kwargs)

        return made

    return decorate


def spoken() -> str:
    """The interface's language that is spoken now, without its region."""
    return _base(translation.get_language() or INTERFACES[0])


def marked(inside: str) -> SafeString:
    """Attributes of an element that holds the interface's words inside content in the language `inside`.

    Empty where the two are the same language.
    """
    interface = spoken()
    if _base(inside) == interface:
        return mark_safe("")
    return mark_safe(f' lang="{interface}" dir="{html.direction(interface)}"')  # noqa: S308 of our own list


def isolated(text: str, inside: str) -> str:
    """Text for where no markup can stand (a title, an attribute), in Unicode's isolates when its direction is another.

    `inside` is the language of what stands around it.
    """
    strong = next((way for way in map(bidirectional, text) if way in ("L", "R", "AL")), "")
    if not strong or (strong == "L") == (html.direction(inside) == "ltr"):
        return text
    return f"\u2068{text}\u2069"


def locale() -> Locale:
    """CLDR's data for the language that is spoken now."""
    return _locale(translation.get_language() or INTERFACES[0])


def digits(text: str) -> str:
    """The text with 0 to 9 as the digits that the language is written with by default."""
    return text.translate(_digits(locale()))


def number(value: float, decimals: int = 0) -> str:
    """A number with its separators and digits: "1,234" or "١٬٢٣٤"; always `decimals` places after the point."""
    places = f".{'0' * decimals}" if decimals else ""
    return digits(format_decimal(value, format=f"#,##0{places}", locale=locale(), numbering_system="default"))


def listed(items: Sequence[str]) -> SafeString:
    """ "A, B and C". Items that are HTML stay as they are, others are escaped."""
    return mark_safe(format_list([conditional_escape(item) for item in items], locale=locale()))  # noqa: S308 escaped


def name_of(language: str) -> str:
    """What a language is called: "Urdu", "الأوردية"; its code where it has no name."""
    return locale().languages.get(_base(language)) or language


def problem_with(code: str) -> str:
    """Why a language tag cannot be used, as the rest of a sentence; empty when it can."""
    first = code.partition("-")[0].lower()
    meant = get_global("language_aliases").get(first, "").replace("_", "-")
    if len(code) > LONGEST or not re.fullmatch(r"[A-Za-z]+(-[A-Za-z0-9]{1,8})*", code):
        return f"must be a code such as en, ur or es-MX, found {code[:40]!r}."
    if first in Locale("en").languages or first in html.RTL_LANGUAGES:
        return ""
    hint = f"; {meant} may be meant" if meant else ""
    return f"must be the code of a language, such as en, ur or es-MX, and there is none {first[:40]!r}{hint}."


def _base(code: str) -> str:
    return code.replace("_", "-").partition("-")[0].lower()


@cache
def _with_region(code: str) -> str:
    base, *others = code.replace("_", "-").split("-")
    for part in others:
        if (len(part) == 2 and part.isalpha()) or (len(part) == 3 and part.isdigit()):
            with contextlib.suppress(UnknownLocaleError, ValueError):
                Locale.parse(f"{base}_{part}")
                return f"{base}-{part}".lower()
    return base.lower()


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(WRITTEN_AS.get(code, code), sep="-")


@cache
def _digits(locale: Locale) -> dict[int, str]:
    zero = ZEROS.get(locale.default_numbering_system, "0")
    return {ord("0") + digit: chr(ord(zero) + digit) for digit in range(10)}
