"""How many frames are dropped while a transcript of 800 turns scrolls by on a slow processor.

    python benchmarks/scrolling.py [--turns 800] [--runs 5] [--slower 4]

Makes a publication, opens the episode's page in Chromium (window 390 by 844), waits until all turns are laid out or
does not (`cold`), slows the processor down with the browser's own tools, and drags the page along with a finger at
1,500 pixels a second for ten seconds. Frames are what the compositor says of each: presented, or dropped where that is
seen. Without a graphics card it draws with the same processor: a phone that has one does better.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

WINDOW = {"width": 390, "height": 844}
SPEED = 1_500
"""Pixels a second: a reader who looks for something."""
SECONDS = 10
CATEGORIES = ["cc", "benchmark", "disabled-by-default-devtools.timeline", "devtools.timeline"]
WORDS_A_TURN = 33
COSTS = {"Layout", "UpdateLayoutTree", "Paint", "PrePaint", "Layerize", "Commit", "FunctionCall", "RasterTask"}


def make(folder: Path, turns: int) -> Path:
    """A publication whose transcript has at least so many turns; returns its public folder."""
    from onrecord import opening

    os.environ["ONRECORD_FOLDER"] = str(folder)
    opening.make_publication(folder, "Scrolling")
    opening.open_publication(folder)
    from tests.site import making, staging

    from onrecord.press import presser

    staging.make_interview(making.make_show(), "en", turns * WORDS_A_TURN, audible=False)
    presser.press_all()
    return folder / "public"


def scroll(browser: Any, address: str, slower: int, cold: bool) -> tuple[Counter[str], list[tuple[str, float]]]:
    """What became of the frames, and what took longest in the page's own thread, in milliseconds."""
    context = browser.new_context(viewport=WINDOW, has_touch=True, is_mobile=True, device_scale_factor=2)
    page = context.new_page()
    page.goto(address)
    while not cold and page.evaluate("!!document.querySelector('.turn:not(.laid-out)')"):
        page.wait_for_timeout(100)
    page.evaluate("document.querySelector('#transcript').scrollIntoView()")
    page.wait_for_timeout(500)
    devtools = context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    browser.start_tracing(page=page, categories=CATEGORIES)
    gesture = {"x": 195, "y": 600, "yDistance": -SPEED * SECONDS, "speed": SPEED, "gestureSourceType": "touch"}
    devtools.send("Input.synthesizeScrollGesture", gesture)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    turns = page.locator(".turn").count()
    context.close()
    frames: Counter[str] = Counter(turns=turns)
    for event in events:
        report = event.get("args", {}).get("chrome_frame_reporter")
        if report and event["ph"] in ("b", "X"):
            frames[report["state"]] += 1
            frames["dropped, and seen"] += report["state"] == "STATE_DROPPED" and report.get(
                "affects_smoothness", False
            )
    longest = sorted(
        ((event["name"], event["dur"] / 1000) for event in events if event.get("dur") and event["name"] in COSTS),
        key=lambda cost: -cost[1],
    )
    return frames, longest[:8]


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("--turns", type=int, default=800)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--slower", type=int, default=4)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        public = make(Path(folder).resolve() / "site", given.turns)
        from tests.site import staging
        from tests.site.test_browser import chromium

        with staging.served(public) as address, chromium() as browser:
            for cold in (False, True):
                dropped, presented = [], []
                for _ in range(given.runs):
                    frames, longest = scroll(browser, f"{address}/talks/river/", given.slower, cold)
                    dropped.append(frames["dropped, and seen"])
                    presented.append(
                        sum(count for state, count in frames.items() if state.startswith("STATE_PRESENTED"))
                    )
                    print(dict(frames), [f"{name} {cost:.0f} ms" for name, cost in longest], flush=True)
                print(
                    f"{'cold' if cold else 'laid out'}: {statistics.median(dropped)} dropped of "
                    f"{statistics.median(presented) + statistics.median(dropped)} frames (median of {given.runs}); "
                    f"load {os.getloadavg()[0]:.1f}"
                )


if __name__ == "__main__":
    main()
