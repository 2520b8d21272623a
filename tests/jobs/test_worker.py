"""Real workers and children on a real database: order, room, failures, and who may finish."""

import importlib
import signal
import threading
import time
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from django.db import connection
from django.utils import timezone

from onrecord.jobs import identity, outcomes, queue
from onrecord.jobs.carriers import carrier
from onrecord.jobs.models import State, Step
from onrecord.jobs.worker import Worker
from onrecord.lib.errors import BadInput
from tests.jobs.conftest import House


def add_pipeline(subject: int, pieces: int = 3, seconds: float = 0.05) -> None:
    slow = {"seconds": seconds, "pieces": pieces}
    queue.add("fake.first", subject, group=subject, parameters=slow)
    queue.add("fake.plan", subject, group=subject, after=["fake.first"], parameters=slow)
    queue.add("fake.last", subject, group=subject, after=["fake.plan", "fake.piece"], parameters=slow)


def expected_effects(subject: int, pieces: int = 3) -> list[tuple[str, int, int]]:
    each_piece = [("fake.piece", subject, piece) for piece in range(pieces)]
    return [("fake.first", subject, 0), ("fake.last", subject, 0), *each_piece, ("fake.plan", subject, 0)]


def test_a_pipeline_runs_in_order_and_leaves_nothing_behind(house: House) -> None:
    add_pipeline(7, pieces=4)
    house.work()
    assert house.effects() == expected_effects(7, pieces=4)
    order = [event["name"] for event in house.events()]
    assert order == ["fake.first", *["fake.piece"] * 4, "fake.last"]
    last_piece = max(event["at"] for event in house.events("end") if event["name"] == "fake.piece")
    assert next(event["at"] for event in house.events() if event["name"] == "fake.last") > last_piece
    for step in Step.objects.all():
        assert (step.state, step.attempt, step.progress, step.message) == (State.DONE, 1, 1.0, "")
        assert step.finished is not None
    assert Step.objects.get(name="fake.first").seconds >= 0.05
    assert house.attempt_folders() == []
    assert house.processes() == []
    assert psutil.Process().children() == []


def test_the_more_urgent_goes_first_then_the_older(house: House) -> None:
    for subject, priority in [(1, 0), (2, 5), (3, 0), (4, 9)]:
        queue.add("fake.first", subject, priority=priority)
    house.work(processes=1)
    assert [event["subject"] for event in house.events()] == [4, 2, 1, 3]


def test_as_many_run_at_once_as_there_is_room_for(house: House) -> None:
    for subject in range(2):
        queue.add("fake.wide", subject, parameters={"seconds": 0.4})
    for subject in range(4):
        queue.add("fake.first", subject, parameters={"seconds": 0.4})
    house.work(processes=3)
    ends = {(e["name"], e["subject"]): e["at"] for e in house.events("end")}
    spans = [(e["at"], ends[e["name"], e["subject"]], 2 if e["name"] == "fake.wide" else 1) for e in house.events()]
    most = max(sum(cores for begin, end, cores in spans if begin <= at < end) for at, _, _ in spans)
    assert most == 3


def test_what_only_waits_runs_beside_what_works_and_one_at_a_time(house: House) -> None:
    queue.add("fake.first", 1, parameters={"seconds": 1.5}, priority=9)
    for subject in range(5):
        queue.add("fake.beside", subject, parameters={"seconds": 0.1})
    queue.add("fake.wide", 1)
    house.work(processes=1)
    ends = {(e["name"], e["subject"]): e["at"] for e in house.events("end")}
    beside = [(e["at"], ends[e["name"], e["subject"]]) for e in house.events() if e["name"] == "fake.beside"]
    assert beside[0][0] < ends["fake.first", 1]
    assert all(end < begin for (_, end), (begin, _) in pairwise(beside))
    assert len(house.effects()) == 7


def test_many_that_wait_hold_up_nothing_else(house: House) -> None:
    for subject in range(30):
        queue.add("fake.beside", subject, parameters={"seconds": 60}, priority=9)
    queue.add("fake.wide", 1)
    house.work(until=lambda: bool(house.effects()), processes=1)
    assert house.effects() == [("fake.wide", 1, 0)]


