"""Adding, releasing, restarting and forgetting steps, without anybody who runs them."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections, transaction
from django.utils import timezone

from onrecord.jobs import queue
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.models import State, Step
from tests.jobs.conftest import House


def states() -> dict[tuple[str, int], str]:
    return {(step.name, step.piece): str(step.state) for step in Step.objects.all()}


def run(name: str, piece: int = 0) -> Attempt:
    """The attempt that a worker would begin."""
    step = Step.objects.get(name=name, piece=piece).begin("somebody")
    assert step is not None
    return Attempt(step, Path("/nonexistent"))


def finish(name: str, piece: int = 0) -> None:
    with run(name, piece).finish():
        pass


def in_threads(*functions: Callable[[], None]) -> None:
    def run_and_close(function: Callable[[], None]) -> None:
        try:
            function()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run_and_close, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_adding_twice_changes_nothing(house: House) -> None:
    queue.add("a.b", 1, parameters={"x": 1}, priority=3)
    finish("a.b")
    queue.add("a.b", 1, parameters={"x": 2}, priority=4)
    step = Step.objects.get()
    assert (step.state, step.parameters, step.priority) == (State.DONE, {"x": 1}, 3)
    queue.add("a.b", 1, piece=1)
    queue.add("a.b", 2)
    assert Step.objects.count() == 3


def test_steps_are_there_only_when_the_callers_transaction_is(house: House) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        queue.add("fake.first", 1)
        raise RuntimeError
    assert Step.objects.count() == 0
    queue.add("fake.last", 1)
    house.work()
    assert house.effects() == [("fake.last", 1, 0)]


def test_steps_wait_for_all_pieces_of_what_they_name(house: House) -> None:
    queue.add("a.first", 1)
    queue.add("a.then", 1, after=["a.first", "a.piece"])
    queue.add("a.other", 2, after=["a.first"])
    assert states() == {("a.first", 0): "waiting", ("a.then", 0): "blocked", ("a.other", 0): "waiting"}
    with run("a.first").finish():
        queue.add_all([queue.NewStep("a.piece", 1, piece, after=["a.first"]) for piece in range(2)])
    assert states()["a.then", 0] == "blocked"
    assert states()["a.piece", 1] == "waiting"
    finish("a.piece", 0)
    assert states()["a.then", 0] == "blocked"
    finish("a.piece", 1)
    assert states()["a.then", 0] == "waiting"


def test_what_fails_or_is_refused_releases_nobody(house: House) -> None:
    queue.add("a.first", 1)
    queue.add("a.then", 1, after=["a.first"])
    for state in (State.FAILED, State.REFUSED, State.CANCELLED):
        Step.objects.filter(name="a.first").update(state=state)
        queue.add("a.third", 1)
        assert states()["a.then", 0] == "blocked"


@pytest.mark.parametrize("round_", range(8))
def test_of_two_last_pieces_that_finish_at_once_one_releases(house: House, round_: int) -> None:
    queue.add_all([queue.NewStep("a.piece", 1, piece) for piece in range(2)])
    queue.add("a.last", 1, after=["a.piece"])
    attempts = [run("a.piece", piece) for piece in range(2)]
    barrier = threading.Barrier(2)

    def finish_one(attempt: Attempt) -> None:
        barrier.wait()
        with attempt.finish():
            pass

    in_threads(*[lambda attempt=attempt: finish_one(attempt) for attempt in attempts])
    assert states()["a.last", 0] == "waiting"


@pytest.mark.parametrize("round_", range(8))
def test_a_step_that_is_added_while_what_it_waits_for_finishes_is_released(house: House, round_: int) -> None:
    queue.add("a.first", 1)
    attempt = run("a.first")
    barrier = threading.Barrier(2)

    def finish_it() -> None:
        barrier.wait()
        with attempt.finish():
            pass

    def add_another() -> None:
        barrier.wait()
        queue.add("a.then", 1, after=["a.first"])

    in_threads(finish_it, add_another)
    assert states() == {("a.first", 0): "done", ("a.then", 0): "waiting"}


def test_restart_begins_anew_and_keeps_counting_attempts(house: House) -> None:
    queue.add("a.first", 1, group=5)
    finish("a.first")
    queue.add("a.then", 1, group=5, after=["a.first"])
    finish("a.then")
    queue.restart("a.first", 1, group=5, parameters={"model": "small"}, priority=-1000)
    queue.restart("a.then", 1, group=5, after=["a.first"])
    assert states() == {("a.first", 0): "waiting", ("a.then", 0): "blocked"}
    step = Step.objects.get(name="a.first")
    assert (step.attempt, step.progress, step.parameters, step.priority) == (1, 0.0, {"model": "small"}, -1000)
    finish("a.first")
    assert states()["a.then", 0] == "waiting"
    queue.restart("a.new", 1)
    assert states()["a.new", 0] == "waiting"


def test_hurry_takes_only_those_that_wait_for_a_date(house: House) -> None:
    later = timezone.now() + timedelta(days=1)
    for subject in (1, 2):
        queue.add("a.mail", subject, not_before=later)
    queue.add("a.mail", 3)
    queue.add("a.other", 4, not_before=later)
    assert queue.hurry("a.mail") == 2
    assert queue.hurry("a.mail") == 0
    ready = Step.objects.filter(Step.ready(timezone.now())).order_by("id")
    assert [step.subject for step in ready] == [1, 2, 3]


def test_steps_of_another_group_or_none_are_not_cancelled_with_a_recordings(house: House) -> None:
    queue.add("a.one", 1, group=5)
    queue.add("a.mail", 1)
    queue.cancel(1, group=5)
    queue.forget(1, group=5)
    assert [step.name for step in Step.objects.all()] == ["a.mail"]


def test_forget_takes_all_or_only_some(house: House) -> None:
    for name in ("a.one", "a.two", "a.three"):
        queue.add(name, 1)
    queue.add("a.one", 2)
    queue.forget(1, group=None, names=["a.one"])
    assert Step.objects.filter(subject=1).count() == 2
    queue.forget(1, group=None)
    assert [step.subject for step in Step.objects.all()] == [2]


def test_cancel_leaves_what_is_done_and_other_subjects(house: House) -> None:
    for name in ("a.done", "a.waits", "a.runs"):
        queue.add(name, 1)
    queue.add("a.blocked", 1, after=["a.waits"])
    queue.add("a.waits", 2)
    finish("a.done")
    run("a.runs")
    queue.cancel(1, group=None)
    found = {(step.name, step.subject): str(step.state) for step in Step.objects.all()}
    assert found == {
        ("a.done", 1): "done",
        ("a.waits", 1): "cancelled",
        ("a.runs", 1): "cancelled",
        ("a.blocked", 1): "cancelled",
        ("a.waits", 2): "waiting",
    }


def test_settled_is_when_nothing_can_run_now(house: House) -> None:
    assert queue.is_settled(5)
    queue.add("a.first", 1, group=5)
    queue.add("a.then", 1, group=5, after=["a.first"])
    assert not queue.is_settled(5)
    attempt = run("a.first")
    assert not queue.is_settled(5)
    with attempt.finish():
        pass
    assert not queue.is_settled(5)
    Step.objects.filter(name="a.then").update(not_before=timezone.now() + timedelta(days=1))
    assert queue.is_settled(5)
    Step.objects.filter(name="a.then").update(not_before=None, retry_at=timezone.now() + timedelta(days=1))
    assert not queue.is_settled(5)
    assert [step.name for step in queue.overview(5)] == ["a.first", "a.then"]


def test_many_steps_cost_few_queries(house: House, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(12):
        queue.add_all([queue.NewStep("a.piece", 1, piece) for piece in range(50)])
    assert Step.objects.filter(state=State.WAITING).count() == 50
