"""Keeps the index as the rows say it should be.

Who consumes changes writes `Outdated` rows in the same transaction; a worker looks at these episodes again, and removes
the rows when the index has them. A killed worker's work is done again, and comes to the same. An index that is missing,
damaged or of another version of the program is made anew from the rows, the newest episodes first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db import transaction

from onrecord import readmodel
from onrecord.catalogue.models import Episode
from onrecord.lib.errors import Failed
from onrecord.search import engines
from onrecord.search.engines import Engine, NotReady
from onrecord.search.models import Outdated
from onrecord.search.moments import Document, document, fingerprint, is_found

EPISODES_AT_ONCE = 16
"""Episodes whose words are in memory together, and that one transaction brings into the index."""

log = logging.getLogger(__name__)


def outdate(episodes: Iterable[int]) -> None:
    """These episodes may not be in the index as they are. Call it in the transaction that consumes their changes."""
    Outdated.objects.bulk_create([Outdated(episode=episode) for episode in episodes], batch_size=1000)


def is_pending() -> bool:
    """Whether the index is to be looked at again."""
    return Outdated.objects.exists() or _is_unfinished()


def update_some() -> bool:
    """Bring a few episodes into the index, or tidy it a little. Returns whether there was anything to do."""
    if not is_pending():
        return False
    with engines.writing() as index:
        _begin_anew(index)
        seen = list(Outdated.objects.order_by("id")[:EPISODES_AT_ONCE])
        if seen:
            _bring_in(index, list(dict.fromkeys(row.episode for row in seen)))
        elif not index.tidy() and not index.is_filled():
            index.write_note("filled", "yes")
    Outdated.objects.filter(pk__in=[row.pk for row in seen]).delete()
    return True


def update_all() -> None:
    """Bring everything into the index that is not in it as it is."""
    while update_some():
        pass


def scrub() -> None:
    """Bring everything in that was changed; then nothing that was taken out is in any file of the index."""
    update_all()
    engines.scrub()


def rebuild() -> tuple[int, int]:
    """Make the index anew. Returns how many episodes and moments it has."""
    with engines.writing() as index:
        index.clear()
    update_all()
    with engines.reading() as index:
        return index.count()


def _is_unfinished() -> bool:
    try:
        with engines.reading() as index:
            return not index.is_filled() or bool(index.note("untidy"))
    except NotReady:
        return True


def _begin_anew(index: Engine) -> None:
    """An index that is empty, or of another version, is filled from the beginning."""
    if not index.is_current():
        index.clear()
    if index.note("filled"):
        return
    with transaction.atomic():
        outdate(Episode.objects.order_by("-published_at", "id").values_list("id", flat=True))
    index.write_note("filled", "begun")


def _bring_in(index: Engine, episodes: list[int]) -> None:
    """Put in what readers may find and what has changed, and take out what they may not."""
    views = readmodel.episodes(episodes)
    known = index.fingerprints(episodes)
    found = {view.id for view in views if is_found(view)}
    for episode in known.keys() - found:
        index.drop(episode)
    changed = [view.id for view in views if view.id in found and known.get(view.id) != fingerprint(view)]
    for made in sorted(_documents(index, changed), key=lambda made: made.at, reverse=True):
        index.put(made)


def _documents(index: Engine, episodes: list[int]) -> list[Document]:
    made = []
    for view in readmodel.episodes(episodes, with_words=True):
        try:
            made.append(document(view))
        except Failed as error:  # its words cannot be read: `onrecord check` tells more; the others go on
            log.error("episode %s cannot be searched: %s", view.id, error)
            index.drop(view.id)
    return made
