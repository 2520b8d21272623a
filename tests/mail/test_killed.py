"""Posts that send mail while the server refuses and workers are killed: each mail arrives, none is invented."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, Command
from tests.mail.servers import PostOffice, free_port, working

MAILS, KILLS = 60, 12

POST = """
from onrecord.mail import outgoing
from django.db import transaction
from onrecord.mail.models import Mail
for number in range({first}, {first} + 5):
    with transaction.atomic():
        outgoing.send(f"reader{{number}}@readers.example", f"Mail {{number}}", "Hello", kind="test")
"""


def run(folder: Path, *arguments: str, code: str = "", stdout: int | None = None) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if k != "ONRECORD_DATABASE_URL"}
    environment |= {"ONRECORD_FOLDER": str(folder), "PYTHONPATH": str(ROOT / "src")}
    environment |= {"DJANGO_SETTINGS_MODULE": "onrecord.settings"}
    setup = "import django; django.setup()\n" + code
    command = [sys.executable, "-c", setup] if code else [sys.executable, "-m", "onrecord", *arguments]
    return subprocess.Popen(command, env=environment, stdout=stdout, stderr=subprocess.DEVNULL)


def waiting(onrecord: Command) -> int:
    import json

    mail = json.loads(onrecord("status", "--json").stdout)["mail"]
    assert mail["failed"] == 0
    return int(mail["waiting"])


@pytest.mark.slow
def test_every_mail_arrives_although_workers_are_killed_and_the_server_refuses(folder: Path, onrecord: Command) -> None:
    office = PostOffice(recipient="451 {address} not now", port=free_port())
    settings = folder / "onrecord.toml"
    known = settings.read_text() if settings.exists() else ""
    settings.write_text(
        known + f'[mail]\nhost = "127.0.0.1"\nport = {office.port}\nsecurity = "none"\nfrom_address = "us@i.example"\n'
    )
    assert onrecord("status").returncode == 0
    wanted = [f"reader{number}@readers.example" for number in range(MAILS)]
    for kill in range(KILLS):
        worker = run(folder, "work")
        run(folder, code=POST.format(first=kill * 5)).wait()
        if kill < KILLS / 2:  # first nobody listens, then it refuses, then it works
            with working(office):
                time.sleep(0.5)
        worker.kill()
        worker.wait()
        if kill == KILLS // 2:
            office.recipient = None
    with working(office):
        worker = run(folder, "work")
        for _ in range(40):
            onrecord("retry")
            if waiting(onrecord) == 0:
                break
        worker.terminate()
        worker.wait()
    assert set(office.to()) == set(wanted)
    names = {to: {got["Message-ID"] for to_, got in office.received if to_ == to} for to in wanted}
    assert all(len(ids) == 1 for ids in names.values())
    assert {got["Subject"] for _, got in office.received} == {f"Mail {number}" for number in range(MAILS)}
