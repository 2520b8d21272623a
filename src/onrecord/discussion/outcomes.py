"""What came of disputes, in words: the same for pages, feeds and mails."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

from onrecord.discussion.models import Outcome
from onrecord.lib.language import number

OUTCOMES = {
    Outcome.CORRECTED: gettext_noop("Corrected"),
    Outcome.CLARIFIED: gettext_noop("Clarified"),
    Outcome.CONTEXT: gettext_noop("Context added"),
    Outcome.TRANSCRIPT: gettext_noop("Transcript fixed"),
    Outcome.STANDS: gettext_noop("What was said stands"),
    Outcome.OPINION: gettext_noop("A matter of opinion"),
    Outcome.DUPLICATE: gettext_noop("Duplicate"),
    Outcome.WITHDRAWN: gettext_noop("Withdrawn by its writer"),
    Outcome.REMOVED: gettext_noop("Removed for legal reasons"),
}


def in_words(outcome: str, duplicate_of: int | None = None) -> str:
    """An outcome in the language that is spoken; of a duplicate with the number of the other."""
    words = gettext(OUTCOMES[Outcome(outcome)])
    return f"{words} (#{number(duplicate_of)})" if duplicate_of else words
