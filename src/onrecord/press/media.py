"""Media stand in public/ as they were made: they are moved there and back, never rendered."""

from __future__ import annotations

from onrecord.press.paths import TEXT
from onrecord.press.render import NotPublic
from onrecord.press.stale import Claim, Made
from onrecord.press.writer import Batch
from onrecord.recordings import renditions
from onrecord.recordings.models import Rendition


def stage(batch: Batch, claim: Claim) -> Made:
    """What will stand there; peaks are text, so that they get a compressed form beside them.

    Raises NotPublic when a redaction has removed the rendition.
    """
    target = batch.place(claim.path)
    rendition = _rendition(claim)
    file = target if target.is_file() else renditions.file_of(rendition)
    if not file.is_file():
        raise FileNotFoundError(f"the file of this rendition is missing ({rendition.sha256})")
    if claim.path.endswith(TEXT):
        batch.stage_compressed(claim.id, claim.path, file.read_bytes(), changed=False)
    return Made(claim, rendition.sha256, rendition.size)


def place(batch: Batch, claim: Claim) -> None:
    """Move it to its public path, if it is not there yet. Raises NotPublic when a redaction has removed it."""
    batch.moved_in(renditions.place(_rendition(claim)))


def withdraw(claim: Claim) -> None:
    """Move a rendition back to where readers do not see it."""
    if claim.kind == "media":
        rendition = Rendition.objects.filter(path=claim.path).first()
        if rendition is not None:
            renditions.withdraw(rendition)


def _rendition(claim: Claim) -> Rendition:
    rendition = Rendition.objects.filter(path=claim.path).first()
    if rendition is None:
        raise NotPublic(f"{claim.path} is no rendition any more")
    return rendition