def test_a_step_may_put_itself_off_as_often_as_it_likes(house: House) -> None:
    queue.add("fake.puts_off", 1)
    house.work()
    step = Step.objects.get()
    assert (step.state, step.attempt, step.message) == (State.DONE, 6, "")
    assert len(house.events("put off")) == 5
    assert house.effects() == [("fake.puts_off", 1, 0)]


def test_a_step_wider_than_the_limit_runs_alone(house: House) -> None:
    queue.add("fake.first", 1, parameters={"seconds": 0.3}, priority=1)
    queue.add("fake.wide", 1, parameters={"seconds": 0.3})
    queue.add("fake.first", 2, parameters={"seconds": 0.3}, priority=-1)
    house.work(processes=1)
    begins, ends = house.events(), house.events("end")
    assert [event["name"] for event in begins] == ["fake.first", "fake.wide", "fake.first"]
    assert all(end["at"] < begin["at"] for end, begin in zip(ends, begins[1:], strict=False))


def test_a_child_is_handed_further_steps(house: House) -> None:
    """Of the same name once it has loaded a model for it, else of any."""
    for subject in range(3):
        for name in ("fake.first", "fake.last", "fake.loads"):
            queue.add(name, subject)
    house.work(processes=1)
    events = house.events()
    loaded = {event["pid"] for event in events if event["name"] == "fake.loads"}
    assert (len(loaded), len({event["pid"] for event in events})) == (1, 2)
    since = next(number for number, event in enumerate(events) if event["name"] == "fake.loads")
    assert {event["name"] for event in events[since:] if event["pid"] in loaded} == {"fake.loads"}


def test_a_step_is_not_run_before_its_date(house: House) -> None:
    queue.add("fake.first", 1, not_before=timezone.now() + timedelta(days=1))
    queue.add("fake.first", 2, not_before=timezone.now() + timedelta(seconds=2))
    began = time.monotonic()
    house.work(until=lambda: bool(house.effects()))
    assert time.monotonic() - began > 1.5
    assert house.effects() == [("fake.first", 2, 0)]


def test_only_steps_of_a_name_or_group(house: House) -> None:
    for group in (1, 2):
        queue.add("fake.first", group, group=group)
        queue.add("fake.last", group, group=group)
    house.work(only="fake.last", until=lambda: len(house.effects()) == 2)
    assert house.effects() == [("fake.last", 1, 0), ("fake.last", 2, 0)]
    house.work(group=2, until=lambda: queue.is_settled(2))
    assert house.effects() == [("fake.first", 2, 0), ("fake.last", 1, 0), ("fake.last", 2, 0)]
    assert not queue.is_settled(1)


def test_only_a_name_that_exists(house: House) -> None:
    with pytest.raises(BadInput, match="no step"):
        Worker(only="fake.unheard")


KINDS = {
    "error": "ValueError: no such luck",
    "half-way": "ValueError: nothing of this stays",
    "full disk": "The disk is full",
    "crash": "Its process crashed (SIGABRT).",
    "forgets to finish": "without finishing",
}


