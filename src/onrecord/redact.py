"""Redacts what was said, for the law, somebody's safety, a name: a tone in the sound, blanks in the words, and a note.

The list of erasures first; then, in one transaction, the words everywhere and the rows of all that was made of the
sound, so that nothing of it is public as soon as the press has been; then the step recording.redact, which puts another
file in the place of the original; then everything is made of that again, and every file scrubbed. Whatever dies
meanwhile, a worker goes on from there.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from onrecord import hold as holding
from onrecord import scrub, work
from onrecord.catalogue.changes import episode_changed
from onrecord.catalogue.models import Episode, EpisodeState
from onrecord.discussion import log
from onrecord.discussion import redaction as in_discussion
from onrecord.edit import withdraw
from onrecord.jobs import queue
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.models import Step
from onrecord.jobs.registry import step
from onrecord.lib import erasures
from onrecord.lib.errors import BadInput, Failed
from onrecord.lib.times import clock, moment_of
from onrecord.passages import redaction as in_passages
from onrecord.press import presser
from onrecord.publish import check_length, date_to_come, forget_unused
from onrecord.recordings import ffmpeg, originals, pipeline, renditions
from onrecord.recordings.models import Recording, Redaction, Rendition
from onrecord.recordings.probe import probe
from onrecord.recordings.redaction import with_tone
from onrecord.transcribe import transcribe
from onrecord.transcripts import redaction as in_transcripts
from onrecord.transcripts.maps import sound
from onrecord.transcripts.tokens import Token, text_of

STEP = "recording.redact"

KIND = "redaction"
"""Of these entries in the list of erasures."""

LONGEST_REASON = 1_000

LONGEST_SHARED = 4
"""Words in a row by which a quotation is known."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stretch:
    """What is said in a recording from one moment to another, in milliseconds."""

    recording: Recording
    start_ms: int
    end_ms: int


# ── asking for it ───────────────────────────────────────────────────────────────────────────────────────────────────


def stretch(episode: Episode, start: str, end: str) -> Stretch:
    """What readers hear from one time code ("12:34.5") to another. Raises BadInput."""
    recording = episode.recordings.filter(current=True).first()
    title = f"“{episode.title[:100]}”"
    if recording is None:
        raise BadInput(f"{title} has no recording in which anything could be redacted.")
    if episode.recordings.filter(current=False, replaced_at=None).exists():
        raise BadInput(f"A new recording of {title} is being prepared: wait until it is up, and redact then.")
    if recording.duration_ms is None:
        raise BadInput(f"The recording of {title} was not listened to yet: run `onrecord work`, and redact then.")
    start_ms, end_ms = _moment(start), _moment(end)
    if end_ms <= start_ms:
        raise BadInput(
            f"What is to be redacted ends at {end.strip()} and begins at {start.strip()}: it must end later."
        )
    if end_ms > recording.duration_ms:
        raise BadInput(f"The recording ends at {clock(recording.duration_ms)}: there is nothing at {end.strip()}.")
    return Stretch(recording, start_ms, end_ms)


def _moment(typed: str) -> int:
    moment = moment_of(typed)
    if moment is None:
        raise BadInput(f"{typed.strip()[:40]!r} is no time: write it like 12:34, 12:34.5 or 1:02:03.")
    return moment


def what_goes(what: Stretch, hold: bool = False) -> str:
    """A sentence for whoever is to agree; `hold`: a sealed copy is kept. Raises BadInput when none can be."""
    words = in_transcripts.words_between(what.recording, what.start_ms, what.end_ms)
    said = f"these {len(words)} words go for good: “{text_of(words)}”" if words else "no words of the transcript go"
    earlier = _earlier(what.recording)
    files = f" The files of {len(earlier)} earlier recordings of the episode go too." if earlier else ""
    quoted = _quoted_in(what.recording.episode, words)
    kept = "The original is not kept."
    if hold:
        holding.check_key()
        kept = "The original is kept sealed, for whoever has the key."
    return f"The sound is replaced by a tone, and {said}.{files} {kept}{_which_stay(quoted)}"


def _quoted_in(episode: Episode, words: Sequence[Token]) -> list[str]:
    """Where four of these words in a row, or all where they are fewer, stand in what was written of the episode."""
    size = min(LONGEST_SHARED, len(words))
    runs = _runs([word.text for word in words], size) if size else set()
    texts = [("its title", episode.title), ("its standfirst", episode.standfirst), ("its notes", episode.notes)]
    texts += [("a chapter's title", chapter.title) for chapter in episode.chapters.all()]
    found = [name for name, text in (*texts, *in_discussion.written(episode)) if runs & _runs(text.split(), size)]
    return list(dict.fromkeys(found))


