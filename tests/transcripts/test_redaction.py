"""Blanking words: nothing of them stays, and everything else keeps its place."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from onrecord.transcripts import maps
from onrecord.transcripts.anchors import sentence_spans
from onrecord.transcripts.redaction import blanked, first_blank, followed, has_blank, said_within
from onrecord.transcripts.tokens import Token, pack, text_of, unpack

SAID = "bread salt water Wind, and what? was. said! Mr. U.S. اور پانی۔ 水 「塩」"
TEXTS = st.sampled_from(SAID.split())


@st.composite
def transcripts(draw: st.DrawFn) -> list[Token]:
    tokens, at = [], 0
    for text in draw(st.lists(TEXTS, min_size=1, max_size=60)):
        at += draw(st.integers(0, 900))
        end = at + draw(st.integers(0, 600))
        tokens.append(Token(text, at, end, draw(st.sampled_from([None, 0, 1])), 0.5, draw(st.booleans())))
        at = end
    return tokens


@given(transcripts(), st.integers(0, 30_000), st.integers(1, 20_000))
def test_words_go_and_places_stay(tokens: list[Token], start: int, length: int) -> None:
    gone = said_within(tokens, start, start + length)
    result = blanked(tokens, gone)
    assert unpack(pack(result)) == result
    assert [(one.start, one.end, one.speaker) for one in result] == [
        (one.start, one.end, one.speaker) for one in tokens
    ]
    for at, (old, new) in enumerate(zip(tokens, result, strict=True)):
        overlaps = old.start < start + length and (old.end > start or old.end == old.start >= start)
        assert (at in gone) == overlaps
        assert has_blank(new.text) == (at in gone)
        assert at in gone or new == old
    assert not {mark for at in gone for mark in result[at].text} - set("█.?!۔")
    ends = {span.stop for span in sentence_spans(tokens) if span.stop - 1 in gone}
    assert ends <= {span.stop for span in sentence_spans(result)}, "a sentence that ended in a blank still does"
    assert blanked(result, gone) == result, "once more changes nothing"
    assert first_blank(result, start, start + length) == min(gone, default=None)


@given(transcripts(), st.data())
def test_the_same_words_go_from_every_revision(old: list[Token], data: st.DataObject) -> None:
    """Also where a person mended them, or their times were others."""
    new = [replace(word, text=data.draw(TEXTS)) if data.draw(st.integers(0, 5)) == 0 else word for word in old]
    late = [replace(word, start=word.start + 100_000, end=word.end + 100_000) for word in new]
    gone = said_within(old, 0, data.draw(st.integers(1, 20_000)))
    words: list[set[int]] = [set(gone), set(), set()]
    followed([maps.make(old, new), maps.make(new, late)], words)
    assert gone <= words[0]
    kept = dict(maps.make(old, new).kept())
    assert {kept[at] for at in words[0] if at in kept} <= words[1] == words[2]


def test_a_name_that_was_misheard_goes_too() -> None:
    def spoken(text: str) -> list[Token]:
        return [Token(word, at * 500, at * 500 + 500) for at, word in enumerate(text.split())]

    heard = spoken("he said that Seb Ulan lives in our house by the water")
    mended = spoken("he said that Zebulon lives in our house by the water")
    words: list[set[int]] = [{3, 4}, set()]
    followed([maps.make(heard, mended)], words)
    assert text_of(blanked(mended, words[1])) == "he said that █ lives in our house by the water"
