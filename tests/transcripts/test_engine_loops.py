"""What a model invents goes; what was said stays."""

import pytest

from onrecord.transcripts.engines.loops import Segment, repeats_itself, sift
from onrecord.transcripts.tokens import Token


def segment(text: str, start: int = 0, probability: float = 0.9, silence: float = 0.05, each: int = 300, **more):
    tokens = tuple(
        Token(word, start + each * at, start + each * at + each - 20, None, probability)
        for at, word in enumerate(text.split())
    )
    return Segment(tokens, more.get("logprob", -0.2), silence, more.get("compression", 1.5))


ALWAYS = [(0, 1_000_000)]


def texts(segments):
    return [one.text for one in segments]


def test_plain_speech_stays():
    said = [segment("The railway did not close."), segment("Thank you very much.", 2000), segment("No, no, no.", 4000)]
    kept, dropped = sift(said, ALWAYS)
    assert (kept, dropped) == (said, [])


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!",
        "Thank you.",
        "you",
        "Vielen Dank fürs Zuschauen.",
        "Спасибо за просмотр!",
        "شكرا للمشاهدة",
        "谢谢观看",
        "Merci d'avoir regardé cette vidéo !",
    ],
)
def test_a_farewell_at_low_confidence_that_stands_alone_goes(text):
    assert sift([segment(text, probability=0.5)], ALWAYS)[0] == []


def test_a_farewell_among_other_words_stays():
    said = [segment("That was all we know.", 0), segment("Thank you.", 1600, probability=0.5)]
    assert sift(said, ALWAYS)[0] == said


def test_a_clear_farewell_stays_even_alone():
    said = [segment("Thank you.", probability=0.95)]
    assert sift(said, ALWAYS)[0] == said


@pytest.mark.parametrize(
    "text",
    [
        "Subtitles by the Amara.org community",
        "Untertitel im Auftrag des ZDF für funk, 2017",
        "Sous-titres réalisés par la communauté d'Amara.org",
        "Субтитры сделал DimaTorzok",
        "Продолжение следует...",
        "ご視聴ありがとうございました",
        "Napisy stworzone przez społeczność Amara.org",
    ],
)
def test_credits_of_films_go_however_sure_the_model_is(text):
    kept, dropped = sift([segment(text, probability=0.97)], ALWAYS)
    assert kept == [] and dropped[0].reason == "a stock phrase"


def test_a_sentence_that_speaks_of_subtitles_stays():
    said = [segment("We had the film's subtitles provided by a student whom I had met in the library the year before.")]
    assert sift(said, ALWAYS)[0] == said


def test_words_where_no_voice_was_found_go():
    kept, dropped = sift([segment("And so it goes on.", 5000)], [(0, 4000)])
    assert kept == [] and dropped[0].reason == "no voice there"


def test_guesses_and_probable_silence_go():
    assert sift([segment("Big naga, maybe.", probability=0.2)], ALWAYS)[0] == []
    assert sift([segment("I am here.", probability=0.6, silence=0.9, logprob=-1.1)], ALWAYS)[0] == []
    assert sift([segment("I am here.", probability=0.9, silence=0.9, logprob=-0.2)], ALWAYS)[0] != []


@pytest.mark.parametrize("text", ["Ha ha ha ha!", "Hahaha.", "Хахаха!", "ハハハ", "[...]", "♪ ♪"])
def test_laughter_and_signs_are_no_words(text):
    assert sift([segment(text)], ALWAYS)[0] == []


def test_hours_of_one_word_and_words_faster_than_speech_go():
    assert sift([segment("Ooh yeah", each=3000)], ALWAYS)[0] == []
    assert sift([segment("all of these words at once in no time at all", each=21)], ALWAYS)[0] == []


def test_a_loop_keeps_its_first_turn():
    words = "we went home " + "and then we went to the sea " * 9 + "and slept"
    kept, dropped = sift([segment(words, compression=4)], ALWAYS)
    assert texts(kept) == ["we went home and then we went to the sea and slept"]
    assert dropped[0].reason == "a loop"


def test_a_loop_is_found_across_segments():
    said = [segment("I don't know.", at * 1000) for at in range(8)]
    assert repeats_itself(said)
    assert texts(sift(said, ALWAYS)[0]) == ["I don't know."]


def test_people_repeat_themselves_a_little():
    said = [segment("No, no, no, no, no. Very, very, very good. Come on, come on, come on!")]
    assert not repeats_itself(said)
    assert sift(said, ALWAYS)[0] == said
