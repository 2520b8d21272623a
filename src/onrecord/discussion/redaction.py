"""Takes what was redacted out of the words that comments are tied to, and writes into the log that it went.

What readers and the publisher wrote themselves is theirs, also where it quotes: it is moderated, not redacted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onrecord.catalogue.models import Episode
from onrecord.discussion import log
from onrecord.discussion.models import Tie
from onrecord.transcripts.tokens import Token, text_of


def redact(episode: Episode, revisions: Mapping[int, Sequence[Token]], by: str) -> None:
    """Of these revisions, by their id, with the words that they have now. In the caller's transaction."""
    for tie in Tie.objects.filter(revision__in=list(revisions)):
        words = revisions[tie.revision_id or 0][tie.first : tie.end]
        Tie.objects.filter(pk=tie.pk).update(words=text_of(words))
    log.append_redaction(episode, by)
