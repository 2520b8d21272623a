"""The rows of public files: raising their generation, claiming what is stale, and clearing what was rendered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from onrecord.catalogue.models import Change
from onrecord.jobs.identity import identity, is_dead
from onrecord.press.models import PublicFile, Standing
from onrecord.press.paths import FIRST_LIST, ORDER, PublicPath, going_order, is_safe

CLAIMED_FOR = timedelta(seconds=60)
"""How long a worker may take for what it claimed at once, which takes a second or two."""

TRIED_AGAIN_AFTER = timedelta(seconds=60)
ROWS_AT_ONCE = 500


class Claim(NamedTuple):
    """A stale file that one worker has for itself, with the generation that it will have rendered."""

    id: int
    path: str
    kind: str
    owner: str
    order: int
    generation: int
    wanted: bool
    sha256: str


class Made(NamedTuple):
    """What stands at a path now: the hash and size in bytes of the file."""

    claim: Claim
    sha256: str
    size: int


def lock() -> Standing:
    """The one row of how the press stands; others wait for it until this transaction ends."""
    return Standing.objects.select_for_update().get_or_create(pk=1)[0]


def stale() -> QuerySet[PublicFile]:
    """All files that are not as they should be."""
    return PublicFile.objects.filter(generation__gt=F("pressed"))


def stale_count() -> int:
    """How many changes wait to be looked at, and files to be written."""
    return Change.objects.count() + stale().count()


def hold(rows: QuerySet[PublicFile]) -> None:
    """Have these rows until the transaction ends, taken in one order: else two who change several may each have what
    the other waits for, and PostgreSQL ends one of them. With SQLite nobody else writes meanwhile."""
    if connection.features.has_select_for_update:
        list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))


def want(paths: Iterable[PublicPath], generation: int) -> None:
    """These files are to be written again, or for the first time. Whoever had the path before loses it."""
    safe = {path.path: path for path in paths if is_safe(path.path)}
    rows = [
        PublicFile(path=p.path, kind=p.kind, owner=p.owner, order=ORDER[p.kind], generation=generation)
        for p in safe.values()
    ]
    PublicFile.objects.bulk_create(
        rows,
        batch_size=ROWS_AT_ONCE,
        update_conflicts=True,
        unique_fields=["path"],
        update_fields=["kind", "owner", "order", "generation", "wanted", "error", "retry_at"],
    )


def drop(owners: Mapping[str, str], generation: int) -> None:
    """These paths (with their owners) are to go. One that has another owner by now stays."""
    rows = list(
        PublicFile.objects.filter(path__in=list(owners), wanted=True).values_list("id", "path", "kind", "owner")
    )
    ids_by_kind: dict[str, list[int]] = {}
    for id, path, kind, owner in rows:
        if owners[path] == owner:
            ids_by_kind.setdefault(kind, []).append(id)
    for kind, ids in ids_by_kind.items():
        PublicFile.objects.filter(pk__in=ids).update(
            wanted=False, generation=generation, order=going_order(kind), error="", retry_at=None
        )


def claim_some(limit: int, lists_too: bool) -> tuple[str, list[Claim]]:
    """Claim up to `limit` stale files for this worker alone, and the name they are claimed under.

    All of one order must be done before the next begins, whichever workers do it; what failed holds nobody up.
    Without `lists_too` only media and pages are given, because lists are about to change again.
    """
    now, name = timezone.now(), identity()
    first = stale().filter(error="").order_by("order").values_list("order", flat=True).first()
    if first is None or (first >= FIRST_LIST and not lists_too):
        due = stale().exclude(error="").filter(retry_at__lt=now)
    else:
        due = stale().filter(Q(error="", order=first) | (~Q(error="") & Q(retry_at__lt=now)))
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    ids = list(due.filter(free).order_by("order", "-id").values_list("id", flat=True)[:limit])
    if not ids:
        return name, []
    with transaction.atomic():
        hold(PublicFile.objects.filter(pk__in=ids))
        stale().filter(free, pk__in=ids).update(claimed_by=name, claimed_until=now + CLAIMED_FOR)
    rows = PublicFile.objects.filter(claimed_by=name, pk__in=ids).order_by("order", "owner", "id")
    return name, [Claim._make(row) for row in rows.values_list(*Claim._fields)]


def still_claimed(name: str) -> set[int]:
    """Which files of a claim are still this worker's, as long as no other may take them."""
    rows = PublicFile.objects.filter(claimed_by=name, claimed_until__gt=timezone.now())
    return set(rows.values_list("id", flat=True))


def finish(name: str, made: Iterable[Made], gone: Iterable[Claim], failed: Mapping[Claim, str]) -> None:
    """Clear the generations that were rendered, and let go of the claim. What was raised meanwhile stays stale.

    A reason why a file `failed` is kept for the generation that it was of: a newer one is tried at once.
    """
    mine = PublicFile.objects.filter(claimed_by=name)
    with transaction.atomic():
        hold(mine)
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE press_publicfile SET pressed = %s, sha256 = %s, size = %s, error = '', retry_at = NULL"
                " WHERE id = %s AND claimed_by = %s",
                [(m.claim.generation, m.sha256, m.size, m.claim.id, name) for m in made],
            )
        mine.filter(pk__in=[claim.id for claim in gone], wanted=False).delete()
        for claim, error in failed.items():
            of_that_generation = mine.filter(pk=claim.id, generation=claim.generation)
            of_that_generation.update(error=error, retry_at=timezone.now() + TRIED_AGAIN_AFTER)
        mine.update(claimed_by="", claimed_until=None)


def release_claims_of_the_dead() -> None:
    """What a worker had claimed that was killed is free at once, not only when the claim runs out."""
    claimed = PublicFile.objects.exclude(claimed_by="").values_list("claimed_by", flat=True).distinct()
    dead = [name for name in claimed if is_dead(name)]
    theirs = PublicFile.objects.filter(claimed_by__in=dead)
    with transaction.atomic():
        hold(theirs)
        theirs.update(claimed_by="", claimed_until=None)
