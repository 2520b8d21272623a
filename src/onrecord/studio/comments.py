"""One comment with all that is known of it, and one person: notes, whose it is, ties, and cutting personal data."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from onrecord import erase, readmodel
from onrecord.accounts.models import Account, Role
from onrecord.discussion import cutting, disputes, notes, waiting
from onrecord.discussion.models import Cited, Comment, Event, State, Tie, Writer
from onrecord.discussion.text import moment_of
from onrecord.lib import times
from onrecord.lib.errors import BadInput
from onrecord.readmodel import EpisodeView
from onrecord.references import keeping
from onrecord.references.models import Kind
from onrecord.share import chosen_words
from onrecord.site import quotes
from onrecord.studio.access import EDITORS, EVERYBODY, account_of, for_roles, page, sayable, see_other, seeing_to
from onrecord.studio.paging import page_of

A_PAGE = 30
FURTHER = 2
"""Turns after the one at the chosen time whose words can be chosen too."""


def comment_of(key: str) -> Comment:
    """The comment of this key, or a page that says that there is none."""
    return get_object_or_404(Comment.objects.select_related("episode__show", "writer", "assigned"), key=key)


@require_safe
@for_roles(*EVERYBODY)
def attached(request: HttpRequest, key: str, reference: int) -> HttpResponseBase:
    """A file that a reader gave as a reference: to be kept, never to be shown by a browser as a page of ours."""
    files = Cited.objects.filter(comment__key=key, reference__kind=Kind.FILE).select_related("reference")
    row = get_object_or_404(files, reference=reference).reference
    path = keeping.attached_file(row.sha256)
    if not path.is_file():
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename=row.file_name, content_type=row.file_type)


@require_safe
@for_roles(*EVERYBODY)
def comment(request: HttpRequest, key: str) -> HttpResponse:
    """Its words, its history, what those who decide say of it, and what can be done with it."""
    row = comment_of(key)
    (known,) = waiting.with_histories([row])
    return page(
        request,
        "studio/comment.html",
        comment=row,
        known=known,
        waits=row.state == State.HELD,
        gone=not row.salt,
        events=Event.objects.filter(comment=row.key).order_by("number"),
        accounts=Account.objects.filter(is_active=True).order_by("username"),
        is_editor=account_of(request).role in (Role.OWNER, Role.EDITOR),
        longest_cut=cutting.LONGEST,
        longest_note=notes.LONGEST,
    )


@require_safe
@for_roles(*EVERYBODY)
def writer(request: HttpRequest, writer: int) -> HttpResponse:
    """Everything that one person wrote, the oldest first, and notes about them. Never their address."""
    row = get_object_or_404(Writer, pk=writer)
    theirs = Comment.objects.filter(writer=row).select_related("episode").order_by("created", "id")
    here = page_of(theirs, request.GET, A_PAGE)
    record = waiting.records_of([row.pk])[row.pk]
    return page(request, "studio/writer.html", writer=row, record=record, here=here, notes=row.notes.order_by("id"))


def _back(row: Comment) -> HttpResponse:
    return see_other(reverse("comment", args=[row.key]))


@require_POST
@for_roles(*EVERYBODY)
def note(request: HttpRequest, key: str) -> HttpResponse:
    """Write something down for those who decide, of the comment or of the person."""
    row, given = comment_of(key), request.POST
    by, of_person = account_of(request).username, given.get("about") == "person"
    written = gettext("Written down. Only those who sign in see it.")
    seeing_to(request, written, lambda: notes.add(row, given.get("text", ""), by=by, of_person=of_person))
    return _back(row)


@require_POST
@for_roles(*EVERYBODY)
def assign(request: HttpRequest, key: str) -> HttpResponse:
    """Hand it to a colleague, or to nobody."""
    row, number = comment_of(key), request.POST.get("account", "")
    account = get_object_or_404(Account, pk=int(number)) if number.isdecimal() and len(number) < 10 else None
    said = gettext("Handed to %(name)s.") % {"name": account} if account else gettext("It is nobody's.")
    seeing_to(request, said, lambda: notes.assign(row, account))
    return _back(row)


@require_POST
@for_roles(*EVERYBODY)
def cut(request: HttpRequest, key: str) -> HttpResponse:
    """Cut personal data out of it."""
    row, by = comment_of(key), account_of(request).username
    seeing_to(request, gettext("Cut."), lambda: erase.cut(row, request.POST.get("words", ""), by))
    return _back(row)


# ── ties ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*EDITORS)
def tie(request: HttpRequest, key: str) -> HttpResponse:
    """Choose the words that a comment is about: by their time, then by their sentences."""
    row = comment_of(key)
    view = readmodel.episode(row.episode_id) if row.episode.is_public else None
    if view is None or view.transcript is None or not row.salt:
        messages.error(request, gettext("There are no public words to tie it to, or nothing is left of the comment."))
        return _back(row)
    if request.method == "POST" and _tie(request, row, view):
        return _back(row)
    typed = request.GET.get("time", "")
    at = _milliseconds(typed)
    turns = quotes.turns_of(view, _sentence_at(view, at), FURTHER) if at is not None else []
    return page(
        request,
        "studio/tie.html",
        comment=row,
        time=typed,
        unreadable=bool(typed) and not turns,
        turns=turns,
        revision=view.transcript.revision,
        spoken_language=view.transcript.language,
        moments=[times.clock(int(second) * 1000) for second in dict.fromkeys(re.findall(r"\?t=(\d+)", row.html))],
    )


def _tie(request: HttpRequest, row: Comment, view: EpisodeView) -> bool:
    try:
        ranges = request.POST.getlist("words")
        if not ranges:
            raise BadInput(gettext("Choose at least one sentence."))
        words = chosen_words(view, request.POST.get("revision", ""), ranges)
        disputes.tie_by_editor(row, words, by=account_of(request).username)
    except BadInput as error:
        messages.error(request, sayable(error))
        return False
    messages.success(request, gettext("Tied."))
    return True


def _milliseconds(typed: str) -> int | None:
    parts = typed.strip().split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isdecimal() and len(part) <= 3 for part in parts):
        return None
    hours = parts[0] if len(parts) == 3 else None
    seconds = moment_of(hours, *parts[-2:])
    return None if seconds is None else seconds * 1000


def _sentence_at(view: EpisodeView, at: int) -> str:
    """The id of the sentence that is said then."""
    words = view.transcript
    assert words is not None  # noqa: S101 the caller looked
    begun = [id for start, id in words.anchors.ids.items() if words.tokens[start].start <= at + 999]
    return begun[-1] if begun else next(iter(words.anchors.ids.values()), "")


@require_POST
@for_roles(*EDITORS)
def untie(request: HttpRequest, key: str, tie: int) -> HttpResponse:
    """Take back a tie that an editor made."""
    row = comment_of(key)
    made: Any = get_object_or_404(Tie, pk=tie, comment=row)
    by = account_of(request).username
    seeing_to(request, gettext("It is not tied to these words any more."), lambda: disputes.untie(made, by=by))
    return _back(row)
