"""Which language: votes of pieces all over a recording."""

import numpy as np
import pytest

from onrecord.transcripts.engines.language import code_of, detect, heard_badly
from onrecord.transcripts.engines.loops import Dropped
from onrecord.transcripts.engines.windows import RATE
from onrecord.transcripts.tokens import Token

HOUR = np.zeros(3600 * RATE, np.int16)


class Ears:
    """Recognises what a list says, piece after piece, and counts how often it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = answers, 0

    def __call__(self, sound):
        assert len(sound) <= 45 * RATE
        self.asked += 1
        return self.answers[(self.asked - 1) % len(self.answers)]


def test_three_pieces_that_agree_are_enough():
    ears = Ears({"de": 0.9, "nl": 0.1})
    assert detect(HOUR, ears).code == "de"
    assert ears.asked == 3


def test_an_english_jingle_does_not_make_it_english():
    ears = Ears({"en": 0.9}, {"ur": 0.9}, {"ur": 0.8}, {"ur": 0.9}, {"ur": 0.9})
    assert detect(HOUR, ears).code == "ur"


def test_silence_at_first_is_listened_past():
    ears = Ears(*[{}] * 9, {"ru": 0.9})
    found = detect(HOUR, ears)
    assert (found.code, found.spoken) == ("ru", True)


def test_nobody_speaks():
    assert not detect(HOUR, Ears({})).spoken
    assert not detect(np.zeros(0, np.int16), Ears({})).spoken


def test_when_in_doubt_the_publication_s_own_language_is_believed():
    doubtful = {"cy": 0.4, "en": 0.3, "nn": 0.3}
    assert detect(HOUR, Ears(doubtful), "en").code == "en"
    assert detect(HOUR, Ears(doubtful), "fr").code == ""


@pytest.mark.parametrize(("tag", "code"), [("en-GB", "en"), ("nb", "no"), ("zh_Hant", "zh"), ("FIL", "tl")])
def test_codes(tag, code):
    assert code_of(tag) == code


def test_what_is_heard_badly():
    sure = [Token("word", 0, 1, None, 0.8)] * 40
    unsure = [Token("word", 0, 1, None, 0.4)] * 40
    loop = [Dropped("so it goes " * 20, 0, "a loop")]
    assert not heard_badly(sure, [])
    assert heard_badly(unsure, [])
    assert heard_badly(sure, loop)
    assert not heard_badly(sure * 5, loop)
    assert not heard_badly(sure, [Dropped("so it goes " * 20, 0, "no voice there")])
