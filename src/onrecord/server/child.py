"""Keeps `onrecord work` running as a child of the server: started again when it dies, ended when the server ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from onrecord.lib.children import environment

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
GRACE = 15.0
"""Seconds that a worker has to put its work down."""

_TIED_TO_PARENT = """\
import ctypes, os, signal, sys
parent = int(sys.argv[1])
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: also when the server is killed with -9
if os.getppid() != parent:
    sys.exit("the server has ended")
os.execv(sys.argv[2], sys.argv[2:])
"""

COMMAND = (sys.executable, "-m", "onrecord", "work")


async def keep_working(folder: Path) -> None:
    """Run workers on `folder`, one after the other, until cancelled; then end the last one and return."""
    pause = SHORTEST_PAUSE
    while True:
        started = time.monotonic()
        worker = await _start(folder)
        try:
            status = await worker.wait()
        except asyncio.CancelledError:
            await _end(worker)
            raise
        if time.monotonic() - started > LONGEST_PAUSE:
            pause = SHORTEST_PAUSE
        print(f"onrecord: the worker ended ({status}); starting it again.", file=sys.stderr, flush=True)  # noqa: T201
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def _start(folder: Path) -> asyncio.subprocess.Process:
    """In a process group of its own, so that Ctrl-C at a terminal reaches the server alone, which ends it in order."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _TIED_TO_PARENT,
        str(os.getpid()),
        *COMMAND,
        stdin=asyncio.subprocess.DEVNULL,
        env=environment(folder),
        start_new_session=True,
    )


async def _end(worker: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        worker.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(worker.wait(), GRACE)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()
