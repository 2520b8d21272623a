"""What readers and the publisher are told of references. Two queries, however many there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.db.models import QuerySet

from onrecord.lib.addresses import is_web_address
from onrecord.references import visiting
from onrecord.references.models import Kind, Link, Outcome, Reference


class Saved(StrEnum):
    """What came of saving a reference's page."""

    NOT_APPLICABLE = "not applicable"  # no link, not published, or never visited
    WAITING = "waiting"
    SAVED = "saved"
    WITH_SENTENCE = "saved with the sentence"
    SENTENCE_MISSING = "saved but the sentence is missing"
    BLOCKED = "blocked"
    FAILED = "failed"


@dataclass(frozen=True)
class Standing:
    """One reference as a page shows it. `href` is where it may lead, "" without a link; all text is plain text.

    `saved_at` and `sha256` are of the saved copy; `dead_since` is when a link was first found to lead nowhere, and
    None while it is alive.
    """

    pk: int
    kind: Kind
    given: str
    href: str
    reached: str
    title: str
    author: str
    date: str
    sentence: str
    saved: Saved
    saved_at: datetime | None
    sha256: str
    dead_since: datetime | None
    file_name: str
    file_type: str
    file_size: int


def standings(references: Iterable[int]) -> dict[int, Standing]:
    """How these references stand, by id, in the order of their making."""
    rows = Reference.objects.filter(pk__in=list(references)).select_related("link", "copy").order_by("pk")
    return {row.pk: _standing(row) for row in rows}


def dead() -> QuerySet[Link]:
    """The links that are dead, the newest first, for the publisher's queue."""
    return Link.objects.exclude(dead_since=None).order_by("-dead_since", "pk")


def _standing(row: Reference) -> Standing:
    copy, link = row.copy, row.link
    is_saved = copy is not None and copy.outcome == Outcome.SAVED
    return Standing(
        pk=row.pk,
        kind=Kind(row.kind),
        given=row.given,
        href=_href(row, link),
        reached=link.reached if link and link.reached != link.address else "",
        title=row.title or (copy.title if copy else ""),
        author=row.author or (copy.author if copy else ""),
        date=row.date or (copy.date if copy else ""),
        sentence=row.sentence,
        saved=_saved(row),
        saved_at=copy.made if copy and is_saved else None,
        sha256=row.sha256 or (copy.sha256 if copy and is_saved else ""),
        dead_since=link.dead_since if link else None,
        file_name=row.file_name,
        file_type=row.file_type,
        file_size=row.file_size,
    )


def _href(row: Reference, link: Link | None) -> str:
    """As it was given, with what stands behind #; the found one, when what was given is none."""
    if link is None:
        return ""
    return row.given if is_web_address(row.given) else link.address


def _saved(row: Reference) -> Saved:
    if row.link is None or row.published is None:
        return Saved.NOT_APPLICABLE
    if row.copy is None:
        will_be = row.link.visited and settings.ONRECORD.references.save and not visiting.is_ours(row.link.address)
        return Saved.WAITING if will_be else Saved.NOT_APPLICABLE
    if row.copy.outcome != Outcome.SAVED:
        return Saved.BLOCKED if row.copy.outcome == Outcome.BLOCKED else Saved.FAILED
    return {None: Saved.SAVED, True: Saved.WITH_SENTENCE, False: Saved.SENTENCE_MISSING}[row.found]
