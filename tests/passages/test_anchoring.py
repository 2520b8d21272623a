"""Short quotations are anchored with their neighbours; words that went are found nowhere else."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord.passages.anchoring import LEAST, widened
from onrecord.transcripts import maps
from onrecord.transcripts.anchors import sentence_spans
from onrecord.transcripts.maps import Kind, State
from onrecord.transcripts.tokens import Token, text_of

PHRASES = [
    "you know I said no.",
    "they did sign the paper that night in the hotel.",
    "and you know I left.",
    "No, never.",
    "latency fell by twelve percent in every region.",
    "the railway closed and the ships went after it.",
    "nothing was signed there.",
    "I never said that we never agreed to it at all.",
]


def tokens(text: str, each: int = 300) -> list[Token]:
    return [Token(word, n * each, (n + 1) * each) for n, word in enumerate(text.split())]


def place(old: list[Token], new: list[Token], passage: range) -> maps.Projection:
    anchor = widened(passage, list(sentence_spans(old)))
    return maps.resolve(maps.make(old, new), old, new, passage, anchor)


@given(st.integers(0, 30), st.integers(1, 12))
def test_an_anchor_holds_the_passage_and_stays_in_its_sentences(first: int, length: int) -> None:
    words = tokens(" ".join(PHRASES))
    sentences = list(sentence_spans(words))
    passage = range(first, first + length)
    anchor = widened(passage, sentences)
    around = [s for s in sentences if s.start < passage.stop and s.stop > passage.start]
    assert anchor.start <= passage.start and anchor.stop >= passage.stop
    assert around[0].start <= anchor.start and anchor.stop <= around[-1].stop
    assert len(anchor) >= min(LEAST, around[-1].stop - around[0].start)
    assert len(passage) < LEAST or anchor == passage


def test_the_vectors_hold_with_anchors_too(cases: Path) -> None:
    for case in json.loads((cases / "anchor_vectors.json").read_text()):
        old, new = ([Token(word, 0, 0) for word in case[side].split()] for side in ("old", "new"))
        found = place(old, new, where(old, case["quote"], case["occ"]))
        assert found.state in case["state"].split("|"), case["id"]
        assert (found.now and text_of(new[found.now.start : found.now.stop])) == case["now"], case["id"]


def where(old: list[Token], quote: str, occurrence: int) -> range:
    sounds, wanted = [maps.sound(token.text) for token in old], [maps.sound(word) for word in quote.split()]
    starts = [n for n in range(len(old)) if sounds[n : n + len(wanted)] == wanted]
    return range(starts[occurrence], starts[occurrence] + len(wanted))


def test_words_that_were_deleted_are_found_nowhere_else() -> None:
    """500 passages of talk that says the same things again and again."""
    chance = random.Random(11)
    wrong, done = [], 0
    while done < 500:
        old = tokens(" ".join(chance.choice(PHRASES) for _ in range(60)))
        first = chance.randrange(len(old) - 20)
        passage = range(first, first + chance.choice([1, 2, 3, 5, 8, 20]))
        new = [*old[: passage.start], *old[passage.stop :]]
        if not only_one_way(old, new, passage):
            continue
        done += 1
        found = place(old, new, passage)
        if found.state not in (State.ORPHAN, State.TIME):
            wrong.append((found.state, text_of(old[passage.start : passage.stop])))
    assert wrong == []


def only_one_way(old: list[Token], new: list[Token], passage: range) -> bool:
    """Whether the text tells which words went: beside the same words, others may as well have gone."""
    sounds = [maps.sound(token.text) for token in old]
    length = len(passage)
    around = sounds[max(0, passage.start - length) : passage.stop + length]
    at = min(passage.start, length)
    before = around[at - 1 : at] != around[at + length - 1 : at + length]
    after = around[at : at + 1] != around[at + length : at + length + 1]
    return before and after


@given(st.lists(st.sampled_from("abcd"), max_size=25), st.lists(st.sampled_from("abcd"), max_size=25), st.data())
@settings(max_examples=60)
def test_maps_over_two_steps(first: list[str], second: list[str], data: st.DataObject) -> None:
    third = data.draw(st.lists(st.sampled_from("abcd"), max_size=25))
    a, b, c = (tokens(" ".join(words)) for words in (first, second, third))
    one, two = maps.make(a, b), maps.make(b, c)
    made = maps.compose(one, two)
    assert (made.old_words, made.new_words) == (len(a), len(c))
    onwards = dict(two.kept())
    assert dict(made.kept()) == {old: onwards[mid] for old, mid in one.kept() if mid in onwards}
    in_place = [block for block in made.blocks if block.kind != Kind.MOVED]
    assert sum(block.old_end - block.old for block in in_place) == len(a)
    assert sum(block.new_end - block.new for block in in_place) == len(c)
    assert all(first[old] == third[new] for old, new in [*made.kept(), *made.pairs(Kind.MOVED)])


def test_a_block_that_moved_is_followed_over_two_steps() -> None:
    vote = "the vote was held in secret on a sunday night"
    rest = "first part one two three four five six and then seven eight nine ten eleven twelve"
    a, b, c = tokens(f"{vote} {rest}"), tokens(f"{rest} {vote}"), tokens(f"so {rest} {vote}")
    found = maps.project(maps.compose(maps.make(a, b), maps.make(b, c)), range(2, 8))
    assert (found.state, text_of(c[found.now.start : found.now.stop])) == (State.MOVED, "was held in secret on a")


@pytest.mark.parametrize(("gone", "state"), [("never.", State.SAME), ("No, never.", State.TIME)])
def test_a_quotation_of_two_words(gone: str, state: State) -> None:
    old = tokens("Did you sign? I was asked. No, never. They asked again. never.")
    new = [token for n, token in enumerate(old) if n != len(old) - 1]
    if gone != "never.":
        new = [token for n, token in enumerate(new) if n not in (6, 7)]
        new[5] = Token("asked.", 1500, 2400)
    assert place(old, new, range(6, 8)).state == state
