"""Addresses made of names."""

import re

from hypothesis import given
from hypothesis import strategies as st

from onrecord.lib.slugs import LONGEST, RESERVED, free_slug, slug


def test_names_become_readable_ascii() -> None:
    assert slug("What a Keeper listens for!", "x") == "what-a-keeper-listens-for"
    assert slug("Ärger über Öl", "x") == "arger-uber-ol"
    assert slug("ہم کون ہیں", "x").isascii()
    assert slug("...", "episode") == "episode"


def test_our_own_paths_are_kept_free() -> None:
    assert slug("Search", "x") == "search-1"
    assert slug("Feed", "x") not in RESERVED
    assert slug("1984", "x") == "1984-1", "a show has a page for each year"
    assert slug("1984 and after", "x") == "1984-and-after"


@given(st.text(max_size=300))
def test_any_name_gives_a_safe_short_address(name: str) -> None:
    made = slug(name, "episode")
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", made)
    assert len(made) <= LONGEST + 2
    assert made not in RESERVED


def test_a_taken_address_gets_a_number() -> None:
    assert free_slug("talk", {"talk", "talk-2"}) == "talk-3"
