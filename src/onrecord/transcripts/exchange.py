"""Takes a transcript's words out as a file, and corrected words back in as a new revision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from onrecord.catalogue.models import Episode
from onrecord.lib import language
from onrecord.lib.errors import BadInput, Failed
from onrecord.lib.files import write_atomically
from onrecord.lib.names import clean_name
from onrecord.transcripts import formats, maps, revisions
from onrecord.transcripts.formats import Document, Precision
from onrecord.transcripts.formats.document import CHARACTERS_A_SECOND
from onrecord.transcripts.maps import Block, Kind, WordMap
from onrecord.transcripts.models import Origin, Revision, Speaker, Transcript
from onrecord.transcripts.speakers import credited
from onrecord.transcripts.tokens import Token, text_of, unpack

LEAST_SHARED = 0.1
"""A file of which a smaller share stands in the transcript, three words or more in a row, is not its own."""
LEAST_OF_ALL = 0.5
"""A file of fewer words than this share of the transcript's is a part of it."""
IN_A_ROW = 3
SHORT = 40
LONG_CHANGE = 12
"""A changed block of more words than this follows the times of the file's cues, a shorter one the old words'."""


def document_of(revision: Revision) -> Document:
    """A revision as a document that formats can write."""
    with language.speaking(revision.language, "en"):
        voices = {voice.index: voice.label for voice in revision.transcript.speakers.all()}
    heard = revision.transcript.revisions.filter(origin=Origin.MACHINE, number__lte=revision.number)
    return Document(
        tokens=unpack(revision.tokens),
        speakers=[voices.get(index, "") for index in range(max(voices, default=-1) + 1)],
        language=revision.language,
        made_by_machine=revision.read_by_person is None and heard.exists(),
    )


def export(episode: Episode, format: str) -> str:
    """The newest revision, whether readers see it or not, in `format`: vtt, srt, json or txt.

    Raises BadInput when there are no words yet.
    """
    return formats.write(document_of(revisions.newest_of(episode)), format)


def export_file(episode: Episode, path: Path) -> None:
    """Write the transcript to `path`, in the format that its name says."""
    text = export(episode, formats.format_of(path.name))
    try:
        write_atomically(path, text.encode("utf-8"))
    except OSError as error:
        raise Failed(
            f"{clean_name(path.name)} cannot be written ({error.strerror}); name a folder that you may write."
        ) from error


def import_file(episode: Episode, path: Path, note: str = "", force: bool = False) -> Revision | None:
    """`import_corrected` from a file."""
    try:
        with path.open("rb") as file:
            data = file.read(formats.LARGEST + 1)
    except OSError as error:
        raise BadInput(
            f"{clean_name(path.name)} cannot be read ({error.strerror}); check its name and permissions."
        ) from error
    return import_corrected(episode, data, path.name, note, force)


def import_corrected(episode: Episode, data: bytes, name: str, note: str = "", force: bool = False) -> Revision | None:
    """Corrected text as a new revision with its word map; None, and nothing changed, when it says the same.

    Words that did not change keep their times and probabilities, and their speakers where the file names none. Changed
    words take times from the file where it has them, else from the words that they replace or stand between. Speakers
    are matched by name; a new name makes a new speaker. Readers see it at once unless the transcript still waits for
    approval; it counts as read by a person when the revision before it did.

    Raises BadInput when the file cannot be read, has no words, or is another episode's or only a part (unless `force`).
    """
    transcript = revisions.transcript_of(episode)
    previous = revisions.newest(transcript) if transcript else None
    voices = list(transcript.speakers.all()) if transcript else []
    labels = _labels(voices, previous.language if previous else "en")
    document = formats.read(data, name, known=[label for label, _ in labels])
    if not document.tokens:
        raise BadInput(f"{clean_name(name)} has no words in it: is it the right file?")
    if transcript is None or previous is None:
        return _first(episode, document, name, note, force)
    old = unpack(previous.tokens)
    word_map = maps.make(old, document.tokens)
    if not force:
        _check_that_it_belongs(word_map, name)
    fresh = _new_names(document, labels)
    tokens = merged(old, document, word_map, _indices(document, old, word_map, labels, fresh))
    if said(tokens) == said(old):
        return None
    with transaction.atomic():
        _add_speakers(episode, transcript, fresh, voices)
        return revisions.add(
            transcript,
            previous,
            tokens,
            language=previous.language,
            origin=Origin.IMPORT,
            note=note,
            public=revisions.goes_public(transcript),
            read_by_person=timezone.now() if previous.read_by_person else None,
            word_map=word_map,
        )


