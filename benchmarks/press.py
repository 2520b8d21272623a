"""How fast the press is on a large archive: `python benchmarks/press.py [EPISODES]`, 10,000 with 5,000 words each.

Makes the rows of an archive in a temporary folder, presses all of it, then publishes one more episode, and prints
episodes a second, seconds and files for one more, seconds for one edit, and peak memory. Media are small stand-ins,
because they are moved and never rendered; there are no pictures, which are made once, when an episode is published.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
TEXT = (
    "so what I saw there was that nobody had asked the people who bake bread how they felt about salt water and wind "
    "which is why we went back in March, and then again. They told us everything! Would you believe it?"
)
WORDS = TEXT.split()
START = datetime(2000, 1, 1, 12, tzinfo=UTC)
TRANSCRIPTS = 20
PEOPLE, TAGS = 500, 100
MORE = 7
"""Episodes that are published one by one. The first finds no kept items of feeds, as after an upgrade."""


def main() -> None:
    """Make, press, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("episodes", nargs="?", type=int, default=10_000)
    parser.add_argument("--words", type=int, default=5_000)
    parser.add_argument("--skip-full", action="store_true", help="take everything for pressed: only one more and edits")
    parser.add_argument("--check", action="store_true", help="compare everything with a full rebuild afterwards")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="onrecord-press-") as folder:
        start_django(Path(folder))
        run(Path(folder), options)


