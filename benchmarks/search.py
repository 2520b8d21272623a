"""How fast search is: `python benchmarks/search.py [MILLION_WORDS]`, with `--database URL` on an empty PostgreSQL.

Makes episodes of 10,000 words whose frequencies fall as those of natural language do (Zipf-Mandelbrot), with the sample
interview's own sentences among them, fills the index through the program's own code, and prints how long questions of
each kind take from words to a page of results (p50, p95), the size of the index, and the time to add one more episode.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

VOCABULARY = 300_000
EXPONENT, SHIFT = 1.07, 2.7
"""Of Zipf-Mandelbrot: the word of rank r is as common as 1 / (r + SHIFT) ** EXPONENT."""
EPISODE = 10_000
SENTENCE, TURN = 12, 60
SPEAKERS = 500
FIRST = datetime(1960, 1, 1, 18, tzinfo=UTC)
AT_ONCE = 16
ASKED = 40
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


def main() -> None:
    """Make, fill, ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("millions", nargs="?", type=float, default=1.0)
    parser.add_argument("--database", default="", help="the URL of an empty PostgreSQL database; else SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="onrecord-search-") as folder:
        start_django(Path(folder), options.database)
        run(Speech(random.Random(1)), int(options.millions * 1_000_000 / EPISODE))


def start_django(folder: Path, database: str) -> None:
    """A publication in an empty folder."""
    os.environ["ONRECORD_FOLDER"] = str(folder)
    os.environ["ONRECORD_DATABASE_URL"] = database
    os.environ["DJANGO_SETTINGS_MODULE"] = "onrecord.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


class Speech:
    """Words as they might be said."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.dice = numpy.random.default_rng(1)
        weights = 1.0 / (numpy.arange(VOCABULARY) + SHIFT) ** EXPONENT
        self.sums = numpy.cumsum(weights / weights.sum())
        self.words = [self._word(rank) for rank in range(VOCABULARY)]
        self.sample = [
            line.partition(": ")[2].split()
            for part in ("part-1.txt", "part-2.txt")
            for line in (ROOT / "src/onrecord/sample" / part).read_text().splitlines()
        ]

    @staticmethod
    def _word(rank: int) -> str:
        """The commonest are the shortest, as in a language."""
        rank, word = rank + len(SYLLABLES), ""
        while rank:
            rank, syllable = divmod(rank, len(SYLLABLES))
            word += SYLLABLES[syllable]
        return word

    def episode(self) -> list[str]:
        """Its sentences."""
        ranks = numpy.searchsorted(self.sums, self.dice.random(EPISODE))
        words, sentences, at = [self.words[min(rank, VOCABULARY - 1)] for rank in ranks], [], 0
        while at < len(words):
            length = self.chance.randint(3, 2 * SENTENCE - 3)
            sentences.append(" ".join(words[at : at + length]) + ".")
            at += length
        sentences.append(" ".join(self.chance.choice(self.sample)))
        return sentences

    def speaker(self) -> int:
        """Few speak in many episodes, many in one."""
        return min(int(self.chance.paretovariate(0.7)), SPEAKERS)


def run(speech: Speech, episodes: int) -> None:
    """All measurements, printed."""
    from django.db import connection

    from onrecord.search import engines

    begun = time.perf_counter()
    asked = fill(speech, episodes)
    seconds = time.perf_counter() - begun
    with engines.writing() as index:
        size, (_, moments) = index.size(), index.count()
    print(f"{connection.vendor}: {episodes} episodes, {moments} sentences, {size / 1e6:.0f} MB of index, ", end="")
    print(f"{seconds:.0f} s to fill, {episodes * EPISODE / seconds:.0f} words/s", flush=True)
    for name, questions in asked.items():
        report(name, questions)
    add_one(speech)


def fill(speech: Speech, episodes: int) -> dict[str, list[Any]]:
    """Rows of episodes and the index of their words; returns what to ask for."""
    from onrecord.catalogue.models import Episode, Show, new_guid
    from onrecord.search import engines

    show = Show.objects.create(slug="talks", name="Talks", language="en", podcast_guid=new_guid())
    rows = Episode.objects.bulk_create(
        (
            Episode(
                show=show,
                slug=f"talk-{number}",
                title=f"Talk {number}",
                published_at=FIRST + timedelta(hours=17 * number),
                live_since=FIRST,
            )
            for number in range(episodes)
        ),
        batch_size=1000,
    )
    phrases: list[str] = []
    rare = SPEAKERS + 1
    newest_first = rows[::-1]
    for at in range(0, len(rows), AT_ONCE):
        with engines.writing() as index:
            for row in newest_first[at : at + AT_ONCE]:
                sentences = speech.episode()
                phrases.append(" ".join(speech.chance.choice(sentences[:-1]).strip(".").split()[:3]))
                speakers = (rare if row is rows[episodes // 2] else speech.speaker(), speech.speaker())
                index.put(document(row, sentences, speakers))
            index.write_note("filled", "yes")
    tidy()
    analyze()
    return questions(speech, phrases, rare)


def document(row: Any, sentences: list[str], speakers: tuple[int, int]) -> Any:
    """An episode as the index takes it."""
    from onrecord.search.moments import Document, Moment, Voice

    moments = [
        Moment(text, at * 4000, f"t{at * 4}", Voice(f"Person {speakers[at // 5 % 2]}", speakers[at // 5 % 2]))
        for at, text in enumerate(sentences)
    ]
    return Document(row.pk, row.show_id, "en", row.published_at, "made", tuple(moments))


def tidy() -> None:
    """As the worker does when it has nothing else to do."""
    from onrecord.search import engines

    with engines.writing() as index:
        index.write_note("untidy", "yes")
    more = True
    while more:
        with engines.writing() as index:
            more = index.tidy()


def analyze() -> None:
    """As PostgreSQL's autovacuum does within a minute."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE onrecord_search.moment")
            cursor.execute("ANALYZE onrecord_search.episode")


def questions(speech: Speech, phrases: list[str], rare: int) -> dict[str, list[Any]]:
    """What is asked for, by kind."""
    from onrecord.search.find import Question

    def words(low: int, high: int, count: int = 1) -> Iterator[str]:
        for _ in range(ASKED):
            yield " ".join(speech.words[speech.chance.randrange(low, high)] for _ in range(count))

    def phrase(low: int, high: int) -> Iterator[str]:
        return (f'"{text}"' for text in words(low, high, 3))

    return {
        "rare word": [Question(text=text) for text in words(30_000, 200_000)],
        "common word": [Question(text=text) for text in words(10, 300)],
        "the five commonest": [Question(text=speech.words[n % 5]) for n in range(ASKED)],
        "two words": [Question(text=text) for text in words(50, 3000, 2)],
        "phrase": [Question(text=f'"{text}"') for text in speech.chance.choices(phrases, k=ASKED)],
        "phrase of common words": [Question(text=text) for text in phrase(0, 12)],
        "common word, rare speaker": [Question(text=text, speaker=f"Person {rare}") for text in words(0, 100)],
        "common word, oldest first": [Question(text=text, order="oldest") for text in words(10, 300)],  # type: ignore[arg-type]
    }


def report(name: str, questions: list[Any]) -> None:
    """How long each of these takes, after some that are not counted."""
    from onrecord.search.find import search

    for question in questions[:5]:
        search(question)
    seconds, busy, found, bounded = [], [], 0, 0
    for question in questions:
        begun, used = time.perf_counter(), time.process_time()
        answer = search(question)
        seconds.append(time.perf_counter() - begun)
        busy.append(time.process_time() - used)
        found, bounded = found + answer.found, bounded + answer.bounded
    print(f"{name:26} p50 {share(seconds, 0.5)}  p95 {share(seconds, 0.95)}  ", end="")
    print(f"of processor here {share(busy, 0.5)} {share(busy, 0.95)}  ", end="")
    print(f"found {found / len(questions):5.0f}  bounded {bounded} of {len(questions)}", flush=True)


def share(seconds: list[float], part: float) -> str:
    """The time within which this part of the questions is answered."""
    return f"{1000 * sorted(seconds)[int(len(seconds) * part)]:7.1f} ms"


def add_one(speech: Speech) -> None:
    """A new episode, from its rows to the index."""
    from onrecord.catalogue.models import Episode, Show
    from onrecord.recordings.models import Recording
    from onrecord.search import index
    from onrecord.transcripts.models import Revision, Speaker, Transcript
    from onrecord.transcripts.tokens import Token, pack

    took = []
    for number in range(3):
        episode = Episode.objects.create(
            show=Show.objects.get(),
            slug=f"new-{number}",
            title="New",
            published_at=datetime(2026, 11, 1 + number, tzinfo=UTC),
            live_since=FIRST,
        )
        recording = Recording.objects.create(
            episode=episode, sha256=f"{number:064}", name="a.wav", size=1, kind="audio", format="wav"
        )
        transcript = Transcript.objects.create(recording=recording, episode=episode)
        Speaker.objects.create(transcript=transcript, index=0, name="Person 1")
        tokens = [Token(w, at * 350, at * 350 + 300, 0) for at, w in enumerate(" ".join(speech.episode()).split())]
        Revision.objects.create(
            transcript=transcript, number=1, tokens=pack(tokens), words=len(tokens), language="en", public=True
        )
        index.outdate([episode.pk])
        took.append(timed(index.update_some))
    print(f"one more episode of {EPISODE} words: {', '.join(f'{1000 * s:.0f}' for s in took)} ms")


def timed(work: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
