"""Measures what comments cost: `python benchmarks/posting.py [ROUNDS]`.

Posting: accepted comments a second through the real server (`onrecord serve` with its worker, which makes mails and
files of them meanwhile), every one committed durably, by 16 clients with forms that they opened before. Beside it, in
turns, a loop that inserts rows of that size into a bare SQLite database with the same durability (WAL,
synchronous=FULL), a transaction each.

Reading: an episode with 1,000 comments: seconds to press all that shows them, and the weight of each page.
"""

from __future__ import annotations

import gzip
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.discussion import crowd  # noqa: E402
from tests.doors.serving import free_port, wait_until_listening  # noqa: E402

CLIENTS, POSTS = 16, 240
WORDS, COMMENTS = 5_000, 1_000
WINTER = "What I saw at the harbour that winter, and what the papers said of it later. "
SAID = "\n\n".join(WINTER * 3 for _ in range(3))


def main() -> None:
    """Both, in a publication that goes away afterwards."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "show"
        folder.mkdir()
        (folder / "onrecord.toml").write_text("")
        os.environ["ONRECORD_FOLDER"] = str(folder)
        from onrecord import opening

        opening.open_publication(folder)
        posting(folder, rounds)
        reading(folder)


def posting(folder: Path, rounds: int) -> None:
    """In turns, so that whatever else the machine does disturbs both."""
    from tests.press import archive

    show = archive.make_show()
    keys = [archive.make_episode(show, number, words=WORDS).key for number in range(1, rounds + 1)]
    ours, bare = [], []
    with served(folder) as port:
        for number, key in enumerate(keys):
            forms = crowd.open_forms(port, [key] * POSTS, first=number * POSTS)
            ours.append(rate(lambda port=port, forms=forms: post_all(port, forms)))
            bare.append(rate(lambda: insert_all(folder / "bare.db", SAID)))
    print(f"posting: {', '.join(f'{one:.0f}' for one in ours)} comments a second; median {statistics.median(ours):.1f}")
    print(f"bare:    {', '.join(f'{one:.0f}' for one in bare)} rows a second; median {statistics.median(bare):.1f}")
    shares = [one / other for one, other in zip(ours, bare, strict=True)]
    print(f"share:   {', '.join(f'{one:.3f}' for one in shares)}; median {statistics.median(shares):.3f}")


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """`onrecord serve`, as people run it."""
    port = free_port()
    environment = os.environ | {"ONRECORD_FOLDER": str(folder), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "onrecord", "serve", "--port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, **quiet) as process:  # type: ignore[call-overload]
        try:
            wait_until_listening(port)
            yield port
        finally:
            process.terminate()


def rate(work) -> float:  # type: ignore[no-untyped-def]
    """How many of POSTS a second."""
    began = time.perf_counter()
    work()
    return POSTS / (time.perf_counter() - began)


def post_all(port: int, forms: list[crowd.Posted]) -> None:
    """All are accepted, each as a comment of its own."""
    with ThreadPoolExecutor(CLIENTS) as threads:
        taken = list(threads.map(lambda one: crowd.send(port, one), forms))
    assert len(set(taken)) == POSTS


def insert_all(file: Path, text: str) -> None:
    """What SQLite alone does, in the same file system."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
    connection.execute("CREATE TABLE IF NOT EXISTS comments (id INTEGER PRIMARY KEY, text TEXT)")
    for _ in range(POSTS):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO comments (text) VALUES (?)", [text])
        connection.execute("COMMIT")
    connection.close()


def reading(folder: Path) -> None:
    """1,000 comments of 700 characters, a seventh of them replies."""
    from tests.press import archive

    from onrecord.catalogue.changes import discussion_changed
    from onrecord.press import presser

    episode = archive.make_episode(archive.make_show("reading", "Reading"), 1, words=WORDS)
    presser.press_what_is_stale()
    write(episode)
    seconds = []
    for _ in range(3):
        for file in (folder / "public/reading/e1/discussion").rglob("*"):
            file.unlink() if file.is_file() else None
        discussion_changed(episode.pk)
        began = time.perf_counter()
        count = presser.press_what_is_stale()
        seconds.append(time.perf_counter() - began)
    print(f"pressing 1,000 comments: {count} files in {statistics.median(seconds):.2f} s")
    pages = {"the episode's page": folder / "public/reading/e1/index.html"}
    for page in sorted((folder / "public/reading/e1/discussion").rglob("index.html")):
        pages[f"{page.parent.relative_to(folder / 'public/reading/e1')}"] = page
    for name, page in pages.items():
        content = page.read_bytes()
        print(f"{name}: {len(content) / 1000:.1f} kB, {len(gzip.compress(content)) / 1000:.1f} kB compressed")


def write(episode) -> None:  # type: ignore[no-untyped-def]
    """Published comments, as rows: writing them at the form is measured above."""
    from django.utils import timezone

    from onrecord.discussion import moderate, post
    from onrecord.discussion.models import Comment, Discussion, State

    first = post.post(episode, post.Draft("Ada", "ada@example.org", SAID), post.Sender("first"))
    moderate.publish(first)
    now = timezone.now()
    Comment.objects.bulk_create(
        Comment(
            episode=episode,
            writer=first.writer,
            name=f"Reader {number}",
            text=f"{number}: {SAID}",
            html=first.html,
            language="en",
            number=number,
            parent=first if number % 7 == 0 else None,
            state=State.PUBLISHED,
            created=now - timedelta(days=1),
            published=now,
            fingerprint=str(number),
        )
        for number in range(2, COMMENTS + 1)
    )
    Discussion.objects.filter(episode=episode).update(last_number=COMMENTS)


if __name__ == "__main__":
    main()
