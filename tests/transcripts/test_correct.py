"""Correcting some words: what stays, what moves, who was faster."""

from itertools import pairwise

import pytest

from onrecord.catalogue.models import Change
from onrecord.lib.errors import BadInput
from onrecord.transcripts import correct, maps, revisions
from onrecord.transcripts.maps import Kind
from onrecord.transcripts.models import Origin
from onrecord.transcripts.tokens import text_of, unpack
from tests.site import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def episode(publication):
    episode = making.make_episode(making.make_show())
    making.add_transcript(episode)
    return episode


def words_of(episode):
    return unpack(revisions.newest_of(episode).tokens)


def test_a_misheard_word(episode):
    old = words_of(episode)
    said = range(10, 23)
    assert text_of(old[10:23]) == "It began with a boat. We mended it all winter & sang <loudly>."
    made = correct.correct(
        episode, 1, said, "It began with a goat. We mended it all winter & sang <loudly>.", 1, " Not a boat. "
    )
    new = words_of(episode)
    assert (made.number, made.origin, made.note, made.public) == (2, Origin.EDIT, "Not a boat.", True)
    assert text_of(new[10:23]).startswith("It began with a goat. We mended")
    changed = [n for n, (a, b) in enumerate(zip(old, new, strict=True)) if a.text != b.text]
    assert changed == [14]
    assert [(t.start, t.end, t.speaker) for t in new] == [(t.start, t.end, t.speaker) for t in old]
    word_map = maps.unpack(made.map_from_previous)
    assert [b.kind for b in word_map.blocks if b.kind != Kind.SAME] == [Kind.CHANGED]
    assert Change.objects.filter(kind="episode", subject=episode.pk).exists()


def test_words_that_come_go_and_change_their_speaker(episode):
    count = len(words_of(episode))
    correct.correct(episode, 1, range(0, 1), "So, tell me: where", 0)
    new = words_of(episode)
    assert len(new) == count + 3
    assert all(a.start <= b.start for a, b in pairwise(new))
    assert all(0 <= token.start <= token.end for token in new)
    correct.correct(episode, 2, range(len(new) - 2, len(new)), "", 0)
    assert len(words_of(episode)) == count + 1
    correct.correct(episode, 3, range(0, 4), "So, tell me: where", 1)
    assert [token.speaker for token in words_of(episode)[:5]] == [1, 1, 1, 1, 0]
    assert correct.correct(episode, 4, range(0, 4), "So, tell me: where", 1) is None, "it says the same"
    assert revisions.newest_of(episode).number == 4


def test_somebody_else_was_faster(episode):
    correct.correct(episode, 1, range(0, 4), "Where then did it begin?", 0)
    with pytest.raises(correct.Meanwhile) as caught:
        correct.correct(episode, 1, range(10, 15), "It began with a goat.", 1)
    assert caught.value.newest.number == 2
    newest, now = correct.now(episode, 1, range(10, 15))
    assert text_of(words_of(episode)[now.start : now.stop]) == "It began with a boat."
    correct.correct(episode, newest.number, now, "It began with a goat.", 1)
    assert "goat" in text_of(words_of(episode))


@pytest.mark.parametrize(
    ("words", "text", "speaker"),
    [
        (range(0, 99), "x", 0),
        (range(3, 3), "x", 0),
        (range(0, 25), "", 0),
        (range(0, 2), "x" * 20_001, 0),
        (range(0, 2), "x", 9),
    ],
)
def test_what_cannot_be(episode, words, text, speaker):
    with pytest.raises(BadInput):
        correct.correct(episode, 1, words, text, speaker)
    assert revisions.newest_of(episode).number == 1


def test_words_that_wait_for_approval_go_on_waiting(episode, settings, publication):
    from dataclasses import replace

    settings.ONRECORD = replace(publication, speech=replace(publication.speech, approve_first=True))
    revisions.newest_of(episode).transcript.revisions.update(public=False)
    assert not correct.correct(episode, 1, range(0, 1), "When", 0).public


def test_right_to_left(episode):
    correct.correct(episode, 1, range(0, 4), "یہ کہاں سے شروع ہوا؟", 0)
    assert text_of(words_of(episode)[:5]) == "یہ کہاں سے شروع ہوا؟"
