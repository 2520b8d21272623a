"""Names that strangers gave, made fit to be shown in a message."""

import unicodedata

LONGEST = 120


def clean_name(name: str) -> str:
    """A file's name in one line: control characters, newlines and direction marks become "?", long ones are cut."""
    shown = "".join("?" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in name)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST // 2]}…{shown[-LONGEST // 2 :]}"
