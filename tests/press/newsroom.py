"""One process of a newsroom, for tests: `edit SEED DEEDS` changes things, `press` presses, `finish` compares."""

import json
import os
import random
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]


def main() -> None:
    from onrecord import opening

    opening.open_publication(Path(os.environ["ONRECORD_FOLDER"]))
    from onrecord.press import lists
    from onrecord.readmodel import discussion

    lists.PAGE, lists.ARCHIVE, lists.SITEMAP = 3, 5, 4
    discussion.PAGE = 2
    {"edit": edit, "press": press, "finish": finish}[sys.argv[1]]()


def edit() -> None:
    from tests.press import archive

    chance = random.Random(int(sys.argv[2]))
    for _ in range(int(sys.argv[3])):
        archive.do_something(chance)
        time.sleep(chance.random() * 0.05)


def press() -> None:
    from onrecord.press import presser

    parent = os.getppid()
    print("presses", flush=True)
    while os.getppid() == parent:  # nobody waits for it when the tests were killed
        if not presser.press_some(limit=5):
            time.sleep(0.02)


def finish() -> None:
    from django.conf import settings

    from onrecord.press import presser
    from onrecord.press.check import check

    presser.press_what_is_stale()
    public = settings.ONRECORD.public
    print(
        json.dumps(
            {
                "problems": [str(problem) for problem in check()],
                "failures": presser.failures(),
                "temporary": [str(file) for file in public.rglob("*.tmp")],
                "files": sum(file.is_file() for file in public.rglob("*")),
            }
        )
    )


if __name__ == "__main__":
    main()
