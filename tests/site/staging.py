"""A publication to look at: long interviews in English and in Urdu, with sound, pictures that move, and neighbours.

For tests, for the pictures of docs/, and by hand: `PYTHONPATH=src python -m tests.site.staging FOLDER [WORDS]` makes
FOLDER with episodes of 10,000 words or so many;
`onrecord serve --folder FOLDER` shows it. The words are our own, said again and again in another order.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

ENGLISH = (
    "When did you first understand that the river would not come back?",
    "It was the spring in which the mill stood still and nobody said a word about it.",
    "My father kept a notebook, one line a day, and the lines grew shorter.",
    "You could hear the stones, which is a thing that you should never hear in a river.",
    "And what did the town do?",
    "The town did what towns do: it held a meeting, and then it held another one.",
    "I remember the engineer, a patient woman from the coast, who drew the whole valley on the back of an envelope.",
    "She said that water has a longer memory than people have.",
    "No, never.",
    "We carried buckets up to the orchard every evening that summer, forty of us, and we lost it all the same.",
    "But that is not how the newspapers told it at the time, is it?",
    "They told it as a story about a dam, because a dam can be photographed.",
    "What happened was slower than that, and it happened in ledgers.",
    "Somebody sold the upper meadow, somebody signed for it, and the signature is still there for anyone to read.",
    "I have read it many times, and I know the hand.",
    "Would you say today that it could have been prevented?",
    "In the first year, yes; in the second, perhaps; after that it was only a matter of saying who would pay.",
    "People ask me whether I am angry, and I tell them that I am too old to be angry before lunch.",
    "The children think that the bed of the river is a road, and I suppose that by now it is one.",
    "Let us go back to the notebook for a moment.",
    "There is a page in it that has only a date, and underneath he drew a very small fish.",
)
URDU = (
    "آپ کو پہلی بار کب سمجھ میں آیا کہ دریا واپس نہیں آئے گا؟",
    "وہ بہار کا موسم تھا جب چکی خاموش کھڑی تھی اور کسی نے ایک لفظ بھی نہیں کہا۔",
    "میرے والد ایک کاپی رکھتے تھے، ہر روز ایک سطر، اور سطریں چھوٹی ہوتی گئیں۔",
    "پتھروں کی آواز سنائی دیتی تھی، اور یہ وہ آواز ہے جو دریا میں کبھی سنائی نہیں دینی چاہیے۔",
    "پھر شہر نے کیا کیا؟",
    "شہر نے وہی کیا جو شہر کرتے ہیں: ایک اجلاس بلایا، اور پھر ایک اور اجلاس۔",
    "مجھے وہ انجینئر یاد ہیں جنہوں نے پوری وادی ایک لفافے کی پشت پر کھینچ دی تھی۔",
    "انہوں نے کہا کہ پانی کی یادداشت انسانوں سے لمبی ہوتی ہے۔",
    "نہیں، کبھی نہیں۔",
    "اس گرمی میں ہم ہر شام باغ تک بالٹیاں اٹھا کر لے جاتے تھے، مگر باغ پھر بھی سوکھ گیا۔",
    "کیا آج آپ کہیں گے کہ اسے روکا جا سکتا تھا؟",
    "پہلے سال میں ہاں، دوسرے میں شاید، اس کے بعد صرف یہ سوال تھا کہ قیمت کون دے گا۔",
)
CHAPTERS = {
    "en": ("The river that was", "A notebook", "Two meetings", "The upper meadow", "Who pays", "A very small fish"),
    "ur": ("وہ دریا جو تھا", "ایک کاپی", "دو اجلاس", "اوپر کا میدان", "قیمت کون دے گا", "ایک چھوٹی سی مچھلی"),
}
SERIES = {"en": "The valley", "ur": "وادی"}
ABOUT = {"en": "Long conversations with people who were there.", "ur": "ان لوگوں سے لمبی گفتگو جو وہاں موجود تھے۔"}
NAMES = {"en": ("Ines Marlow", "Tobias Arkwright"), "ur": ("زہرہ قریشی", "احسان اللہ خان")}
TITLES = {
    "en": (
        "What the river kept",
        "An hour with the last miller of the valley, on water, ledgers and a very small fish.",
    ),
    "ur": (
        "دریا نے کیا یاد رکھا",
        "وادی کے آخری چکی والے کے ساتھ ایک گھنٹہ: پانی، کھاتوں اور ایک چھوٹی سی مچھلی کے بارے میں۔",
    ),
}
SAID = "The mill stood still in the autumn of the year before, not in spring."
NOTES = {
    "en": "Recorded at the mill. The ledger of the upper meadow is kept in the [county archive](https://example.org/).\n\n"
    "- Arkwright's own account, *The Dry Bed*\n- The engineer's report\n",
    "ur": "یہ گفتگو چکی میں ریکارڈ ہوئی۔ کھاتہ [ضلعی محافظ خانے](https://example.org/) میں محفوظ ہے۔\n",
}
EACH = 400
"""Milliseconds a word."""
FADE = 90


def tokens(language: str, words: int) -> list:  # type: ignore[type-arg]
    """A conversation of about so many words, host and guest in turns of one to six sentences."""
    from onrecord.transcripts.tokens import Token

    chance, said, speaker = random.Random(7), [], 0
    sentences = ENGLISH if language == "en" else URDU
    while len(said) < words:
        for _ in range(chance.choice((1, 1, 2)) if speaker == 0 else chance.choice((1, 2, 3, 4, 6))):
            for word in chance.choice(sentences).split():
                at = len(said) * EACH
                said.append(Token(word, at, at + EACH - 40, speaker, 0.9, True))
        speaker = 1 - speaker
    return said


@cache
def sound(seconds: int) -> bytes:
    """A quiet tone as MP3."""
    return _ffmpeg(f"-f lavfi -i sine=f=180:r=16000:d={seconds} -ac 1 -b:a 24k -f mp3")


@cache
def film(seconds: int) -> bytes:
    """Moving bars with a tone, as MP4."""
    return _ffmpeg(
        f"-f lavfi -i testsrc2=s=320x180:r=5:d={seconds} -f lavfi -i sine=f=180:r=16000:d={seconds} -ac 1 "
        "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -b:a 24k -movflags frag_keyframe+empty_moov -f mp4"
    )


def _ffmpeg(arguments: str) -> bytes:
    import imageio_ffmpeg

    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *arguments.split(), "-"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def peaks(seconds: float) -> bytes:
    """As recordings.waveform makes them: talk with pauses."""
    chance = random.Random(3)
    shape = [abs(math.sin(at / 9) * math.sin(at / 41)) * 150 + chance.random() * 100 for at in range(1000)]
    return json.dumps({"version": 1, "duration": seconds, "peaks": [round(peak) for peak in shape]}).encode()


def make_interview(show, language: str, words: int, moving: bool = False, audible: bool = True):  # type: ignore[no-untyped-def]
    """An episode with everything, part 1 of 2: its sound (and its pictures, when `moving`) can be played.

    Of one that need not be `audible` there is a second.
    """
    from onrecord.catalogue.changes import episode_changed
    from onrecord.catalogue.models import Chapter, Credit, Person, Series, Tag
    from onrecord.transcripts.models import Speaker
    from tests.site import making

    said = tokens(language, words)
    seconds = len(said) * EACH / 1000
    title, standfirst = TITLES[language]
    series = Series.objects.create(show=show, slug="valley", name=SERIES[language], number=1, total=2)
    episode = making.make_episode(
        show,
        "river",
        3,
        title=title,
        standfirst=standfirst,
        notes=NOTES[language],
        series=series,
        part=1,
        picture=picture(),
    )
    recording = episode.recordings.get()
    recording.renditions.all().delete()
    keep(recording, "mp3", "audio/mpeg", sound(math.ceil(seconds) if audible else 1), seconds)
    keep(recording, "peaks", "application/json", peaks(seconds), seconds)
    if moving:
        keep(recording, "mp4", "video/mp4", film(math.ceil(seconds)), seconds, width=320, height=180)
    for position, (name, role) in enumerate(zip(NAMES[language], ("host", "guest"), strict=True)):
        person, _ = Person.objects.get_or_create(slug=f"{language}-{role}", defaults={"name": name})
        Credit.objects.create(episode=episode, person=person, role=role, position=position)
    for name in ("Water", "Ledgers"):
        episode.tags.add(Tag.objects.get_or_create(slug=name.lower(), defaults={"name": name})[0])
    for number, chapter in enumerate(CHAPTERS[language]):
        Chapter.objects.create(episode=episode, start_ms=number * len(said) * EACH // 6, title=chapter)
    making.add_transcript(episode, said, language=language)
    for index, name in enumerate(NAMES[language]):
        Speaker.objects.filter(transcript__episode=episode, index=index).update(
            name=name, person=Person.objects.get(name=name)
        )
    episode_changed(episode.pk)
    return episode


def picture():  # type: ignore[no-untyped-def]
    """The sample's own drawing."""
    from onrecord import demo
    from onrecord.catalogue import pictures

    file = Path(demo.__file__).parent / "sample" / "picture-1.jpg"
    return pictures.take_in_picture(file, "The mill in the year before", "A. Photographer", "A tower by the water")


