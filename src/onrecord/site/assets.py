"""The files below static/, named by their content: a changed one has another address, so all may be kept for ever."""

import hashlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "static"
NAMES = ("style.css", "icon.svg", "embed.css", "embed.js")


@cache
def files() -> dict[str, bytes]:
    """Path below public/ and content of each: `static/style-<hash>.css`."""
    return {address(name): (FOLDER / name).read_bytes() for name in NAMES}


@cache
def address(name: str) -> str:
    """The path below public/ of a file in our static/ folder."""
    file = FOLDER / name
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    return f"static/{file.stem}-{digest}{file.suffix}"
