"""What came of disputes, of returned comments and of legal notices, in words: the same for pages, feeds and mails."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

from onrecord.discussion.models import Outcome, Returned, Ruling
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

RETURNED = {
    Returned.TOPIC: gettext_noop("not about this episode"),
    Returned.GROUNDS: gettext_noop("a claim without grounds"),
    Returned.TONE: gettext_noop("insults"),
    Returned.PRIVATE: gettext_noop("private things of others"),
    Returned.UNLAWFUL: gettext_noop("against the law"),
    Returned.SAID: gettext_noop("said already"),
    Returned.OTHER: gettext_noop("another reason"),
}
"""Why comments were returned, behind their number."""

RULINGS = {
    Ruling.NONE: gettext_noop("Nothing is taken away"),
    Ruling.RESTRICTED: gettext_noop("Hidden for legal reasons"),
    Ruling.REMOVED: gettext_noop("Removed for legal reasons"),
    Ruling.CHANGED: gettext_noop("What is said there was changed or taken out"),
    Ruling.WITHDRAWN: gettext_noop("It is not there any more"),
}
"""What was decided on a legal notice."""


def in_words(outcome: str, duplicate_of: int | None = None) -> str:
    """An outcome in the language that is spoken; of a duplicate with the number of the other."""
    words = gettext(OUTCOMES[Outcome(outcome)])
    return f"{words} (#{number(duplicate_of)})" if duplicate_of else words
