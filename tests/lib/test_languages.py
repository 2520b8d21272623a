"""Codes of languages."""

import pytest

from onrecord.lib.languages import is_language


@pytest.mark.parametrize(
    ("code", "is_one"),
    [("en", True), ("ur", True), ("pt-BR", True), ("english", False), ("", False), ("e n", False), ("en\n", False)],
)
def test_what_is_a_code(code: str, is_one: bool) -> None:
    assert is_language(code) == is_one
