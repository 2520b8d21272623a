"""Who presses: a name for each running process, and whether the one behind a name still runs."""

import os
import re
import secrets
import socket
from hashlib import sha256
from itertools import count

RUN = secrets.token_hex(4)
"""Tells this run of the program from an earlier one that had the same process number."""

HOST = sha256(socket.gethostname().encode()).hexdigest()[:8]

_numbers = count(1)
_NAME = re.compile(r"([0-9a-f]{8})-([0-9]+)-([0-9a-f]{8})-[0-9]+\Z", re.ASCII)


def new_name() -> str:
    """A name that this process uses once, for a claim or a temporary file."""
    return f"{HOST}-{os.getpid()}-{RUN}-{next(_numbers)}"


def is_dead(name: str) -> bool:
    """Whether the process that made this name is known to have ended; one on another machine never is."""
    found = _NAME.fullmatch(name)
    if not found or found.group(1) != HOST:
        return False
    process = int(found.group(2))
    return found.group(3) != RUN if process == os.getpid() else not _runs(process)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
