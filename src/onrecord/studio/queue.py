"""The comments that wait to be read: published, returned with a reason, or taken away as spam; one or many at once.
With them the legal notices, the replies of guests and the rejoinders that wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from onrecord.discussion import moderate, notices, statements, waiting
from onrecord.discussion.models import Comment, Decision, Deed, Returned, Statement, Writer
from onrecord.lib.errors import BadInput
from onrecord.studio.access import EDITORS, EVERYBODY, account_of, for_roles, page, sayable, see_other, seeing_to
from onrecord.studio.paging import page_of

A_PAGE = 30
COUNTED = 1_000
"""More than so many are not counted."""

EXCERPT = 200

DEEDS = (Deed.PUBLISH, Deed.RETURN, Deed.SPAM)
"""What is decided here; the others only on a legal notice (`studio/notices.py`)."""


@dataclass(frozen=True)
class Filter:
    """Which of what waits: all, what was handed to oneself, one person's, or one line's."""

    mine: bool = False
    writer: Writer | None = None
    alike: Comment | None = None

    @classmethod
    def of(cls, given: QueryDict) -> Filter:
        """What is not there any more filters nothing."""
        number, key = given.get("by", ""), given.get("alike", "")
        writer = Writer.objects.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 10 else None
        alike = Comment.objects.filter(key=key).first() if key else None
        return cls("mine" in given, writer, alike)

    def rows(self, request: HttpRequest) -> QuerySet[Comment]:
        """What waits of it."""
        return waiting.waiting(self.writer, self.alike, account_of(request) if self.mine else None)

    @property
    def fields(self) -> dict[str, str]:
        """As an address or a form has it."""
        named = {"by": self.writer.pk if self.writer else "", "alike": self.alike.key if self.alike else ""}
        return {name: str(value) for name, value in (named | {"mine": "1" if self.mine else ""}).items() if value}

    @property
    def address(self) -> str:
        """Of its first page."""
        return f"{reverse('queue')}?{urlencode(self.fields)}" if self.fields else reverse("queue")


@require_safe
@for_roles(*EVERYBODY)
def queue(request: HttpRequest) -> HttpResponse:
    """What waits, the oldest first, with what its writers wrote before. As quick for many as for few."""
    chosen = Filter.of(request.GET)
    rows = chosen.rows(request)
    here = page_of(rows, request.GET, A_PAGE)
    me = account_of(request).username
    return page(
        request,
        "studio/queue.html",
        waiting=waiting.with_histories(here.rows),
        notices=[] if chosen.fields or here.before else notices.waiting()[:A_PAGE],
        statements=statements.waiting()[:A_PAGE] if not (chosen.fields or here.before) else [],
        here=here,
        count=_count(rows),
        returned_for=Returned.choices,
        may_answer=account_of(request).role in EDITORS,
        chosen=chosen,
        query=f"{urlencode(chosen.fields)}&" if chosen.fields else "",
        decisions=[one for one in moderate.undoable() if one.by == me][:3],
    )


def _count(rows: QuerySet[Comment]) -> str:
    number = rows.order_by()[: COUNTED + 1].count()
    if number > COUNTED:
        return gettext("More than %(most)s comments wait to be read, the oldest first.") % {"most": f"{COUNTED:,}"}
    words = ngettext("%(n)d comment waits to be read.", "%(n)d comments wait to be read, the oldest first.", number)
    return words % {"n": number}


@require_POST
@for_roles(*EVERYBODY)
def decide(request: HttpRequest, key: str) -> HttpResponse:
    """One decision about one comment, signed with the name of who made it."""
    comment = get_object_or_404(Comment, key=key)
    if request.POST.get("deed") not in DEEDS:
        return page(request, "studio/refused.html", status=400)
    return _decide(request, [comment])


@require_POST
@for_roles(*EVERYBODY)
def decide_all(request: HttpRequest) -> HttpResponse:
    """One decision about the comments that were chosen, or about all that a filter shows."""
    if request.POST.get("deed") not in DEEDS:
        return page(request, "studio/refused.html", status=400)
    chosen = Filter.of(request.POST)
    if "all" in request.POST and (chosen.writer or chosen.alike):
        return _decide(request, list(chosen.rows(request)[: moderate.MOST_AT_ONCE]))
    keys = request.POST.getlist("key")[: moderate.MOST_AT_ONCE + 1]
    return _decide(request, list(Comment.objects.filter(key__in=keys)))


def _decide(request: HttpRequest, comments: list[Comment]) -> HttpResponse:
    deed, reason, asked = (request.POST.get(name, "") for name in ("deed", "reason", "returned_for"))
    kind = Returned(asked) if asked in Returned.values else Returned.OTHER
    back = see_other(Filter.of(request.POST).address)
    if not comments:
        messages.error(request, gettext("Choose comments first."))
        return back
    try:
        by = account_of(request).username
        decision = moderate.decide(Deed(deed), comments, by=by, reason=reason, returned_for=kind)
    except BadInput as error:
        messages.error(request, sayable(error))
        return back
    messages.success(request, _said(Deed(deed), decision.decided.count()))
    return back


def _said(deed: Deed, number: int) -> str:
    if deed == Deed.PUBLISH:
        return ngettext("Published.", "%(n)d published.", number) % {"n": number}
    if deed == Deed.RETURN:
        return ngettext("Returned to its writer.", "%(n)d returned to their writers.", number) % {"n": number}
    return ngettext("Taken away.", "%(n)d taken away.", number) % {"n": number}


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


# ── undoing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_safe
@for_roles(*EVERYBODY)
def decisions(request: HttpRequest) -> HttpResponse:
    """All that can still be undone, the newest first; what rules took away, too."""
    before = request.GET.get("before", "")
    rows = Decision.objects.filter(until__gt=timezone.now()).annotate(comments=Count("decided")).order_by("-id")
    if before.isdecimal() and len(before) < 10:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.prefetch_related("decided__comment")[: A_PAGE + 1])
    return page(
        request,
        "studio/decisions.html",
        decisions=[_entry(one) for one in found[:A_PAGE]],
        earlier=found[A_PAGE - 1].pk if len(found) > A_PAGE else "",
    )


def _entry(decision: Any) -> dict[str, Any]:
    first = decision.decided.all()[0].comment if decision.comments else None
    words = first.text if first else ""
    return {
        "decision": decision,
        "first": first,
        "excerpt": words if len(words) <= EXCERPT else f"{words[:EXCERPT]}…",
        "others": max(0, decision.comments - 1),
    }


@require_POST
@for_roles(*EVERYBODY)
def undo(request: HttpRequest, number: int) -> HttpResponse:
    """Bring back what was before a decision."""
    by = account_of(request).username
    seeing_to(request, gettext("It is as it was before."), lambda: moderate.undo(number, by))
    return see_other(reverse("decisions") if "decisions" in request.POST else reverse("queue"))
