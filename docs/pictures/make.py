"""Makes the pictures of this folder again: `python docs/pictures/make.py`, with the Python that runs the tests.

Needs what the browser tests need, Playwright and Debian's Chromium, and Pillow to keep the files small. What is shown
is the publication of tests/site/staging.py.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
PORT = 8731
WORDS = 2_000

SHOW, SHOW_IN_URDU = "/valley-talks/", "/guftagu/"
EPISODE, EPISODE_IN_URDU = f"{SHOW}river/", f"{SHOW_IN_URDU}river/"
PICTURES = {
    "episode": (EPISODE, 1280, 1500, "light"),
    "episode-dark": (EPISODE, 1280, 900, "dark"),
    "episode-phone": (EPISODE, 390, 844, "light"),
    "episode-tablet": (EPISODE, 768, 1024, "light"),
    "episode-urdu": (EPISODE_IN_URDU, 1280, 1100, "light"),
    "episode-urdu-phone": (EPISODE_IN_URDU, 390, 844, "dark"),
    "discussion": (f"{EPISODE}discussion/", 1280, 1300, "light"),
    "corrections": ("/corrections/", 1280, 700, "light"),
    "search": ("/search/?q=water", 1280, 1000, "light"),
    "quotation": ("QUOTATION", 1280, 800, "light"),
    "home": ("/", 1280, 900, "light"),
    "home-phone": ("/", 390, 844, "light"),
    "show": (SHOW, 1280, 900, "light"),
}
"""By name: the page, the width and height of the window, and the reader's colour scheme."""

COLOURS = 256


def main() -> None:
    """The main pages as readers see them."""
    with (
        tempfile.TemporaryDirectory() as made,
        serving(Path(made) / "valley") as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        quotation = share(browser.new_page(), address)
        for name, (path, width, height, scheme) in PICTURES.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(quotation if path == "QUOTATION" else address + path, wait_until="networkidle")
            keep(page.screenshot(), Path(__file__).parent / f"{name}.png")
            page.close()
        browser.close()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Our own server and its worker, for a publication that is made first. Gives its address when it is ready."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    subprocess.run([sys.executable, "-m", "tests.site.staging", folder, str(WORDS)], env=environment, check=True)
    address = f"http://127.0.0.1:{PORT}"
    serve = [sys.executable, "-m", "onrecord", "serve", "--folder", folder, "--port", str(PORT)]
    server = subprocess.Popen(serve, env=environment | {"ONRECORD_FOLDER": str(folder)})
    try:
        while not answers(f"{address}/search/?q=water", 'class="play"'):
            if server.poll() is not None:
                sys.exit("The server ended; what it said stands above.")
            time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait()


def answers(address: str, text: str) -> bool:
    """Whether a page is there and has this in it."""
    try:
        with urllib.request.urlopen(address) as page:  # noqa: S310 our own
            return text in page.read().decode()
    except urllib.error.URLError:
        return False


def share(page: Page, address: str) -> str:
    """Quote the third sentence of the conversation. Returns the address of its page."""
    page.goto(address + EPISODE)
    key = page.locator("#player").get_attribute("data-key")
    page.goto(f"{address}/quote/?episode={key}&revision=1&words=13-30")
    page.get_by_role("button", name="Share").click()
    page.wait_for_url(re.compile("/q/"))
    return page.url


def keep(screenshot: bytes, file: Path) -> None:
    """With a palette a picture of a page takes a third of the room."""
    image = Image.open(io.BytesIO(screenshot)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    main()
