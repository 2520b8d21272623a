"""Quotation marks are those of CLDR, for a language and for its variants."""

import pytest

from onrecord.lib.quotation import quoted


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "“a”"),
        ("en-GB", "“a”"),
        ("ur-PK", "”a“"),
        ("ar", "”a“"),
        ("es", "«a»"),
        ("es-MX", "“a”"),
        ("de-AT", "„a“"),
        ("pl", "„a”"),
        ("pt", "“a”"),
        ("pt-AO", "«a»"),
        ("zh", "“a”"),
        ("zh-Hant-HK", "「a」"),
        ("xx", "“a”"),
    ],
)
def test_marks(language: str, expected: str) -> None:
    assert quoted("a", language) == expected
