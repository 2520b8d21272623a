"""Rules for what readers write: what is held, refused or taken away by itself. Editors and owners."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from onrecord.discussion import rules as kept
from onrecord.discussion.models import Comment, Rule, RuleDeed, RuleKind
from onrecord.lib.errors import BadInput
from onrecord.studio.access import EDITORS, account_of, for_roles, page, sayable, see_other, seeing_to


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*EDITORS)
def rules(request: HttpRequest) -> HttpResponse:
    """All rules, and a form for a new one, which may be applied to what waits afterwards."""
    if request.method == "POST":
        return _add(request)
    return _page(request)


def _page(request: HttpRequest, status: int = 200) -> HttpResponse:
    number = request.GET.get("new", "")
    new = Rule.objects.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 10 else None
    return page(
        request,
        "studio/rules.html",
        status,
        rules=[{"rule": rule, "name": kept.named(rule)} for rule in Rule.objects.order_by("-id")],
        new=new,
        name=kept.named(new) if new else "",
        found=len(kept.found_waiting(new)) if new else 0,
        most=kept.LOOKED_THROUGH,
        kinds=RuleKind.choices,
        deeds=RuleDeed.choices,
        now=timezone.now(),
        typed=request.POST,
    )


def _add(request: HttpRequest) -> HttpResponse:
    given, by = request.POST, account_of(request).username
    kind, deed, note = given.get("kind", ""), given.get("deed", ""), given.get("note", "")
    try:
        if "comment" in given:
            comment = get_object_or_404(Comment.objects.select_related("writer"), key=given["comment"])
            rule = kept.of_sender(comment, kind, deed, by=by, note=note)
        else:
            rule = kept.add(kind, given.get("pattern", ""), deed, by=by, note=note)
    except BadInput as error:
        messages.error(request, sayable(error))
        return _page(request, 422)
    messages.success(request, gettext("The rule holds from now on."))
    return see_other(f"{reverse('rules')}?new={rule.pk}")


@require_POST
@for_roles(*EDITORS)
def apply(request: HttpRequest, rule: int) -> HttpResponse:
    """Do with what waits as the rule says."""
    row, by = get_object_or_404(Rule, pk=rule), account_of(request).username
    try:
        number = kept.apply(row, by=by)
    except BadInput as error:
        messages.error(request, sayable(error))
    else:
        said = ngettext("Applied to %(n)d comment.", "Applied to %(n)d comments.", number)
        messages.success(request, said % {"n": number})
    return see_other(reverse("rules"))


@require_POST
@for_roles(*EDITORS)
def remove(request: HttpRequest, rule: int) -> HttpResponse:
    """Take a rule away."""
    get_object_or_404(Rule, pk=rule)
    seeing_to(request, gettext("The rule is removed. What it did stays."), lambda: kept.remove(rule))
    return see_other(reverse("rules"))
