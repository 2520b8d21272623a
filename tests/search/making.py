"""A publication that speaks seven languages, for tests of search."""

from __future__ import annotations

from django.conf import settings

from onrecord.catalogue.models import Credit, Episode, Person, Show
from onrecord.search import index
from onrecord.transcripts.models import Speaker
from onrecord.transcripts.tokens import Token, split
from tests.conftest import ROOT
from tests.site import making

LINES = {
    "ur": "میں نے کہا کہ یہ کتاب بہت اچھی ہے۔ پاکستان میں لوگ کتابیں پڑھتے ہیں۔",
    "ar": "قرأتُ الكِتابَ في المدرسةِ. ثم ذهبنا إلى البيت.",
    "es": "La canción más triste es la de mi niñez. ¿Quién canta canciones así?",
    "ja": "東京都の歴史を話します。京都へは行きません。",
    "ru": "Всё началось с ёлки. Мой отец любил ёлки и снег.",
    "de": "Die Häuser an der Straße sind schön. Ein Haus steht leer.",
}


def said(text: str, speaker: int = 0, start: int = 0) -> list[Token]:
    """Tokens as the recogniser gives them, 400 ms each."""
    return [
        Token(word, start + at * 400, start + (at + 1) * 400, speaker, 0.9, space or at == 0)
        for at, (word, space) in enumerate(split(text))
    ]


def sample() -> list[Token]:
    """The first part of the interview that ships with the program, two voices."""
    tokens: list[Token] = []
    for at, line in enumerate((ROOT / "src/onrecord/sample/part-1.txt").read_text().splitlines()):
        tokens += said(line.partition(": ")[2], at % 2, tokens[-1].end if tokens else 0)
    return tokens


def fill() -> dict[str, Episode]:
    """Episodes by language, and "sample" with two speakers; all of them in the index."""
    show = making.make_show()
    other = making.make_show("gespraeche", "Gespräche", language="de")
    episodes = {}
    for day, (language, text) in enumerate(LINES.items()):
        episodes[language] = making.make_episode(other if language == "de" else show, language, day, language=language)
        making.add_transcript(episodes[language], said(text), language=language)
    episodes["sample"] = making.make_episode(show, "sample", 20)
    making.add_transcript(episodes["sample"], sample())
    host = Person.objects.create(slug="ada", name="Ada Hóst")
    Credit.objects.create(episode=episodes["sample"], person=host, role="host", position=0)
    voices = Speaker.objects.filter(transcript__episode=episodes["sample"])
    voices.filter(index=0).update(name="Ada Hóst", person=host)
    voices.filter(index=1).update(name="Edwin Tarn")
    refresh()
    return episodes


def refresh() -> None:
    """Everything has changed; the worker has done its work."""
    index.outdate(Episode.objects.values_list("id", flat=True))
    index.update_all()


def show_of(slug: str) -> int:
    return Show.objects.get(slug=slug).pk


def search_files() -> bytes:
    """All bytes of the index where it is a file."""
    return b"".join(file.read_bytes() for file in settings.ONRECORD.folder.glob("search.db*"))
