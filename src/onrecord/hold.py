"""Legal hold: a sealed copy of what is redacted, for a court, say, which nobody here can open.

It is sealed before anything goes, to the public half of a key whose secret half is kept elsewhere (`[legal] hold_key`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from onrecord import __version__
from onrecord.lib import age
from onrecord.lib.archive import ArchiveWriter
from onrecord.lib.errors import BadInput
from onrecord.lib.files import make_folder, sync_folder
from onrecord.lib.times import clock, iso
from onrecord.recordings import originals
from onrecord.recordings.models import Recording
from onrecord.transcripts import exchange, formats
from onrecord.transcripts.models import Revision

SUFFIX = ".tar.age"
NAME = re.compile(r"[a-z0-9]+-[0-9]+-[0-9]+-[0-9]+\.tar\.age")


@dataclass(frozen=True)
class Held:
    """A sealed copy: the name of its file in private/holds/, its bytes, and when it was made."""

    name: str
    size: int
    made: datetime


def check_key() -> None:
    """Raises BadInput when there is no key to which something could be sealed."""
    if not settings.ONRECORD.legal.hold_key:
        raise BadInput(
            "There is no key for sealed copies: make one with `onrecord hold key FILE`, and put what it prints into "
            "onrecord.toml."
        )


def keep(recording: Recording, start_ms: int, end_ms: int, earlier: Iterable[Recording], about: dict[str, Any]) -> str:
    """Seal the recordings of an episode with all their words, before something of them goes. Returns the file's name.

    Once more changes nothing. `about` is put beside them. Raises BadInput when it cannot be written, or when what is to
    be kept has gone already.
    """
    check_key()
    name = f"{recording.episode.key}-{recording.pk}-{start_ms}-{end_ms}{SUFFIX}"
    file = _folder() / name
    if file.exists():
        return name
    if recording.redactions.filter(start_ms=start_ms, end_ms=end_ms).exists():
        raise BadInput("It was redacted before, without a sealed copy: nothing is left that could be kept.")
    try:
        make_folder(file.parent)
        file.parent.chmod(0o700)
        with age.sealing(file, settings.ONRECORD.legal.hold_key) as sealed:
            held = [_add(sealed, one) for one in (recording, *earlier)]
            where = {"from": clock(start_ms), "to": clock(end_ms), "from_ms": start_ms, "to_ms": end_ms}
            episode = {"key": recording.episode.key, "guid": recording.episode.guid, "title": recording.episode.title}
            made = {"program": __version__, "made": iso(datetime.now(UTC))}
            sealed.finish({**made, "episode": episode, **where, **about, "recordings": held})
    except OSError as error:
        problem = f"A sealed copy cannot be made ({error.strerror}: {file.parent})"
        raise BadInput(f"{problem}: see to room and rights; nothing was redacted.") from error
    return name


def _add(sealed: ArchiveWriter, recording: Recording) -> dict[str, Any]:
    """The file and all words of one recording; returns what is said of them."""
    file = originals.original_path(recording.sha256) if recording.sha256 else None
    stem = f"recording-{recording.pk}"
    said: dict[str, Any] = {"name": recording.name, "sha256": recording.sha256, "file": "", "words": []}
    if file is not None and file.is_file():
        said["file"] = f"{stem}/original{Path(recording.name).suffix[:10]}"
        sealed.add(said["file"], file)
    for revision in Revision.objects.filter(transcript__recording=recording).order_by("number"):
        said["words"].append(f"{stem}/revision-{revision.number}.json")
        words = formats.write(exchange.document_of(revision), "json").encode()
        sealed.add_bytes(said["words"][-1], words)
    return said


def held() -> list[Held]:
    """All sealed copies, the oldest first."""
    files = [file for file in _folder().glob(f"*{SUFFIX}") if NAME.fullmatch(file.name)]
    copies = [Held(f.name, f.stat().st_size, datetime.fromtimestamp(f.stat().st_mtime, UTC)) for f in files]
    return sorted(copies, key=lambda copy: (copy.made, copy.name))


def drop(name: str) -> None:
    """Delete a sealed copy. Raises BadInput when there is none of that name."""
    file = _folder() / name
    if not NAME.fullmatch(name) or not file.is_file():
        raise BadInput(f"There is no sealed copy {name[:100]!r}: `onrecord hold list` names them.")
    file.unlink()
    sync_folder(file.parent)


def _folder() -> Path:
    private: Path = settings.ONRECORD.private
    return private / "holds"
