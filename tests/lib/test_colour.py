"""Colours: the contrast of WCAG 2, and shades that can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.lib import colour

COLOURS = st.tuples(*[st.integers(0, 255)] * 3)


@pytest.mark.parametrize(("one", "other", "ratio"), [("#777777", "#ffffff", 4.48), ("#0000ff", "#ffffff", 8.59)])
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert round(colour.contrast(colour.parse(one), colour.parse(other)), 2) == ratio


@given(COLOURS)
def test_any_colour_becomes_readable_and_moves_no_further_than_it_must(given: colour.Colour) -> None:
    for ground, towards in ((colour.WHITE, colour.BLACK), (colour.BLACK, colour.WHITE)):
        shade = colour.readable(given, [ground], towards)
        assert colour.contrast(shade, ground) >= colour.READABLE
        assert (shade == given) == (colour.contrast(given, ground) >= colour.READABLE)


@given(COLOURS)
def test_there_and_back(given: colour.Colour) -> None:
    assert colour.parse(colour.hexadecimal(given)) == given


@pytest.mark.parametrize("text", ["", "red", "#12", "#1234", "#12345g", "8a1c2c", "#8a1c2c;}", "#fff\n"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a colour"):
        colour.parse(text)
