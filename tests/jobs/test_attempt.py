"""What an attempt may write, and when."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import OperationalError, connection, connections, transaction

from onrecord.jobs import queue
from onrecord.jobs.attempt import Attempt, Superseded
from onrecord.jobs.models import State, Step
from tests.jobs.conftest import House


def begin() -> Attempt:
    queue.add("fake.first", 1, piece=2, parameters={"x": 1})
    step = Step.objects.get().begin("somebody")
    assert step is not None
    return Attempt(step, Path("/nonexistent"))


def test_it_knows_what_it_is_about(house: House) -> None:
    attempt = begin()
    assert (attempt.subject, attempt.piece, attempt.parameters) == (1, 2, {"x": 1})


def test_one_attempt_begins_however_many_try(house: House) -> None:
    queue.add("fake.first", 1)
    seen = [Step.objects.get() for _ in range(2)]
    assert seen[0].begin("one") is not None
    assert seen[1].begin("two") is None
    assert (Step.objects.get().worker, Step.objects.get().attempt) == ("one", 1)


def test_progress_is_written_at_most_twice_a_second(house: House, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    attempt = begin()
    with django_assert_num_queries(1):
        for hundredth in range(100):
            attempt.progress(hundredth / 100, "measuring loudness")
    assert (Step.objects.get().progress, Step.objects.get().message) == (0.0, "measuring loudness")
    time.sleep(0.5)
    attempt.progress(7.0)
    assert Step.objects.get().progress == 1.0


CHANGES = {
    "cancelled": lambda: queue.cancel(1, group=None),
    "forgotten": lambda: queue.forget(1, group=None),
    "restarted": lambda: queue.restart("fake.first", 1, piece=2),
    "taken over": lambda: Step.objects.update(attempt=2),
    "refused": lambda: Step.objects.update(state=State.REFUSED),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_superseded_attempt_goes_no_further(house: House, change: str) -> None:
    attempt = begin()
    CHANGES[change]()
    before = list(Step.objects.values())
    with pytest.raises(Superseded):
        attempt.progress(0.5)
    with pytest.raises(Superseded), attempt.finish():
        pytest.fail("the body of a superseded attempt must not run")
    assert not attempt.finished
    assert list(Step.objects.values()) == before


def test_superseded_passes_a_step_that_catches_its_own_errors() -> None:
    assert not issubclass(Superseded, Exception)


def test_when_the_body_fails_nothing_is_written(house: House) -> None:
    attempt = begin()
    with pytest.raises(ValueError, match="no"), attempt.finish():
        queue.add("fake.last", 1)
        raise ValueError("no")
    assert not attempt.finished
    assert [step.state for step in Step.objects.all()] == [State.RUNNING]


@contextmanager
def somebody_writes_for(seconds: float) -> Iterator[None]:
    begun = threading.Event()

    def write() -> None:
        with transaction.atomic():
            Step.objects.update(priority=1)
            begun.set()
            time.sleep(seconds)
        connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    yield
    writer.join()


@pytest.fixture
def impatient(house: House) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL does not give up waiting")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")


def test_a_busy_database_delays_finishing_and_loses_nothing(house: House, impatient: None) -> None:
    attempt = begin()
    with somebody_writes_for(1.5), attempt.finish():
        pass
    assert Step.objects.get().state == State.DONE


def test_a_busy_database_is_not_an_error_of_progress(house: House, impatient: None) -> None:
    attempt = begin()
    with somebody_writes_for(1):
        attempt.progress(0.5)
    assert Step.objects.get().progress == 0.0


def test_waiting_for_a_busy_database_has_an_end(house: House, impatient: None, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("onrecord.jobs.attempt.LONGEST_WAIT", 0.1)
    attempt = begin()
    with somebody_writes_for(2), pytest.raises(OperationalError), attempt.finish():
        pass
