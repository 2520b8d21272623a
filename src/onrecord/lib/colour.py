"""Colours as WCAG 2 measures them: how far two stand apart, and the nearest shade that can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

BLACK, WHITE = (0, 0, 0), (255, 255, 255)

READABLE = 4.5
"""The contrast that WCAG 2 asks of text (AA)."""

STEPS = 50


def parse(text: str) -> Colour:
    """A colour as CSS writes it in hexadecimal, "#8a1c2c" or "#823". Raises ValueError for anything else.

    >>> parse("#8A1C2C"), parse("#fff")
    ((138, 28, 44), (255, 255, 255))
    """
    digits = text.removeprefix("#")
    if not re.fullmatch(r"#([0-9A-Fa-f]{3}){1,2}", text):
        raise ValueError(f"not a colour: {text!r}")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    return (int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16))


def hexadecimal(colour: Colour) -> str:
    """As CSS writes it.

    >>> hexadecimal((138, 28, 44))
    '#8a1c2c'
    """
    return "#" + "".join(f"{part:02x}" for part in colour)


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of WCAG 2, from 1 to 21.

    >>> contrast((0, 0, 0), (255, 255, 255))
    21.0
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: Colour, grounds: Iterable[Colour], towards: Colour) -> Colour:
    """The colour, moved towards black or white just as far as text in it needs on each of these grounds."""
    behind = list(grounds)
    for step in range(STEPS + 1):
        shade = _mixed(colour, towards, step / STEPS)
        if all(contrast(shade, ground) >= READABLE for ground in behind):
            return shade
    return towards


def _mixed(colour: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
