"""Codes of languages, as BCP 47 writes them."""

import re

LONGEST = 20


def is_language(code: str) -> bool:
    """Whether a text has the form of a code such as "en", "ur" or "pt-BR"."""
    return len(code) <= LONGEST and re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", code) is not None
