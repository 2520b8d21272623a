"""A process for tests: `rows` makes a publication, `fill` its index too, `die inside` and `die after` are killed at a
certain moment while they update it, `finish` does."""

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
    {"rows": make_rows, "fill": fill, "die": die, "finish": finish}[sys.argv[1]]()


def make_rows() -> None:
    """For a worker to press and to index."""
    from onrecord.catalogue.changes import everything_changed
    from onrecord.search import index
    from tests.search import making

    making.refresh = lambda: None
    making.fill()
    index.Outdated.objects.all().delete()
    everything_changed()


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
