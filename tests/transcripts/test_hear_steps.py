"""The four steps as a worker runs them, one after the other, on real rows."""

import itertools
import shutil
import wave
from pathlib import Path

import numpy as np
import pytest
from django.utils import timezone

from onrecord.catalogue.models import Change, Episode, Show
from onrecord.jobs import registry
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.models import State, Step
from onrecord.lib.errors import Failed
from onrecord.lib.files import sha256_of
from onrecord.recordings.models import Recording
from onrecord.transcripts import maps, missing
from onrecord.transcripts.engines import weights
from onrecord.transcripts.models import HeardWindow, Origin, Revision, Speaker, Transcript
from onrecord.transcripts.steps import assemble
from onrecord.transcripts.tokens import Token, pack, text_of, unpack
from tests.transcripts.measuring import word_error_rate

STEPS = ("transcript.plan", "transcript.hear", "transcript.speakers", "transcript.assemble")
pytestmark = pytest.mark.django_db


def make_recording(publication, sound: Path, language: str = "") -> Recording:
    """A recording as transcript.plan finds it; its speech is made from the original when it is asked for."""
    show = Show.objects.create(slug="show", name="Show", language="en", podcast_guid="0" * 36)
    episode = Episode.objects.create(
        show=show, slug="episode", title="Episode", language=language, published_at=timezone.now()
    )
    sha256 = sha256_of(sound)
    (publication.folder / "originals").mkdir()
    (publication.folder / "work").mkdir()
    shutil.copyfile(sound, publication.folder / "originals" / sha256)
    with_name = Recording(episode=episode, sha256=sha256, name=sound.name, size=sound.stat().st_size, kind="audio")
    with_name.format = sound.suffix[1:]
    with_name.save()
    from onrecord.recordings.speech import speech_samples

    with_name.duration_ms = len(speech_samples(with_name)) // 16
    with_name.save()
    return with_name


