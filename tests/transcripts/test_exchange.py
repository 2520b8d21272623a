"""Words out as a file, corrected words in as a revision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from onrecord.catalogue.models import Change, Episode, Person
from onrecord.lib.configuration import SpeechSettings
from onrecord.lib.errors import BadInput, Failed
from onrecord.recordings.models import Recording
from onrecord.transcripts import exchange, formats, maps, revisions, speakers
from onrecord.transcripts.maps import Kind, State
from onrecord.transcripts.models import Origin, Revision, Speaker, Transcript
from onrecord.transcripts.tokens import Token, pack, text_of, unpack
from tests.transcripts.making import heard

pytestmark = pytest.mark.django_db

Edit = Callable[[str], str]


def put_back(episode: Episode, format: str, edit: Edit, **options: object) -> Revision | None:
    """Export, edit, import."""
    data = edit(exchange.export(episode, format)).encode()
    return exchange.import_corrected(episode, data, f"corrected.{format}", **options)  # type: ignore[arg-type]


def words(revision: Revision) -> list[Token]:
    return unpack(revision.tokens)


@pytest.mark.parametrize("format", list(formats.FORMATS))
def test_the_same_words_change_nothing(episode: Episode, transcript: Transcript, format: str) -> None:
    assert put_back(episode, format, lambda text: text) is None
    assert transcript.revisions.count() == 1
    assert not Change.objects.exists()


@pytest.mark.parametrize("format", list(formats.FORMATS))
def test_a_correction_is_a_new_revision_with_its_map(episode: Episode, transcript: Transcript, format: str) -> None:
    revision = put_back(episode, format, lambda text: text.replace("terrorists", "tariffs"), note="misheard")
    assert revision is not None
    revision.refresh_from_db()
    assert (revision.number, revision.origin, revision.note, revision.public) == (2, "import", "misheard", True)
    assert revision.language == "en" and revision.words == len(heard())
    now = words(revision)
    assert text_of(now) == text_of(heard()).replace("terrorists", "tariffs")
    for was, token in zip(heard(), now, strict=True):
        assert token.speaker == was.speaker
        if was.text == "terrorists":
            assert token.probability is None
            assert abs(token.start - was.start) <= 40 and abs(token.end - was.end) <= 40 and token.end > token.start
        else:
            assert token == Token(was.text, was.start, was.end, was.speaker, was.probability, token.space)
    word_map = maps.unpack(revision.map_from_previous or b"")
    assert [block.kind for block in word_map.blocks].count(Kind.CHANGED) == 2
    assert word_map == maps.make(heard(), now)
    assert [(change.kind, change.subject) for change in Change.objects.all()] == [("episode", episode.pk)]
    assert revisions.public_revision(transcript) == revision


def test_the_revision_before_is_as_it_was(episode: Episode, transcript: Transcript) -> None:
    before = Revision.objects.filter(number=1).values().get()
    put_back(episode, "vtt", lambda text: text.replace("silence", "Silence!"))
    put_back(episode, "txt", lambda text: text.replace("Welcome", "You are welcome"))
    speakers.approve(episode)
    assert Revision.objects.filter(number=1).values().get() == before
    assert [r.number for r in transcript.revisions.all()] == [1, 2, 3]


def test_a_revision_cannot_be_changed(transcript: Transcript) -> None:
    revision = transcript.revisions.get()
    revision.note = "other"
    revision.public = False
    for fields in (None, ["note"], ["public", "note"], []):
        with pytest.raises(TypeError, match="never changed"):
            revision.save(update_fields=fields)
    revision.save(update_fields=["public"])
    revision.refresh_from_db()
    assert (revision.note, revision.public) == ("", False)


def test_case_and_punctuation_are_corrections_that_keep_times(episode: Episode, transcript: Transcript) -> None:
    revision = put_back(episode, "txt", lambda text: text.replace("They did sign the", "they did sign: The"))
    assert revision is not None
    assert [(t.start, t.end, t.probability) for t in words(revision)] == [
        (t.start, t.end, t.probability) for t in heard()
    ]
    assert "they did sign: The paper" in text_of(words(revision))


def test_inserted_words_stand_between_their_neighbours(episode: Episode, transcript: Transcript) -> None:
    revision = put_back(episode, "txt", lambda text: text.replace("did sign", "did not sign"))
    assert revision is not None
    now = words(revision)
    at = [token.text for token in now].index("not")
    assert now[at - 1].end <= now[at].start <= now[at].end <= now[at + 1].start
    assert now[at].speaker == 1


def test_inserted_words_take_the_files_times(episode: Episode, transcript: Transcript) -> None:
    end = heard()[-1].end
    late = f"\n\n{vtt_time(end + 4000)} --> {vtt_time(end + 5000)}\n<v Speaker 1>Thank you.\n"
    revision = put_back(episode, "vtt", lambda text: text.rstrip() + late)
    assert revision is not None
    last = words(revision)[-2:]
    assert [token.text for token in last] == ["Thank", "you."]
    assert last[0].start == end + 4000 and last[1].end == end + 5000
    assert {token.speaker for token in last} == {0}


def vtt_time(milliseconds: int) -> str:
    return f"00:00:{milliseconds // 1000:02}.{milliseconds % 1000:03}"


def test_times_never_run_backwards(episode: Episode, transcript: Transcript) -> None:
    def edit(text: str) -> str:
        return text.replace("sign", "put their names under").replace("nothing was", "").replace("railway", "rail way")

    for format in formats.FORMATS:
        transcript.revisions.filter(number__gt=1).delete()
        revision = put_back(episode, format, edit)
        assert revision is not None
        edges = [edge for token in words(revision) for edge in (token.start, token.end)]
        assert edges == sorted(edges), format


def test_text_without_times_or_names_is_a_correction(episode: Episode, transcript: Transcript) -> None:
    data = text_of(heard()).replace("terrorists", "tariffs").encode()
    revision = exchange.import_corrected(episode, data, "plain.txt")
    assert revision is not None
    assert [token.speaker for token in words(revision)] == [token.speaker for token in heard()]
    kept = [(n, t) for n, t in enumerate(words(revision)) if t.text != "tariffs"]
    assert all((t.start, t.end) == (heard()[n].start, heard()[n].end) for n, t in kept)


def test_a_speaker_may_be_corrected_too(episode: Episode, transcript: Transcript) -> None:
    revision = put_back(
        episode, "vtt", lambda text: text.replace("<v Speaker 1>And after that?", "<v Ada Lovelace>And after that?")
    )
    assert revision is not None
    changed = {(t.text, t.speaker) for t, was in zip(words(revision), heard(), strict=True) if t.speaker != was.speaker}
    assert changed == {("And", 2), ("after", 2), ("that?", 2)}
    ada = transcript.speakers.get(index=2)
    assert ada.name == "Ada Lovelace" and ada.person == Person.objects.get()


def test_named_speakers_are_matched_by_name(episode: Episode, transcript: Transcript) -> None:
    speakers.name_speakers(episode, {1: "ada", 2: "Dr. No: the second"})
    for format in formats.FORMATS:
        assert put_back(episode, format, lambda text: text) is None, format
    assert transcript.speakers.count() == 2


def test_two_numbers_of_one_name_stay_apart(episode: Episode, transcript: Transcript) -> None:
    speakers.name_speakers(episode, {1: "Ada", 2: "Ada"})
    revision = put_back(episode, "json", lambda text: text.replace("terrorists", "tariffs"))
    assert revision is not None
    assert [token.speaker for token in words(revision)] == [token.speaker for token in heard()]


def test_files_that_do_not_belong_are_refused(episode: Episode, transcript: Transcript) -> None:
    other = "One two three four five six. " * 10
    part = text_of(heard()[:15])
    for data, says in ((other, "almost no words"), (part, "only a part"), ("", "no words in it"), (" \n", "no words")):
        with pytest.raises(BadInput, match=says):
            exchange.import_corrected(episode, data.encode(), "other.txt")
    assert transcript.revisions.count() == 1
    assert exchange.import_corrected(episode, other.encode(), "other.txt", force=True) is not None
    assert exchange.import_corrected(episode, part.encode(), "part.txt", force=True) is not None


def test_a_refused_file_leaves_no_speaker(episode: Episode, transcript: Transcript) -> None:
    with pytest.raises(BadInput):
        exchange.import_corrected(episode, b"Eve: nothing of this\nEve: was said", "a.txt")
    assert transcript.speakers.count() == 2


def test_another_revision_meanwhile(episode: Episode, transcript: Transcript) -> None:
    first = transcript.revisions.get()
    revisions.add(transcript, first, heard()[:-1], language="en", origin=Origin.EDIT)
    with pytest.raises(Failed, match="meanwhile"):
        revisions.add(transcript, first, heard()[:-2], language="en", origin=Origin.EDIT)


def test_what_a_person_brings_needs_no_machine(episode: Episode) -> None:
    Transcript.objects.create(recording=episode.recordings.get(), episode=episode, missing_because="Not heard well.")
    data = b"WEBVTT\n\n00:01.000 --> 00:03.000\n<v Ada Lovelace>It was so.\n"
    revision = exchange.import_corrected(episode, data, "mine.vtt")
    assert revision is not None and revision.public
    assert (revision.number, revision.map_from_previous, revision.language) == (1, None, "en")
    transcript = Transcript.objects.get()
    assert transcript.missing_because == ""
    assert [voice.label for voice in transcript.speakers.all()] == ["Ada Lovelace"]
    assert not exchange.document_of(revision).made_by_machine
    assert Change.objects.count() == 1


def test_a_first_transcript_needs_times_that_fit(episode: Episode) -> None:
    with pytest.raises(BadInput, match="nothing about times"):
        exchange.import_corrected(episode, b"It was so.", "mine.txt")
    late = b"WEBVTT\n\n05:00.000 --> 05:03.000\nIt was so.\n"
    with pytest.raises(BadInput, match="after the recording has ended"):
        exchange.import_corrected(episode, late, "mine.vtt")
    assert not Transcript.objects.exists()


def test_it_waits_where_a_person_approves_first(episode: Episode, transcript: Transcript, publication: object) -> None:
    object.__setattr__(publication, "speech", SpeechSettings(approve_first=True))
    Revision.objects.update(public=False)
    revision = put_back(episode, "vtt", lambda text: text.replace("silence", "quiet"))
    assert revision is not None and not revision.public
    assert revisions.public_revision(transcript) is None
    assert speakers.approve(episode) == revision
    again = put_back(episode, "vtt", lambda text: text.replace("quiet", "peace"))
    assert again is not None and again.public and again.read_by_person


def test_a_document_says_what_no_person_has_read(episode: Episode, transcript: Transcript) -> None:
    assert formats.MACHINE_NOTE in exchange.export(episode, "vtt")
    put_back(episode, "vtt", lambda text: text.replace("silence", "quiet"))
    assert formats.MACHINE_NOTE in exchange.export(episode, "vtt")
    speakers.approve(episode)
    assert formats.MACHINE_NOTE not in exchange.export(episode, "vtt")


def test_a_passage_stands_where_it_stood(episode: Episode, transcript: Transcript) -> None:
    revision = put_back(episode, "srt", lambda text: text.replace("Welcome", "Good evening and welcome"))
    assert revision is not None
    word_map = maps.unpack(revision.map_from_previous or b"")
    start = [token.text for token in heard()].index("nothing")
    found = maps.resolve(word_map, heard(), words(revision), range(start, start + 3))
    assert found.state == State.SAME and found.now is not None
    assert text_of(words(revision)[found.now.start : found.now.stop]) == "nothing was signed."


def test_characters_of_chinese_keep_their_times(episode: Episode) -> None:
    transcript = Transcript.objects.create(recording=episode.recordings.get(), episode=episode)
    tokens = [Token(c, n * 200, n * 200 + 200, None, 0.9, False) for n, c in enumerate("我们在日内瓦见面没有签字")]
    revisions.add(transcript, None, tokens, language="zh", origin=Origin.MACHINE, public=True)
    assert put_back(episode, "srt", lambda text: text) is None
    revision = put_back(episode, "vtt", lambda text: text.replace("没有签字", "没有签过字。"))
    assert revision is not None
    assert text_of(words(revision)) == "我们在日内瓦见面没有签过字。"
    assert words(revision)[1:11] == tokens[1:11]
    assert (words(revision)[-1].start, words(revision)[-1].probability) == (2200, 0.9)


def test_files(episode: Episode, transcript: Transcript, tmp_path: Path) -> None:
    path = tmp_path / "out.srt"
    exchange.export_file(episode, path)
    assert path.read_text().startswith("1\n00:00:00,000")
    assert exchange.import_file(episode, path) is None
    with pytest.raises(BadInput, match=r"out\.doc does not end in"):
        exchange.export_file(episode, tmp_path / "out.doc")
    with pytest.raises(BadInput, match=r"nowhere\.vtt cannot be read"):
        exchange.import_file(episode, tmp_path / "nowhere.vtt")
    with pytest.raises(BadInput, match="cannot be read"):
        exchange.import_file(episode, tmp_path)
    with pytest.raises(Failed, match="cannot be written"):
        exchange.export_file(episode, path / "below.vtt")


def test_nothing_to_take_out(episode: Episode) -> None:
    with pytest.raises(BadInput, match="has no transcript"):
        exchange.export(episode, "vtt")
    Transcript.objects.create(recording=episode.recordings.get(), episode=episode, missing_because="Only music.")
    with pytest.raises(BadInput, match=r"has no transcript\. Only music\."):
        exchange.export(episode, "vtt")


def test_only_the_recording_that_readers_hear_counts(episode: Episode, transcript: Transcript) -> None:
    Recording.objects.update(current=False)
    Recording.objects.create(episode=episode, sha256="1" * 64, name="b.wav", size=1, kind="audio", format="wav")
    with pytest.raises(BadInput, match="has no transcript"):
        exchange.export(episode, "vtt")


def test_a_real_correction_of_real_words(episode: Episode, cases: Path) -> None:
    """A published SubRip file and the HTML of the same talk, which was edited by hand."""
    for name in ("buzzcast.srt", "buzzcast.html"):
        path = cases / "transcripts" / name
        assert exchange.import_corrected(episode, path.read_bytes(), name, force=True) is not None
    first, second = Revision.objects.order_by("number")
    word_map = maps.unpack(second.map_from_previous or b"")
    assert len(list(word_map.kept())) > 0.97 * first.words
    old, new = words(first), words(second)
    assert all(old[i].start == new[j].start for i, j in word_map.kept())
    assert Speaker.objects.count() == 5


def test_pack_of_what_comes_back_is_stable(episode: Episode, transcript: Transcript) -> None:
    revision = put_back(episode, "json", lambda text: text.replace("terrorists", "tariffs"))
    assert revision is not None
    assert pack(words(revision)) == bytes(revision.tokens)