def keep(recording, kind: str, mime_type: str, content: bytes, seconds: float, **fields: object) -> None:  # type: ignore[no-untyped-def]
    """A rendition whose file is there to be pressed."""
    import hashlib

    from django.conf import settings

    from onrecord.recordings.models import Rendition
    from onrecord.recordings.renditions import SUFFIXES

    sha256, suffix = hashlib.sha256(content).hexdigest(), SUFFIXES[kind]
    kept = settings.ONRECORD.private / "renditions" / f"{sha256}.{suffix}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(content)
    Rendition.objects.create(
        recording=recording,
        kind=kind,
        sha256=sha256,
        suffix=suffix,
        path=f"{recording.episode.folder}/{sha256[:16]}.{suffix}",
        size=len(content),
        mime_type=mime_type,
        duration_ms=round(seconds * 1000),
        **fields,
    )


def discuss(interview) -> None:  # type: ignore[no-untyped-def]
    """A comment with a reply, and a dispute with a reference that was answered by a correction."""
    from onrecord.discussion import answers
    from onrecord.discussion.answers import AnswerDraft
    from onrecord.discussion.citing import Given
    from onrecord.discussion.disputes import DisputeDraft
    from onrecord.discussion.models import Outcome, Reason
    from onrecord.passages import quote

    words = quote.quotation(interview, 1, range(13, 30))
    source = Given("https://example.org/county-archive/mill-book", "The mill stood still from 4 March to 2 June.")
    first = say(
        interview,
        "Mara",
        "At 0:30 she names the year. Who else was there?\n\n> nobody said a word about it\n\nMy aunt did.",
    )
    say(interview, "Jonas", "She did, and it is in the [minutes](https://example.org/minutes).", parent=first)
    disputed = say(
        interview,
        "E. Harrow",
        "It was not the spring but the autumn before: the mill book says so.",
        dispute=DisputeDraft(Reason.FACT, words, first_hand=True, references=(source,)),
    )
    answer = AnswerDraft("We have looked at the mill book.", Outcome.CORRECTED, "The book says so.", correction=SAID)
    answers.answer(disputed, answer, "The editor")


