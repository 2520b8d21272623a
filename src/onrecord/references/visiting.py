"""Visits pages that are cited, as the settings allow, and says what came of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from http.client import responses
from urllib.parse import urlsplit

from django.conf import settings

from onrecord import __version__
from onrecord.lib import fetching
from onrecord.lib.fetching import NotFetched, Page, Reason, Visitor
from onrecord.references import reading
from onrecord.references.models import Link, Outcome
from onrecord.references.reading import Read

KEEPS_PROGRAMS_OUT = (401, 402, 403, 405, 406, 407, 429, 451)
OK = range(200, 300)


@dataclass(frozen=True)
class Visit:
    """What came of one visit. `may_pass`: another try may go better."""

    outcome: Outcome
    problem: str = ""
    may_pass: bool = False
    page: Page | None = None
    read: Read | None = None

    @property
    def sha256(self) -> str:
        """Of the page."""
        return hashlib.sha256(self.page.content).hexdigest() if self.page else ""


@dataclass(frozen=True)
class Pulse:
    """Whether a link leads anywhere. `connected`: there was an answer at all, whatever it was."""

    alive: bool
    connected: bool
    problem: str = ""
    reached: str = field(default="")


def visit(link: Link) -> Visit:
    """Fetch the page and read it."""
    try:
        page = fetching.fetch(link.address, _visitor())
    except NotFetched as error:
        return Visit(Outcome.FAILED, str(error), may_pass=error.reason in (Reason.UNREACHABLE, Reason.SLOW))
    if page.status in OK:
        return Visit(Outcome.SAVED, page=page, read=reading.read(page.content, page.header("content-type")))
    outcome = Outcome.BLOCKED if page.status in KEEPS_PROGRAMS_OUT else Outcome.FAILED
    return Visit(outcome, _in_words(page.status), may_pass=page.status >= 500 or page.status == 429)


def feel_pulse(link: Link) -> Pulse:
    """Ask whether the page is still there. A site that keeps programs out is alive."""
    try:
        page = fetching.fetch(link.address, _visitor(), with_body=False)
    except NotFetched as error:
        return Pulse(alive=False, connected=error.reason is Reason.LARGE, problem=str(error))
    alive = page.status in OK or page.status in KEEPS_PROGRAMS_OUT
    return Pulse(alive, connected=True, problem="" if alive else _in_words(page.status), reached=page.address)


def is_ours(address: str) -> bool:
    """Whether it is a page of this site: it is never visited, and cannot be dead without us knowing."""
    return (urlsplit(address).hostname or "").removesuffix(".") in _own_hosts()


def _own_hosts() -> set[str]:
    ours = settings.ONRECORD
    return {urlsplit(ours.address).hostname or "", ours.server.host}


def _visitor() -> Visitor:
    ours = settings.ONRECORD
    agent = f"onrecord/{__version__} (saves pages that readers cite; {ours.address})"
    return Visitor(agent, own_hosts=_own_hosts(), proxy=ours.references.proxy)


def _in_words(status: int) -> str:
    return f"Its server says {status} {responses.get(status, '')}".rstrip() + "."
