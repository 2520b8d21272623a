"""Makes the pictures of this folder again: `python docs/pictures/make.py ADDRESS`, while `./onrecord demo` runs.

Needs Playwright and Debian's Chromium, as the browser tests do.
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

EPISODE = "/long-conversations/what-a-lighthouse-keeper-listens-for/"


def main() -> None:
    """One picture of an episode's page."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1500})
        page.goto(address + EPISODE)
        page.screenshot(path=Path(__file__).parent / "episode.png")
        browser.close()


if __name__ == "__main__":
    main()
