"""What comments refer to: given in the form, or as links in their text. Nobody is visited before they are published."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from onrecord.discussion.models import Answer, Cited, Comment, Statement
from onrecord.lib.errors import BadInput
from onrecord.lib.html import links_in
from onrecord.references import cite
from onrecord.references.attached import Attachment, attach
from onrecord.references.models import Reference


@dataclass(frozen=True)
class Given:
    """A reference as it was given: an address, a work in words, or a file; the sentence in it; whether it is lost."""

    given: str
    sentence: str = ""
    lost: bool = False
    file: Attachment | None = None


def keep(comment: Comment, references: Iterable[Given]) -> None:
    """Keep what was given in the form, in the caller's transaction. Raises BadInput."""
    for one in references:
        if one.file:
            reference = attach(one.file, sentence=one.sentence, title=one.given, episode=comment.episode)
        else:
            reference = cite.cite(one.given, sentence=one.sentence, lost=one.lost, episode=comment.episode)
        Cited.objects.create(comment=comment, reference=reference)


def published(comment: Comment) -> None:
    """The comment is published, or was edited while it is: the links in its text are references, and all are saved."""
    links = links_in(comment.html)
    known: set[str] = set()
    own = comment.cited.filter(answer=None, statement=None)
    for cited in own.select_related("reference"):
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
    for cited in own.select_related("reference__link"):
        cite.published(cited.reference)


def unpublished(comments: Collection[int]) -> None:
    """These comments are not shown any more: nobody is visited for their sake."""
    for cited in Cited.objects.filter(comment__in=comments).select_related("reference"):
        cite.unpublished(cited.reference)


def answered(answer: Answer) -> None:
    """An answer is published: the links in it are references, and saved."""
    for reference in _links(answer.comment, answer.html):
        Cited.objects.create(comment=answer.comment, answer=answer, reference=reference, in_text=True)


def said(statement: Statement) -> None:
    """The same of a guest's reply or a rejoinder."""
    for reference in _links(statement.comment, statement.html):
        Cited.objects.create(comment=statement.comment, statement=statement, reference=reference, in_text=True)


def _links(comment: Comment, html: str) -> Iterator[Reference]:
    for address in links_in(html):
        with contextlib.suppress(BadInput):  # too long to be looked after; it is a link all the same
            reference = cite.cite(address, episode=comment.episode)
            cite.published(reference)
            yield reference


def forget_said(statement: Statement) -> None:
    """A reply or a rejoinder goes, and its references with it."""
    for cited in statement.cited.select_related("reference__link"):
        cite.forget(cited.reference)


def forget(comment: Comment) -> None:
    """The comment goes, and its references with it, and those of all that was said to it."""
    for cited in comment.cited.select_related("reference__link"):
        cite.forget(cited.reference)
