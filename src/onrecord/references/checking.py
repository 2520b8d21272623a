"""Looks whether links still lead anywhere: each week, and when one does not, every three days until it is sure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from onrecord.catalogue.changes import episode_changed
from onrecord.references import visiting
from onrecord.references.models import Link, Reference
from onrecord.references.visiting import Pulse

EVERY = timedelta(days=7)
APART = timedelta(days=3)
"""Between two failures that count."""
MOST_FAILURES = 3
OUR_OWN_LINE = 3
"""So many hosts at once, and not one of them answers: it is our own connection, and says nothing of theirs."""


def due(now: datetime, most: int) -> list[Link]:
    """Links whose time has come, the longest overdue first."""
    return list(looked_after().filter(next_check__lte=now).order_by("next_check", "pk")[:most])


def next_due(now: datetime) -> datetime | None:
    """When the next link's time comes."""
    first = looked_after().filter(next_check__gt=now).order_by("next_check").first()
    return first.next_check if first else None


def looked_after() -> QuerySet[Link]:
    """Links that a published text cites."""
    cited = Reference.objects.filter(link=OuterRef("pk")).exclude(published=None)
    return Link.objects.filter(Exists(cited), visited=True)


def feel(links: Iterable[Link]) -> list[tuple[Link, Pulse]]:
    """Visit each of them; those of our own site are never dead."""
    return [
        (link, Pulse(True, True) if visiting.is_ours(link.address) else visiting.feel_pulse(link)) for link in links
    ]


def is_our_own_line(felt: Sequence[tuple[Link, Pulse]]) -> bool:
    """Whether we seem to be cut off ourselves."""
    hosts = {link.address.split("/")[2] for link, _ in felt}
    return len(hosts) >= OUR_OWN_LINE and not any(pulse.connected for _, pulse in felt)


def note(link: Link, pulse: Pulse) -> None:
    """Write down what a visit showed. In the caller's transaction; pages that show the link are written anew."""
    now = timezone.now()
    was_dead = link.dead_since
    link.checked, link.problem = now, pulse.problem
    if pulse.alive:
        link.failures, link.first_failure, link.last_failure, link.dead_since = 0, None, None, None
        link.reached = pulse.reached or link.reached
        link.next_check = now + EVERY
    else:
        _note_failure(link, now)
    link.save()
    if link.dead_since != was_dead:
        published = Reference.objects.filter(link=link).exclude(published=None).exclude(episode=None)
        for episode in sorted(set(published.values_list("episode_id", flat=True))):
            episode_changed(episode)


def _note_failure(link: Link, now: datetime) -> None:
    if link.last_failure is None or now - link.last_failure >= APART:
        link.failures += 1
        link.first_failure = link.first_failure or now
        link.last_failure = now
    if link.failures >= MOST_FAILURES:
        link.dead_since = link.first_failure
    link.next_check = now + (EVERY if link.dead_since else APART)
