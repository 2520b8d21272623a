"""References through a real worker and the command line: what is not public is not visited, and that is said."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, Command
from tests.lib.internet import running

CITE = """
import django; django.setup()
from onrecord.references import cite
for address in {addresses!r}:
    cite.published(cite.cite(address, sentence="It sank."))
"""


@pytest.mark.slow
def test_a_worker_saves_nothing_that_is_not_public(folder: Path, onrecord: Command) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "ONRECORD_DATABASE_URL"}
    environment |= {"ONRECORD_FOLDER": str(folder), "PYTHONPATH": str(ROOT / "src")}
    environment |= {"DJANGO_SETTINGS_MODULE": "onrecord.settings"}
    if not (folder / "onrecord.toml").exists():
        (folder / "onrecord.toml").write_text("")
    assert onrecord("references", "list").stdout == ""
    with running() as here:
        addresses = [f"http://127.0.0.1:{here.port}/", "http://127.0.0.1:8080/", "http://[::1]/", "http://10.0.0.1/"]
        code = CITE.format(addresses=addresses)
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
        worker = subprocess.Popen([sys.executable, "-m", "onrecord", "work"], env=environment)
        try:
            end = time.monotonic() + 60
            while any(entry["outcome"] is None and entry["address"] not in addresses[:2] for entry in listed(onrecord)):
                assert time.monotonic() < end
        finally:
            worker.terminate()
            worker.wait()
        assert here.connections == []
        assert here.requests == []
    entries = {entry["address"]: entry for entry in listed(onrecord)}
    assert [entries[address]["outcome"] for address in addresses] == [None, None, "failed", "failed"]  # our own, ...
    assert "not on the public internet" in entries["http://10.0.0.1/"]["problem"]
    assert "not on the public internet" in onrecord("references", "list").stdout
    assert not list((folder / "private").rglob("*.warc.gz"))


def listed(onrecord: Command) -> list[dict[str, str]]:
    return list(json.loads(onrecord("references", "list", "--json").stdout))
