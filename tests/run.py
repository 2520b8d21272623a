"""What ./test does: lint, types, the tests on SQLite and on PostgreSQL; says what it left out and how to get it."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
POSTGRES_PLACES = ["usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin"]


@dataclass(frozen=True)
class Needed:
    """A program that some tests need: what is left out without it, its names, and the Debian packages that bring it."""

    what: str
    programs: list[str]
    packages: list[str]

    def find(self) -> Path | None:
        """Where the program is: on the PATH, or where systems keep their versions of PostgreSQL (the newest one)."""
        on_path = next(filter(None, map(shutil.which, self.programs)), None)
        if on_path or self is not POSTGRES:
            return Path(on_path) if on_path else None
        kept = [path for place in POSTGRES_PLACES for path in Path("/").glob(f"{place}/initdb")]
        return max(kept, key=lambda path: int(re.sub(r"\D", "", path.parts[-3]) or 0), default=None)


POSTGRES = Needed("tests on PostgreSQL", ["initdb"], ["postgresql"])
CHROMIUM = Needed(
    "tests in a browser",
    ["chromium", "chromium-browser"],
    ["chromium", "fonts-dejavu-core", "fonts-noto-core"],
)
NPM = Needed("other people's checkers", ["npm"], ["nodejs", "npm"])
NEEDED = [
    POSTGRES,
    CHROMIUM,
    NPM,
    Needed("tests behind nginx", ["nginx"], ["nginx-light", "openssl"]),
    Needed("tests behind Caddy", ["caddy"], ["caddy"]),
    Needed("the check of HTML by v.Nu", ["java"], ["default-jre-headless"]),
]


@dataclass
class Outcome:
    """What failed, what was not checked, and what else to say at the end."""

    failed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def check(self, name: str, command: list[str], **environment: str) -> None:
        """Run one check and remember its name when it fails."""
        print(f"\n== {name}", flush=True)
        began = time.monotonic()
        status = subprocess.run(command, cwd=ROOT, env=os.environ | environment).returncode
        print(f"== {name}: {'FAILED' if status else 'passed'} in {time.monotonic() - began:.0f} s", flush=True)
        if status:
            self.failed.append(name)


def main() -> int:
    """Run the checks asked for. Returns 1 when one of them failed."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that PostgreSQL is ended, too
    everything, selection = parse()
    os.environ["PATH"] += ":/usr/sbin:/usr/local/sbin"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # tests start the program some hundred times
    if everything:
        install_from_debian()
        install_checkers()
    outcome = Outcome([], [f"{each.what} (Debian: apt-get install {' '.join(each.packages)})" for each in missing()])
    if not everything:
        outcome.left_out.append("slow tests (./test --all, up to an hour)")
    if not selection:
        check_style_and_types(outcome)
    check_behaviour(outcome, everything, selection)
    return report(outcome)


def parse() -> tuple[bool, list[str]]:
    """Whether everything is asked for, and pytest's arguments."""
    parser = argparse.ArgumentParser(prog="./test", description=__doc__, usage="%(prog)s [--all] [pytest's arguments]")
    parser.add_argument("--all", action="store_true", help="slow tests too, and install what they need from Debian")
    options, selection = parser.parse_known_args()
    return options.all, selection


def missing() -> list[Needed]:
    """What this machine lacks."""
    return [each for each in NEEDED if not each.find()]


def install_from_debian() -> None:
    """Install what this machine lacks, where we may; what is still missing afterwards is left out."""
    packages = [package for each in missing() for package in each.packages]
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not packages or not shutil.which("apt-get") or (as_root and not shutil.which("sudo")):
        return
    print(f"== installing {' '.join(packages)}", flush=True)
    install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "-qq"], install):
        subprocess.run([*as_root, "env", "DEBIAN_FRONTEND=noninteractive", *command], stdout=subprocess.DEVNULL)


