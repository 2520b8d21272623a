"""The picture that others show beside a link to a quotation: the words, who says them, where and when.

Letters come from fonts that are Python packages (Latin, Greek, Cyrillic, Arabic, Hebrew) and, for other scripts, from
Noto fonts of the system where they are. Pillow joins letters and orders lines that run both ways only where the system
has FriBiDi (Debian: libfribidi0); without it there are Latin, Greek and Cyrillic alone. What cannot be set is left out:
then the card has the show's name and the time alone, or nothing but its bars. The same card on the same machine has the
same bytes.
"""

from __future__ import annotations

import hashlib
import io
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont, features

from onrecord.lib.quotation import quoted
from onrecord.site.frame import cut

WIDTH, HEIGHT, MARGIN = 1200, 630, 72
DESIGN = 3
"""Rises when the same card would look otherwise: its file then has another name."""

PAPER, INK, FAINT, ACCENT = "#fdfcfa", "#1c1b19", "#5f5b55", "#8a1c2c"
SIZES = (64, 56, 48, 42, 36, 32)
LINE = 1.38
SMALLER = 0.72
"""A speaker's name above the words, where there are several."""
MOST_LETTERS = 600

PACKAGED = (
    ("fontpkg_noto_serif", "files/NotoSerif[wdth,wght].ttf"),
    ("pylopdf_fonts_ar", "NotoNaskhArabic-Variable.ttf"),
    ("pylopdf_fonts_he", "NotoSerifHebrew-Variable.ttf"),
)
OF_THE_SYSTEM = (
    "opentype/noto/NotoSerifCJK-Regular.ttc",
    "opentype/noto/NotoSansCJK-Regular.ttc",
    "truetype/noto/NotoSerifDevanagari-Regular.ttf",
    "truetype/noto/NotoSerifBengali-Regular.ttf",
    "truetype/noto/NotoSerifTamil-Regular.ttf",
    "truetype/noto/NotoSerifThai-Regular.ttf",
    "truetype/noto/NotoSerifArmenian-Regular.ttf",
    "truetype/noto/NotoSerifGeorgian-Regular.ttf",
    "truetype/noto/NotoSerifEthiopic-Regular.ttf",
)
FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
WITHOUT_FONT = frozenset(" \u00a0\u200b\u200c\u200d\u200e\u200f\u2060\u2066\u2067\u2068\u2069\ufeff")
"""Spaces and marks that need no letter."""


@dataclass(frozen=True)
class Card:
    """What stands on it: `said` are pairs of speaker and words, in their `language` and `direction` ("rtl", "ltr").

    `when` is empty where the moment is not to be found any more; `accent` where the publication has none of its own.
    """

    said: tuple[tuple[str, str], ...]
    source: str
    when: str
    publication: str
    language: str
    direction: str
    accent: str = ""

    @property
    def colour(self) -> str:
        """Of bars and names."""
        return self.accent or ACCENT

    @property
    def name(self) -> str:
        """The name of its file, by all that stands on it."""
        digest = hashlib.sha256(repr((DESIGN, astuple(self))).encode()).hexdigest()
        return f"card-{digest[:16]}.png"


def draw(card: Card) -> bytes:
    """The card as a PNG of 1200 x 630 pixels."""
    if not can_shape():
        card = _without_marks(card)
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(image)
    right = card.direction == "rtl"
    pen.rectangle((WIDTH - 16, 0, WIDTH, HEIGHT) if right else (0, 0, 16, HEIGHT), fill=card.colour)
    _lines_at_foot(pen, card, right)
    if all(_font_for(words, SIZES[0]) for _, words in card.said):
        _set(pen, card, right)
    else:
        _bars(pen, card)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _set(pen: ImageDraw.ImageDraw, card: Card, right: bool) -> None:
    y = float(MARGIN)
    for line in _fitting(card):
        pen.text(
            (WIDTH - MARGIN if right else MARGIN, y),
            line.text,
            font=line.font,
            fill=line.colour,
            anchor="ra" if right else "la",
            **_shaping(card),
        )
        y += line.height


def _fitting(card: Card) -> list[_Line]:
    """The words in the largest letters with which they fit; of what does not fit in the smallest, the beginning."""
    room = HEIGHT - 2 * MARGIN - (130 if len(card.said) == 1 else 90)

    def lines(most: int, size: int) -> list[_Line]:
        return [line for speaker, words in _beginning(card, most) for line in _part(speaker, words, size, card)]

    def is_too_high(most: int, size: int = SIZES[-1]) -> bool:
        return sum(line.height for line in lines(most, size)) > room

    for size in SIZES:
        if not is_too_high(MOST_LETTERS, size):
            return lines(MOST_LETTERS, size)
    return lines(bisect_left(range(MOST_LETTERS), True, key=lambda most: is_too_high(most + 1)), SIZES[-1])


