"""Strangers' names in our messages."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from onrecord.lib.names import LONGEST, clean_name


@given(st.text(max_size=400))
def test_a_name_is_one_short_line_without_tricks(name: str) -> None:
    shown = clean_name(name)
    assert len(shown) <= LONGEST + 1
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in shown)
