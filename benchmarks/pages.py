"""How long pages keep a reader waiting: `python benchmarks/pages.py [--lighthouse NODE_MODULES]`, needs Chromium.

Scrolling: through the page of an interview of 10,000 words in 800 turns, in a window of a phone's size, with the
processor four times slower than it is; as fast as a thumb, from the top to the end. Printed are the frames that came
late, by `requestAnimationFrame`: gaps of more than 20 ms, and the longest.

Lighthouse, where npm's package of that name is: its four scores and what it measures of the episode's page, with the
settings that it has for a phone, and of the newest page of a discussion of 1,000 comments.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.posting import write  # noqa: E402

WORDS, TURNS = 10_000, 800
SLOWER = 4
STEP = 120
"""Pixels a frame: some seven screens a second, which is a fling."""
LATE = 20
"""Milliseconds; at 60 frames a second each has 16.7."""
SCROLL = """async step => {
  const gaps = [];
  let last = await new Promise(requestAnimationFrame);
  while (scrollY + innerHeight < document.documentElement.scrollHeight - 1) {
    scrollBy({top: step, behavior: "instant"});
    const now = await new Promise(requestAnimationFrame);
    gaps.push(now - last);
    last = now;
  }
  return gaps;
}"""
NUMBERS = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift")


def main() -> None:
    """Make an archive that goes away afterwards, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lighthouse", metavar="NODE_MODULES", type=Path, help="where npm installed lighthouse")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="onrecord-pages-") as place:
        folder = Path(place).resolve()
        os.environ["ONRECORD_FOLDER"] = str(folder)
        from onrecord import opening

        opening.make_publication(folder, "The Valley Record")
        opening.open_publication(folder)
        from tests.site import staging

        make()
        with staging.served(folder / "public") as address:
            scroll(f"{address}/talks/river/", options.rounds)
            for path in ("talks/river/", "talks/river/discussion/") if options.lighthouse else ():
                audit(options.lighthouse, f"{address}/{path}", folder)


def make() -> None:
    """An interview in many turns, with many comments."""
    from tests.site import making, staging

    from onrecord.catalogue.changes import everything_changed
    from onrecord.press import presser
    from onrecord.transcripts import tokens
    from onrecord.transcripts.models import Revision

    episode = staging.make_interview(making.make_show(), "en", WORDS, audible=False)
    said = staging.tokens("en", WORDS)
    turns = [replace(token, speaker=n * TURNS // len(said) % 2) for n, token in enumerate(said)]
    Revision.objects.update(tokens=tokens.pack(turns))
    write(episode)
    everything_changed()
    presser.press_all()


def scroll(address: str, rounds: int) -> None:
    """Through the whole page, each time in a page of its own."""
    from playwright.sync_api import sync_playwright
    from tests.browser import CHROMIUM, FLAGS

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        for settle in (0, 20_000):
            for _ in range(rounds):
                page = browser.new_page(viewport={"width": 390, "height": 844})
                page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
                page.goto(address)
                page.wait_for_timeout(settle)
                report(f"scrolling {settle // 1000} s after it was loaded", page.evaluate(SCROLL, STEP))
                page.close()
        browser.close()


def report(what: str, gaps: Sequence[float]) -> None:
    """A line."""
    late = [gap for gap in gaps if gap > LATE]
    second = sorted(gaps)[int(len(gaps) * 0.95)]
    print(
        f"{what}: {len(gaps)} frames in {sum(gaps) / 1000:.1f} s, {len(gaps) / sum(gaps) * 1000:.0f} a second; "
        f"{len(late)} later than {LATE} ms, 95th percentile {second:.0f} ms, longest {max(gaps):.0f} ms",
        flush=True,
    )


def audit(modules: Path, address: str, folder: Path) -> None:
    """Lighthouse's scores, and the measurements behind that of speed."""
    out = folder / "lighthouse.json"
    command = ["node", modules / "lighthouse" / "cli" / "index.js", address, "--quiet", "--output=json"]
    flags = ["--chrome-flags=--headless=new --no-sandbox --disable-gpu", f"--output-path={out}"]
    subprocess.run([*map(str, command), *flags], check=True, env=os.environ | {"CHROME_PATH": "/usr/bin/chromium"})
    found = json.loads(out.read_text())
    scores = {name: round((one["score"] or 0) * 100) for name, one in found["categories"].items()}
    numbers = {name: found["audits"][name]["displayValue"] for name in NUMBERS}
    print(f"{address}: {scores} {numbers}; this machine: {found['environment']['benchmarkIndex']}", flush=True)
    for name, one in found["audits"].items():
        if one["score"] is not None and one["score"] < 0.9:
            print(f"  {name}: {one['score']} {one.get('displayValue', '')}", flush=True)


if __name__ == "__main__":
    main()