def _beginning(card: Card, most: int) -> Iterator[tuple[str, str]]:
    """Of all that is said at most so many letters, and no word that is cut."""
    for speaker, words in card.said:
        if most > 0:
            yield speaker, cut(words, most)
        most -= len(words)


@dataclass(frozen=True)
class _Line:
    text: str
    font: ImageFont.FreeTypeFont
    colour: str
    height: float


def _part(speaker: str, words: str, size: int, card: Card) -> list[_Line]:
    """What one speaker says; where there are several, after the name."""
    font = _font_for(words, size)
    lines = []
    small = int(size * SMALLER)
    if len(card.said) > 1 and speaker and (named := _font_for(speaker, small)):
        lines.append(_Line(_cut(speaker, named, card), named, card.colour, small * LINE))
    if font:
        text = quoted(words, card.language)
        lines += [_Line(line, font, INK, size * LINE) for line in _wrapped(text, font, card)]
    return lines


def _lines_at_foot(pen: ImageDraw.ImageDraw, card: Card, right: bool) -> None:
    x = WIDTH - MARGIN if right else MARGIN
    speaker = card.said[0][0] if len(card.said) == 1 else ""
    source = " · ".join(filter(None, (card.source, card.when)))
    foot = ((speaker, 34, card.colour), (source, 26, FAINT), (card.publication, 26, FAINT))
    lines = [(text, size, colour) for text, size, colour in foot if text]
    for number, (text, size, colour) in enumerate(lines):
        font = _font_for(text, size)
        if font is not None:
            y = HEIGHT - MARGIN - (len(lines) - 1 - number) * 42
            cut = _cut(text, font, card)
            pen.text((x, y), cut, font=font, fill=colour, anchor="rs" if right else "ls", **_shaping(card))


def _wrapped(words: str, font: ImageFont.FreeTypeFont, card: Card) -> list[str]:
    """Lines that fit; a word that is wider than a line, and text without spaces, is cut between letters."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if _width(longer, font, card) <= WIDTH - 2 * MARGIN:
            lines[-1] = longer
            continue
        lines.append("")
        for letter in word:
            if lines[-1] and _width(lines[-1] + letter, font, card) > WIDTH - 2 * MARGIN:
                lines.append("")
            lines[-1] += letter
    return [line for line in lines if line]


def _cut(text: str, font: ImageFont.FreeTypeFont, card: Card) -> str:
    while _width(text, font, card) > WIDTH - 2 * MARGIN and len(text) > 1:
        text = text[:-2].rstrip() + "…"
    return text


def _width(text: str, font: ImageFont.FreeTypeFont, card: Card) -> float:
    return font.getlength(text, **_shaping(card))


def _shaping(card: Card) -> dict[str, Any]:
    return {"direction": card.direction, "language": card.language} if can_shape() else {}


@cache
def can_shape() -> bool:
    """Whether letters can be joined, and lines ordered that run both ways."""
    return bool(features.check("raqm"))


def _without_marks(card: Card) -> Card:
    """Marks that have no letter are drawn as boxes where nothing knows what they mean."""
    said = tuple((_plain(speaker), _plain(words)) for speaker, words in card.said)
    return replace(
        card,
        said=said,
        source=_plain(card.source),
        when=_plain(card.when),
        publication=_plain(card.publication),
    )


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter.isspace() or letter not in WITHOUT_FONT)


def _bars(pen: ImageDraw.ImageDraw, card: Card) -> None:
    """A voice without letters."""
    for number, value in enumerate(hashlib.sha256(card.said[0][1].encode()).digest()):
        x, half = MARGIN + number * 33, 20 + value / 255 * 120
        pen.rounded_rectangle((x, 240 - half, x + 16, 240 + half), radius=8, fill=card.colour)


# ── letters ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _font_for(text: str, size: int) -> ImageFont.FreeTypeFont | None:
    """The first font that has every letter of a text; None where there is none."""
    letters = frozenset(text) - WITHOUT_FONT
    return next((_font(file, size) for file in _files() if all(_has(file, letter) for letter in letters)), None)


@cache
def _files() -> tuple[Path, ...]:
    found = []
    for package, name in PACKAGED if can_shape() else PACKAGED[:1]:
        spec = find_spec(package)
        if spec and spec.origin:
            found.append(Path(spec.origin).parent / name)
    found += [folder / name for folder in FOLDERS for name in OF_THE_SYSTEM if can_shape()]
    return tuple(file for file in found if file.is_file())


@lru_cache(maxsize=64)
def _font(file: Path, size: int) -> ImageFont.FreeTypeFont:
    engine = ImageFont.Layout.RAQM if can_shape() else ImageFont.Layout.BASIC
    return ImageFont.truetype(file, size, layout_engine=engine)


@lru_cache(maxsize=4096)
def _has(file: Path, letter: str) -> bool:
    """Whether a font has a letter: one that it lacks looks like any other that it lacks."""
    font = ImageFont.truetype(file, 20, layout_engine=ImageFont.Layout.BASIC)
    return bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))
