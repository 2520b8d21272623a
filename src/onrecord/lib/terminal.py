"""Words for the person at the terminal."""

import sys

from onrecord.lib.errors import BadInput


def say(text: str) -> None:
    """Tell a person; programs read standard output."""
    print(text, file=sys.stderr, flush=True)


def confirmed(sentence: str) -> bool:
    """Say what will be done, and ask whether to. Raises BadInput where nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise BadInput("This cannot be undone, and there is nobody to ask: add --yes if it is right.")
    say(sentence)
    say("Type yes to go on:")
    return input().strip().casefold() == "yes"
