"""Answers: the open disputes, the form at which a comment is answered, the second pair of eyes, inviting the guest."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from onrecord.discussion import answers, corrections, outcomes, statements
from onrecord.discussion.answers import AnswerDraft
from onrecord.discussion.models import Answer, Comment, Outcome, Part, State
from onrecord.discussion.text import LONGEST, LONGEST_NAME
from onrecord.lib.errors import BadInput
from onrecord.studio import words
from onrecord.studio.access import EDITORS, account_of, for_roles, page, sayable, see_other, seeing_to
from onrecord.transcripts import correct

A_PAGE = 30

OUTCOMES = {
    Outcome.CORRECTED: _("It is wrong. A correction is published with the answer; the words that were said stay."),
    Outcome.CLARIFIED: _("It could be misunderstood. A clarification is published with the answer."),
    Outcome.CONTEXT: _("Something was missing; it is said now."),
    Outcome.TRANSCRIPT: _("We misheard. Correct the words first; the sound is unchanged."),
    Outcome.STANDS: _("What was said holds."),
    Outcome.OPINION: _("It is not a matter of fact."),
    Outcome.DUPLICATE: _("Another comment says the same."),
    Outcome.WITHDRAWN: _("Its writer has taken it back."),
    Outcome.REMOVED: _("The law asks for it. The words of the dispute go, for ever; number and reason stay."),
}


@require_safe
@for_roles(*EDITORS)
def disputes(request: HttpRequest) -> HttpResponse:
    """What waits for an answer, the oldest first; before it, answers that somebody else has to confirm."""
    here = Paginator(answers.open_disputes(), A_PAGE).get_page(request.GET.get("page"))
    rows = list(here.object_list)
    prefetch_related_objects(rows, "ties")
    return page(
        request,
        "studio/disputes.html",
        rows=rows,
        here=here,
        to_confirm=[(one, outcomes.in_words(one.outcome)) for one in answers.to_confirm()[:A_PAGE]],
        me_wrote=account_of(request).username,
    )


class AnswerForm(forms.Form):
    """What is said to a comment; of a dispute also what came of it, and why."""

    text = forms.CharField(
        label=_("The answer"),
        max_length=LONGEST,
        required=False,
        help_text=_("Markdown, as readers write. It may be empty where the outcome and its reason say all."),
        widget=forms.Textarea(attrs={"dir": "auto", "rows": "8", "class": "read"}),
    )
    name = forms.CharField(
        label=_("Who answers"),
        max_length=LONGEST_NAME,
        required=False,
        help_text=_("As readers see it: the publication, or a person."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    outcome = forms.ChoiceField(label=_("Outcome"), required=False, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("The reason for this outcome"),
        max_length=answers.LONGEST_REASON,
        required=False,
        help_text=_("One or two sentences, in plain words. Readers see it below the answer."),
        widget=forms.Textarea(attrs={"dir": "auto", "rows": "3"}),
    )
    duplicate_of = forms.IntegerField(
        label=_("The number of the comment that says the same"), required=False, min_value=1
    )
    correction = forms.CharField(
        label=_("The correction"),
        max_length=corrections.LONGEST,
        required=False,
        help_text=_(
            "A draft: say what is right in the gap. It is published at the words, on top of the page and in the feeds."
        ),
        widget=forms.Textarea(attrs={"dir": "auto", "rows": "5", "class": "read"}),
    )

    def __init__(self, comment: Comment, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not hasattr(comment, "dispute"):
            for field in ("outcome", "reason", "duplicate_of", "correction"):
                del self.fields[field]
            return
        choices = [("", gettext("It stays open"))] + [(str(value), outcomes.in_words(value)) for value in OUTCOMES]
        self.fields["outcome"].choices = choices  # type: ignore[attr-defined]
        if answers.correction_of(comment) is not None:
            del self.fields["correction"]

    def draft(self) -> AnswerDraft:
        """What was written."""
        given = self.cleaned_data
        return AnswerDraft(
            text=given["text"],
            outcome=Outcome(given["outcome"]) if given.get("outcome") else None,
            reason=given.get("reason", ""),
            name=given["name"],
            duplicate_of=given.get("duplicate_of"),
            correction=given.get("correction", ""),
        )


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*EDITORS)
def answer(request: HttpRequest, key: str) -> HttpResponse:
    """The comment with all that was said to it, and the form of the answer."""
    comment = _comment(key)
    if request.method != "POST":
        return _form(request, comment, AnswerForm(comment, initial=_initial(request, comment)))
    form = AnswerForm(comment, request.POST)
    if not form.is_valid():
        return _form(request, comment, form, 422)
    try:
        made = answers.answer(comment, form.draft(), account_of(request).username)
    except BadInput as error:
        form.add_error(None, sayable(error))
        return _form(request, comment, form, 422)
    if made.published is None:
        messages.success(request, gettext("Saved. Somebody else has to confirm it before it is published."))
    else:
        messages.success(request, gettext("Published. Its writer is told by mail."))
    return see_other(reverse("disputes"))


def _comment(key: str) -> Comment:
    rows = Comment.objects.select_related("episode__show", "writer", "dispute")
    return get_object_or_404(rows, key=key, state__in=(State.HELD, State.PUBLISHED))


def _initial(request: HttpRequest, comment: Comment) -> dict[str, Any]:
    now = _waiting(comment) or answers.current(comment)
    asked = request.GET.get("outcome", "")
    initial = {
        "text": now.text if now else "",
        "name": now.name if now else settings.ONRECORD.publication.name,
        "outcome": now.outcome if now else "",
        "reason": now.reason if now else "",
        "duplicate_of": now.duplicate_of.number if now and now.duplicate_of else None,
        "correction": (now.correction_text if now else "") or corrections.draft_text(comment),
    }
    return initial | ({"outcome": asked} if asked in Outcome.values else {})


def _waiting(comment: Comment) -> Answer | None:
    return comment.answers.filter(published=None).first()


def _form(request: HttpRequest, comment: Comment, form: AnswerForm, status: int = 200) -> HttpResponse:
    prefetch_related_objects([comment], "ties", "cited__reference")
    return page(
        request,
        "studio/answer.html",
        status,
        comment=comment,
        is_dispute=hasattr(comment, "dispute"),
        form=form,
        explained=[(str(value), words) for value, words in OUTCOMES.items()],
        current=answers.current(comment),
        waiting=_waiting(comment),
        correction=answers.correction_of(comment),
        fixed=answers.revisions_since(comment),
        turns=_turns(comment),
        reply=statements.there(comment, Part.REPLY),
        rejoinder=statements.there(comment, Part.REJOINDER),
        invitation=comment.invitations.filter(used=None).order_by("-id").first(),
    )


def _turns(comment: Comment) -> list[str]:
    """Where the words that it is about are corrected, from here and back."""
    found = []
    for tie in comment.ties.select_related("revision__transcript__recording"):
        if tie.revision is None or not tie.revision.transcript.recording.current:
            continue
        newest, now = correct.now(comment.episode, tie.revision.number, range(tie.first, tie.end))
        turn = words.turn_with(newest, now.start) if now else None
        if turn is not None:
            address = reverse("turn", args=[comment.episode.key, turn.first, turn.end])
            found.append(f"{address}?for={comment.key}")
    return list(dict.fromkeys(found))


@require_POST
@for_roles(*EDITORS)
def confirm(request: HttpRequest, key: str) -> HttpResponse:
    """The second pair of eyes: publish an answer that somebody else wrote, or discard it."""
    waiting = get_object_or_404(Answer.objects.select_related("comment"), comment__key=key, published=None)
    if request.POST.get("deed") == "discard":
        seeing_to(request, gettext("Discarded."), lambda: answers.discard(waiting))
    else:
        by = account_of(request).username
        seeing_to(request, gettext("Published. Its writer is told by mail."), lambda: answers.confirm(waiting, by))
    return see_other(reverse("disputes"))


@require_POST
@for_roles(*EDITORS)
def invite(request: HttpRequest, key: str) -> HttpResponse:
    """Ask a guest to reply, by a mailed link."""
    comment, by = _comment(key), account_of(request).username
    name, address = request.POST.get("name", ""), request.POST.get("address", "")
    seeing_to(request, gettext("The guest is asked by mail."), lambda: statements.invite(comment, name, address, by))
    return see_other(reverse("answer", args=[key]))
