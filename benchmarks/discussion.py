"""How quick the queue is: `python benchmarks/discussion.py [WAITING]`, with `--database URL` on an empty PostgreSQL.

Makes 60,000 comments that wait (a tenth of them said again by others, one person with 5,000), and prints how long a
page of the queue takes through Django's client, signed in: the first, one in the middle, the last, one person's, one's
own, and the page of one comment (by the clock, of it our own processor, queries). Then how long it takes to decide on
30 of them, and to undo that.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
TEXT = "I was at the harbour that winter, at 12:34, and what was said of the ropes is not how it was.\n\n" * 6
ASKED = 40
PERSON = 5_000
PEOPLE = 20_000
AT_ONCE = 5_000


def main() -> None:
    """Make, ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("waiting", nargs="?", type=int, default=60_000)
    parser.add_argument("--database", default="", help="the URL of an empty PostgreSQL database; else SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="onrecord-discussion-") as folder:
        start_django(Path(folder), options.database)
        seconds = timed(lambda: make(options.waiting))
        print(f"{options.waiting:,} comments that wait, made in {seconds:.0f} s", flush=True)
        ask()


def start_django(folder: Path, database: str) -> None:
    """A publication in an empty folder."""
    os.environ["ONRECORD_FOLDER"] = str(folder)
    os.environ["ONRECORD_DATABASE_URL"] = database
    os.environ["DJANGO_SETTINGS_MODULE"] = "onrecord.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def make(waiting: int) -> None:
    """An account, an episode, people, and what they wrote: the first person PERSON comments, the others the rest."""
    from django.db import connection
    from django.utils import timezone

    from onrecord.accounts.models import Account
    from onrecord.catalogue.models import Episode, Show
    from onrecord.discussion.models import Comment, Writer
    from onrecord.discussion.text import clean_html

    moderator = Account.objects.create(username="moderator", email="m@example.org", role="moderator")
    show = Show.objects.create(slug="talks", name="Talks", language="en")
    episode = Episode.objects.create(
        show=show, slug="first", title="The first", standfirst="", notes="", published_at=timezone.now()
    )
    people = [Writer(name=f"Reader {n}", address=b"", address_hash=str(n)) for n in range(PEOPLE)]
    Writer.objects.bulk_create(people, batch_size=AT_ONCE)
    html, begin = clean_html(TEXT, 3_600_000), timezone.now() - timedelta(days=30)
    rows = [
        Comment(
            episode=episode,
            writer=people[0] if n < PERSON else people[n % PEOPLE],
            name=f"Reader {n}",
            text=TEXT,
            html=html,
            language="en",
            created=begin + timedelta(seconds=30 * n),
            fingerprint=str(n if n % 10 else n // 100),
            assigned=moderator if n % 500 == 0 else None,
        )
        for n in range(waiting)
    ]
    Comment.objects.bulk_create(rows, batch_size=AT_ONCE)
    from onrecord.discussion.moderate import refold

    refold([str(n) for n in range(waiting // 100 + 1)])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def ask() -> None:
    """Each kind of page, and one decision."""
    from django.test import Client

    from onrecord.accounts.models import Account
    from onrecord.discussion import moderate, waiting
    from onrecord.discussion.models import Comment, Deed, Writer
    from onrecord.studio.paging import page_of

    browser = Client(HTTP_HOST="127.0.0.1")
    browser.force_login(Account.objects.get())
    rows = waiting.waiting()
    count = rows.count()
    middle = rows[count // 2]
    place = page_of(waiting.waiting().filter(created__gte=middle.created), {}, 1).after
    person = Writer.objects.order_by("id").first()
    assert person
    print("| page | clock p50 | clock p95 | processor p50 | processor p95 | queries |", flush=True)
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    for name, path in (
        ("first", ""),
        ("in the middle", f"?after={place}"),
        ("last", "?end=1"),
        (f"a person with {PERSON:,} that wait", f"?by={person.pk}"),
        ("another person", f"?by={person.pk + 77}"),
        ("one's own", "?mine=1"),
        ("one comment", f"{middle.key}/all/"),
    ):
        report(name, browser, f"/studio/comments/{path}")
    chosen = list(Comment.objects.filter(pk__in=[row.pk for row in rows[:30]]))
    for deed in (Deed.RETURN, Deed.SPAM, Deed.PUBLISH):
        begun = time.perf_counter()
        decision = moderate.decide(deed, chosen, by="benchmark", reason="Why not.")
        done = time.perf_counter()
        changed = moderate.undo(decision.pk, by="benchmark")
        undone = time.perf_counter()
        print(f"{deed.value} of 30 ({changed} comments): {done - begun:.2f} s, undone in {undone - done:.2f} s")


def report(name: str, browser: Any, path: str) -> None:
    """A line of the table."""
    from django.db import connection

    asked: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        answer = browser.get(path)
    assert answer.status_code == 200, answer.status_code
    clock, processor = [], []
    for _ in range(ASKED):
        begun = time.process_time()
        clock.append(timed(lambda: browser.get(path)) * 1000)
        processor.append((time.process_time() - begun) * 1000)
    figures = [statistics.median(clock), p95(clock), statistics.median(processor), p95(processor)]
    print(f"| {name} | {' | '.join(f'{each:.0f} ms' for each in figures)} | {len(asked)} |", flush=True)


def p95(taken: Sequence[float]) -> float:
    """Nineteen of twenty are not slower."""
    return sorted(taken)[int(len(taken) * 0.95)]


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
