"""The application that granian calls: files by ourselves, what belongs to the program by Django."""

from __future__ import annotations

from typing import Any

from onrecord.server.files import Answer, PublicFiles
from onrecord.server.program import Program

HEALTH = "/healthz"


class Application:
    """RSGI: called once for each request, on the event loop. Files are read or handed to granian's own threads."""

    def __init__(self, files: PublicFiles, program: Program) -> None:
        self.files = files
        self.program = program

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        if self.program.owns(scope.path):
            await self.program.answer(scope, protocol)
        elif scope.path == HEALTH and scope.method in ("GET", "HEAD"):
            send(
                protocol, scope.method, Answer(200, {"Content-Type": "text/plain", "Cache-Control": "no-store"}, b"ok")
            )
        else:
            send(protocol, scope.method, self.files.answer(scope.method, scope.path, scope.headers.get))


def send(protocol: Any, method: str, answer: Answer) -> None:
    """Hand an answer to granian."""
    headers = [(name.lower(), value) for name, value in answer.headers.items()]
    if method == "HEAD":
        protocol.response_empty(answer.status, [*headers, ("content-length", str(answer.length))])
    elif not answer.file:
        protocol.response_bytes(answer.status, headers, answer.body)
    else:
        headers.append(("content-length", str(answer.length)))
        protocol.response_file_range(answer.status, headers, answer.file, answer.start, answer.end)
