"""Runs steps in child processes, as many at once as there are processors, and those that only wait beside them.

What is guaranteed, whatever dies at whatever moment (worker, child, both, the machine): a step's rows are written once,
by the attempt that is the current one when it finishes; a step whose attempt died is begun again, at once when its
worker is known to be dead, else after `carriers.SILENCE` seconds; what an attempt started or left in work/ is removed
when its child dies, or when the next worker looks. What it costs: a process that is started, which takes a second,
unless there is one that has nothing to do.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.db import Error, connection, connections
from django.utils import timezone

from onrecord.jobs import identity, leftovers, outcomes, registry
from onrecord.jobs.carriers import carrier
from onrecord.jobs.models import State, Step
from onrecord.jobs.processes import FREE, Child, open_log
from onrecord.lib.errors import BadInput

BEAT = 2.0
"""Seconds between signs of life, and between looks for attempts that are no longer wanted."""
RESCUE = 4.0
"""Seconds between looks for steps of dead workers."""
TIDY = 60.0
"""Seconds between looks for leftovers."""
KEPT_WARM = 10.0
"""Seconds that a child without work stays. While anything runs there is also one that may be given any step, so that
the next one need not wait for its start."""
LOOK_WHEN_BUSY, LOOK_WHEN_IDLE = 0.1, 0.4
"""Seconds between looks for steps that others added."""
CANDIDATES = 10
"""How many ready steps are looked at: when another worker was quicker, the next one is tried."""

Outcome = Callable[[], None]

log = logging.getLogger("onrecord.jobs")


class Worker:
    """Claims ready steps and hands them to child processes, until told to stop.

    `processes`: how many processors to keep busy, 0 for the publication's setting; `only`: steps of this name; `group`:
    steps of this group; `background`: functions that are called again and again, each in a thread of its own, and say
    whether there was anything to do.
    """

    def __init__(
        self,
        processes: int = 0,
        only: str | None = None,
        group: int | None = None,
        background: Sequence[Callable[[], bool]] = (),
    ) -> None:
        _check_name(only)
        self.processes = processes or _processes()
        self.only = only
        self.group = group
        self.background = background
        self._identity = identity.identity()
        self._carrier = carrier()
        self._children: list[Child] = []
        self._over: list[tuple[Step, Outcome]] = []
        self._stopping = threading.Event()
        self._something_ended = threading.Event()
        self._signal = 0
        self._beat, self._rescue, self._tidy = _Every(BEAT), _Every(RESCUE), _Every(TIDY)
        self._start_spare = _Every(BEAT)

    def stop(self) -> None:
        """End `run` soon; may be called from any thread. What was begun is put back."""
        self._stopping.set()

    def run(self, until: Callable[[], bool] | None = None) -> None:
        """Work until `until()` (called several times a second) or `stop()`.

        Ctrl-C raises KeyboardInterrupt once everything is put back; SIGTERM is `stop`, or SystemExit before `until()`.
        """
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._heeding_signals())
            self._log = stack.enter_context(open_log())
            self._carrier.open()
            stack.callback(self._put_everything_back)
            stack.enter_context(self._doing_background_work())
            while not self._stopping.is_set() and not (until and until()):
                self._turn()
                self._wait()
        if self._signal == signal.SIGINT:
            raise KeyboardInterrupt
        if self._signal == signal.SIGTERM and until is not None:
            raise SystemExit(128 + signal.SIGTERM)

    # ── one turn of the loop ────────────────────────────────────────────────────────────────────────────────────────

    def _turn(self) -> None:
        """Everything that is due. A database that is locked or away is tried again in the next turn."""
        self._notice_ends()
        try:
            self._write_down_ends()
            if self._beat.due():
                self._give_signs_of_life()
            if self._rescue.due():
                self._rescue_steps_of_the_dead()
            if self._tidy.due():
                self._carrier.tidy()
                leftovers.sweep()
            while (step := self._claim()) is not None:
                self._child_for(step).give(step)
        except _database_errors() as error:
            log.warning("the database does not answer, trying again: %s", str(error).strip())
            connection.close()
            self._stopping.wait(1.0)
        self._keep_some_ready()

    def _wait(self) -> None:
        """Until a child has something to say, or it is time to look."""
        pause = LOOK_WHEN_BUSY if self._running() else LOOK_WHEN_IDLE
        select.select(self._children, [], [], pause)

    # ── children ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _running(self) -> list[Step]:
        return [child.step for child in self._children if child.step is not None]

    def _child_for(self, step: Step) -> Child:
        """One that has loaded what the step needs, or one that has loaded nothing."""
        free = [child for child in self._children if child.step is None and not child.is_dead()]
        for name in (step.name, FREE):
            for child in free:
                if child.name == name:
                    return child
        return self._start_child()

    def _start_child(self) -> Child:
        child = Child(self._log)
        self._children.append(child)
        return child

    def _keep_some_ready(self) -> None:
        """One spare child while steps run; and nobody else who has had nothing to do for long."""
        idle = [child for child in self._children if child.step is None]
        spare = next((child for child in idle if child.name == FREE), None) if self._running() else None
        if self._running() and spare is None and self._start_spare.due():
            self._start_child()
        for child in idle:
            if child is not spare and time.monotonic() - child.idle_since > KEPT_WARM:
                self._bury(child)

    def _notice_ends(self) -> None:
        """Take the answers of children, and bury those that died."""
        readable, _, _ = select.select(self._children, [], [], 0)
        for child in readable:
            answer = child.answer()
            if answer is not None and child.step is not None:
                self._is_over(child.step, _outcome(child.step, answer))
                child.set_idle(_loads(child.name))
            elif child.is_dead():
                self._bury(child)

    def _bury(self, child: Child) -> None:
        self._children.remove(child)
        status = child.end()
        if child.step is not None:
            self._is_over(child.step, _outcome_of_death(child.step, status))

    def _is_over(self, step: Step, outcome: Outcome) -> None:
        leftovers.remove(step)
        self._over.append((step, outcome))
        self._something_ended.set()

    def _write_down_ends(self) -> None:
        """What became of steps goes into their rows; kept until the database takes it."""
        while self._over:
            step, outcome = self._over[0]
            outcome()
            self._carrier.settle(step)
            self._over.pop(0)

    # ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _claim(self) -> Step | None:
        """The next step to run: one that keeps no processor busy, or else the most urgent one if there is room."""
        return self._claim_beside() or self._claim_with_room()

    def _claim_beside(self) -> Step | None:
        """One that waits for others more than it works; of each name one at a time, so that none can fill the house."""
        running = {step.name for step in self._running()}
        free = [name for name in registry.beside() if name not in running]
        ready = self._ready().filter(name__in=free)[:CANDIDATES] if free else []
        return next(filter(None, (self._carrier.claim(step, self._identity) for step in ready)), None)

    def _claim_with_room(self) -> Step | None:
        """The most urgent step that is ready, if there is room for it; nothing less urgent overtakes it."""
        room = self.processes - sum(_cores(step.name) for step in self._running())
        if room <= 0:
            return None
        for step in self._ready().exclude(name__in=registry.beside())[:CANDIDATES]:
            if _cores(step.name) > room and any(_cores(running.name) for running in self._running()):
                return None
            claimed = self._carrier.claim(step, self._identity)
            if claimed is not None:
                return claimed
        return None

    def _ready(self) -> Any:
        return self._wanted().filter(Step.ready(timezone.now())).order_by("-priority", "id")

    def _wanted(self) -> Any:
        chosen = {"name": self.only, "group": self.group}
        return Step.objects.filter(**{field: value for field, value in chosen.items() if value is not None})

    def _give_signs_of_life(self) -> None:
        """Heartbeats; and the end of attempts that are cancelled or superseded."""
        running = self._running()
        self._carrier.beat(running)
        rows = {row.pk: row for row in Step.objects.filter(pk__in=[step.pk for step in running])}
        for child in list(self._children):
            if child.step is not None and not _is_wanted(child.step, rows.get(child.step.pk)):
                self._bury(child)

    def _rescue_steps_of_the_dead(self) -> None:
        """Let steps be tried again whose worker died, or that we began without knowing it."""
        running = Step.objects.filter(state=State.RUNNING)
        lost = [step for step in running.filter(worker__startswith=identity.here()) if identity.is_dead(step.worker)]
        ours = {(step.pk, step.attempt) for step in [*self._running(), *(step for step, _ in self._over)]}
        lost += [step for step in running.filter(worker=self._identity) if (step.pk, step.attempt) not in ours]
        for step in [*lost, *self._carrier.silent()]:
            outcomes.interrupt(step)
            self._carrier.settle(step)

    # ── beginning and ending ────────────────────────────────────────────────────────────────────────────────────────

    def _put_everything_back(self) -> None:
        """End all children; their steps are ready again."""
        self._notice_ends()
        for child in list(self._children):
            step, child.step = child.step, None
            self._bury(child)
            if step is not None:
                self._is_over(step, partial(outcomes.put_back, step))
        try:
            self._write_down_ends()
            self._carrier.close()
        except _database_errors() as error:
            log.warning("the database does not answer; others will notice that we are gone: %s", str(error).strip())
            connection.close()

    @contextlib.contextmanager
    def _heeding_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def heed(number: int, _frame: object) -> None:
            self._signal = number
            self.stop()

        before = {number: signal.signal(number, heed) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextlib.contextmanager
    def _doing_background_work(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._repeat, args=(task,), daemon=True) for task in self.background]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            self._something_ended.set()
            for thread in threads:
                thread.join()

    def _repeat(self, task: Callable[[], bool]) -> None:
        try:
            while not self._stopping.is_set():
                self._something_ended.clear()
                if not self._did(task):
                    self._something_ended.wait(LOOK_WHEN_IDLE)
        finally:
            connections.close_all()

    def _did(self, task: Callable[[], bool]) -> bool:
        try:
            return task()
        except Exception:  # whatever it is, the next call may go better, and steps must go on meanwhile
            log.exception("background work failed")
            connection.close()
            self._stopping.wait(BEAT)
            return False


class _Every:
    """Is due at once, and then again after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.next = 0.0

    def due(self) -> bool:
        now = time.monotonic()
        if now < self.next:
            return False
        self.next = now + self.seconds
        return True