def test_what_fails_is_tried_again_then_waits_for_a_person(house: House, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(outcomes, "RETRY_AFTER", (0.1, 0.1))
    monkeypatch.setattr(outcomes, "RETRY_AFTER_FULL_DISK", (0.1, 0.1))
    for subject, kind in enumerate(KINDS):
        queue.add("fake.fails", subject, group=subject, parameters={"times": 2, "kind": kind})
        queue.add("fake.last", subject, group=subject, after=["fake.fails"])
    Step.objects.update(tries_left=2)
    house.work()
    for subject, kind in enumerate(KINDS):
        step = Step.objects.get(name="fake.fails", subject=subject)
        assert (step.state, step.attempt, step.tries_left) == (State.FAILED, 2, 0)
        assert KINDS[kind] in step.message
        assert "second line" not in step.message
        assert queue.is_settled(subject)
    assert house.effects() == []
    assert queue.retry(group=99) == 0
    assert queue.retry(group=3) == 1
    assert queue.retry() == len(KINDS) - 1
    house.work()
    assert house.effects() == [(name, subject, 0) for name in ("fake.fails", "fake.last") for subject in range(5)]


def test_between_tries_there_is_a_pause_and_the_reason_stands_in_the_log(house: House) -> None:
    queue.add("fake.fails", 1, group=1, parameters={"times": 1})
    began = time.monotonic()
    house.work(until=lambda: Step.objects.get().tries_left == 2)
    assert not queue.is_settled(1), "it will be tried again by itself"
    assert "no such luck" in Step.objects.get().message
    assert "Traceback" in (house.folder / "work" / "steps.log").read_text()
    house.work()
    assert time.monotonic() - began > 2
    assert house.effects() == [("fake.fails", 1, 0)]


def test_what_is_refused_is_never_tried_again(house: House) -> None:
    queue.add("fake.fails", 1, group=1, parameters={"times": 9, "kind": "refuse"})
    queue.add("fake.last", 1, group=1, after=["fake.fails"])
    house.work()
    step = Step.objects.get(name="fake.fails")
    assert (step.state, step.attempt) == (State.REFUSED, 1)
    assert step.message == "talk.wav is a picture: give a recording."
    assert queue.retry() == 0
    assert Step.objects.get(name="fake.last").state == State.BLOCKED


def test_a_step_that_gets_itself_killed_comes_to_an_end(house: House) -> None:
    queue.add("fake.fails", 1, parameters={"times": 99, "kind": "killed"})
    Step.objects.update(interruptions=outcomes.MOST_INTERRUPTIONS - 3 * outcomes.KILLED_ALONE)
    house.work()
    step = Step.objects.get()
    assert (step.state, step.attempt, step.tries_left) == (State.FAILED, 3, 3)
    assert "memory" in step.message


def test_a_step_of_another_version_fails_and_says_so(house: House) -> None:
    queue.add("fake.unheard", 1)
    house.work(until=lambda: Step.objects.get().tries_left == 2)
    assert "fake.unheard" in Step.objects.get().message


def test_cancelling_ends_what_runs_at_once(house: House) -> None:
    queue.add("fake.deaf", 1)
    queue.add("fake.last", 1, after=["fake.deaf"])
    house.start_worker()
    house.wait(house.events)
    child = house.events()[0]["pid"]
    queue.cancel(1, group=None)
    house.wait(lambda: not psutil.pid_exists(child), 10)
    house.wait(lambda: not house.attempt_folders(), 2)
    assert [step.state for step in Step.objects.all()] == [State.CANCELLED] * 2
    assert house.effects() == []


def test_a_restarted_step_runs_with_its_new_parameters_and_the_old_attempt_cannot_finish(house: House) -> None:
    queue.add("fake.deaf", 1, parameters={"seconds": 1.5})
    queue.add("fake.last", 1, after=["fake.deaf"])
    house.start_worker()
    house.wait(house.events)
    queue.restart("fake.deaf", 1, parameters={"seconds": 0})
    house.wait(house.is_settled)
    time.sleep(1.5)
    assert house.effects() == [("fake.deaf", 1, 0), ("fake.last", 1, 0)]
    assert [event["attempt"] for event in house.events("end") if event["name"] == "fake.deaf"] == [2]


def test_an_attempt_that_was_thought_dead_cannot_overwrite_its_successor(house: House, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """The worker is held for longer than the silence that is allowed; another takes its step over."""
    queue.add("fake.deaf", 1, parameters={"seconds": 7})
    sleeper = house.start_worker()
    house.wait(house.events)
    sleeper.send_signal(signal.SIGSTOP)
    allow_silence(monkeypatch, 4)
    house.work(until=lambda: bool(house.events("end")))
    sleeper.send_signal(signal.SIGCONT)
    house.wait(lambda: not house.attempt_folders(), 5)
    assert sleeper.poll() is None
    assert house.effects() == [("fake.deaf", 1, 0)]
    assert [event["attempt"] for event in house.events("end")] == [2]


def allow_silence(monkeypatch, seconds: float) -> None:  # type: ignore[no-untyped-def]
    """Shorter than in earnest, for the worker in this process."""
    module = importlib.import_module(type(carrier()).__module__)
    monkeypatch.setattr(module, "SILENCE", seconds)


def test_two_workers_share_the_work(house: House) -> None:
    for subject in range(1, 4):
        add_pipeline(subject, pieces=5, seconds=0.15)
    house.start_worker(1)
    house.start_worker(1)
    house.wait(house.is_settled, 60)
    assert house.effects() == sorted(effect for subject in range(1, 4) for effect in expected_effects(subject, 5))
    assert all(count == 1 for count in Counter((e["name"], e["subject"], e["piece"]) for e in house.events()).values())
    workers = {step.worker for step in Step.objects.all()}
    assert len(workers) == 2


def test_background_work_goes_on_beside_the_steps_and_survives_its_failures(house: House) -> None:
    calls = []

    def background() -> bool:
        calls.append(threading.current_thread().name)
        if len(calls) == 1:
            raise ValueError("a page cannot be written")
        return False

    queue.add("fake.first", 1, parameters={"seconds": 3})
    house.work(background=[background])
    assert len(calls) > 2
    assert threading.main_thread().name not in calls
    assert not [thread for thread in threading.enumerate() if thread.name in calls]


def test_stopping_puts_back_what_was_begun(house: House) -> None:
    queue.add("fake.deaf", 1)
    worker = house.start_worker()
    house.wait(house.events)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    step = Step.objects.get()
    assert (step.state, step.tries_left, step.interruptions) == (State.WAITING, 3, 0)
    assert house.processes() == []
    assert house.attempt_folders() == []


def test_ctrl_c_ends_a_worker_in_order(house: House) -> None:
    queue.add("fake.deaf", 1)
    worker = house.start_worker()
    house.wait(house.events)
    worker.send_signal(signal.SIGINT)
    worker.wait(10)
    assert Step.objects.get().state == State.WAITING
    assert house.processes() == []


def test_a_program_that_left_the_group_is_found_when_all_else_is_dead(house: House, tmp_path: Path) -> None:
    tell = tmp_path / "pid"
    queue.add("fake.daemon", 1, parameters={"tell": str(tell)})
    worker = house.start_worker()
    house.wait(lambda: tell.exists() and tell.read_text())
    program = psutil.Process(int(tell.read_text()))
    worker.kill()
    worker.wait()
    house.wait(lambda: house.processes() == [program], 5)
    queue.cancel(1, group=None)
    house.work(until=lambda: not house.processes())
    assert house.attempt_folders() == []


def test_other_things_in_work_stay(house: House) -> None:
    (house.folder / "work" / "speech").mkdir(parents=True)
    (house.folder / "work" / "step-99-1").mkdir()
    queue.add("fake.first", 1)
    house.work()
    assert (house.folder / "work" / "speech").is_dir()
    assert house.attempt_folders() == []


def test_rows_of_another_machine_wait_for_their_silence(house: House) -> None:
    for subject in (1, 2):
        queue.add("fake.first", subject)
    Step.objects.update(state=State.RUNNING, attempt=4, worker="elsewhere/1/2/3")
    Step.objects.filter(subject=1).update(heartbeat=timezone.now() - timedelta(seconds=20))
    Step.objects.filter(subject=2).update(heartbeat=timezone.now() + timedelta(seconds=60))
    house.work(until=lambda: Step.objects.get(subject=1).state == State.DONE)
    step = Step.objects.get(subject=1)
    assert (step.attempt, step.interruptions) == (5, 1)
    if connection.vendor == "sqlite":  # on PostgreSQL a sign of life is a ticket that a living worker holds
        assert Step.objects.get(subject=2).attempt == 4


def test_a_process_is_dead_for_certain_or_not() -> None:
    me = identity.identity()
    pid, start, _ = me.removeprefix(identity.here()).split("/")
    assert not identity.is_dead(me)
    assert identity.is_dead(f"{identity.here()}{pid}/{int(start) - 1}/abcdef"), "an earlier process with my number"
    assert identity.is_dead(f"{identity.here()}4194999/5/abcdef")
    assert not identity.is_dead("elsewhere/1/4194999/5/abcdef")


def test_two_workers_of_one_process_are_two() -> None:
    assert identity.identity() != identity.identity()
