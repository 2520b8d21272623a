"""Taking something that was said out of sound and words, for good: first what would go is shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from onrecord import redact as redacting
from onrecord.lib import times
from onrecord.lib.errors import BadInput
from onrecord.recordings.models import Redaction
from onrecord.studio.access import EDITORS, account_of, for_roles, page, sayable, see_other
from onrecord.studio.episodes import episode_of, tabs

_TIME = {"inputmode": "decimal", "placeholder": "12:34.5", "autocomplete": "off"}


class RedactionForm(forms.Form):
    """What `onrecord redact` takes."""

    start = forms.CharField(label=_("From"), max_length=20, widget=forms.TextInput(attrs=_TIME))
    end = forms.CharField(label=_("To"), max_length=20, widget=forms.TextInput(attrs=_TIME))
    reason = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=redacting.LONGEST_REASON,
        help_text=_("Readers see it. Without it they see only that something went, and when."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    hold = forms.BooleanField(
        label=_("Keep a sealed copy"),
        required=False,
        help_text=_("For a court, say. Only whoever has the key can open it."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not settings.ONRECORD.legal.hold_key:
            del self.fields["hold"]


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*EDITORS)
def redact(request: HttpRequest, key: str) -> HttpResponse:
    """The form, and what went before. Only "redact" changes anything: whatever else is sent shows what would go."""
    row = episode_of(key)
    context: dict[str, Any] = {"episode": row, "tabs": tabs(request, row)}
    form = RedactionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        hold = given.get("hold", False)
        try:
            what = redacting.stretch(row, given["start"], given["end"])
            if request.POST.get("do") == "redact":
                redacting.redact(what, given["reason"], account_of(request).username, hold)
                messages.success(request, gettext("Redacted. The sound is being made again without it."))
                return see_other(reverse("episode", args=[key]))
            context["goes"] = redacting.what_goes(what, hold)
        except BadInput as error:
            form.add_error(None, sayable(error))
    context["gone"] = [
        {"span": f"{times.clock(one.start_ms)}–{times.clock(one.end_ms)}", "at": one.at, "reason": one.reason}
        for one in Redaction.objects.filter(recording__episode=row, recording__current=True)
    ]
    return page(request, "studio/redact.html", 422 if form.errors else 200, form=form, **context)
