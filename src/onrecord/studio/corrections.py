"""Corrections: all of them, those of an episode with the form at which one is made, and what becomes of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from onrecord import correcting
from onrecord.catalogue.models import Episode
from onrecord.discussion import corrections
from onrecord.discussion.models import Correction, CorrectionKind
from onrecord.lib.errors import BadInput
from onrecord.studio.access import EDITORS, account_of, for_roles, page, sayable, see_other, seeing_to
from onrecord.studio.editing import Lines
from onrecord.studio.episodes import episode_of, tabs

A_PAGE = 50
_TIME = {"inputmode": "numeric", "placeholder": "12:34", "autocomplete": "off"}
_CAPITAL = [(value, f"{label[0].upper()}{label[1:]}") for value, label in CorrectionKind.choices]


def _text(label: Any) -> Lines:
    widget = forms.Textarea(attrs={"dir": "auto", "rows": "6", "class": "read"})
    return Lines(label=label, max_length=corrections.LONGEST, help_text=_("Markdown."), widget=widget, strip=False)


class CorrectionForm(forms.Form):
    """What `onrecord correction publish` takes."""

    kind = forms.ChoiceField(label=_("What it is"), choices=_CAPITAL)
    at = forms.CharField(
        label=_("From"),
        required=False,
        max_length=20,
        help_text=_("When it was said; empty for the whole episode. Whole sentences are taken."),
        widget=forms.TextInput(attrs=_TIME),
    )
    to = forms.CharField(label=_("To"), required=False, max_length=20, widget=forms.TextInput(attrs=_TIME))
    text = _text(_("What is right"))
    comment = forms.IntegerField(
        label=_("In answer to comment #"),
        required=False,
        min_value=1,
        help_text=_("Without times, it is shown at the words that the comment is about."),
    )
    credit = forms.CharField(
        label=_("Who is thanked, by name"),
        required=False,
        max_length=corrections.LONGEST_CREDIT,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )

    def typed(self) -> correcting.Typed:
        """For the verb that publishes."""
        return correcting.Typed(**self.cleaned_data)


@require_safe
@for_roles(*EDITORS)
def listing(request: HttpRequest) -> HttpResponse:
    """All corrections of the publication, the newest first."""
    rows = Correction.objects.select_related("episode__show").order_by("-number")
    return page(request, "studio/corrections.html", found=Paginator(rows, A_PAGE).get_page(request.GET.get("page")))


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*EDITORS)
def of_episode(request: HttpRequest, key: str) -> HttpResponse:
    """Those of an episode, and the form. "Show the words" publishes nothing."""
    row = episode_of(key)
    if request.method != "POST":
        return _screen(request, row, CorrectionForm(initial=_initial(request, row)))
    form, words = CorrectionForm(request.POST), None
    if form.is_valid():
        typed = form.typed()
        try:
            if request.POST.get("do") != "look":
                made = correcting.publish(row, typed, account_of(request).username)
                messages.success(request, gettext("Published: correction #%(number)s.") % {"number": made.number})
                return see_other(reverse("episode_corrections", args=[key]))
            words = correcting.words_of(row, typed.at, typed.to)
        except BadInput as error:
            form.add_error(None, sayable(error))
    return _screen(request, row, form, 422 if form.errors else 200, words=words, looked=not form.errors)


def _initial(request: HttpRequest, row: Episode) -> dict[str, Any]:
    """What a link gave: the times of words, or the comment that is answered, with a draft in house style."""
    asked = {name: request.GET.get(name, "")[:20] for name in ("at", "to", "comment")}
    try:
        if asked["comment"].isdecimal():
            asked["text"] = corrections.draft_text(correcting.answered(row, int(asked["comment"])))
    except BadInput as error:
        raise Http404 from error
    return asked


def _screen(request: HttpRequest, row: Episode, form: CorrectionForm, status: int = 200, **more: Any) -> HttpResponse:
    rows = row.corrections.prefetch_related("passages").order_by("-number")
    context = {"episode": row, "tabs": tabs(request, row), "form": form, "gap": corrections.GAP, "rows": rows, **more}
    return page(request, "studio/episode_corrections.html", status, **context)


class WordingForm(forms.Form):
    """Another text for one that is published."""

    text = _text(_("What it says"))


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*EDITORS)
def correction(request: HttpRequest, number: int) -> HttpResponse:
    """One: what it says now and said before, another text, withdrawing it, thanking nobody."""
    row = get_object_or_404(Correction.objects.select_related("episode__show", "comment"), number=number)
    form, by = WordingForm(initial={"text": row.text}), account_of(request).username
    if request.method == "POST":
        form = WordingForm(request.POST if request.POST.get("do") == "reword" else None, initial={"text": row.text})
        reason, text = request.POST.get("reason", ""), request.POST.get("text", "")
        deeds: dict[str, tuple[str, Callable[[], object]]] = {
            "reword": (gettext("Changed. Readers see what it said before."), lambda: corrections.reword(row, text, by)),
            "withdraw": (gettext("Withdrawn."), lambda: corrections.withdraw(row, reason, by)),
            "thank nobody": (gettext("Nobody is named any more."), lambda: corrections.thank_nobody([row])),
        }
        deed = deeds.get(request.POST.get("do", ""))
        if deed is None:
            return page(request, "studio/refused.html", status=400)
        if seeing_to(request, *deed):
            return see_other(reverse("correction", args=[number]))
    reason = request.POST.get("reason", "")
    return page(request, "studio/correction.html", correction=row, episode=row.episode, form=form, reason=reason)
