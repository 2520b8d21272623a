"""Chromium for tests: one for each process that runs tests, kept while browser tests follow one another."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Iterator

import pytest
from django.db import connections
from playwright.sync_api import Browser, Frame, Page, Playwright, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)

# While Playwright is there an event loop runs in this thread, and Playwright calls each handler from somewhere else in
# it. Django would open a new connection in each of these places, none of which sees what a test has not committed.
connections._connections = threading.local()  # type: ignore[attr-defined]

PATIENCE = 60_000
"""Milliseconds that what is to happen may take: on a machine with much else to do, five seconds are not enough."""
expect.set_options(timeout=PATIENCE)

_kept: list[tuple[Playwright, Browser]] = []


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, with nothing open in it; what a test opens is closed afterwards."""
    if _kept and not _kept[0][1].is_connected():  # it crashed in the test before
        _end()
    if not _kept:
        playwright = sync_playwright().start()
        _kept.append((playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())))
    browser = _kept[0][1]
    try:
        yield browser
    finally:
        for context in browser.contexts:
            context.close()


def settled(page: Page | Frame, condition: str) -> None:
    """Wait for it from outside: the page's policy lets no condition be compiled inside it."""
    for _ in range(PATIENCE // 100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never came true: {condition}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    """Others get a process without an event loop."""
    yield
    if nextitem is None or not nextitem.get_closest_marker("browser"):
        _end()


def _end() -> None:
    while _kept:
        playwright, browser = _kept.pop()
        browser.close()
        playwright.stop()
