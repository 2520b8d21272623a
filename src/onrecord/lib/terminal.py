"""Words for the person at the terminal."""

import sys


def say(text: str) -> None:
    """Tell a person; programs read standard output."""
    print(text, file=sys.stderr, flush=True)
