"""Saves the page of one link, and looks for the sentences that its references name."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from onrecord.catalogue.changes import episode_changed
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step
from onrecord.lib.html import clean
from onrecord.references import cite, keeping, visiting
from onrecord.references.models import Link, Outcome, Reference, SavedCopy
from onrecord.references.sentences import Text
from onrecord.references.visiting import Visit

FRESH = timedelta(days=30)
"""How old a copy may be for a reference that is published later."""
PAUSES = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=12))
"""Before a page is tried again that did not answer."""


_WITHOUT_A_COPY = Q(copy=None) | ~Q(copy__outcome=Outcome.SAVED)


@step(cite.SAVE, cores=0)
def save(attempt: Attempt) -> None:
    """Save the page of the link whose id is the subject, unless there is a copy that is fresh."""
    link = Link.objects.filter(pk=attempt.subject).first()
    if link is None or not cite.may_be_visited(link):
        with attempt.finish():
            return
    copy = link.copies.filter(outcome=Outcome.SAVED, made__gt=timezone.now() - FRESH).order_by("made").last()
    if copy is not None:
        _finish(attempt, link, copy)
        return
    attempt.progress(0.1, "fetching")
    visit = visiting.visit(link)
    if visit.may_pass and link.save_failures < len(PAUSES):
        with attempt.put_off(timezone.now() + PAUSES[link.save_failures], visit.problem):
            Link.objects.filter(pk=link.pk).update(save_failures=link.save_failures + 1)
    else:
        _finish(attempt, link, _copy(link, visit, timezone.now()))


def _copy(link: Link, visit: Visit, now: datetime) -> SavedCopy:
    """A row that is not written yet; its files are."""
    page, read = visit.page, visit.read
    copy = SavedCopy(link=link, made=now, outcome=visit.outcome, problem=visit.problem)
    if page is not None:
        copy.reached, copy.status, copy.size = clean(page.address), page.status, len(page.content)
        copy.media_type = clean(page.header("content-type").partition(";")[0].strip().lower())[:100]
        copy.sha256 = visit.sha256
        copy.warc = keeping.keep_page(page, read.text if read else "")
    if read is not None:
        copy.title, copy.author, copy.date = clean(read.title), clean(read.author), clean(read.date)
        copy.has_text = bool(read.text)
    return copy


def _finish(attempt: Attempt, link: Link, copy: SavedCopy) -> None:
    """In one transaction: the copy, what it means for each reference that waits for one, and their pages."""
    content = keeping.text_of(copy)
    text = Text(content) if content else None
    with attempt.finish():
        if copy.pk is None:
            copy.save()
        changes = {"reached": copy.reached} if copy.reached else {}
        Link.objects.filter(pk=link.pk).update(save_failures=0, **changes)
        waiting = list(Reference.objects.filter(_WITHOUT_A_COPY, link=link).exclude(published=None))
        for reference in waiting:
            reference.copy = copy
            reference.found = text.has(reference.sentence) if text and reference.sentence else None
        Reference.objects.bulk_update(waiting, ["copy", "found"])
        for episode in sorted({reference.episode_id for reference in waiting if reference.episode_id}):
            episode_changed(episode)
