"""Presses what is stale: claims it, renders it, puts it in its place, and clears the generation that was rendered.

Guaranteed: one writer a path at a time, with any number of workers; a file is whole or not there; a generation that was
raised while its file was rendered stays stale; what a killed worker had begun is done again.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from onrecord.catalogue.changes import everything_changed
from onrecord.lib import locks
from onrecord.lib.errors import Failed
from onrecord.lib.files import sha256_of
from onrecord.press import affected, media, stale, writer
from onrecord.press.models import Listed
from onrecord.press.notice import notice_date, notice_settings
from onrecord.press.paths import FIRST_LIST, PICTURES, owner
from onrecord.press.render import NotPublic, Shelf, render
from onrecord.press.stale import Claim, Made, stale_count

__all__ = [
    "clean_up",
    "failures",
    "help_pressing",
    "is_stale",
    "notice_settings",
    "press_all",
    "press_some",
    "press_what_is_stale",
    "stale_count",
]

FILES_AT_ONCE = 100
"""Files that are rendered before they are made durable together: some megabytes."""

WORTH_HELP = 2_000
"""Stale files from which one more process for each processor pays."""

ENOUGH_TO_PRESS = 3_000
"""Stale media and pages that keep every process busy for longer than it takes to look at more changes."""

MOST_PROCESSES = 8
"""Of one full press: all of them wait for one database to write."""

LOOKED_AGAIN_AFTER = 0.05
"""Seconds to wait when other workers have all that could be pressed now."""

Progress = Callable[[float, str], None]
"""Told how far it is, from 0 to 1, and in words."""

log = logging.getLogger(__name__)


# ── what others call ────────────────────────────────────────────────────────────────────────────────────────────────


def press_some(limit: int = FILES_AT_ONCE) -> int:
    """Press up to `limit` stale files. Returns how many it dealt with: 0 when there is nothing that it could do now."""
    notice_date()
    while True:
        looked = _is_time_to_look() and _consume()
        name, claims = stale.claim_some(limit, lists_too=not affected.is_pending())
        if claims:
            _press(name, claims)
            return len(claims)
        if not looked:
            stale.release_claims_of_the_dead()
            return 0


def _is_time_to_look() -> bool:
    """Whether changes are to be turned into stale paths now.

    Media go before all pages. If the pieces of a change of everything were all looked at as soon as they can be, which
    only one process does at a time, new media would come all the while, and the others would have no page to press.
    """
    pages = stale.stale().filter(error="", order__lt=FIRST_LIST)
    return affected.is_urgent() or pages[:ENOUGH_TO_PRESS].count() < ENOUGH_TO_PRESS


def _consume() -> bool:
    """Turn some changes into stale paths, unless another process here does: then this one presses meanwhile.

    Eight that stand in line for the database, each for a second of its writing, can keep one waiting until it gives up.
    """
    with locks.if_free(_lock("changes")) as free:
        return free and affected.consume()


def press_what_is_stale(progress: Progress | None = None) -> int:
    """Press until nothing is stale, together with whoever else does. Returns how many files this worker dealt with."""
    notice_settings()
    clean_up()
    return _press_until_done(progress, helpers=min(os.cpu_count() or 1, MOST_PROCESSES) - 1)


def help_pressing() -> None:
    """Press until nothing is stale, beside the process that began it."""
    _press_until_done(None, helpers=0)


def press_all(progress: Progress | None = None) -> int:
    """Write every public file anew, where it is not the same already. Returns how many files this worker dealt with."""
    with transaction.atomic():
        everything_changed()
    return press_what_is_stale(progress)


def clean_up() -> None:
    """Free what a killed worker had claimed, and remove the temporary files that it left."""
    stale.release_claims_of_the_dead()
    with locks.alone(_lock("press")):
        writer.sweep(settings.ONRECORD.public)


def is_stale(episode_id: int) -> bool:
    """Whether anything waits to be pressed that shows this episode: its page, other parts of its series, lists, feeds.

    What could not be made is not waited for: `failures` tells of it.
    """
    names = list(Listed.objects.filter(episode=episode_id).values_list("list", flat=True))
    series = [name for name in names if name.startswith("series:")]
    parts = Listed.objects.filter(list__in=series).values_list("episode", flat=True)
    owners = ["site", *names, *(owner("episode", id) for id in {episode_id, *parts})]
    return affected.is_pending() or stale.stale().filter(error="", owner__in=owners).exists()


def failures() -> list[str]:
    """Files that could not be made, one sentence each. They are tried again every minute."""
    rows = stale.stale().exclude(error="").order_by("path")
    return [f"{path} could not be written: {error}" for path, error in rows.values_list("path", "error")]


# ── pressing until done ─────────────────────────────────────────────────────────────────────────────────────────────


def _press_until_done(progress: Progress | None, helpers: int) -> int:
    total = 0
    with contextlib.ExitStack() as helped:
        while stale.stale().filter(error="").exists() or affected.is_pending():
            pressed = press_some()
            total += pressed
            if not pressed:
                time.sleep(LOOKED_AGAIN_AFTER)
            left = stale.stale().count() if progress or helpers else 0
            if left > WORTH_HELP:
                while helpers > 0:
                    helpers -= 1
                    helped.enter_context(_helper())
            if progress:
                progress(total / (total + left) if total else 0.0, f"{left} files to go")
    return total


@contextlib.contextmanager
def _helper() -> Iterator[None]:
    """Another process that presses too, and ends by itself when nothing is left."""
    environment = os.environ | {
        "ONRECORD_FOLDER": str(settings.ONRECORD.folder),
        "DJANGO_SETTINGS_MODULE": "onrecord.settings",
    }
    process = subprocess.Popen([sys.executable, "-m", "onrecord.press"], env=environment, stdin=subprocess.DEVNULL)
    try:
        yield
    except BaseException:  # Ctrl-C too: the helper ends with us
        process.terminate()
        raise
    finally:
        process.wait()


# ── one batch ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _press(name: str, claims: list[Claim]) -> None:
    """Render, make durable, put in place, clear. Whatever fails keeps nothing else from readers."""
    batch = writer.Batch(settings.ONRECORD.public)
    try:
        made, failed = _stage(batch, claims)
        batch.sync()
        gone = _swap(batch, name, claims, made, failed)
        batch.close()
    except OSError as error:  # the disk is full, or gone
        batch.discard()
        made, gone, failed = {}, [], {claim: _reason(claim, error) for claim in claims}
    except BaseException:  # Ctrl-C too: no temporary file stays
        batch.discard()
        raise
    stale.finish(name, made.values(), gone, failed)


def _stage(batch: writer.Batch, claims: list[Claim]) -> tuple[dict[int, Made], dict[Claim, str]]:
    """Render what is wanted into temporary files."""
    made: dict[int, Made] = {}
    failed: dict[Claim, str] = {}
    shelf = Shelf(claim.owner for claim in claims)
    with _one_moment():
        for claim in claims:
            if not claim.wanted:
                continue
            try:
                made[claim.id] = _stage_one(batch, shelf, claim)
            except Exception as error:  # noqa: BLE001 one file that cannot be made must not keep the others from readers
                failed[claim] = _reason(claim, error)
    shelf.keep()
    return made, failed


def _stage_one(batch: writer.Batch, shelf: Shelf, claim: Claim) -> Made:
    if claim.kind == "media":
        return media.stage(batch, claim)
    if claim.kind in PICTURES:
        kept = _is_as_recorded(batch, claim)
        if kept is not None:
            return kept
    content = render(shelf, claim.kind, claim.owner, claim.path)
    batch.stage(claim.id, claim.path, content)
    return Made(claim, hashlib.sha256(content).hexdigest(), len(content))


def _is_as_recorded(batch: writer.Batch, claim: Claim) -> Made | None:
    """Pictures are named by their content and slow to make: one whose file has the recorded hash stays."""
    file = batch.place(claim.path)
    if claim.sha256 and file.is_file() and sha256_of(file) == claim.sha256:
        return Made(claim, claim.sha256, file.stat().st_size)
    return None


def _swap(
    batch: writer.Batch, name: str, claims: list[Claim], made: dict[int, Made], failed: dict[Claim, str]
) -> list[Claim]:
    """Put in place what is still claimed, and take away what is to go; returns what went.

    A worker that was thought dead comes here late: its claim has gone to another, and it changes nothing.
    """
    gone = []
    with locks.alone(_lock("press")):
        mine = stale.still_claimed(name)
        batch.swap(id for id in made if id in mine)
        for claim in claims:
            if claim.id not in mine or (claim.wanted and claim.kind != "media") or claim in failed:
                continue
            try:
                if claim.wanted:
                    media.place(batch, claim)
                else:
                    media.withdraw(claim)
                    batch.remove(claim.path)
                    gone.append(claim)
            except (OSError, Failed, NotPublic) as error:
                made.pop(claim.id, None)
                failed[claim] = _reason(claim, error)
    return gone


def _reason(claim: Claim, error: Exception) -> str:
    if not isinstance(error, NotPublic):  # withdrawn while it waited; the note of it is about to be read
        log.error("%s could not be pressed", claim.path, exc_info=error)
    return f"{type(error).__name__}: {error}"[:500]


def _lock(name: str) -> Path:
    """The lock of this name. Who holds "press" is the only one who puts public files in place."""
    private: Path = settings.ONRECORD.private
    return private / f"{name}.lock"


@contextlib.contextmanager
def _one_moment() -> Iterator[None]:
    """Everything that is read inside is of one moment, and nobody waits for it."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
