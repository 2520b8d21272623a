"""Word maps, and where passages stand afterwards."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from onrecord.lib.errors import Failed
from onrecord.transcripts import maps
from onrecord.transcripts.maps import Block, Kind, Projection, State
from onrecord.transcripts.tokens import Token, text_of

FEW_WORDS = st.sampled_from("abcdef")
TEXTS = st.lists(FEW_WORDS, max_size=40)


def words(text: str) -> list[str]:
    return text.split()


TALK = words(
    "we came to the harbour in spring and it was closed they told us that the railway had gone first and the ships "
    "after it nobody wrote down why so I asked the clerk who kept the ledgers he said that he had been told to burn "
    "them but he kept two pages and those I have here with me today if you want to see what they say about it"
)


def untimed(words: Sequence[str]) -> list[Token]:
    return [Token(word, 0, 0) for word in words]


def timed(words: Sequence[str], start: int = 0) -> list[Token]:
    return [Token(word, start + 300 * n, start + 300 * n + 300) for n, word in enumerate(words)]


def one_way_only(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether `new` is left of `old` by taking words out in one way only."""

    def leftmost(long: Sequence[str], short: Sequence[str]) -> list[int]:
        places, at = [], 0
        for word in short:
            at = list(long).index(word, at) + 1
            places.append(at - 1)
        return places

    backwards = leftmost(old[::-1], new[::-1])
    return leftmost(old, new) == [len(old) - 1 - place for place in reversed(backwards)]


def test_anchor_vectors(cases: Path) -> None:
    vectors = json.loads((cases / "anchor_vectors.json").read_text())
    assert len(vectors) >= 12
    for case in vectors:
        old, new = untimed(case["old"].split()), untimed(case["new"].split())
        quote = [maps.sound(word) for word in case["quote"].split()]
        sounds = [maps.sound(token.text) for token in old]
        starts = [n for n in range(len(old)) if sounds[n : n + len(quote)] == quote]
        start = starts[case["occ"]]
        found = maps.resolve(maps.make(old, new), old, new, range(start, start + len(quote)))
        assert found.state in case["state"].split("|"), case["id"]
        now = None if found.now is None else text_of(new[found.now.start : found.now.stop])
        assert now == case["now"], case["id"]
        if found.now is not None and "now_start_word" in case:
            assert found.now.start == case["now_start_word"], case["id"]


@given(TEXTS, TEXTS)
def test_blocks_cover_both_revisions_in_order_and_keep_only_equal_words(old: list[str], new: list[str]) -> None:
    made = maps.make(untimed(old), untimed(new))
    at, bt = 0, 0
    for block in made.blocks:
        if block.kind == Kind.MOVED:
            assert old[block.old : block.old_end] == new[block.new : block.new_end]
            continue
        assert (block.old, block.new) == (at, bt)
        at, bt = block.old_end, block.new_end
        if block.kind == Kind.SAME:
            assert old[block.old : block.old_end] == new[block.new : block.new_end]
        assert (block.old < block.old_end) == (block.kind != Kind.INSERTED)
        assert (block.new < block.new_end) == (block.kind != Kind.DELETED)
    assert (at, bt) == (len(old), len(new)) == (made.old_words, made.new_words)
    assert maps.unpack(maps.pack(made)) == made


@given(TEXTS, TEXTS, st.data())
def test_at_least_half_of_a_passage_that_is_kept_is_there(old: list[str], new: list[str], data: st.DataObject) -> None:
    assume(old)
    made = maps.make(untimed(old), untimed(new))
    start = data.draw(st.integers(0, len(old) - 1))
    passage = range(start, data.draw(st.integers(start + 1, len(old))))
    found = maps.project(made, passage)
    assert (found.now is None) == (found.state == State.ORPHAN)
    if found.now is not None:
        now = new[found.now.start : found.now.stop]
        shared = sum(1 for word in old[passage.start : passage.stop] if word in now)
        assert 2 * shared >= len(passage)
        assert (found.state == State.SAME) <= (now == old[passage.start : passage.stop])


@given(st.lists(st.sampled_from(TALK), min_size=2, max_size=80), st.data())
@example(["p", "a", "b", "x", "a", "b", "y", "z"], None)
@settings(max_examples=300)
def test_words_that_were_deleted_are_never_found_elsewhere(said: list[str], data: st.DataObject | None) -> None:
    if data is None:
        start, stop = 3, 7
    else:
        start = data.draw(st.integers(0, len(said) - 1))
        stop = data.draw(st.integers(start + 1, len(said)))
    left = said[:start] + said[stop:]
    assume(data is None or one_way_only(said, left))
    made = maps.make(untimed(said), untimed(left))
    assert maps.project(made, range(start, stop)) == Projection(State.ORPHAN, None)


