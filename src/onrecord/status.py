"""How each episode stands: its steps, what failed, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from onrecord.catalogue.models import Episode, EpisodeState
from onrecord.discussion import notices, waiting
from onrecord.jobs.models import State, Step
from onrecord.mail import outgoing
from onrecord.press.stale import stale_count
from onrecord.recordings.models import Recording
from onrecord.references.read import dead
from onrecord.transcripts import missing
from onrecord.transcripts.models import Revision, Transcript

WORST_FIRST = (
    State.REFUSED,
    State.FAILED,
    State.RUNNING,
    State.WAITING,
    State.BLOCKED,
    State.CANCELLED,
    State.DONE,
)


A_PAGE = 100
"""So many episodes, or fewer, are asked for by name; of more, everything is read."""


@dataclass(frozen=True)
class StepStatus:
    """One step, all its pieces together. `progress` is 0 to 1, `seconds` the wall time of what is done."""

    name: str
    state: str
    progress: float
    message: str
    seconds: float
    pieces: int


@dataclass(frozen=True)
class EpisodeStatus:
    """One episode as its publisher sees it."""

    episode: str
    title: str
    url: str
    state: str
    transcript: str
    warnings: list[str]
    steps: list[StepStatus]


def status() -> dict[str, Any]:
    """The whole publication, ready for JSON: episodes, newest first, what waits for the press, and mail."""
    episodes = Episode.objects.select_related("show").order_by("-id")
    return {
        "folder": str(settings.ONRECORD.folder),
        "address": settings.ONRECORD.address,
        "stale": stale_count(),
        "mail": outgoing.standing(),
        "discussion": waiting.counts(),
        "notices": notices.standing(),
        "dead_references": dead().count(),
        "failed": [f"{step}: {step.message}" for step in _failed_beside_episodes()],
        "episodes": [asdict(episode) for episode in statuses(episodes)],
    }


def _failed_beside_episodes() -> Iterable[Step]:
    return Step.objects.filter(group=None, state__in=[State.FAILED, State.REFUSED]).order_by("id")


def episode_status(episode: Episode) -> EpisodeStatus:
    """How one episode stands."""
    return statuses(Episode.objects.select_related("show").filter(pk=episode.pk))[0]


def statuses(episodes: Iterable[Episode]) -> list[EpisodeStatus]:
    """How each of them stands. Five queries, however many episodes; their shows are read already."""
    episodes = list(episodes)
    wanted = [episode.pk for episode in episodes] if len(episodes) <= A_PAGE else None
    recordings = Recording.objects.order_by("id")
    steps = Step.objects.exclude(group=None).order_by("id")
    if wanted is not None:
        recordings, steps = recordings.filter(episode__in=wanted), steps.filter(group__in=wanted)
    newest_recording = {recording.episode_id: recording for recording in recordings}
    transcripts = _transcript_states(newest_recording.values())
    steps_of = defaultdict(list)
    for row in steps:
        steps_of[row.group].append(row)
    return [
        EpisodeStatus(
            episode=episode.key,
            title=episode.title,
            url=f"{settings.ONRECORD.address}/{episode.folder}/",
            state=_state(episode),
            transcript=transcripts.get(episode.pk, "being made"),
            warnings=list(newest_recording[episode.pk].warnings) if episode.pk in newest_recording else [],
            steps=group_steps(steps_of[episode.pk]),
        )
        for episode in episodes
    ]


def _state(episode: Episode) -> str:
    if episode.state != EpisodeState.PUBLISHED:
        return str(episode.state)
    return "public" if episode.is_public else "being made"


def _transcript_states(recordings: Iterable[Recording]) -> dict[int, str]:
    """In words, by episode id."""
    ids = {recording.pk for recording in recordings}
    states = {}
    transcripts = Transcript.objects.all()
    if len(ids) <= A_PAGE:
        transcripts = transcripts.filter(recording__in=ids)
    revisions = Revision.objects.filter(transcript__in=transcripts).order_by("number")
    newest = {
        revision.transcript_id: revision
        for revision in revisions.only("transcript_id", "public", "read_by_person", "number")
    }
    for transcript in transcripts:
        if transcript.recording_id in ids:
            revision = newest.get(transcript.pk)
            states[transcript.episode_id] = _in_words(transcript, revision)
    return states


def _in_words(transcript: Transcript, newest: Revision | None) -> str:
    if newest is None:
        return missing.sentence(transcript.missing_because, transcript.missing_details) or "none"
    if not newest.public:
        return "waits for approval"
    return "read by a person" if newest.read_by_person else "made by a machine"


def group_steps(rows: list[Step]) -> list[StepStatus]:
    """Steps in the order in which they were added, the pieces of one step counted together."""
    pieces_of: dict[str, list[Step]] = defaultdict(list)
    for row in rows:
        pieces_of[row.name].append(row)
    return [_together(pieces) for pieces in pieces_of.values()]


def _together(pieces: list[Step]) -> StepStatus:
    state = next(state for state in WORST_FIRST if any(piece.state == state for piece in pieces))
    telling = next(piece for piece in pieces if piece.state == state)
    return StepStatus(
        name=pieces[0].name,
        state=str(state),
        progress=sum(1.0 if piece.state == State.DONE else piece.progress for piece in pieces) / len(pieces),
        message=telling.message,
        seconds=round(sum(piece.seconds for piece in pieces), 2),
        pieces=len(pieces),
    )


def in_words(current: dict[str, Any]) -> str:
    """The same for a person: a block an episode, with what runs and what failed."""
    lines = [f"{current['folder']}  {current['address']}"]
    if current["stale"]:
        lines.append(f"{current['stale']} public files wait to be written.")
    lines += _mail_in_words(current["mail"])
    lines += _discussion_in_words(current["discussion"])
    lines += _notices_in_words(current["notices"])
    if current["dead_references"]:
        lines.append(f"{current['dead_references']} cited links are dead; `onrecord references list` names them.")
    lines += [f"failed: {sentence}" for sentence in current["failed"]]
    for episode in current["episodes"]:
        lines.append(f"\n{episode['episode']}  {episode['title']}")
        lines.append(f"  {episode['state']}; transcript: {episode['transcript']}; {episode['url']}")
        lines += [f"  note: {warning}" for warning in episode["warnings"]]
        lines += [
            f"  {step['name']}: {step['state']} {step['progress']:.0%} {step['message']}".rstrip()
            for step in episode["steps"]
            if step["state"] != State.DONE
        ]
    return "\n".join(lines)


def _discussion_in_words(waiting: dict[str, int]) -> list[str]:
    if not waiting["comments"]:
        return []
    disputes = f", {waiting['disputes']} of them disputes" if waiting["disputes"] else ""
    return [f"{waiting['comments']} comments wait to be read{disputes}; `onrecord discussion list` shows them."]


def _notices_in_words(notices: dict[str, Any]) -> list[str]:
    if not notices["waiting"]:
        return []
    until = f", the first until {notices['until']}" if notices["until"] else ""
    return [f"{notices['waiting']} legal notices wait for a decision{until}; the studio shows them."]


def _mail_in_words(mail: dict[str, Any]) -> list[str]:
    lines = []
    if mail["waiting"]:
        lines.append(f"{mail['waiting']} mails wait to be sent.")
    if mail["failed"]:
        lines.append(f"{mail['failed']} mails were given up; `onrecord retry` tries them again.")
    if mail["problem"]:
        lines.append(f"The last trouble with mail: {mail['problem']}")
    return lines
