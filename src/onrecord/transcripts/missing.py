"""Why a transcript has no words. Rows hold the reason's key and its details; readers get a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop

from onrecord.lib import language

NO_SPEECH, NO_LANGUAGE, NO_WORDS = "no_speech", "no_language", "no_words"
ENGLISH_ONLY, UNKNOWN_LANGUAGE, HEARD_BADLY = "english_only", "unknown_language", "heard_badly"

SENTENCES = {
    NO_SPEECH: gettext_noop("There is no transcript: no speech was found in the recording."),
    NO_LANGUAGE: gettext_noop(
        "There is no transcript: the language of the recording was not recognised, and none was given."
    ),
    NO_WORDS: gettext_noop("There is no transcript: no words were heard in the recording."),
    ENGLISH_ONLY: gettext_noop(
        "There is no transcript: the recording is in another language (%(language)s), and the speech model %(model)s "
        "knows English only."
    ),
    UNKNOWN_LANGUAGE: gettext_noop(
        "There is no transcript: the speech model %(model)s does not know the language of the recording (%(language)s)."
    ),
    HEARD_BADLY: gettext_noop(
        "There is no transcript: the speech model %(model)s could not hear this recording well enough in its language "
        "(%(language)s) for its words to be trusted."
    ),
}


def sentence(reason: str, details: Mapping[str, Any]) -> str:
    """The reason in the language that is spoken; one that is no key is a sentence already.

    `details` has `model`, the speech model's name, and `language`, a code.
    """
    if reason not in SENTENCES:
        return reason
    code = str(details.get("language", ""))
    named = {"model": str(details.get("model", "")), "language": language.name_of(code)}
    return gettext(SENTENCES[reason]) % named
