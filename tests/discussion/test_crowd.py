"""200 who write at once while workers are killed and the mail server refuses: nothing is lost, doubled or invented."""

from __future__ import annotations

import json
import random
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.discussion import crowd
from tests.mail.servers import PostOffice, free_port, working
from tests.mail.test_killed import run, waiting

READERS, KILLS = 200, 20

ROWS = """
import json
from onrecord.discussion.models import Comment, Event
rows = Comment.objects.order_by("id").values_list("key", "text", "state", "confirmed")
kinds = Event.objects.order_by("number").values_list("kind", "comment")
print(json.dumps({"comments": list(rows), "events": list(kinds)}))
"""


def kill_workers(folder: Path, chance: random.Random, over: threading.Event) -> int:
    """Two at a time, each killed with -9 in the middle of what it does."""
    kills = 0
    while kills < KILLS or not over.is_set():
        workers = [run(folder, "work"), run(folder, "work")]
        time.sleep(chance.uniform(0.8, 2.2))
        for worker in workers:
            worker.kill()
            worker.wait()
            kills += 1
    return kills


@pytest.mark.slow
def test_whatever_is_accepted_is_there_once_and_every_mail_arrives(folder: Path, onrecord: Command) -> None:
    office, over = PostOffice(recipient="451 {address} not now", port=free_port()), threading.Event()
    with (folder / "onrecord.toml").open("a") as file:
        file.write(f'[mail]\nhost = "127.0.0.1"\nport = {office.port}\nsecurity = "none"\n')
        file.write('from_address = "us@interviews.example"\n')
    with crowd.served(folder) as (port, key), working(office), ThreadPoolExecutor(READERS + 1) as threads:
        forms = crowd.open_forms(port, [key] * READERS)
        killing = threads.submit(kill_workers, folder, random.Random(5), over)
        twice = [*forms, *forms[::10]]  # some press the button twice
        accepted = list(threads.map(lambda one: crowd.send(port, one), twice))
        over.set()
        kills = killing.result()
        office.recipient = None
        worker = run(folder, "work")
        for _ in range(40):
            onrecord("retry")
            if waiting(onrecord) == 0:
                break
            time.sleep(0.5)
        worker.terminate()
        worker.wait()
    assert kills >= KILLS
    found = json.loads(rows(folder))
    assert Counter(text for _, text, _, _ in found["comments"]) == Counter(one.text for one in forms)
    keys = {text: key for key, text, _, _ in found["comments"]}
    assert [keys[one.text] for one in twice] == accepted, "each reader was told of their own"
    assert {(state, confirmed) for _, _, state, confirmed in found["comments"]} == {("held", None)}
    assert sorted(map(tuple, found["events"])) == sorted(("received", key) for key in keys.values())
    assert set(office.to()) == {one.address for one in forms}
    for one in forms:
        mails = [mail for to, mail in office.received if to == one.address]
        assert len({mail["Message-ID"] for mail in mails}) == 1, "one that comes twice is the same mail"
        assert one.text in " ".join(mails[0].get_body().get_content().split())
    assert onrecord("discussion", "verify").returncode == 0
    checked = onrecord("check")
    assert checked.returncode == 0, checked.stdout


def rows(folder: Path) -> bytes:
    process = run(folder, code=ROWS, stdout=subprocess.PIPE)
    output, _ = process.communicate()
    return output