def _runs(words: Sequence[str], size: int) -> set[tuple[str, ...]]:
    """All stretches of so many words, as they sound."""
    sounds = [sound(word) for word in words]
    return {tuple(sounds[at : at + size]) for at in range(len(sounds) - size + 1)}


def _which_stay(quoted: Sequence[str]) -> str:
    return f" It seems to be quoted in {', '.join(quoted)}: that stays until you change it." if quoted else ""


def redact_now(what: Stretch, reason: str, by: str, hold: bool = False) -> str:
    """Do it, and return when nothing is left in any file. Returns what was done, in a sentence.

    Raises Failed when the sound could not be made; nothing of what was redacted is public then.
    """
    said = in_transcripts.words_between(what.recording, what.start_ms, what.end_ms)
    quoted = _quoted_in(what.recording.episode, said)
    words = redact(what, reason, by, hold)
    presser.press_what_is_stale()
    failed = work.finish(what.recording)
    what.recording.refresh_from_db(fields=["sha256"])
    originals.forget_speech(what.recording.sha256)
    scrub.scrub(scrub.OF_WORDS)
    if failed:
        raise Failed(" ".join(failed) + " `onrecord retry` tries again; the old sound is not public.")
    return (
        f"Redacted, with {words} {'word' if words == 1 else 'words'}; rows kept before upgrades are removed, too. "
        f"Older backups elsewhere still have it: give --erasures when you restore one.{_which_stay(quoted)}"
    )


def redact(what: Stretch, reason: str, by: str, hold: bool = False) -> int:
    """Take it out of the rows at once, and from every file soon; returns how many words went. Raises BadInput.

    With `hold` a sealed copy is made before. The same once more changes the reason, where one is given, and does what
    is left to do.
    """
    reason = " ".join(reason.split())
    check_length("reason", reason, LONGEST_REASON)
    if hold:
        about = {"reason": reason, "by": by}
        holding.keep(what.recording, what.start_ms, what.end_ms, _earlier(what.recording), about)
    with transaction.atomic():
        log.lock()
        recording = Recording.objects.select_related("episode__show").get(pk=what.recording.pk)
        where = {"from_ms": what.start_ms, "to_ms": what.end_ms}
        named = {"episode": recording.episode.key, "recording": recording.pk}
        erasures.note(settings.ONRECORD.private, KIND, **named, **where, reason=reason)
        return _apply(Stretch(recording, what.start_ms, what.end_ms), reason, by, timezone.now().replace(microsecond=0))


# ── the rows ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _apply(what: Stretch, reason: str, by: str, at: datetime) -> int:
    """In the caller's transaction, which holds the log."""
    recording, episode = what.recording, what.recording.episode
    earlier = _earlier(recording)
    blanked = in_transcripts.redact(recording, what.start_ms, what.end_ms, earlier)
    in_passages.redact(blanked.revisions)
    row, is_new = Redaction.objects.get_or_create(
        recording=recording,
        start_ms=what.start_ms,
        end_ms=what.end_ms,
        defaults={"reason": reason, "at": at, "original": recording.sha256},
    )
    if is_new:
        in_discussion.redact(episode, blanked.revisions, by)
        _begin(recording, earlier)
    elif reason:
        row.reason = reason
        row.save(update_fields=["reason"])
    episode_changed(episode.pk)
    scrub.ask(scrub.OF_WORDS)
    return blanked.words


def _earlier(recording: Recording) -> list[Recording]:
    """Recordings of the episode that were replaced, and may say it too: their times are not those of this one."""
    return list(recording.episode.recordings.exclude(pk=recording.pk).exclude(replaced_at=None).order_by("id"))


def _begin(recording: Recording, earlier: Sequence[Recording]) -> None:
    """Forget all files that have the sound, and let them be made again without it; words that are being heard too."""
    of_now = Step.objects.filter(subject=recording.pk, group=recording.episode_id)
    before = of_now.filter(name=STEP).first()
    files = list(before.parameters.get("files", ())) if before else []
    sounds = list(before.parameters.get("originals", ())) if before else []
    for rendition in Rendition.objects.filter(recording__in=[recording, *earlier]).order_by("id"):
        files += [str(file.relative_to(settings.ONRECORD.folder)) for file in renditions.discard(rendition)]
    for one in earlier:
        sounds += filter(None, [one.sha256])
        one.sha256 = ""
        one.save(update_fields=["sha256"])
    queue.restart(
        STEP,
        recording.pk,
        group=recording.episode_id,
        parameters={"files": files, "originals": sounds},
        priority=pipeline.PIPELINE[0].priority,
    )
    pipeline.remake(recording, after=STEP, scheduled_for=date_to_come(recording.episode))
    hearing = of_now.filter(name__startswith="transcript.", state__in=queue.UNFINISHED)
    if hearing.exists():
        plan = of_now.filter(name="transcript.plan").first()
        transcribe([recording.episode], plan.parameters.get("model", "") if plan else "")


