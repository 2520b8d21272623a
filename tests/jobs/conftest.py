"""A publication's folder of its own with the fake pipeline, on the database under test, and workers that work on it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import ROOT


@dataclass
class House:
    """What tests ask of the folder under test."""

    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def effects(self) -> list[tuple[str, int, int]]:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT name, subject, piece FROM effects ORDER BY name, subject, piece")
            return [tuple(row) for row in cursor.fetchall()]

    def events(self, what: str = "begin") -> list[dict[str, Any]]:
        path = self.folder / "events.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [line for line in lines if line["what"] == what]

    def wait(self, condition: Callable[[], Any], seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited {seconds} s in vain; {self.states()}"
            time.sleep(0.02)

    def work(self, until: Callable[[], bool] | None = None, seconds: float = 60, **options: Any) -> None:
        """A worker in this process, until every step has come to an end."""
        from onrecord.jobs.worker import Worker

        end = time.monotonic() + seconds

        def done() -> bool:
            assert time.monotonic() < end, f"worked {seconds} s in vain; {self.states()}"
            return (until or self.is_settled)()

        Worker(**{"processes": 2, **options}).run(until=done)

    def start_worker(self, processes: int = 2) -> subprocess.Popen[bytes]:
        worker = subprocess.Popen([sys.executable, "-m", "tests.jobs.fake_worker", str(processes)], cwd=ROOT)
        self.workers.append(worker)
        return worker

    def states(self) -> dict[str, str]:
        from onrecord.jobs.models import Step

        return {f"{step} #{step.attempt}": f"{step.state} {step.message}" for step in Step.objects.order_by("id")}

    def is_settled(self) -> bool:
        from onrecord.jobs.models import State, Step

        return not Step.objects.filter(state__in=[State.WAITING, State.RUNNING]).exists()

    def processes(self) -> list[psutil.Process]:
        """Children of workers and what steps started: all that carry this folder's name in their environment."""
        mine = {os.getpid(), *(worker.pid for worker in self.workers)}
        found = []
        for process in psutil.process_iter():
            try:
                if process.pid not in mine and process.environ().get("ONRECORD_FOLDER") == str(self.folder):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def attempt_folders(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "work").glob("step-*"))


@pytest.fixture
def house(folder: Path, settings, monkeypatch, django_db_blocker) -> Iterator[House]:  # type: ignore[no-untyped-def]
    """Django in this process and in those that it starts looks at a database of this test's own."""
    from django.db import connections

    from onrecord import settings as house_settings
    from onrecord.jobs import registry
    from onrecord.lib import configuration

    monkeypatch.delenv("ONRECORD_DATABASE_URL", raising=False)
    monkeypatch.setenv("ONRECORD_FOLDER", str(folder))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.jobs.fake_settings")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'src'}:{ROOT}")
    settings.ONRECORD = configuration.load(folder)
    settings.STEP_MODULES = ["tests.jobs.fake_steps"]
    registry.load_modules.cache_clear()
    monkeypatch.setattr(house_settings, "ONRECORD", settings.ONRECORD)
    before = connections["default"]
    mine = {**before.settings_dict, **house_settings._database()}
    monkeypatch.setitem(connections.settings, "default", mine)
    house = House(folder)
    with django_db_blocker.unblock():
        connections["default"] = connections.create_connection("default")
        try:
            with connections["default"].cursor() as cursor:
                cursor.execute("CREATE TABLE effects (name TEXT, subject BIGINT, piece BIGINT)")
            yield house
        finally:
            for worker in house.workers:
                worker.kill()
                worker.wait()
            connections["default"].close()
            connections["default"] = before
            registry.load_modules.cache_clear()