def say(interview, name: str, text: str, **given: object):  # type: ignore[no-untyped-def]
    """A comment, published."""
    from onrecord.discussion import moderate, post

    draft = post.Draft(name, f"{name[-4:].lower()}@example.org", text, **given)
    comment = post.post(interview, draft, post.Sender(f"nonce {interview.pk} {name}"))
    moderate.publish(comment)
    return comment


def make_everything(words: int) -> None:
    """Shows in English and Urdu: a long interview each, disputed, and shorter ones before and after it."""
    from onrecord.catalogue.changes import episode_changed
    from tests.site import making

    for language, slug, name in (("en", "valley-talks", "Valley Talks"), ("ur", "guftagu", "گفتگو")):
        about = (
            "Long conversations with people who were there."
            if language == "en"
            else "ان لوگوں سے لمبی گفتگو جو وہاں موجود تھے۔"
        )
        show = making.make_show(slug, name, language=language, description=about)
        discuss(make_interview(show, language, words, moving=language == "en"))
        for day, title in enumerate(CHAPTERS[language][1:5]):
            episode = making.make_episode(show, f"other-{day}", day * 2, title=title, standfirst=TITLES[language][1])
            recording = episode.recordings.get()
            recording.renditions.all().delete()
            keep(recording, "mp3", "audio/mpeg", sound(60) + str(episode.pk).encode(), 60)
            episode_changed(episode.pk)


@contextlib.contextmanager
def served(public: Path) -> Iterator[str]:
    """The address of a server that answers as ours does, ranges and headers too."""
    from onrecord.server.files import PublicFiles

    files = PublicFiles(public)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                super().handle()

        def do_GET(self) -> None:
            answer = files.answer("GET", unquote(urlsplit(self.path).path), self.headers.get)
            body = answer.body
            if answer.file:
                with Path(answer.file).open("rb") as file:
                    file.seek(answer.start)
                    body = file.read(answer.end - answer.start)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def main() -> None:
    """Make a publication by hand."""
    folder = Path(sys.argv[1]).resolve()
    os.environ["ONRECORD_FOLDER"] = str(folder)
    from onrecord import opening

    opening.make_publication(folder, "The Valley Record")
    opening.open_publication(folder)
    from onrecord.press import presser

    make_everything(int(sys.argv[2]) if len(sys.argv) > 2 else 10_000)
    presser.press_all()


if __name__ == "__main__":
    main()