def write_wave(path: Path, samples: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def run(name: str, recording: Recording, folder: Path, piece: int = 0, **parameters) -> Step:
    """Run one step as a worker does."""
    row, _ = Step.objects.get_or_create(name=name, subject=recording.pk, piece=piece)
    row.state, row.attempt = State.RUNNING, row.attempt + 1
    row.parameters = {**row.parameters, **parameters}
    row.save()
    registry.find(name).function(Attempt(row, folder))
    row.refresh_from_db()
    assert row.state == State.DONE
    return row


def transcribe(recording: Recording, folder: Path, **parameters) -> Transcript:
    Step.objects.filter(subject=recording.pk).delete()
    run("transcript.plan", recording, folder, **parameters)
    for row in Step.objects.filter(name="transcript.hear").order_by("piece"):
        run("transcript.hear", recording, folder, row.piece)
    run("transcript.speakers", recording, folder)
    run("transcript.assemble", recording, folder)
    return Transcript.objects.get(recording=recording)


def put_window(recording: Recording, number: int, tokens: list[Token], **report) -> None:
    facts = {"language": "en", "model": "base", "refusal": "", **report}
    HeardWindow.objects.create(
        recording=recording, number=number, start_ms=0, end_ms=0, tokens=pack(tokens), report=facts
    )


def words(text: str, start: int = 0, speaker: int | None = 0, probability: float = 0.9) -> list[Token]:
    return [
        Token(word, start + 300 * at, start + 300 * at + 280, speaker, probability)
        for at, word in enumerate(text.split())
    ]


@pytest.fixture
def recording(publication, tmp_path) -> Recording:
    return make_recording(publication, write_wave(tmp_path / "quiet.wav", np.zeros(16_000 * 3)), "en")


# --- assemble


def test_windows_become_one_revision(recording, tmp_path):
    put_window(recording, 0, words("We went to the sea.", 0, 0))
    put_window(recording, 1, words("And then?", 3000, 1))
    run("transcript.assemble", recording, tmp_path)
    revision = Revision.objects.get()
    assert text_of(unpack(revision.tokens)) == "We went to the sea. And then?"
    assert (revision.number, revision.words, revision.language, revision.origin) == (1, 7, "en", Origin.MACHINE)
    assert revision.public and revision.read_by_person is None and revision.map_from_previous is None
    assert revision.engine.startswith("faster-whisper ") and revision.engine.endswith(", base")
    assert [(one.index, one.label) for one in Speaker.objects.all()] == [(0, "Speaker 1"), (1, "Speaker 2")]
    assert Change.objects.filter(kind="episode", subject=recording.episode_id).exists()


def test_words_that_both_neighbours_heard_stand_once():
    first, second = words("went to the sea"), words("the sea and slept", 700)
    assert text_of(assemble.joined([first, second])) == "went to the sea and slept"
    later = words("the sea and slept", 5000)
    assert text_of(assemble.joined([first, later])) == "went to the sea the sea and slept"


def test_a_transcript_may_wait_for_approval(recording, tmp_path, settings, publication):
    (publication.folder / "onrecord.toml").write_text("[speech]\napprove_first = true\n")
    from onrecord.lib import configuration

    settings.ONRECORD = configuration.load(publication.folder)
    put_window(recording, 0, words("We went to the sea."))
    run("transcript.assemble", recording, tmp_path)
    assert not Revision.objects.get().public


@pytest.mark.parametrize(
    ("tokens", "report", "reason"),
    [
        ([], {"refusal": missing.NO_LANGUAGE}, "was not recognised"),
        ([], {"refusal": missing.UNKNOWN_LANGUAGE, "language": "xx"}, "model base does not know the language of the"),
        ([], {}, "no words were heard"),
        (words("big naga maybe I do not know", probability=0.3), {"language": "ur"}, "well enough in its language (Ur"),
    ],
)
def test_why_there_are_no_words(recording, tmp_path, tokens, report, reason):
    put_window(recording, 0, tokens, **report)
    run("transcript.assemble", recording, tmp_path)
    assert reason in said_of(Transcript.objects.get())
    assert not Revision.objects.exists()


def said_of(transcript: Transcript) -> str:
    return missing.sentence(transcript.missing_because, transcript.missing_details)


def heard_again(recording, tmp_path, tokens: list[Token]) -> Revision:
    HeardWindow.objects.all().delete()
    put_window(recording, 0, tokens)
    run("transcript.assemble", recording, tmp_path)
    return Revision.objects.order_by("number").last()


def test_the_same_words_again_make_no_revision(recording, tmp_path):
    for _ in range(2):
        heard_again(recording, tmp_path, words("We went to the sea."))
    assert Revision.objects.count() == 1


def test_a_second_hearing_keeps_the_speakers_numbers(recording, tmp_path):
    heard_again(recording, tmp_path, words("Where did you go?", 0, 0) + words("We went to the sea.", 2000, 1))
    again = heard_again(recording, tmp_path, words("Oh!", 0, 2) + words("We went to the seas.", 2000, 0))
    assert again.number == 2 and again.public
    assert [token.speaker for token in unpack(again.tokens)] == [2] + [1] * 5
    assert maps.unpack(again.map_from_previous).new_words == 6
    assert sorted(Speaker.objects.values_list("index", flat=True)) == [0, 1, 2]


@pytest.mark.parametrize("by_person", [{"origin": Origin.IMPORT}, {"read_by_person": timezone.now()}])
def test_a_machine_does_not_speak_over_a_person(recording, tmp_path, by_person):
    heard_again(recording, tmp_path, words("We went to the see."))
    Revision.objects.update(**by_person)
    again = heard_again(recording, tmp_path, words("We went to the sea."))
    assert (again.number, again.public) == (2, False)


def test_a_second_hearing_that_fails_leaves_the_words(recording, tmp_path):
    heard_again(recording, tmp_path, words("We went to the sea."))
    HeardWindow.objects.all().delete()
    put_window(recording, 0, [], refusal=missing.NO_SPEECH)
    run("transcript.assemble", recording, tmp_path)
    assert Transcript.objects.get().missing_because == ""


# --- plan


def test_an_english_only_model_is_not_asked_for_another_language(recording, tmp_path, monkeypatch):
    recording.episode.language = "ru"
    recording.episode.save()
    monkeypatch.setattr(weights, "find_model", lambda *_: weights.Model(tmp_path, "tiny.en", "tiny.en"))
    monkeypatch.setattr(weights, "is_english_only", lambda model: True)
    transcript = transcribe(recording, tmp_path)
    assert "(Russian)" in said_of(transcript) and "tiny.en" in said_of(transcript)
    recording.refresh_from_db()
    assert "multilingual" in recording.warnings[0]
    assert not Step.objects.filter(name="transcript.hear").exists()


def test_a_model_that_stands_in_is_a_warning_once(recording, tmp_path, monkeypatch):
    found = weights.Model(tmp_path, "base", "base", "Another model was used.")
    monkeypatch.setattr(weights, "find_model", lambda *_: found)
    monkeypatch.setattr(weights, "knows", lambda *_: True)
    for _ in range(2):
        run("transcript.plan", recording, tmp_path)
    recording.refresh_from_db()
    assert recording.warnings == ["Another model was used."]


def test_a_setting_that_names_no_model_fails_and_does_not_refuse_the_recording(recording, tmp_path):
    with pytest.raises(Failed, match="no speech model"):
        run("transcript.plan", recording, tmp_path, model="no-such-model")


def test_the_plan_cuts_windows_and_adds_their_steps(publication, tmp_path, monkeypatch):
    samples = np.random.default_rng(1).normal(0, 300, 16_000 * 700)
    recording = make_recording(publication, write_wave(tmp_path / "long.wav", samples), "en")
    monkeypatch.setattr(weights, "find_model", lambda *_: weights.Model(tmp_path, "base", "base"))
    monkeypatch.setattr(weights, "knows", lambda *_: True)
    for _ in range(2):
        run("transcript.plan", recording, tmp_path)
    windows = list(HeardWindow.objects.order_by("number"))
    assert len(windows) == 3 and windows[-1].end_ms == 700_000
    rows = Step.objects.filter(name="transcript.hear").order_by("piece")
    assert [row.piece for row in rows] == [0, 1, 2]
    assert {row.state for row in rows} == {State.WAITING}
    assert rows[0].parameters == {"model": "base", "language": "en"}


def test_work_on_the_back_catalogue_goes_on_yielding(recording, tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "find_model", lambda *_: weights.Model(tmp_path, "base", "base"))
    monkeypatch.setattr(weights, "knows", lambda *_: True)
    Step.objects.create(name="transcript.plan", subject=recording.pk, priority=-940)
    run("transcript.plan", recording, tmp_path)
    assert Step.objects.get(name="transcript.hear").priority < -900


# --- all four, with real models


@pytest.mark.speech
def test_a_sentence_that_everybody_knows(publication, cases, tmp_path):
    recording = make_recording(publication, cases / "recordings" / "jfk.flac")
    transcript = transcribe(recording, tmp_path)
    revision = transcript.revisions.get()
    said = "And so my fellow Americans, ask not what your country can do for you, ask what you can do for your country."
    assert word_error_rate(said, text_of(unpack(revision.tokens))) == 0
    assert Speaker.objects.count() == 1
    recording.episode.refresh_from_db()
    assert recording.episode.language == "en"
    tokens = unpack(revision.tokens)
    assert all(one.start <= one.end <= 11_000 and one.probability > 0 for one in tokens)
    assert all(one.start <= other.start for one, other in itertools.pairwise(tokens))


@pytest.mark.speech
def test_an_english_only_model_and_a_russian_recording(publication, cases, tmp_path):
    recording = make_recording(publication, cases / "recordings" / "russian.wav")
    transcript = transcribe(recording, tmp_path, model="tiny.en")
    assert "(Russian)" in said_of(transcript) and "tiny.en" in said_of(transcript)
    assert not transcript.revisions.exists()


@pytest.mark.speech
def test_a_russian_recording(publication, cases, tmp_path):
    recording = make_recording(publication, cases / "recordings" / "russian.wav")
    transcript = transcribe(recording, tmp_path)
    revision = transcript.revisions.get()
    assert revision.language == "ru"
    assert "на его месте" in text_of(unpack(revision.tokens))


@pytest.mark.speech
def test_no_words_are_invented_for_silence(publication, cases, tmp_path):
    recording = make_recording(publication, cases / "media" / "silence.wav")
    transcript = transcribe(recording, tmp_path)
    assert "no speech" in said_of(transcript)
