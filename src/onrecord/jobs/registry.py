"""Which function runs a step of which name."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from onrecord.jobs.attempt import Attempt

StepFunction = Callable[["Attempt"], None]


@dataclass(frozen=True)
class RegisteredStep:
    """What runs a step, how many processors it keeps busy, and whether it loads a model."""

    function: StepFunction
    cores: int
    loads: bool


_registered: dict[str, RegisteredStep] = {}


def step(name: str, cores: int = 1, loads: bool = False) -> Callable[[StepFunction], StepFunction]:
    """Make the function below run the steps called `name` ("room.verb"). `cores`: processors that it keeps busy.

    With 0 it waits for others more than it works, such as for a mail server: it runs beside whatever runs, one step of
    each such name at a time. `loads`: it loads a model into its process, which is given no step of another name then.
    Its module stands in `settings.STEP_MODULES`. Workers import all of these: import heavy libraries in the function.
    """

    def register(function: StepFunction) -> StepFunction:
        _registered[name] = RegisteredStep(function, cores, loads)
        return function

    return register


@functools.cache
def load_modules() -> None:
    """Import all modules that hold steps, once."""
    for module in settings.STEP_MODULES:
        importlib.import_module(module)


def find(name: str) -> RegisteredStep:
    """The function and cores of steps called `name`. Raises LookupError when this version knows no such step."""
    load_modules()
    if name not in _registered:
        raise LookupError(f"there is no step {name!r}; known are {', '.join(sorted(_registered))}")
    return _registered[name]


def beside() -> list[str]:
    """The names of steps that keep no processor busy."""
    load_modules()
    return sorted(name for name, registered in _registered.items() if registered.cores == 0)
