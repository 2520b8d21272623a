"""A publication with accounts, episodes and words, served by our own server in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "harbour boats 77"


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """This file, as a program."""
    environment = {k: v for k, v in os.environ.items() if k != "ONRECORD_DATABASE_URL"}
    environment |= {"ONRECORD_FOLDER": str(folder), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    return subprocess.Popen([sys.executable, __file__, *words], env=environment, stdout=subprocess.PIPE, text=True)


def prepare(folder: Path) -> None:
    """Make the publication in the folder. Everybody's password is PASSWORD."""
    with start(folder) as process:
        assert process.wait() == 0


@contextmanager
def served(folder: Path, host: str = "127.0.0.1") -> Iterator[int]:
    """The port on which a folder is served that was prepared; no worker runs."""
    from tests.doors.serving import free_port

    port = free_port()
    with start(folder, host, str(port)) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield port
        finally:
            process.terminate()


def make(folder: Path) -> None:
    """One account of each role, an interview in English and one in Urdu, and the site's style."""
    from PIL import Image

    from onrecord.accounts.models import Role
    from onrecord.discussion import post
    from onrecord.jobs.models import State, Step
    from onrecord.site import assets
    from onrecord.transcripts.models import Speaker
    from tests.site import making
    from tests.studio.conftest import make_account

    for role in Role.values:
        make_account(role)
    episode = making.make_full_episode()
    Image.new("RGB", (2000, 1200), "#456").save(folder / "originals" / episode.picture.sha256, "JPEG")
    Step.objects.create(
        name="recording.encode_video", subject=1, group=episode.pk, state=State.FAILED, message="The disk was full."
    )
    for number, words in enumerate(("I was there, at 0:12.", "<b>Ropes</b> & *boats*", "Third")):
        post.post(episode, post.Draft(f"Reader {number}", f"r{number}@example.org", words), post.Sender(f"n{number}"))
    urdu = making.make_episode(
        making.make_show("guftagu", "گفتگو", language="ur"), "daak", 1, title="ڈاک خانے کی کہانی", language="ur"
    )
    making.add_transcript(urdu, making.words("یہ کہاں سے شروع ہوا؟ ایک چھوٹے سے قصبے سے۔", 0), language="ur")
    Speaker.objects.filter(transcript__episode=urdu).update(name="زینب")
    for path, content in assets.files().items():
        (folder / "public" / path).parent.mkdir(exist_ok=True)
        (folder / "public" / path).write_bytes(content)


def main() -> None:
    """Make it; or serve it, on the host and port that are named."""
    from onrecord import opening

    folder = Path(os.environ["ONRECORD_FOLDER"])
    opening.make_publication(folder, "Harbour talks")
    opening.open_publication(folder)
    if len(sys.argv) == 1:
        make(folder)
        return
    from onrecord import server

    server.serve(sys.argv[1], int(sys.argv[2]), with_worker=False, ready=lambda: print("ready", flush=True))


if __name__ == "__main__":
    main()
