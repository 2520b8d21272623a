"""Assembles what was heard in the windows into a transcript's next revision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings
from django.db.models import Q

from onrecord.catalogue.changes import episode_changed
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step
from onrecord.recordings import originals
from onrecord.recordings.models import Recording
from onrecord.transcripts import maps, missing
from onrecord.transcripts.engines.language import heard_badly
from onrecord.transcripts.engines.loops import Dropped, plain
from onrecord.transcripts.maps import WordMap
from onrecord.transcripts.models import HeardWindow, Origin, Revision, Speaker, Transcript
from onrecord.transcripts.tokens import Token, canonical, pack, unpack

SEAM_MS = 600
"""The same word twice so near a cut between two windows was said once."""
LONGEST_SEAM = 3


@step("transcript.assemble")
def assemble(attempt: Attempt) -> None:
    """Leave a machine's revision with its speakers, or the reason why there is none."""
    recording = Recording.objects.select_related("episode").get(pk=attempt.subject)
    windows = list(HeardWindow.objects.filter(recording=recording).order_by("number"))
    tokens = canonical(joined([unpack(bytes(window.tokens)) for window in windows if window.tokens]))
    reason = _why_missing(windows, tokens)
    report = windows[0].report
    with attempt.finish():
        transcript, _ = Transcript.objects.get_or_create(recording=recording, defaults={"episode": recording.episode})
        if not reason:
            _add_revision(transcript, tokens, report)
        transcript.missing_because = "" if transcript.revisions.exists() else reason
        transcript.missing_details = {name: report[name] for name in ("model", "language") if reason}
        transcript.save(update_fields=["missing_because", "missing_details"])
        episode_changed(recording.episode_id)
    originals.forget_speech(recording.sha256)  # 115 MB an hour; made again if it is wanted again


def joined(windows: Sequence[Sequence[Token]]) -> list[Token]:
    """The words of all windows, without those that two neighbours heard both."""
    result: list[Token] = []
    for tokens in windows:
        result += tokens[_said_twice(result, tokens) :]
    return result


def _said_twice(before: Sequence[Token], after: Sequence[Token]) -> int:
    """How many words at the start of `after` are the last of `before`."""
    for count in range(min(LONGEST_SEAM, len(before), len(after)), 0, -1):
        pairs = list(zip(before[-count:], after[:count], strict=True))
        if all(plain(old.text) == plain(new.text) and new.start - old.end < SEAM_MS for old, new in pairs) and (
            after[0].start - before[-1].end < SEAM_MS
        ):
            return count
    return 0


def _why_missing(windows: Sequence[HeardWindow], tokens: Sequence[Token]) -> str:
    """A key of `transcripts.missing`, or nothing."""
    report = windows[0].report
    if report["refusal"]:
        return str(report["refusal"])
    if not tokens:
        return missing.NO_WORDS
    dropped = [Dropped(**one) for window in windows for one in window.report.get("dropped", ())]
    return missing.HEARD_BADLY if heard_badly(tokens, dropped) else ""


def _add_revision(transcript: Transcript, tokens: list[Token], report: dict[str, str]) -> None:
    """The next revision; none when exactly this was heard before. A machine never speaks over a person."""
    from onrecord.transcripts.engines.whisper import engine

    newest = transcript.revisions.order_by("number").last()
    word_map: WordMap | None = None
    if newest is not None:
        old = unpack(bytes(newest.tokens))
        word_map = maps.make(old, tokens)
        tokens = _speakers_as_before(old, tokens, word_map)
        if old == unpack(pack(tokens)) and newest.language == report["language"]:
            return
    read = transcript.revisions.filter(~Q(origin=Origin.MACHINE) | Q(read_by_person__isnull=False))
    Revision.objects.create(
        transcript=transcript,
        number=newest.number + 1 if newest else 1,
        tokens=pack(tokens),
        words=len(tokens),
        language=report["language"],
        origin=Origin.MACHINE,
        engine=engine(report["model"]),
        public=not settings.ONRECORD.speech.approve_first and not read.exists(),
        map_from_previous=maps.pack(word_map) if word_map else None,
    )
    speakers = {token.speaker for token in tokens if token.speaker is not None}
    Speaker.objects.bulk_create(
        [Speaker(transcript=transcript, index=index) for index in sorted(speakers)], ignore_conflicts=True
    )


def _speakers_as_before(old: Sequence[Token], new: list[Token], word_map: WordMap) -> list[Token]:
    """The new words with the speaker numbers of the revision before, because names belong to numbers."""
    pairs = Counter(
        (new[now].speaker, old[was].speaker)
        for was, now in word_map.kept()
        if new[now].speaker is not None and old[was].speaker is not None
    )
    numbers: dict[int | None, int | None] = {None: None}
    for (now_speaker, was_speaker), _ in pairs.most_common():
        if now_speaker not in numbers and was_speaker not in numbers.values():
            numbers[now_speaker] = was_speaker
    used = {token.speaker for token in old if token.speaker is not None} | {-1}
    free = max(used) + 1
    for token in new:
        if token.speaker not in numbers:
            numbers[token.speaker] = free
            free += 1
    return [replace(token, speaker=numbers[token.speaker]) for token in new]
