"""What `publish` tells when it is done: one object, for people and for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from onrecord.catalogue.models import Episode
from onrecord.recordings.models import Recording
from onrecord.transcripts import missing
from onrecord.transcripts.models import Revision, Transcript
from onrecord.work import Outcome


def report(episode: Episode, outcome: Outcome | None) -> dict[str, Any]:
    """`episode` is its key; `page`, `feed` and `transcript` are files in public/ (None while not there); `url` and
    `feed_url` are addresses; `seconds` is the wall time per step; `warnings` are sentences."""
    episode = Episode.objects.select_related("show").get(pk=episode.pk)
    recording = episode.recordings.order_by("-id")[0]
    folder = settings.ONRECORD.public / episode.folder
    address = settings.ONRECORD.address
    return {
        "episode": episode.key,
        "title": episode.title,
        "page": _if_there(folder / "index.html"),
        "url": f"{address}/{episode.folder}/",
        "feed": _if_there(settings.ONRECORD.public / episode.show.slug / "feed.xml"),
        "feed_url": f"{address}/{episode.show.slug}/feed.xml",
        "transcript": _if_there(folder / "transcript.json"),
        "seconds": outcome.seconds if outcome else {},
        "warnings": _warnings(episode, recording),
    }


def _if_there(path: Path) -> str | None:
    return str(path) if path.is_file() else None


def _warnings(episode: Episode, recording: Recording) -> list[str]:
    warnings = list(recording.warnings)
    transcript = Transcript.objects.filter(recording=recording).first()
    if transcript and transcript.missing_because:
        warnings.append(missing.sentence(transcript.missing_because, transcript.missing_details))
    if transcript and not episode.is_public and episode.state == "published":
        warnings.append(f"The page goes public on {episode.published_at:%Y-%m-%d %H:%M} UTC.")
    waiting = Revision.objects.filter(transcript=transcript, public=False, read_by_person=None).exists()
    if transcript and waiting:
        warnings.append(f"The transcript waits for `onrecord approve {episode.key}`.")
    return warnings
