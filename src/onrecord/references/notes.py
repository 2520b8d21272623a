"""The links of show notes: references for as long as their episode is public."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from onrecord.catalogue.models import Episode
from onrecord.lib.errors import BadInput
from onrecord.lib.html import links_in
from onrecord.references import cite, visiting
from onrecord.references.models import Reference

MOST = 200
"""Links of one episode's notes that become references; the others are links all the same."""


def follow(notes: Mapping[int, str | None]) -> None:
    """Make the references of these episodes those that their notes cite now. `notes` has clean HTML by episode.

    None stands for an episode that is not public: nobody is visited for its sake, and what was saved stays for the day
    on which it comes back. Links that the notes have no longer are forgotten. Links into our own site are none.
    """
    rows = Reference.objects.filter(episode__in=list(notes), in_notes=True).select_related("link", "episode")
    known: dict[int, dict[str, Reference]] = {}
    for row in rows.order_by("pk"):
        known.setdefault(row.episode_id or 0, {})[row.given] = row
    for episode in Episode.objects.filter(pk__in=list(notes)).order_by("pk"):
        before, html = known.get(episode.pk, {}), notes[episode.pk]
        if html is None:
            _withdraw(before)
        else:
            _cite(episode, [link for link in links_in(html) if not visiting.is_ours(link)][:MOST], before)


def _withdraw(references: Mapping[str, Reference]) -> None:
    for reference in references.values():
        if reference.published:
            cite.unpublished(reference)


def _cite(episode: Episode, links: list[str], before: Mapping[str, Reference]) -> None:
    for given in before.keys() - set(links):
        cite.forget(before[given])
    for link in links:
        reference = before.get(link)
        if reference is None:
            with contextlib.suppress(BadInput):  # too long to be looked after; it is a link all the same
                reference = cite.cite(link, episode=episode, in_notes=True)
        if reference and not reference.published:
            cite.published(reference)
