"""The processes of a newsroom, for tests: what to do is a line of standard input, what came of it one of output.

`edit SEED DEEDS` changes things, `press` presses: each in a process of its own, whose number is the answer. `wait` and
`kill` with that number answer with how it ended. `finish` presses what is left, and says what is wrong then.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]


def main() -> None:
    """Processes are forked from one that is ready: to start a Python for each takes longer than what they do."""
    from onrecord import opening

    opening.open_publication(Path(os.environ["ONRECORD_FOLDER"]))
    from onrecord.press import lists
    from onrecord.readmodel import discussion
    from tests.press import archive  # noqa: F401 - with all that it needs, once for all

    lists.PAGE, lists.ARCHIVE, lists.SITEMAP = 3, 5, 4
    discussion.PAGE = 2
    does = {"edit": edit, "press": press, "wait": wait, "kill": kill, "finish": finish}
    for line in sys.stdin:
        name, *numbers = line.split()
        print(json.dumps(does[name](*map(int, numbers))), flush=True)


def forked(function: Callable[..., None]) -> Callable[..., int]:
    """Let it run in a process of its own, and return that one's number."""

    def fork(*arguments: int) -> int:
        connection.close()
        if child := os.fork():
            return child
        try:
            function(*arguments)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - it is told, and the loop of the process above must not go on here
            traceback.print_exc()
            os._exit(1)

    return fork


def wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill(child: int) -> int:
    os.kill(child, signal.SIGKILL)
    return wait(child)


@forked
def edit(seed: int, deeds: int) -> None:
    from tests.press import archive

    chance = random.Random(seed)
    for _ in range(deeds):
        archive.do_something(chance)
        time.sleep(chance.random() * 0.05)


@forked
def press() -> None:
    from onrecord.press import presser

    parent = os.getppid()
    while os.getppid() == parent:  # nobody waits for it when the tests were killed
        if not presser.press_some(limit=5):
            time.sleep(0.02)


def finish() -> dict[str, Any]:
    from django.conf import settings

    from onrecord.press import presser
    from onrecord.press.check import check

    presser.press_what_is_stale()
    public = settings.ONRECORD.public
    return {
        "problems": [str(problem) for problem in check()],
        "failures": presser.failures(),
        "temporary": [str(file) for file in public.rglob("*.tmp")],
        "files": sum(file.is_file() for file in public.rglob("*")),
    }


if __name__ == "__main__":
    main()
