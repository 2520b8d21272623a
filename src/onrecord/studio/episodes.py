"""The list of episodes with what happens to each, and what can be done to one with a button."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_POST, require_safe

from onrecord import edit, readmodel
from onrecord.catalogue.models import Episode, EpisodeState, Show
from onrecord.display import STEP_NAMES
from onrecord.jobs import queue
from onrecord.jobs.models import State, Step
from onrecord.lib import times
from onrecord.status import EpisodeStatus, StepStatus, statuses
from onrecord.studio.access import EDITORS, for_roles, page, see_other, seeing_to
from onrecord.transcripts import speakers

A_PAGE = 50

_ENDED_BADLY = Step.objects.filter(group=OuterRef("pk"), state__in=(State.FAILED, State.REFUSED))
_UNDER_WAY = Step.objects.filter(group=OuterRef("pk"), state__in=(State.RUNNING, State.WAITING, State.BLOCKED))

KINDS: dict[str, tuple[str, Q]] = {
    "": (gettext_noop("All"), Q()),
    "public": (gettext_noop("Public"), Q(state=EpisodeState.PUBLISHED, live_since__isnull=False)),
    "draft": (gettext_noop("Drafts"), Q(state=EpisodeState.DRAFT)),
    "withdrawn": (gettext_noop("Withdrawn"), Q(state=EpisodeState.WITHDRAWN)),
    "failed": (gettext_noop("Failed"), Q(Exists(_ENDED_BADLY))),
    "working": (gettext_noop("Being made"), Q(Exists(_UNDER_WAY)) & ~Q(Exists(_ENDED_BADLY))),
}
STATES = {
    "public": gettext_noop("public"),
    "draft": gettext_noop("draft"),
    "withdrawn": gettext_noop("withdrawn"),
    "being made": gettext_noop("being made"),
}


@dataclass(frozen=True)
class Entry:
    """One episode of the list."""

    episode: Episode
    status: EpisodeStatus
    steps: list[dict[str, Any]]
    failed: bool

    @property
    def state(self) -> str:
        """A word for where it stands."""
        return gettext("failed") if self.failed else gettext(STATES[self.status.state])

    @property
    def date(self) -> str:
        """The date that readers see."""
        return times.long_date(self.episode.published_at, readmodel.publication().time_zone)


def entries(rows: list[Episode]) -> list[Entry]:
    """What is shown of each; the rows' shows are read already."""
    return [_entry(row, status) for row, status in zip(rows, statuses(rows), strict=True)]


def _entry(row: Episode, status: EpisodeStatus) -> Entry:
    undone = [step for step in status.steps if step.state != State.DONE]
    failed = any(step.state in (State.FAILED, State.REFUSED) for step in undone)
    shown = [_step(step) for step in undone if step.state != State.CANCELLED]
    return Entry(row, status, shown, failed)


def _step(step: StepStatus) -> dict[str, Any]:
    return {
        "name": STEP_NAMES.get(step.name, step.name),
        "state": step.state,
        "words": step.message,
        "percent": round(100 * step.progress),
        "failed": step.state in (State.FAILED, State.REFUSED),
        "runs": step.state == State.RUNNING,
    }


@require_safe
@for_roles(*EDITORS)
def listing(request: HttpRequest) -> HttpResponse:
    """All episodes, newest first, 50 a page; htmx asks again while something of them is being made."""
    words, kind, show = (request.GET.get(name, "").strip() for name in ("q", "kind", "show"))
    rows = _found(words, kind, show)
    found = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    asked = {name: value for name, value in (("q", words), ("kind", kind), ("show", show)) if value}
    shown = entries(list(found.object_list))
    context: dict[str, Any] = {
        "entries": shown,
        "found": found,
        "asked": asked,
        "working": any(step["runs"] or step["state"] == State.WAITING for entry in shown for step in entry.steps),
        "words": words,
        "kinds": [{"value": value, "name": gettext(name), "here": value == kind} for value, (name, _) in KINDS.items()],
        "shows": list(Show.objects.order_by("name")),
        "show": show,
    }
    return page(request, f"studio/{_wanted(request)}.html", **context)


def _wanted(request: HttpRequest) -> str:
    """The template of what is asked for: the page; for htmx the list alone, or how each of it stands now."""
    if request.headers.get("HX-Request") != "true" or "HX-History-Restore-Request" in request.headers:
        return "episodes"
    return "renewed" if request.GET.get("part") == "now" else "episodes_list"


def _found(words: str, kind: str, show: str) -> QuerySet[Episode]:
    rows = Episode.objects.select_related("show").order_by("-published_at", "-id")
    rows = rows.filter(KINDS.get(kind, KINDS[""])[1])
    if show:
        rows = rows.filter(show__slug=show)
    for word in words[:200].split()[:8]:
        named = Episode.objects.filter(credits__person__name__icontains=word)
        rows = rows.filter(Q(title__icontains=word) | Q(slug__icontains=word) | Q(key=word) | Q(pk__in=named))
    return rows


def episode_of(key: str) -> Episode:
    """The episode of that key. Raises Http404."""
    row = Episode.objects.select_related("show", "series", "picture").filter(key=key).first()
    if row is None:
        raise Http404
    return row


def _button(done: str, change: Callable[[Episode], object], back: str) -> Callable[..., HttpResponseBase]:
    """A view that does one thing to an episode when its form is sent."""

    @require_POST
    @for_roles(*EDITORS)
    def view(request: HttpRequest, key: str) -> HttpResponse:
        row = episode_of(key)
        seeing_to(request, gettext(done), lambda: change(row))
        return see_other(reverse(back, args=[key]))

    return view


withdraw = _button(gettext_noop("Withdrawn. It leaves the site now."), edit.withdraw, "episode")
approve = _button(gettext_noop("Marked as read by a person."), speakers.approve, "words")


@require_POST
@for_roles(*EDITORS)
def release(request: HttpRequest, key: str) -> HttpResponse:
    """Publish a draft, or bring a withdrawn episode back: now, or at the time that was given."""
    row, at = episode_of(key), request.POST.get("at", "").strip()
    done = gettext("It will be public at its time.") if at else gettext("Published. It goes up as soon as it is ready.")
    seeing_to(request, done, lambda: edit.release(row, at))
    return see_other(reverse("episode", args=[key]))


@require_POST
@for_roles(*EDITORS)
def retry(request: HttpRequest, key: str) -> HttpResponse:
    """Let what failed be tried again."""
    count = queue.retry(group=episode_of(key).pk)
    messages.success(request, gettext("%(count)s will be tried again.") % {"count": count})
    return see_other(reverse("episode", args=[key]))


def tabs(request: HttpRequest, row: Episode) -> list[dict[str, Any]]:
    """The screens of one episode."""
    routes = (
        ("episode", gettext("Page")),
        ("words", gettext("Words")),
        ("speakers", gettext("Speakers")),
        ("episode_corrections", gettext("Corrections")),
    )
    addresses = [(reverse(route, args=[row.key]), name) for route, name in routes]
    return [{"address": address, "name": name, "here": request.path == address} for address, name in addresses]
