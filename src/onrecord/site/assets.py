"""The files below static/, named by their content: a changed one has another address, so all may be kept for ever.

The publication's own colour stands at the end of the style sheet, and its logo beside it.
"""

import hashlib
from functools import cache, lru_cache
from pathlib import Path

import django_htmx
from django.conf import settings

from onrecord.lib import colour

FOLDER = Path(__file__).resolve().parent.parent / "static"
BORROWED = {"htmx.js": Path(django_htmx.__file__).parent / "static" / "django_htmx" / "htmx-2.min.js"}
"""Files of other people's packages that our pages use."""
STYLE = ("style.css", "style-discussion.css", "style-print.css")
"""The parts of the style sheet of every page, which is one file there; paper has the last word."""

ACCENTED = {"style.css": STYLE, "embed.css": ("embed.css",)}
"""Style sheets that end with the publication's accent, and the parts of each."""

_FILES = {file.name for file in FOLDER.iterdir() if file.suffix in (".css", ".js", ".svg")}
NAMES = tuple(sorted([*BORROWED, *(_FILES - set(STYLE[1:]))]))

LIGHT_GROUNDS = (colour.parse("#fffdf9"), colour.parse("#f5f0e6"))
DARK_GROUNDS = (colour.parse("#151412"), colour.parse("#23211d"))
"""What the accent stands on: --paper and --tint of style.css, light and dark."""


def files() -> dict[str, bytes]:
    """Path below public/ and content of each: `static/style-<hash>.css`."""
    return {address(name): _content(name) for name in NAMES} | {logo_address(name): _logo(name) for name in logos()}


def address(name: str) -> str:
    """The path below public/ of a file in our static/ folder."""
    return _named(name, _content(name))


def logo_address(name: str) -> str:
    """The path below public/ of a logo, by its name in the publication's folder."""
    return _named(f"logo{Path(name).suffix.lower()}", _logo(name))


def logos() -> tuple[str, ...]:
    """The files of the publication's folder that are its logo, for light pages and for dark ones."""
    look = settings.ONRECORD.look
    return tuple(name for name in (look.logo, look.logo_dark) if name)


def _named(name: str, content: bytes) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"static/{stem}-{hashlib.sha256(content).hexdigest()[:16]}.{suffix}"


def _logo(name: str) -> bytes:
    return (settings.ONRECORD.folder / name).read_bytes()


def _content(name: str) -> bytes:
    if name in ACCENTED:
        return _accented(name, settings.ONRECORD.look.accent)
    return _ours(name)


@cache
def _ours(name: str) -> bytes:
    return BORROWED.get(name, FOLDER / name).read_bytes()


@lru_cache(maxsize=4)
def _accented(name: str, accent: str) -> bytes:
    return b"\n".join(map(_ours, ACCENTED[name])) + accent_rules(accent).encode()


def on_paper(accent: str) -> str:
    """The accent as it can be read on light ground; empty where there is none."""
    return colour.hexadecimal(colour.readable(colour.parse(accent), LIGHT_GROUNDS, colour.BLACK)) if accent else ""


def accent_rules(accent: str) -> str:
    """The publication's colour as rules: darker on light pages and lighter on dark ones, as far as reading needs."""
    if not accent:
        return ""
    light = on_paper(accent)
    dark = colour.hexadecimal(colour.readable(colour.parse(accent), DARK_GROUNDS, colour.WHITE))
    return (
        f"\n:root {{ --accent: {light}; }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ --accent: {dark}; }} }}\n"
        "@media print { :root { --accent: #000; } }\n"
    )
