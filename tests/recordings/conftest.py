"""A recording in the rows, and an attempt at a step of it, as a worker would make them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from onrecord.catalogue.models import Episode, Show
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.models import State, Step
from onrecord.jobs.registry import StepFunction
from onrecord.lib.configuration import Configuration
from onrecord.recordings import originals
from onrecord.recordings.models import Recording
from onrecord.recordings.probe import probe

TakeIn = Callable[..., Recording]
RunStep = Callable[[StepFunction, Recording], None]


@pytest.fixture
def take_in(publication: Configuration, db: None) -> TakeIn:
    """Makes an episode of a file, as publishing does."""

    def take_in(path: Path, title: str = "A talk", episode: Episode | None = None, current: bool = True) -> Recording:
        if episode is None:
            show, _ = Show.objects.get_or_create(
                slug="talks", defaults={"name": "Talks", "language": "en", "podcast_guid": "-"}
            )
            number = Episode.objects.count() + 1
            episode = Episode.objects.create(show=show, slug=f"talk-{number}", title=title, published_at=timezone.now())
        found = probe(path, path.name)
        sha256, size = originals.take_in(path)
        return Recording.objects.create(
            episode=episode,
            sha256=sha256,
            name=path.name,
            size=size,
            kind=found.kind,
            format=found.format,
            warnings=list(found.warnings),
            current=current,
        )

    return take_in


@pytest.fixture
def run_step(publication: Configuration) -> RunStep:
    """Runs a step's function on a recording in a folder of its own."""

    def run_step(function: StepFunction, recording: Recording) -> None:
        step, _ = Step.objects.update_or_create(
            name=function.__name__, subject=recording.pk, defaults={"state": State.RUNNING}
        )
        folder = publication.work / f"step-{step.pk}-0"
        folder.mkdir(parents=True)
        try:
            attempt = Attempt(step, folder)
            function(attempt)
            assert attempt.finished
        finally:
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
        recording.refresh_from_db()

    return run_step
