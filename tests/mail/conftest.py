"""A publication that sends mail, and a way to let its worker's step run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def server_is(publication: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set [mail] in the settings, to a server on this machine."""
    from onrecord.lib.configuration import MailSettings

    def set_server(port: int, **more: str) -> None:
        chosen = {"host": "localhost", "security": "none", "from_address": "talk@interviews.example", **more}
        settings.ONRECORD = replace(settings.ONRECORD, mail=MailSettings(port=port, **chosen))

    return set_server


@pytest.fixture
def send_now(db: None, tmp_path: Path) -> Callable[[], None]:
    """Let every mail be tried once, whatever its next try's date, as a worker does."""
    from onrecord.jobs.attempt import Attempt
    from onrecord.jobs.models import State, Step
    from onrecord.mail.steps import send

    def run() -> None:
        for row in Step.objects.filter(name="mail.send", state=State.WAITING).order_by("id"):
            row.state, row.attempt = State.RUNNING, row.attempt + 1
            row.save()
            attempt = Attempt(row, tmp_path)
            send.send(attempt)
            assert attempt.finished

    return run