# ── the file ────────────────────────────────────────────────────────────────────────────────────────────────────────


@step(STEP, cores=2)
def redact_sound(attempt: Attempt) -> None:
    """Put a file with a tone in the place of the original; remove that, and all that was made of it."""
    recording = Recording.objects.get(pk=attempt.subject)
    _replace_original(recording, attempt.folder, attempt.progress)
    _remove(attempt.parameters)
    with attempt.finish():
        _settle(recording)


def _replace_original(recording: Recording, folder: Path, progress: ffmpeg.Progress | None = None) -> None:
    """Once more changes nothing. What is wrong with the file was found when it was taken in: so all of it is Failed."""
    undone = list(recording.redactions.exclude(original=""))
    intervals = [(one.start_ms, one.end_ms) for one in undone if one.original == recording.sha256]
    try:
        if intervals:
            _make_other(recording, intervals, folder, progress)
    except BadInput as error:
        raise Failed(str(error)) from error
    for sha256 in {one.original for one in undone}:
        forget_unused(sha256)


def _make_other(
    recording: Recording, intervals: Sequence[tuple[int, int]], folder: Path, progress: ffmpeg.Progress | None
) -> None:
    original = originals.original_path(recording.sha256)
    found = probe(original, recording.name)
    stem = Path(recording.name).stem.removesuffix("-redacted")
    file = folder / f"redacted.{'mkv' if found.video else 'mka'}"
    with_tone(original, found, intervals, file, recording.duration_ms, progress)
    name = f"{stem}-redacted{file.suffix}"
    sha256, size = originals.take_in(file)
    made = {"sha256": sha256, "size": size, "name": name, "format": probe(file, name).format}
    Recording.objects.filter(pk=recording.pk, sha256=recording.sha256).update(**made)


def _remove(parameters: Mapping[str, Any]) -> None:
    for name in parameters.get("files", ()):
        (settings.ONRECORD.folder / name).unlink(missing_ok=True)
    for sha256 in parameters.get("originals", ()):
        forget_unused(sha256)


def _settle(recording: Recording) -> None:
    """All that was to go has gone: the rows need not name it any more."""
    recording.redactions.update(original="")
    Step.objects.filter(name=STEP, subject=recording.pk).update(parameters={})
    scrub.ask(scrub.OF_WORDS)


# ── after a restore ─────────────────────────────────────────────────────────────────────────────────────────────────


def replay(entry: erasures.Entry) -> None:
    """Redact again what an older backup has brought back, in rows and files; a worker makes the sound again.

    Where that backup has another recording of the episode, nobody can tell where it was said: the episode is withdrawn.
    """
    episode = Episode.objects.filter(key=str(entry.get("episode", ""))).first()
    if episode is None:
        return
    what = _named(episode, entry)
    if what is None:
        if episode.state == EpisodeState.PUBLISHED:
            withdraw(episode)
            logger.warning("%s is withdrawn: something was redacted in a recording that this backup lacks", episode.key)
        return
    known = what.recording.redactions.filter(start_ms=what.start_ms, end_ms=what.end_ms)
    if not known.exists():
        with transaction.atomic():
            log.lock()
            _apply(what, str(entry.get("reason", "")), "", datetime.fromisoformat(str(entry["at"])))
    _redact_file_now(what.recording)


def _named(episode: Episode, entry: erasures.Entry) -> Stretch | None:
    """What an entry is about, where the rows have it."""
    recordings = episode.recordings.select_related("episode__show")
    recording = recordings.filter(pk=int(entry.get("recording") or 0)).first()
    if recording is None or not (recording.current or recording.redactions.exists()):
        return None
    return Stretch(recording, int(entry["from_ms"]), int(entry["to_ms"]))


def _redact_file_now(recording: Recording) -> None:
    """What the step does, without waiting for a worker; where it fails, the step is tried as any other."""
    waiting = Step.objects.filter(name=STEP, subject=recording.pk).first()
    recording.refresh_from_db()
    try:
        with tempfile.TemporaryDirectory(dir=settings.ONRECORD.work) as folder:
            _replace_original(recording, Path(folder))
    except Failed as error:
        logger.warning("the sound of %s is redacted later: %s", recording.episode.key, error)
        return
    _remove(waiting.parameters if waiting else {})
    with transaction.atomic():
        _settle(recording)
