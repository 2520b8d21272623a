"""Serves a publication in one process: public/ as plain files, the program's own paths by Django, a worker as child."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from onrecord.lib.errors import BadInput
from onrecord.server.application import HEALTH, Application
from onrecord.server.child import keep_working
from onrecord.server.files import PublicFiles
from onrecord.server.program import Program, Uploads
from onrecord.studio import uploading
from onrecord.urls import PROGRAM_PATHS

SEND_BUFFER = 64 << 10
"""Bytes held for a connection whose reader is slow."""
GRACE = 5.0
"""Seconds that answers under way have to end."""


def serve(host: str, port: int, with_worker: bool = True, ready: Callable[[], None] = lambda: None) -> None:
    """Serve the publication in settings.ONRECORD until SIGTERM or SIGINT. `ready` is called once answers are given.

    Must be called from the main thread. Raises BadInput when the address cannot be listened on.
    """
    check_address(host, port)
    folder = settings.ONRECORD.folder
    files = PublicFiles(settings.ONRECORD.public)
    application = Application(files, Program(get_wsgi_application(), PROGRAM_PATHS, files, _uploads()))
    asyncio.run(_serve(application, host, port, folder if with_worker else None, ready))
    # Threads of answers that still go to slow clients would keep the process: what had to be kept is kept by now.
    os._exit(0)


def _uploads() -> Uploads:
    """Recordings that are sent to the studio. What an earlier server left of them is removed."""
    shutil.rmtree(uploading.folder(), ignore_errors=True)
    uploading.folder()
    return Uploads(
        path=uploading.PATH,
        allows=lambda query: uploading.account_in(query) is not None,
        folder=uploading.folder,
        largest=int(settings.ONRECORD.server.largest_upload_gb * 1e9),
    )


def check_address(host: str, port: int) -> None:
    """Raise BadInput when nobody can listen there: granian would share a port that is taken, and say nothing."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise BadInput(f"{host} is not an address of this machine: use 127.0.0.1, or 0.0.0.0 for all.") from error
    except OSError as error:
        raise BadInput(_why_not(host, port, error)) from error


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use by another program: end it, or choose another port with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights: choose one from 1024 on with --port, and put nginx or Caddy before it."
    return f"{host} port {port} cannot be listened on ({error.strerror}): use 127.0.0.1, or 0.0.0.0 for all."


async def _serve(
    application: Application, host: str, port: int, folder: Path | None, ready: Callable[[], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(max_buffer_size=SEND_BUFFER),
        websockets=False,
        backlog=1024,
        log_level=LogLevels.error,
    )
    serving = loop.create_task(server.serve())
    working = loop.create_task(keep_working(folder)) if folder else None
    stopping = loop.create_task(stop.wait())
    telling = loop.create_task(_tell(host, port, ready))
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    telling.cancel()
    if working:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
    if serving.done():
        serving.result()
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait([serving], timeout=GRACE)


async def _tell(host: str, port: int, ready: Callable[[], None]) -> None:
    while not await _answers(host, port):
        await asyncio.sleep(0.02)
    ready()


async def _answers(host: str, port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET {HEALTH} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        status = await reader.readline()
        writer.close()
    except OSError:
        return False
    return b" 200 " in status