def install_checkers() -> None:
    """Install what tests/foreign/package.json names, exactly as locked, and tell the tests where it is."""
    if not NPM.find():
        return
    folder = ROOT / ".test" / "foreign"
    shutil.copytree(ROOT / "tests" / "foreign", folder, dirs_exist_ok=True)
    print("== installing other people's checkers", flush=True)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if subprocess.run(["npm", "ci", *quiet], cwd=folder).returncode == 0:
        os.environ["ONRECORD_NODE_MODULES"] = str(folder / "node_modules")


def check_style_and_types(outcome: Outcome) -> None:
    """Lint, format and types."""
    outcome.check("lint", [sys.executable, "-m", "ruff", "check", "--output-format", "concise"])
    outcome.check("format", [sys.executable, "-m", "ruff", "format", "--check", "--quiet"])
    outcome.check("types", [sys.executable, "-m", "mypy"])


def check_behaviour(outcome: Outcome, everything: bool, selection: list[str]) -> None:
    """The tests, on each database that is here. A browser sees pages, not rows: it looks once."""
    slow = [] if everything else ["not slow"]
    command = [sys.executable, "-m", "pytest", "-n", str(processes()), "--dist", "loadfile", "--no-loadscope-reorder"]
    with_browser = command + only(slow if CHROMIUM.find() else [*slow, "not browser"])
    without = command + only([*slow, "not browser"])
    initdb = POSTGRES.find()
    with tempfile.TemporaryDirectory() as folder:
        once = Path(folder, "once.json")
        outcome.check("tests on SQLite", [*with_browser, f"--tell-once={once}", *selection], ONRECORD_TEST_POSTGRES="")
        if not initdb:
            return
        # In one word: pytest would take a file that stands by itself for a test, and look for its settings beside it.
        leave_out = [f"--leave-out={once}"] if once.exists() else []
        with postgres(initdb.parent) as url:
            outcome.check("tests on PostgreSQL", [*without, *leave_out, *selection], ONRECORD_TEST_POSTGRES=url)
        if leave_out:
            count = len(json.loads(once.read_text()))
            what = f"{count:,} tests that ask nothing of a database (tests/once.py), and those in a browser"
            outcome.notes.append(f"run once, on SQLite: {what}")


def only(marks: list[str]) -> list[str]:
    """pytest's arguments for tests that have all of these marks."""
    return ["-m", " and ".join(marks)] if marks else []


def processes() -> int:
    """How many processes run tests: one a processor, up to four; 0 means this one."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(4, here) if here > 1 else 0


@contextlib.contextmanager
def postgres(programs: Path) -> Iterator[str]:
    """A PostgreSQL of our own on a free port of loopback, for as long as it is needed. Gives its URL."""
    user = postgres_user() if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="onrecord-postgres-", dir="/tmp"))  # a short path, which every user can reach
    password, port = secrets.token_hex(16), free_port()
    (folder / "password").write_text(password)
    if user:
        shutil.chown(folder, user)
        shutil.chown(folder / "password", user)

    def call(program: str, *arguments: str) -> None:
        command = [programs / program, "-D", folder / "data", *arguments]
        subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    access = ["-U", "onrecord", "-A", "scram-sha-256", f"--pwfile={folder}/password"]
    careless = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"  # its rows need not outlive the machine
    settings = f"-p {port} -h 127.0.0.1 -k {folder} {careless} -c max_connections=200"
    try:
        call("initdb", *access, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        call("pg_ctl", "start", "-w", "-l", f"{folder}/log", "-o", settings)
        try:
            yield f"postgresql://onrecord:{password}@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


def postgres_user() -> str:
    """The user that PostgreSQL's package made, or else the one that every system has."""
    return "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def report(outcome: Outcome) -> int:
    """Say what was left out and how it ended. Returns the exit status."""
    print()
    for what in outcome.left_out:
        print(f"left out: {what}")
    for note in outcome.notes:
        print(note)
    print(f"./test: {'FAILED: ' + ', '.join(outcome.failed) if outcome.failed else 'passed'}")
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(main())
