"""Turns, paragraphs, sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.transcripts.tokens import Token, split, text_of
from onrecord.transcripts.turns import PARAGRAPH_WORDS, paragraphs, sentences, turns


def said(text: str, speaker: int | None = 0, start: int = 0) -> list[Token]:
    """400 ms a word without pauses."""
    words = enumerate(split(text))
    return [
        Token(word, start + 400 * n, start + 400 * n + 400, speaker, None, space or n == 0)
        for n, (word, space) in words
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rained. We left.", ["It rained.", "We left."]),
        ("Mr. Smith met Dr. Jones. They spoke.", ["Mr. Smith met Dr. Jones.", "They spoke."]),
        ("The U.S. Senate voted. It passed.", ["The U.S. Senate voted.", "It passed."]),
        ("I live in the U.S. It is large.", ["I live in the U.S.", "It is large."]),
        ("J. K. Rowling wrote. Then she slept.", ["J. K. Rowling wrote.", "Then she slept."]),
        ("It cost 3.5 million. No, 4.0 million.", ["It cost 3.5 million.", "No, 4.0 million."]),
        ("Bread, milk, etc. were sold. Good.", ["Bread, milk, etc. were sold.", "Good."]),
        ("“Really?” he asked. “Yes.” Then silence!", ["“Really?” he asked.", "“Yes.”", "Then silence!"]),
        ("Well… maybe. Or not…", ["Well… maybe.", "Or not…"]),
        ("کیا یہ سچ ہے؟ ہاں۔ بالکل۔", ["کیا یہ سچ ہے؟", "ہاں۔", "بالکل۔"]),
        ("هل هذا صحيح؟ نعم.", ["هل هذا صحيح؟", "نعم."]),
        ("你好。今天好吗？很好！", ["你好。", "今天好吗？", "很好！"]),
        ("「はい。」そうです。", ["「はい。」", "そうです。"]),
        ("क्या हाल है? ठीक है। चलो।", ["क्या हाल है?", "ठीक है।", "चलो।"]),
        ("Wir kamen am 3. Mai an. Es regnete.", ["Wir kamen am 3. Mai an.", "Es regnete."]),
        ("no punctuation at all", ["no punctuation at all"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    tokens = said(text)
    assert [text_of(tokens[r.start : r.stop]) for r in sentences(tokens)] == expected


def test_a_sentence_ends_where_the_speaker_changes() -> None:
    tokens = said("and then we", 0) + said("you never", 1, 1200)
    assert sentences(tokens) == [range(0, 3), range(3, 5)]


def test_words_without_punctuation_are_cut_at_the_longest_pause() -> None:
    tokens = said(" ".join(["word"] * 90))
    late = [Token(t.text, t.start + 900, t.end + 900, 0) for t in tokens[40:]]
    assert sentences(tokens[:40] + late) == [range(0, 40), range(40, 90)]


def test_turns_follow_the_speaker() -> None:
    tokens = said("one two", 0) + said("three", 1, 800) + said("four", 0, 1200) + said("five", None, 1600)
    found = turns(tokens)
    assert [(t.number, t.speaker, t.start, t.end, text_of(t.tokens)) for t in found] == [
        (1, 0, 0, 800, "one two"),
        (2, 1, 800, 1200, "three"),
        (3, 0, 1200, 1600, "four"),
        (4, None, 1600, 2000, "five"),
    ]
    assert turns([]) == []


def test_a_monologue_is_cut_into_paragraphs_of_whole_sentences() -> None:
    tokens = said("Eight words are said in this one sentence. " * 60)
    (turn,) = turns(tokens)
    parts = paragraphs(turn)
    assert [token for part in parts for token in part] == tokens
    assert len(parts) == 6
    assert all(part[-1].text == "sentence." and len(part) <= PARAGRAPH_WORDS for part in parts)
    cut = turns(tokens, longest=100)
    assert [t.speaker for t in cut] == [0] * 5
    assert [t.number for t in cut] == [1, 2, 3, 4, 5]


def test_a_long_silence_begins_a_paragraph() -> None:
    assert [len(p) for p in paragraphs(said("We left. ", 0) + said("They stayed. ", 0, 9000))] == [2, 2]


@given(st.lists(st.tuples(st.sampled_from(["a", "B.", "U.S.", "؟", "。", "no?"]), st.integers(0, 2)), max_size=300))
def test_sentences_and_turns_cover_every_token_once(words: list[tuple[str, int]]) -> None:
    tokens = [Token(word, n * 100, n * 100 + 90, speaker) for n, (word, speaker) in enumerate(words)]
    assert [n for r in sentences(tokens) for n in r] == list(range(len(tokens)))
    for longest in (None, 7):
        assert [t for turn in turns(tokens, longest) for t in turn.tokens] == tokens
    for turn in turns(tokens):
        assert [t for part in paragraphs(turn, 5) for t in part] == list(turn.tokens)
