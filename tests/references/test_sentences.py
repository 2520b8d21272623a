"""The sentence that a reader quotes is found in the page, whatever its quotes, dashes and spaces; no other one is."""

import pytest

from onrecord.references.sentences import Text

PAGE = """
The bridge that stayed
“It wasn’t the rain,” said Dr. Müller — it was the *well-known* 1.5 per cent rule.
In 1998 the ferry carried 12,400 passen\u00adgers, and\u00a0the
harbour-master's résumé listed none. He was not guilty. The train fell silent.
وزیرِ اعظم نے کہا کہ پُل محفوظ ہے۔
桥梁在
一九九八年重建。
The committee met on Tuesday, argued about the budget for hours and finally decided to close the old bridge.
"""

FOUND = [
    '"It wasn\'t the rain," said Dr. Müller - it was the well known 1.5 per cent rule',
    "it wasn't   the rain said dr muller",
    "In 1998 the ferry carried 12,400 passengers and the harbour master’s resume listed none.",
    "the ferry carried 12,400 passengers",
    "وزير اعظم نے كہا کہ پل محفوظ ہے",
    "在一九九八年重建",
    "The committee met on Tuesday … finally decided to close the old bridge",
    "The committee met [...] argued about the budget ... decided to close",
    "HE WAS NOT GUILTY",
    "「桥梁在一九九八年重建」",
]
MISSING = [
    "He was guilty",
    "rain fell silent",
    "it was the well known 15 per cent rule",
    "finally decided to close the old bridge ... The committee met on Tuesday",
    "The ferry carried 12,400 passengers in 1998",
    "",
    " … ",
    "“”—",
    "the bridge that stay",
]


@pytest.mark.parametrize("sentence", FOUND)
def test_found(sentence: str) -> None:
    assert Text(PAGE).has(sentence)


@pytest.mark.parametrize("sentence", MISSING)
def test_missing(sentence: str) -> None:
    assert not Text(PAGE).has(sentence)
