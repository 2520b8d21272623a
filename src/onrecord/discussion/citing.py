"""What comments refer to: given in the form, or as links in their text. Nobody is visited before they are published."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

from onrecord.discussion.models import Cited, Comment
from onrecord.lib.errors import BadInput
from onrecord.lib.html import links_in
from onrecord.references import cite


@dataclass(frozen=True)
class Given:
    """A reference as it was typed: an address, or a work in words; the sentence in it; whether it is lost."""

    given: str
    sentence: str = ""
    lost: bool = False


def keep(comment: Comment, references: Iterable[Given]) -> None:
    """Keep what was given in the form, in the caller's transaction. Raises BadInput."""
    for one in references:
        reference = cite.cite(one.given, sentence=one.sentence, lost=one.lost, episode=comment.episode)
        Cited.objects.create(comment=comment, reference=reference)


def published(comment: Comment) -> None:
    """The comment is published, or was edited while it is: the links in its text are references, and all are saved."""
    links = links_in(comment.html)
    known: set[str] = set()
    for cited in comment.cited.select_related("reference"):
        if cited.in_text and cited.reference.given not in links:
            cite.forget(cited.reference)
        else:
            known.add(cited.reference.given)
    for address in links:
        if address not in known:
            with contextlib.suppress(BadInput):  # too long to be looked after; it is a link all the same
                Cited.objects.create(
                    comment=comment, reference=cite.cite(address, episode=comment.episode), in_text=True
                )
    for cited in comment.cited.select_related("reference__link"):
        cite.published(cited.reference)


def forget(comment: Comment) -> None:
    """The comment goes, and its references with it."""
    for cited in comment.cited.select_related("reference__link"):
        cite.forget(cited.reference)
