"""What the documents tell a person to type exists and works."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from onrecord.cli import build_parser
from tests.conftest import ROOT

pytestmark = pytest.mark.once

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands_in(document: Path) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", document.read_text(), re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if re.match(r"\s*(sudo -u \w+ )?(\S*/)?onrecord ", line)]


ALL = [(document.name, line) for document in DOCUMENTS if document.exists() for line in commands_in(document)]


@pytest.mark.parametrize(("document", "line"), ALL)
def test_a_command_in_a_document_is_one_that_we_have(document: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    start = next(i for i, word in enumerate(words) if word.rpartition("/")[2] == "onrecord")
    build_parser().parse_args(words[start + 1 :])


def test_links_between_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} points to {target}"


@pytest.mark.speech
def test_five_minutes_to_your_own_site(tmp_path: Path) -> None:
    """The README's own commands, one after the other, on the sample's sound."""
    shutil.copy(ROOT / "src/onrecord/sample/part-1.opus", tmp_path / "interview.wav")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ONRECORD_")}
    environment["PYTHONPATH"] = str(ROOT / "src")
    here = tmp_path
    lines = [line for line in commands_in(ROOT / "README.md") if not re.search(r"onrecord (demo|serve)", line)]
    assert len(lines) == 5
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        done = subprocess.run(
            [sys.executable, "-m", "onrecord", *words], cwd=here, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        here = tmp_path / "my-show"
    record = json.loads(next((here / "public").rglob("episode.json")).read_text())
    assert "Ada Hill" in json.dumps(record)