@given(st.integers(0, len(TALK) - 12), st.integers(3, 12), st.data())
def test_deleted_from_talk_that_repeats(start: int, length: int, data: st.DataObject) -> None:
    """The passage is said twice; the one that was deleted is not taken for the one that stays."""
    passage = TALK[start : start + length]
    again = data.draw(st.integers(start + length, len(TALK)))
    old = TALK[:again] + passage + TALK[again:]
    left = TALK[:start] + TALK[start + length : again] + passage + TALK[again:]
    assume(one_way_only(old, left))
    made = maps.make(timed(old), untimed(left))
    assert maps.project(made, range(start, start + length)).state == State.ORPHAN
    assert maps.project(made, range(again, again + length)).state == State.SAME


def test_which_of_two_equal_words_went_is_told_by_spelling_then_by_time() -> None:
    old = timed(words("No. I said no I said no and left"))
    assert maps.make(old, untimed(words("No. I said no and left"))).blocks[0].kind == Kind.SAME
    spelled = maps.make(untimed(words("it was. It was so")), untimed(["It", "was", "so"]))
    assert spelled.blocks[0] == Block(Kind.DELETED, 0, 2, 0, 0)
    said = timed(words("one you know you know two"))
    later = [said[n] for n in (0, 3, 4, 5)]
    assert Block(Kind.DELETED, 1, 3, 1, 1) in maps.make(said, later).blocks
    sooner = [said[n] for n in (0, 1, 2, 5)]
    assert Block(Kind.DELETED, 3, 5, 3, 3) in maps.make(said, sooner).blocks


def test_common_words_do_not_match_by_chance() -> None:
    old = [*TALK, *words("the first of many long stories about nobody at all"), *TALK[::-1]]
    new = [*TALK, *words("something else entirely then of which people here never spoke"), *TALK[::-1]]
    kinds = [block.kind for block in maps.make(untimed(old), untimed(new)).blocks]
    assert kinds == [Kind.SAME, Kind.CHANGED, Kind.SAME]


def test_a_block_that_moved_is_found_only_where_words_came() -> None:
    moved = words("the vote was held in secret that night")
    old, new = [*moved, *TALK], [*TALK, *moved]
    made = maps.make(untimed(old), untimed(new))
    assert made.blocks[-1] == Block(Kind.MOVED, 0, 8, len(TALK), len(TALK) + 8)
    assert maps.project(made, range(2, 6)) == Projection(State.MOVED, range(len(TALK) + 2, len(TALK) + 6))
    copied = maps.make(untimed(old), untimed([*TALK, *moved, "so", *moved]))
    assert maps.project(copied, range(2, 6)).state == State.ORPHAN


def test_the_part_of_a_changed_block_that_a_passage_covers() -> None:
    old = words("then came one two three four and more was said")
    new = words("then came uno dos tres quattro and more was said")
    made = maps.make(untimed(old), untimed(new))
    assert maps.project(made, range(5, 8)) == Projection(State.CHANGED, range(5, 8))
    assert maps.project(made, range(2, 6)).state == State.ORPHAN


def test_time_is_the_fallback_and_says_so() -> None:
    old = timed(words("he met Robin there"))
    heard_better = [*old[:2], Token("Elisa", 610, 880), old[3]]
    made = maps.make(old, heard_better)
    assert maps.resolve(made, old, heard_better, range(2, 3)) == Projection(State.TIME, range(2, 3))
    cut = [*old[:2], old[3]]
    assert maps.resolve(maps.make(old, cut), old, cut, range(2, 3)) == Projection(State.ORPHAN, None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("“Well,", "well", True),
        ("don’t", "don't", True),
        ("ﬁne", "FINE.", True),
        ("كِتَابـ", "كتاب", True),
        ("1.5", "15", False),
        ("—", "…", False),
        ("हैं।", "हैं", True),
        ("not", "now", False),
    ],
)
def test_words_match_as_they_sound(one: str, other: str, same: bool) -> None:
    assert (maps.sound(one) == maps.sound(other)) == same


def test_a_damaged_map_says_so() -> None:
    packed = maps.pack(maps.make(untimed(TALK), untimed(TALK[5:])))
    for damaged in (b"", packed[:-3], b"XXXX" + packed[4:], packed[:10]):
        with pytest.raises(Failed):
            maps.unpack(damaged)


def test_a_passage_outside_the_revision_is_an_error() -> None:
    made = maps.make(untimed(TALK), untimed(TALK))
    for passage in (range(3, 3), range(-1, 2), range(0, len(TALK) + 1)):
        with pytest.raises(ValueError, match="passage"):
            maps.project(made, passage)
