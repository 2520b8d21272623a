"""kill -9 of worker, child, or both, at random moments: every step ends done, once in effect, and nothing is left."""

import random
import time

import psutil
import pytest
from django.db import transaction

from onrecord.jobs import outcomes, queue
from onrecord.jobs.models import State, Step
from tests.conftest import SEEDS
from tests.jobs.conftest import House
from tests.jobs.test_worker import add_pipeline, expected_effects

SUBJECTS, PIECES = 3, 4


def kill_at_random(house: House, kills: int, seed: int) -> None:
    choose = random.Random(seed)
    worker = house.start_worker()
    for _ in range(kills):
        time.sleep(choose.uniform(0.1, 1.2))
        target = choose.choice(["worker", "child", "both"])
        children = psutil.Process(worker.pid).children()
        if target != "child":
            worker.kill()
            worker.wait()
        for child in choose.sample(children, min(1, len(children))) if target != "worker" else []:
            child.kill()
        if target != "child":
            worker = house.start_worker()


def settle(house: House) -> None:
    """A step whose process alone is killed again and again waits for a person in the end, who says `retry`."""
    house.wait(house.is_settled, 120)
    failed = Step.objects.filter(state=State.FAILED)
    if failed:
        assert {step.message for step in failed} == {outcomes.KILLED_TOO_OFTEN}
        with transaction.atomic():
            queue.retry()
        house.wait(house.is_settled, 120)


def check(house: House) -> None:
    settle(house)
    assert {step.state for step in Step.objects.all()} == {State.DONE}, house.states()
    effects = [effect for subject in range(1, SUBJECTS + 1) for effect in expected_effects(subject, PIECES)]
    assert house.effects() == sorted(effects)
    house.wait(lambda: not house.attempt_folders(), 5)
    for worker in house.workers:
        worker.kill()
        worker.wait()
    house.wait(lambda: not house.processes(), 5)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_killed_every_step_ends_once(house: House, seed: int) -> None:
    for subject in range(1, SUBJECTS + 1):
        add_pipeline(subject, PIECES, seconds=0.6)
    kill_at_random(house, kills=20, seed=seed)
    check(house)


def test_nothing_outlives_a_killed_worker(house: House) -> None:
    """Children and their programs are gone at once, not only when the next worker starts."""
    add_pipeline(1, PIECES, seconds=60)
    worker = house.start_worker()
    house.wait(lambda: any(process.name() == "sleep" for process in house.processes()))
    worker.kill()
    worker.wait()
    house.wait(lambda: not [process for process in house.processes() if process.name() != "sleep"], 2)
    house.work(until=lambda: len(house.events()) == 2)
    assert not [process for process in house.processes() if process.name() == "sleep"]


def test_a_killed_childs_programs_are_killed_by_its_worker(house: House) -> None:
    add_pipeline(1, PIECES, seconds=60)
    house.start_worker()
    house.wait(lambda: any(process.name() == "sleep" for process in house.processes()))
    program = next(process for process in house.processes() if process.name() == "sleep")
    program.parent().kill()
    house.wait(lambda: not program.is_running(), 3)
    house.wait(lambda: len(house.events()) == 2)
    assert Step.objects.get(name="fake.first").tries_left == 3