def _processes() -> int:
    chosen: int = settings.ONRECORD.worker.processes
    return chosen or len(os.sched_getaffinity(0))


def _check_name(only: str | None) -> None:
    if only is not None:
        try:
            registry.find(only)
        except LookupError as error:
            raise BadInput(f"Nothing to work on: {error}.") from error


def _cores(name: str) -> int:
    try:
        return registry.find(name).cores
    except LookupError:  # a step of another version: its child will say so
        return 1


def _loads(name: str) -> bool:
    try:
        return registry.find(name).loads
    except LookupError:
        return False


def _is_wanted(step: Step, row: Step | None) -> bool:
    """Whether the attempt that we run is still the current one. "done" is: its child is about to say so."""
    return row is not None and row.attempt == step.attempt and row.state in (State.RUNNING, State.DONE)


def _outcome(step: Step, answer: dict[str, Any]) -> Outcome:
    """What to do with the row, by what the child said."""
    if answer["end"] == "refused":
        return partial(outcomes.refuse, step, answer["message"])
    if answer["end"] == "failed":
        pauses = outcomes.RETRY_AFTER_FULL_DISK if answer["full_disk"] else outcomes.RETRY_AFTER
        return partial(outcomes.fail, step, answer["message"], pauses)
    return _nothing


def _nothing() -> None:
    """Done and superseded: the row is as it should be."""


def _outcome_of_death(step: Step, status: int) -> Outcome:
    """What to do with the row when the child died without a word."""
    if status == -signal.SIGKILL:
        return partial(outcomes.interrupt, step, outcomes.KILLED_ALONE)
    if status in (-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP):
        return partial(outcomes.interrupt, step)
    cause = signal.Signals(-status).name if status < 0 else f"exit status {status}"
    return partial(outcomes.fail, step, f"Its process crashed ({cause}).", outcomes.RETRY_AFTER)


def _database_errors() -> tuple[type[Exception], ...]:
    """What a database raises that is locked, full, or away for a while."""
    if connection.vendor != "postgresql":
        return (Error,)
    from procrastinate.exceptions import ConnectorException

    return (Error, ConnectorException)
