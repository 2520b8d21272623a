"""Makes the pictures of this folder again: `python docs/pictures/make.py ADDRESS`, while `./onrecord demo` runs.

Needs Playwright and Debian's Chromium, as the browser tests do, and Pillow to keep the files small.
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

SHOW = "/long-conversations/"
EPISODE = f"{SHOW}what-a-lighthouse-keeper-listens-for/"
PICTURES = {
    "episode": (EPISODE, 1280, 1500, "light"),
    "episode-dark": (EPISODE, 1280, 900, "dark"),
    "episode-phone": (EPISODE, 390, 844, "light"),
    "home": ("/", 1280, 900, "light"),
    "home-phone": ("/", 390, 844, "light"),
    "show": (SHOW, 1280, 900, "light"),
}
"""By name: the page, the width and height of the window, and the reader's colour scheme."""

COLOURS = 256


def main() -> None:
    """The main pages as readers see them."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, (path, width, height, scheme) in PICTURES.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(address + path, wait_until="networkidle")
            keep(page.screenshot(), Path(__file__).parent / f"{name}.png")
            page.close()
        browser.close()


def keep(screenshot: bytes, file: Path) -> None:
    """With a palette a picture of a page takes a third of the room."""
    image = Image.open(io.BytesIO(screenshot)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    main()
