"""The comments that wait to be read: published, returned with a reason, or taken away as spam. With them the replies of
guests and the rejoinders that wait."""

from __future__ import annotations

from collections.abc import Callable

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from onrecord.discussion import moderate, statements
from onrecord.discussion.models import Comment, Returned, Statement
from onrecord.studio.access import EDITORS, EVERYBODY, account_of, for_roles, page, see_other, seeing_to

A_PAGE = 30


@require_safe
@for_roles(*EVERYBODY)
def queue(request: HttpRequest) -> HttpResponse:
    """What waits, the oldest first, with what its writers wrote before. No more queries for many than for few."""
    pages = Paginator(moderate.waiting(), A_PAGE)
    here = pages.get_page(request.GET.get("page"))
    return page(
        request,
        "studio/queue.html",
        waiting=moderate.with_histories(here.object_list),
        statements=statements.waiting()[:A_PAGE] if here.number == 1 else [],
        here=here,
        returned_for=Returned.choices,
        may_answer=account_of(request).role in EDITORS,
    )


@require_POST
@for_roles(*EVERYBODY)
def decide(request: HttpRequest, key: str) -> HttpResponse:
    """One decision about one comment, signed with the name of who made it."""
    comment = get_object_or_404(Comment.objects.select_related("episode__show", "writer"), key=key)
    by = account_of(request).username
    deed, reason = request.POST.get("deed", ""), request.POST.get("reason", "")
    asked = request.POST.get("returned_for", "")
    kind = Returned(asked) if asked in Returned.values else Returned.OTHER
    deeds: dict[str, tuple[str, Callable[[], object]]] = {
        "publish": (gettext("Published."), lambda: moderate.publish(comment, by)),
        "return": (gettext("Returned to its writer."), lambda: moderate.send_back(comment, reason, by, kind)),
        "spam": (gettext("Taken away."), lambda: moderate.spam(comment, by)),
    }
    if deed not in deeds:
        return page(request, "studio/refused.html", status=400)
    seeing_to(request, *deeds[deed])
    return see_other(reverse("queue"))


@require_POST
@for_roles(*EVERYBODY)
def decide_statement(request: HttpRequest, key: str) -> HttpResponse:
    """One decision about a guest's reply or a rejoinder."""
    row = get_object_or_404(Statement.objects.select_related("comment__episode__show", "writer"), key=key)
    by = account_of(request).username
    deed, reason = request.POST.get("deed", ""), request.POST.get("reason", "")
    deeds: dict[str, tuple[str, Callable[[], object]]] = {
        "publish": (gettext("Published."), lambda: statements.publish(row, by)),
        "return": (gettext("Returned to its writer."), lambda: statements.send_back(row, reason, by)),
    }
    if deed not in deeds:
        return page(request, "studio/refused.html", status=400)
    seeing_to(request, *deeds[deed])
    return see_other(reverse("queue"))
