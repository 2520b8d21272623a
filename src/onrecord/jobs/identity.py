"""Names a worker so that others on the same machine can tell for certain that it is dead."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from pathlib import Path


def here() -> str:
    """The machine, as far as process numbers mean the same: host and process namespace, with a slash at the end."""
    namespace = ""
    with contextlib.suppress(OSError):
        namespace = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    return f"{socket.gethostname()[:64]}/{namespace}/"


def identity() -> str:
    """A new name for a worker in this process: host/namespace/pid/start/random.

    `start` tells the process from a later one of the same number.
    """
    return f"{here()}{os.getpid()}/{_start_of(os.getpid())}/{secrets.token_hex(3)}"


def is_dead(worker: str) -> bool:
    """Whether a worker of this machine is certainly gone. False for those elsewhere: nobody can know."""
    if not worker.startswith(here()):
        return False
    pid, start, _ = worker.removeprefix(here()).split("/")
    return _start_of(int(pid)) != start


def _start_of(pid: int) -> str:
    """When a process began, in ticks since the machine did; "0" where only its being there can be seen; "" if gone."""
    try:
        # after the name, which may hold anything: state is the first field, start the 20th (proc_pid_stat(5): 3, 22)
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    except FileNotFoundError:
        return _only_whether_there(pid) if not Path("/proc/self/stat").exists() else ""
    except ProcessLookupError:
        return ""


def _only_whether_there(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "0"
    return "0"
