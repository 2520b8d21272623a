"""What we made of recordings: kept in private/renditions/, moved to its path in public/ and back, never written again.

A file is at one of the two places. Two rows whose files are equal share one by a second name for it (a hard link).
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from onrecord.catalogue.models import Episode
from onrecord.lib.errors import Failed
from onrecord.lib.files import make_folder, move_durably, sha256_of, sync_folder
from onrecord.recordings.models import Recording, Rendition

if TYPE_CHECKING:  # it loads numpy, which most commands do without
    from onrecord.recordings.loudness import Loudness

MIME_TYPES = {"mp3": "audio/mpeg", "opus": "audio/ogg", "mp4": "video/mp4", "peaks": "application/json"}
SUFFIXES = {"mp3": "mp3", "opus": "opus", "mp4": "mp4", "peaks": "json"}


@dataclass(frozen=True)
class Made:
    """A finished file that is to become the recording's rendition `kind` (a key of MIME_TYPES)."""

    file: Path
    kind: str
    sha256: str
    size: int
    duration_ms: int
    bitrate: int = 0
    loudness: float | None = None
    true_peak: float | None = None
    width: int | None = None
    height: int | None = None


def made(
    file: Path,
    kind: str,
    duration_ms: int,
    bitrate: int = 0,
    measured: Loudness | None = None,
    size: tuple[int, int] | None = None,
) -> Made:
    """Describe a finished file and bring it to the disk. Slow: do it before the transaction that calls `keep`."""
    file.chmod(0o444)
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
    return Made(
        file=file,
        kind=kind,
        sha256=sha256_of(file),
        size=file.stat().st_size,
        duration_ms=duration_ms,
        bitrate=bitrate,
        loudness=measured.integrated if measured else None,
        true_peak=measured.peak if measured else None,
        width=size[0] if size else None,
        height=size[1] if size else None,
    )


def keep(finished: Made, recording: Recording) -> Rendition:
    """Move the file to private/renditions/ and make its row; quick, for the transaction that finishes a step.

    The path below public/ is given here once. The same file again changes nothing; the same file of an earlier
    recording of the episode becomes this one's, where it stands.
    """
    path = _path(finished, recording)
    rendition = Rendition.objects.filter(recording=recording, kind=finished.kind).first() or Rendition()
    twin = Rendition.objects.filter(path=path).exclude(pk=rendition.pk).first()
    if twin is not None:
        if rendition.pk:
            rendition.delete()
        rendition = twin
    _describe(rendition, finished, recording, path)
    if file_of(rendition).exists():
        finished.file.unlink()
    else:
        move_durably(finished.file, _kept(rendition))
    rendition.save()
    return rendition


def _path(finished: Made, recording: Recording) -> str:
    """Named by content. An episode that has the path already, at an address that was ours once, keeps it."""
    stem = f"peaks-{finished.sha256[:16]}" if finished.kind == "peaks" else finished.sha256[:16]
    names = (f"{stem}-{number}" if number > 1 else stem for number in range(1, 1000))
    for name in names:
        path = f"{recording.episode.folder}/{name}.{SUFFIXES[finished.kind]}"
        if not Rendition.objects.filter(path=path).exclude(recording__episode=recording.episode_id).exists():
            return path
    raise Failed(f"No path is left for {stem}.")


def _describe(rendition: Rendition, finished: Made, recording: Recording, path: str) -> None:
    rendition.recording, rendition.kind, rendition.path = recording, finished.kind, path
    rendition.sha256, rendition.suffix, rendition.size = finished.sha256, SUFFIXES[finished.kind], finished.size
    rendition.mime_type, rendition.duration_ms, rendition.bitrate = (
        MIME_TYPES[finished.kind],
        finished.duration_ms,
        finished.bitrate,
    )
    rendition.loudness, rendition.true_peak = finished.loudness, finished.true_peak
    rendition.width, rendition.height = finished.width, finished.height


def _kept(rendition: Rendition) -> Path:
    private: Path = settings.ONRECORD.private
    return private / "renditions" / f"{rendition.sha256}.{rendition.suffix}"


def _public(rendition: Rendition) -> Path:
    public: Path = settings.ONRECORD.public
    return public / rendition.path


def file_of(rendition: Rendition) -> Path:
    """Where the file is now; where it should be kept when it is missing."""
    for place in (_public(rendition), _kept(rendition)):
        if place.is_file():
            return place
    shared = (place for place in map(_public, _equals(rendition)) if place.is_file())
    return next(shared, _kept(rendition))


def place(rendition: Rendition) -> list[Path]:
    """Move the file to its path in public/. Once more changes nothing.

    Returns the folders that must be synced before that survives a power cut: one sync does for many files.
    """
    target = _public(rendition)
    if not target.is_file():
        _move(file_of(rendition), target, rendition)
    above = [folder for folder in target.parents if folder.is_relative_to(settings.ONRECORD.public)]
    return [*above, _kept(rendition).parent]


def _move(source: Path, target: Path, rendition: Rendition) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if source == _kept(rendition) and not _equals(rendition):
            source.replace(target)
        else:
            _link(source, target)
    except FileNotFoundError as error:
        if not target.is_file():  # another worker may have moved it at the same moment
            raise Failed(
                f"The file of {rendition.path} is missing: put private/ and public/ back from a backup."
            ) from error


def withdraw(rendition: Rendition) -> None:
    """Move the file from its path in public/ back to private/. Once more changes nothing."""
    source, target = _public(rendition), _kept(rendition)
    make_folder(target.parent)
    with contextlib.suppress(FileNotFoundError):
        # over a second name for the same file, rename would do nothing
        if target.is_file():
            source.unlink()
            sync_folder(source.parent)
        else:
            move_durably(source, target)


def discard(rendition: Rendition) -> list[Path]:
    """Delete the row. Returns the files that go with it once that is committed; the press sees to what is public."""
    files = [] if _equals(rendition) else [_kept(rendition)]
    rendition.delete()
    return files


def duration_of(episode: Episode) -> int:
    """How long its sound is, in milliseconds; 0 when there is none."""
    sound = Rendition.objects.filter(recording__episode=episode, recording__current=True, kind="mp3")
    return sound.values_list("duration_ms", flat=True).first() or 0


def _equals(rendition: Rendition) -> list[Rendition]:
    """Other rows whose file is the same, byte for byte."""
    same = Rendition.objects.filter(sha256=rendition.sha256, suffix=rendition.suffix)
    return list(same.exclude(pk=rendition.pk).order_by("id"))


def _link(source: Path, target: Path) -> None:
    """A second name for a file; whole or not there."""
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.hardlink_to(source)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
