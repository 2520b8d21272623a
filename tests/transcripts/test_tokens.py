"""Tokens and the blob that a revision keeps them in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.lib.errors import Failed
from onrecord.transcripts.tokens import LATEST, Token, canonical, glued, pack, split, text_of, unpack

TIMES = st.integers(0, LATEST)
TOKENS = st.builds(
    Token,
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    start=TIMES,
    end=TIMES,
    speaker=st.none() | st.integers(0, 40),
    probability=st.none() | st.integers(0, 1000).map(lambda n: n / 1000),
    space=st.booleans(),
)


@given(st.lists(TOKENS, max_size=60))
def test_what_is_packed_comes_back(tokens: list[Token]) -> None:
    assert unpack(pack(tokens)) == tokens
    assert pack(tokens) == pack(list(tokens))


def test_an_hour_of_words_takes_little_room() -> None:
    tokens = [Token(f"word{n % 700}", n * 350, n * 350 + 300, n // 400 % 2, 0.9) for n in range(10_000)]
    assert len(pack(tokens)) < 60_000
    assert unpack(memoryview(pack(tokens))) == tokens


@given(st.lists(TOKENS, min_size=1, max_size=5), st.data())
def test_damage_is_found(tokens: list[Token], data: st.DataObject) -> None:
    packed = bytearray(pack(tokens))
    cut = data.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(Failed):
        unpack(packed[:cut])
    packed[data.draw(st.integers(len(packed) - 4, len(packed) - 1))] ^= 0xFF
    with pytest.raises(Failed, match="damaged"):
        unpack(packed)


def test_a_later_version_says_so() -> None:
    with pytest.raises(Failed, match="later version"):
        unpack(b"ORT2" + pack([])[4:])


@pytest.mark.parametrize("token", [Token("a", -1, 0), Token("a", 0, LATEST + 1), Token("\ud800", 0, 0)])
def test_what_cannot_be_kept_is_refused(token: Token) -> None:
    with pytest.raises(ValueError, match=r"time|surrogates"):
        pack([token])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello,  world… don't", ["Hello,", " world…", " don't"]),
        ("你好。使用Python「测试」", ["你", "好。", "使", "用", "Python", "「测", "试」"]),
        ("今日は、ー", ["今", "日", "は、ー"]),
        ("یہ کیا ہے؟", ["یہ", " کیا", " ہے؟"]),
        ("한국어는 띄어", ["한국어는", " 띄어"]),
        ("ไทย ดี", ["ไท", "ย", " ดี"]),
        ("", []),
    ],
)
def test_split(text: str, words: list[str]) -> None:
    assert [f"{' ' * space}{word}" for word, space in split(text)] == words


@given(st.text())
def test_split_keeps_every_character(text: str) -> None:
    words = [Token(word, 0, 0, space=space) for word, space in split(text)]
    assert text_of(words) == " ".join(text.split())


def test_glued() -> None:
    assert glued("好", "你") and glued("好。", "你")
    assert not glued("good", "morning") and not glued("好", "A") and not glued("", "好")


def test_canonical_joins_what_is_glued_and_cuts_characters() -> None:
    tokens = [
        Token("twenty", 0, 400, 0, 0.9),
        Token("-one", 400, 600, 0, 0.8, space=False),
        Token("你好。", 600, 1200, 1, 0.7),
        Token("吗", 1200, 1500, 1, 0.6, space=False),
    ]
    assert canonical(tokens) == [
        Token("twenty-one", 0, 600, 0, 0.9),
        Token("你", 600, 800, 1, 0.7),
        Token("好。", 800, 1200, 1, 0.7, space=False),
        Token("吗", 1200, 1500, 1, 0.6, space=False),
    ]


@given(st.lists(st.text(min_size=1, max_size=5), max_size=20), st.lists(st.booleans(), min_size=20, max_size=20))
def test_canonical_keeps_the_text(words: list[str], spaces: list[bool]) -> None:
    tokens = [Token(w, n * 10, n * 10 + 9, space=s) for n, (w, s) in enumerate(zip(words, spaces, strict=False))]
    once = canonical(tokens)
    assert text_of(once) == text_of(tokens)
    assert canonical(once) == once
