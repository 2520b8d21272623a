"""A process for tests that is killed at a certain moment: `fill`, `die inside`, `die after`, `finish`."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]


def main() -> None:
    from onrecord import opening

    opening.open_publication(Path(os.environ["ONRECORD_FOLDER"]))
    {"fill": fill, "die": die, "finish": finish}[sys.argv[1]]()


def fill() -> None:
    from onrecord.catalogue.models import Episode
    from onrecord.search import index
    from tests.search import making

    making.fill()
    Episode.objects.filter(slug="sample").update(state="withdrawn")
    index.outdate(Episode.objects.values_list("id", flat=True))


def die() -> None:
    """Inside the index's transaction, or when it is over and the rows have not been told."""
    from onrecord.search import index
    from onrecord.search.engines.base import Engine

    def killed(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if sys.argv[2] == "inside":
        Engine.write_note = killed  # type: ignore[method-assign]
    else:
        index.Outdated.objects.filter = killed  # type: ignore[method-assign,assignment]
    index.update_some()


def finish() -> None:
    from onrecord.search import index
    from onrecord.search.find import Question, search

    before = index.Outdated.objects.count()
    index.update_all()
    questions = ["machinery", "haus", "كتاب"]
    print(json.dumps({"before": before, "found": [search(Question(text=text)).found for text in questions]}))


if __name__ == "__main__":
    main()
