"""Names that strangers gave, made fit to be shown in a message."""

import unicodedata

LONGEST = 120
DIRECTION_MARKS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def clean_name(name: str) -> str:
    """A file's name in one line: control characters, newlines and direction marks become "?", long ones are cut."""
    shown = "".join("?" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in name)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST // 2]}…{shown[-LONGEST // 2 :]}"


def title_from(name: str) -> str:
    """A title made from a file's name: without control characters and marks that turn the text around it.

    Joiners stay, which Urdu and Persian words need. What is not UTF-8 in a name becomes the replacement character.
    """
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(" " if unicodedata.category(c) == "Cc" else c for c in shown if c not in DIRECTION_MARKS).strip()