def _first(episode: Episode, document: Document, name: str, note: str, force: bool) -> Revision:
    """The first words of a transcript come from a file: no machine has heard it."""
    recording = episode.recordings.filter(current=True).first()
    if recording is None:
        raise BadInput(f"“{episode.title[:100]}” has no recording yet, so that no transcript can belong to it.")
    if document.precision == Precision.NONE:
        raise BadInput(
            f"{clean_name(name)} says nothing about times, and there is no transcript to take them from: "
            "give it as VTT, SRT or JSON."
        )
    if not force and recording.duration_ms and document.tokens[-1].start > recording.duration_ms:
        raise BadInput(f"{clean_name(name)} goes on after the recording has ended: is it another episode's?")
    tokens = [
        replace(token, end=min(token.end, max(recording.duration_ms or token.end, token.start)))
        for token in document.tokens
    ]
    with transaction.atomic():
        transcript, _ = Transcript.objects.update_or_create(
            recording=recording, defaults={"episode": episode, "missing_because": "", "missing_details": {}}
        )
        transcript.speakers.all().delete()
        _add_speakers(episode, transcript, document.speakers, [])
        return revisions.add(
            transcript,
            None,
            tokens,
            language=document.language or episode.language or episode.show.language,
            origin=Origin.IMPORT,
            note=note,
            public=revisions.goes_public(transcript),
        )


def _check_that_it_belongs(word_map: WordMap, name: str) -> None:
    least = 1 if min(word_map.old_words, word_map.new_words) < SHORT else IN_A_ROW
    lengths = [block.old_end - block.old for block in word_map.blocks if block.kind == Kind.SAME]
    shared = sum(length for length in lengths if length >= least)
    if shared < LEAST_SHARED * min(word_map.old_words, word_map.new_words):
        raise BadInput(
            f"{clean_name(name)} shares almost no words with the transcript: is it another episode's? "
            "Add --force if it is right."
        )
    if word_map.new_words < LEAST_OF_ALL * word_map.old_words:
        raise BadInput(
            f"{clean_name(name)} has {word_map.new_words} words where the transcript has {word_map.old_words}: "
            "is it only a part? Add --force if it is right."
        )


Labels = Sequence[tuple[str, int]]
"""What files may call the voices, each with the voice's index."""


def _labels(voices: Iterable[Speaker], spoken: str) -> Labels:
    """The voices' labels in the language of the words, then those in English. Two voices may have one label."""
    labels: list[tuple[str, int]] = []
    for tag in (spoken, "en"):
        with language.speaking(tag, "en"):
            labels += [(voice.label, voice.index) for voice in voices]
    return labels


def _new_names(document: Document, labels: Labels) -> list[str]:
    known = {label.casefold() for label, _ in labels}
    fresh = {name.casefold(): name for name in document.speakers if name.casefold() not in known}
    return list(fresh.values())


def _add_speakers(episode: Episode, transcript: Transcript, names: Iterable[str], voices: Sequence[Speaker]) -> None:
    first = max((voice.index for voice in voices), default=-1) + 1
    Speaker.objects.bulk_create(
        Speaker(transcript=transcript, index=index, name=name, person=credited(episode, name))
        for index, name in enumerate(names, first)
    )


