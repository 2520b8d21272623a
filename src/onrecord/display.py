"""Shows how long work goes: bars on a terminal, plain lines elsewhere. Always on standard error."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from onrecord.lib.terminal import say
from onrecord.status import StepStatus

STEP_NAMES = {
    "recording.redact": "Taking words out of the sound",
    "recording.measure": "Listening to the recording",
    "recording.encode_audio": "Making the MP3",
    "recording.encode_opus": "Making the small Opus file",
    "recording.encode_video": "Making the video",
    "recording.waveform": "Drawing the waveform",
    "episode.go_live": "Putting the page up",
    "transcript.plan": "Preparing to write down the words",
    "transcript.hear": "Writing down the words",
    "transcript.speakers": "Finding out who speaks",
    "transcript.assemble": "Putting the transcript together",
}
SHORTEST_PAUSE = 0.2


class StepDisplay(Protocol):
    """Something that can show steps."""

    def show(self, steps: list[StepStatus]) -> None:
        """Show how these steps stand now."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Bars:
    """A bar a step, on a terminal."""

    def __init__(self, console: Console) -> None:
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self.tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def show(self, steps: list[StepStatus]) -> None:
        """Add and move bars."""
        for step in steps:
            if step.state == "blocked" or (step.state == "waiting" and step.name not in self.tasks):
                continue
            if step.name not in self.tasks:
                self.tasks[step.name] = self.progress.add_task(STEP_NAMES.get(step.name, step.name), total=1, note="")
            note = step.message if step.state in ("running", "failed", "refused") else step.state
            self.progress.update(self.tasks[step.name], completed=step.progress, note=note[:50])
            if step.state == "done":
                self.progress.stop_task(self.tasks[step.name])


class Lines:
    """A line when a step begins, each tenth of it, and when it ends."""

    def __init__(self) -> None:
        self.said: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, steps: list[StepStatus]) -> None:
        """Print what has changed since the last call."""
        for step in steps:
            if step.state in ("blocked", "waiting"):
                continue
            line = self._line(step)
            if self.said.get(step.name) != line:
                self.said[step.name] = line
                say(line)

    def _line(self, step: StepStatus) -> str:
        words = STEP_NAMES.get(step.name, step.name)
        if step.state == "done":
            return f"{words}: done in {step.seconds:.1f} s"
        if step.state == "running":
            return f"{words}: {int(step.progress * 10) * 10} %"
        return f"{words}: {step.state}: {step.message}"


def step_display() -> StepDisplay:
    """Bars on a terminal, lines elsewhere."""
    return Bars(Console(stderr=True)) if sys.stderr.isatty() else Lines()


class Throttle:
    """Lets something happen at most every `SHORTEST_PAUSE` seconds."""

    def __init__(self) -> None:
        self.last = 0.0

    def due(self) -> bool:
        """Whether enough time has gone by; if so it counts from now."""
        now = time.monotonic()
        if now - self.last < SHORTEST_PAUSE:
            return False
        self.last = now
        return True
