"""Steps of references, run as a worker runs them, on an internet of one machine."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.lib.internet import internet

__all__ = ["internet"]


@pytest.fixture
def web(internet: Any, publication: Any, db: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """news.org and other.org, for a publication with rows."""
    from onrecord.references import visiting

    real = visiting._visitor

    def visitor() -> Any:
        ours = real()
        return internet.visitor(own_hosts=ours.own_hosts, proxy=ours.proxy)

    monkeypatch.setattr(visiting, "_visitor", visitor)
    return internet


@pytest.fixture
def work(tmp_path: Path) -> Callable[..., int]:
    """Run the steps that are ready, or all that wait; returns how many."""
    from onrecord.jobs import registry
    from onrecord.jobs.attempt import Attempt
    from onrecord.jobs.models import State, Step

    def run(name: str = "references.", even_early: bool = False) -> int:
        steps = Step.objects.filter(name__startswith=name, state=State.WAITING).order_by("id")
        rows = list(steps if even_early else steps.filter(Step.ready(timezone.now())))
        for row in rows:
            row.state, row.attempt = State.RUNNING, row.attempt + 1
            row.save()
            attempt = Attempt(row, tmp_path)
            registry.find(row.name).function(attempt)
            assert attempt.finished
        return len(rows)

    return run


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let time pass."""
    real, passed = timezone.now, timedelta()

    def let_pass(**time: float) -> None:
        nonlocal passed
        passed += timedelta(**time)

    monkeypatch.setattr(timezone, "now", lambda: real() + passed)
    return let_pass


@pytest.fixture
def episode(db: None) -> Any:
    """One that references may belong to."""
    from onrecord.catalogue.models import Episode, Show

    show = Show.objects.create(slug="show", name="Show", language="en")
    return Episode.objects.create(show=show, slug="one", title="One", language="en", published_at=timezone.now())