def _indices(
    document: Document, old: Sequence[Token], word_map: WordMap, labels: Labels, fresh: Sequence[str]
) -> list[int | None]:
    """Who says each of the document's words: as the file says, else as the old words say, else as the word before."""
    first = max((index for _, index in labels), default=-1) + 1
    called = {(index, label.casefold()) for label, index in labels}
    places = {label.casefold(): index for label, index in reversed(labels)}
    places |= {name.casefold(): first + n for n, name in enumerate(fresh)}
    before = _old_speakers(old, word_map)
    result: list[int | None] = []
    for token, was in zip(document.tokens, before, strict=True):
        name = document.name(token.speaker)
        stays = name is None or (was is not None and (was, name.casefold()) in called)
        result.append(was if name is None or stays else places[name.casefold()])
    return result


def _old_speakers(old: Sequence[Token], word_map: WordMap) -> list[int | None]:
    """For each new word the speaker of the old word that it is or replaces, else of the one before it."""
    result: list[int | None] = []
    for block in word_map.blocks:
        if block.kind == Kind.MOVED:
            continue
        for n in range(block.new_end - block.new):
            place = min(block.old + n, block.old_end - 1 if block.old_end > block.old else block.old)
            inserted = block.kind == Kind.INSERTED
            result.append(old[max(0, place - 1) if inserted else place].speaker if old else None)
    return result


def merged(old: Sequence[Token], document: Document, word_map: WordMap, speakers: Sequence[int | None]) -> list[Token]:
    """The document's words with the old words' times and probabilities wherever they are the same words."""
    result: list[Token] = []
    blocks = [block for block in word_map.blocks if block.kind not in (Kind.MOVED, Kind.DELETED)]
    for block in blocks:
        words = document.tokens[block.new : block.new_end]
        if block.kind == Kind.SAME:
            was = old[block.old : block.old_end]
            result += [
                replace(word, start=o.start, end=o.end, probability=o.probability)
                for word, o in zip(words, was, strict=True)
            ]
        else:
            result += _timed(words, block, old, document.precision)
    return [replace(token, speaker=speaker) for token, speaker in zip(result, speakers, strict=True)]


def _timed(words: Sequence[Token], block: Block, old: Sequence[Token], precision: Precision) -> list[Token]:
    """New words with times between those of the words around them."""
    earliest = old[block.old - 1].end if block.old else 0
    latest = old[block.old_end].start if block.old_end < len(old) else max(earliest, old[-1].end, words[-1].end)
    latest = max(earliest, latest)
    changed = block.kind == Kind.CHANGED
    if precision == Precision.WORDS or (precision == Precision.CUES and (not changed or len(words) > LONG_CHANGE)):
        placed = [
            replace(word, start=min(max(word.start, earliest), latest), end=min(max(word.end, earliest), latest))
            for word in words
        ]
        if all(word.end > word.start for word in placed):
            return placed
    if changed:
        earliest, latest = old[block.old].start, max(old[block.old].start, old[block.old_end - 1].end)
    characters = sum(len(word.text) + 1 for word in words)
    if not changed:
        latest = min(latest, earliest + characters * 1000 // CHARACTERS_A_SECOND)
    return _spread(words, earliest, latest, characters)


def _spread(words: Sequence[Token], start: int, end: int, characters: int) -> list[Token]:
    """The words one after the other from `start` to `end`, by their number of characters."""
    result: list[Token] = []
    done = 0
    for word in words:
        first = start + (end - start) * done // characters
        done += len(word.text) + 1
        result.append(replace(word, start=first, end=start + (end - start) * done // characters))
    return result


def said(tokens: Sequence[Token]) -> list[tuple[int | None, str]]:
    """Who says what, however it is cut into tokens."""
    return [(turn.speaker, text_of(turn.tokens)) for turn in Document(list(tokens)).written_turns]
