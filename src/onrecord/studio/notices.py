"""Legal notices: what they say, until when something is to be done, and the form at which they are decided."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from onrecord.discussion import notice_letters, notices, outcomes
from onrecord.discussion.models import Event, Law, Notice, Ruling
from onrecord.discussion.notices import RulingDraft
from onrecord.lib import times
from onrecord.lib.errors import BadInput
from onrecord.studio.access import EDITORS, EVERYBODY, account_of, for_roles, page, sayable, see_other, seeing_to
from onrecord.studio.paging import page_of

A_PAGE = 30
LONGEST = 4_000

EXPLAINED = {
    Ruling.NONE: _("It stays as it is; what is hidden is shown again."),
    Ruling.RESTRICTED: _("Readers see its number and that it is hidden; its words stay here, and can be shown again."),
    Ruling.REMOVED: _(
        "Readers see its number and that it was removed. After ten minutes its words are erased for good."
    ),
    Ruling.CHANGED: _("For what is said in an episode: correct, cut or withdraw it first, then say so here."),
    Ruling.WITHDRAWN: _("Its writer or somebody else took it away meanwhile."),
}


class RulingForm(forms.Form):
    """What is decided on a notice, and why."""

    ruling = forms.ChoiceField(label=_("What is decided"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("The facts, and why they lead to this"),
        max_length=LONGEST,
        help_text=_("Both sides are told: who gave the notice, and who wrote the comment."),
        widget=forms.Textarea(attrs={"dir": "auto", "rows": "5"}),
    )
    ground = forms.CharField(
        label=_("The law, or the term of yours, that it rests on"),
        max_length=LONGEST,
        required=False,
        help_text=_("With the article. Not needed where nothing is taken away."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    public_reason = forms.CharField(
        label=_("What readers see of the reason"),
        max_length=LONGEST,
        required=False,
        help_text=_("It may stay empty: then they see only that and when."),
        widget=forms.Textarea(attrs={"dir": "auto", "rows": "2"}),
    )

    def __init__(self, notice: Notice, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(one), outcomes.RULINGS[one]) for one in notices.choices(notice)]
        self.fields["ruling"].choices = choices  # type: ignore[attr-defined]
        if notice.comment is None:  # there is no place for it on the page
            del self.fields["public_reason"]

    def draft(self) -> RulingDraft:
        """What was written."""
        given = self.cleaned_data
        return RulingDraft(Ruling(given["ruling"]), given["reason"], given["ground"], given.get("public_reason", ""))


@require_safe
@for_roles(*EVERYBODY)
def listing(request: HttpRequest) -> HttpResponse:
    """All notices, decided or not, the oldest first."""
    rows = Notice.objects.select_related("comment", "episode__show").order_by("created", "id")
    return page(request, "studio/notices.html", here=page_of(rows, request.GET, A_PAGE))


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*EVERYBODY)
def notice(request: HttpRequest, key: str) -> HttpResponse:
    """What a notice is about and says, what was done, and the form at which it is decided. On what is said in an
    episode editors decide."""
    row = _notice(key)
    if request.method != "POST":
        initial = {"reason": row.reason, "ground": row.ground, "public_reason": row.public_reason}
        return _page(request, row, RulingForm(row, initial=initial))
    if not _may_decide(request, row):
        return page(request, "studio/refused.html", status=403)
    form = RulingForm(row, request.POST)
    if not form.is_valid():
        return _page(request, row, form, 422)
    try:
        notices.decide(row, form.draft(), account_of(request).username)
    except BadInput as error:
        form.add_error(None, sayable(error))
        return _page(request, row, form, 422)
    messages.success(request, gettext("Decided. Those whom it concerns are told by mail."))
    return see_other(reverse("queue"))


@require_POST
@for_roles(*EVERYBODY)
def ask(request: HttpRequest, key: str) -> HttpResponse:
    """Start the clocks of section 5 though nobody confirmed the address: ask the comment's writer."""
    row, by = _notice(key), account_of(request).username
    seeing_to(request, gettext("Done: its writer has been asked, or cannot be."), lambda: notices.ask(row, by))
    return see_other(reverse("notice", args=[key]))


def _notice(key: str) -> Notice:
    return get_object_or_404(Notice.objects.select_related("comment__writer", "episode__show", "writer"), key=key)


def _may_decide(request: HttpRequest, row: Notice) -> bool:
    return row.comment is not None or account_of(request).role in EDITORS


def _page(request: HttpRequest, row: Notice, form: RulingForm, status: int = 200) -> HttpResponse:
    words = [(notice_letters.LABELS_OF_EXPLANATION[Law(row.law)], row.explanation)]
    words += [(label, getattr(row, name)) for name, label in notice_letters.LABELS.items()]
    return page(
        request,
        "studio/notice.html",
        status,
        notice=row,
        comment=row.comment,
        words=[(gettext(label), said) for label, said in words if said],
        time=times.clock(row.second * 1000) if row.second is not None else "",
        response=notices.response(row),
        may_ask=notices.may_ask(row) and settings.ONRECORD.discussion.uk_section_5,
        may_undo=notices.may_undo(row),
        may_decide=_may_decide(request, row) and notices.choices(row) and not notices.may_undo(row),
        ruling=outcomes.RULINGS[Ruling(row.ruling)] if row.ruling else "",
        form=form,
        explained=[(str(value), said) for value, said in EXPLAINED.items()],
        events=Event.objects.filter(comment=row.key).order_by("number"),
    )