def start_django(folder: Path) -> None:
    """A publication in an empty folder."""
    os.environ["ONRECORD_FOLDER"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "onrecord.settings"
    os.environ["PYTHONPATH"] = os.pathsep.join([sys.path[0], os.environ.get("PYTHONPATH", "")])
    (folder / "onrecord.toml").write_text('[publication]\naddress = "https://interviews.example.org"\n')
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def run(folder: Path, options: argparse.Namespace) -> None:
    """All measurements, printed."""
    seconds = timed(lambda: make_archive(folder, 0, options.episodes, options.words))
    print(f"{options.episodes} episodes of {options.words} words made in {seconds:.0f} s", flush=True)
    if options.skip_full:
        take_for_pressed()
    else:
        press_everything(folder, options.episodes)
    for number in range(MORE):
        make_archive(folder, options.episodes + number, 1, options.words)
        report_change("one more", folder)
    for title in ("Edited once", "Edited twice"):
        edit_the_middle(options.episodes, title)
        report_change("one edit in the middle", folder)
    if options.check:
        report_check()
    report_memory()


def press_everything(folder: Path, episodes: int) -> None:
    """The first press, which writes, and another, which finds everything as it is."""
    from onrecord.press import presser

    for name in ("first press", "press of everything again"):
        seconds = timed(presser.press_all)
        total = sum(len(names) for _, _, names in os.walk(folder / "public"))
        print(f"{name}: {seconds:.1f} s, {episodes / seconds:.1f} episodes/s; {total} files in public/", flush=True)
    report_memory()


def take_for_pressed() -> None:
    """As if everything had been pressed."""
    from django.db.models import F

    from onrecord.press import affected, notice
    from onrecord.press.models import PublicFile

    notice.notice_settings()
    notice.notice_date()

    def consume() -> None:
        while affected.consume():
            pass

    seconds = timed(consume)
    count = PublicFile.objects.update(pressed=F("generation"))
    print(f"everything marked stale, in pieces: {seconds:.1f} s, {count} files", flush=True)


def edit_the_middle(episodes: int, title: str) -> None:
    """Another title for an episode with as many before it as after it."""
    from onrecord.catalogue.changes import episode_changed
    from onrecord.catalogue.models import Episode

    episode = Episode.objects.get(slug=f"interview-{episodes // 2}")
    episode.title = title
    episode.save()
    episode_changed(episode.pk)


def report_change(name: str, folder: Path) -> None:
    """Press what is stale, and say what that took."""
    from onrecord.press import presser

    before, used = times(folder), time.process_time()
    seconds = timed(presser.press_what_is_stale)
    used = time.process_time() - used
    written = len(times(folder).items() - before.items())
    print(f"{name}: {seconds:.2f} s, of which {used:.2f} s of processor; {written} files written", flush=True)


def report_check() -> None:
    """Compare everything with a full rebuild."""
    from onrecord.press.check import check

    problems: list[str] = []
    seconds = timed(lambda: problems.extend(map(str, check())))
    print(f"check: {seconds:.0f} s, {len(problems)} problems", *problems[:10], sep="\n")


def timed(work) -> float:  # type: ignore[no-untyped-def]
    """Seconds that a call takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def times(folder: Path) -> dict[str, int]:
    """When each public file was written."""
    found = {}
    for base, _, names in os.walk(folder / "public"):
        found |= {os.path.join(base, name): os.stat(os.path.join(base, name)).st_mtime_ns for name in names}  # noqa: PTH116, PTH118
    return found


def report_memory() -> None:
    """Of this process, and of the one that helped it."""
    own, children = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(f"peak memory: {own:.0f} MB, of a child process {children:.0f} MB")


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def make_archive(folder: Path, first: int, count: int, words: int) -> None:
    """Rows and files of so many episodes, one every 13 hours."""
    from django.db import transaction

    from onrecord.catalogue.changes import episode_changed
    from onrecord.catalogue.models import Show, new_guid

    with transaction.atomic():
        show, _ = Show.objects.get_or_create(
            slug="talks", defaults={"name": "Talks", "language": "en", "podcast_guid": new_guid()}
        )
        packed = transcripts(words)
        for at in range(first, first + count, 500):
            make_some(folder, show, range(at, min(at + 500, first + count)), packed, words)
        if count == 1:
            episode_changed(show.episodes.get(slug=f"interview-{first}").pk)


def transcripts(words: int) -> list[bytes]:
    """Some transcripts, shared by all episodes."""
    from onrecord.transcripts.tokens import Token, pack

    def spoken(seed: int) -> list[Token]:
        chance = random.Random(seed)
        return [
            Token(chance.choice(WORDS), at * 350, at * 350 + 300, (at // 60) % 2, chance.random())
            for at in range(words)
        ]

    return [pack(spoken(seed)) for seed in range(TRANSCRIPTS)]


def make_some(folder: Path, show, numbers: range, packed: list[bytes], words: int) -> None:  # type: ignore[no-untyped-def]
    """Rows of a few hundred episodes."""
    from onrecord.catalogue.models import Chapter, Credit, Episode, Person, Tag
    from onrecord.recordings.models import Recording, Rendition
    from onrecord.transcripts.models import Revision, Speaker, Transcript

    people = {
        number: Person.objects.get_or_create(slug=f"person-{number}", defaults={"name": f"Person {number}"})[0]
        for number in {0, *(1 + number % PEOPLE for number in numbers)}
    }
    tags = {
        number: Tag.objects.get_or_create(slug=f"subject-{number}", defaults={"name": f"Subject {number}"})[0]
        for number in {number % TAGS for number in numbers}
    }
    episodes = Episode.objects.bulk_create(
        Episode(
            show=show,
            slug=f"interview-{number}",
            title=f"Interview {number}: what was said about bread",
            standfirst="An hour about bread, salt, water and wind, and about who asked whom.",
            notes=f"We talked about **bread** no. {number}.\n\n- [a link](https://example.com/)\n- more\n" * 5,
            published_at=START + timedelta(hours=13 * number),
            live_since=START,
        )
        for number in numbers
    )
    Episode.tags.through.objects.bulk_create(
        Episode.tags.through(episode_id=e.pk, tag_id=tags[n % TAGS].pk) for n, e in zip(numbers, episodes, strict=True)
    )
    Credit.objects.bulk_create(
        Credit(episode=e, person=people[who], role=role, position=0)
        for n, e in zip(numbers, episodes, strict=True)
        for role, who in (("host", 0), ("guest", 1 + n % PEOPLE))
    )
    Chapter.objects.bulk_create(
        Chapter(episode=e, start_ms=at * 400_000, title=f"Chapter {at}") for e in episodes for at in range(4)
    )
    recordings = Recording.objects.bulk_create(
        Recording(
            episode=e,
            sha256=digest(f"original {n}"),
            name="a.wav",
            size=1,
            kind="audio",
            format="wav",
            duration_ms=1_800_000,
        )
        for n, e in zip(numbers, episodes, strict=True)
    )
    Rendition.objects.bulk_create(
        stand_in(folder, number, recording, kind, suffix)
        for number, recording in zip(numbers, recordings, strict=True)
        for kind, suffix in (("mp3", "mp3"), ("opus", "opus"), ("peaks", "json"))
    )
    made = Transcript.objects.bulk_create(Transcript(recording=r, episode_id=r.episode_id) for r in recordings)
    Speaker.objects.bulk_create(
        Speaker(transcript=t, index=index, name=name)
        for t in made
        for index, name in enumerate(("Person 0", "A guest"))
    )
    Revision.objects.bulk_create(
        Revision(
            transcript=t,
            number=1,
            tokens=packed[n % len(packed)],
            words=words,
            language="en",
            origin="machine",
            engine="none",
            public=True,
        )
        for n, t in zip(numbers, made, strict=True)
    )


def stand_in(folder: Path, number: int, recording, kind: str, suffix: str):  # type: ignore[no-untyped-def]
    """A rendition whose file is a few kilobytes."""
    from onrecord.recordings.models import Rendition

    content = f"{kind} of {number}\n".encode() * 500
    sha256 = hashlib.sha256(content).hexdigest()
    file = folder / "private" / "renditions" / f"{sha256}.{suffix}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    name = "peaks.json" if kind == "peaks" else f"{sha256[:16]}.{suffix}"
    return Rendition(
        recording=recording,
        kind=kind,
        sha256=sha256,
        suffix=suffix,
        path=f"talks/interview-{number}/{name}",
        size=len(content),
        mime_type={"mp3": "audio/mpeg", "opus": "audio/ogg", "json": "application/json"}[suffix],
        duration_ms=1_800_000,
    )


def digest(text: str) -> str:
    """sha256, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    main()
