"""Permanent ids of sentences, through corrections."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from onrecord.transcripts import maps
from onrecord.transcripts.anchors import Anchors, Former, Step, anchors
from onrecord.transcripts.tokens import Token

FIRST = "Where did it begin? In a harbour, I think. It was closed in spring. Nobody wrote down why."


def said(text: str, each: int = 400) -> list[Token]:
    return [Token(word, at * each, (at + 1) * each, 0) for at, word in enumerate(text.split())]


def chain(*texts: str, public: Sequence[bool] = ()) -> list[Step]:
    steps: list[Step] = []
    for number, text in enumerate(texts):
        tokens = said(text)
        before = steps[-1].tokens if steps else None
        word_map = maps.make(before, tokens) if before is not None else None
        steps.append(Step(tokens, word_map, public[number] if public else True))
    return steps


def test_the_first_revision() -> None:
    made = anchors(chain(FIRST))
    assert list(made.ids.items()) == [(0, "t0"), (4, "t1"), (9, "t3"), (14, "t5")]
    assert not made.former
    assert (made.at_word(3), made.at_word(4), made.at_word(99)) == ("t0", "t1", "t5")
    assert (made.at_time(0), made.at_time(3_700), made.at_time(-5)) == ("t0", "t3", "t0")


def test_a_sentence_that_came_first_moves_no_other_id() -> None:
    made = anchors(chain(FIRST, f"Well, then. {FIRST}"))
    assert list(made.ids.items()) == [(0, "t0-2"), (2, "t0"), (6, "t1"), (11, "t3"), (16, "t5")]
    assert not made.former


def test_a_corrected_word_changes_no_id() -> None:
    made = anchors(chain(FIRST, FIRST.replace("harbour", "larger harbour"), FIRST.replace("spring", "autumn")))
    assert list(made.ids.values()) == ["t0", "t1", "t3", "t5"]


def test_words_that_went_leave_their_id_at_their_time() -> None:
    made = anchors(chain(FIRST, FIRST.replace("It was closed in spring. ", "")))
    assert list(made.ids.items()) == [(0, "t0"), (4, "t1"), (9, "t5")]
    assert made.former == {9: [Former("t3", gone=True)]}


def test_two_sentences_that_became_one_have_both_ids_and_part_again() -> None:
    joined = FIRST.replace("spring. Nobody", "spring, nobody")
    made = anchors(chain(FIRST, joined))
    assert list(made.ids.values()) == ["t0", "t1", "t3"]
    assert made.former == {9: [Former("t5", gone=False)]}
    assert list(anchors(chain(FIRST, joined, FIRST)).ids.values()) == ["t0", "t1", "t3", "t5"]


def test_a_revision_that_nobody_saw_gives_no_ids() -> None:
    hidden = anchors(chain(FIRST, f"Well, then. {FIRST}", FIRST, public=[True, False, True]))
    assert hidden == anchors(chain(FIRST, FIRST))


def test_no_words_at_all() -> None:
    assert anchors([]) == Anchors({})
    assert anchors([Step([])]).at_time(5) == ""
    assert anchors([*chain(FIRST), Step([], maps.make(said(FIRST), []))]).ids == {}


SENTENCES = ["We left.", "You know I said no.", "It was closed?", "You know.", "And then the ships went after it!"]


@given(st.lists(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6), min_size=2, max_size=4))
def test_no_link_is_ever_lost_or_means_two_places(revisions: list[list[str]]) -> None:
    steps = chain(*(" ".join(sentences) for sentences in revisions))
    given_before: set[str] = set()
    for number in range(1, len(steps) + 1):
        made = anchors(steps[:number])
        there = [*made.ids.values(), *(one.id for former in made.former.values() for one in former)]
        assert len(there) == len(set(there))
        assert given_before <= set(there)
        assert set(made.former) <= set(made.ids)
        given_before = set(there)
