"""Finds or makes the passage that somebody wants to share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from onrecord.catalogue.changes import passage_changed
from onrecord.catalogue.models import Episode
from onrecord.lib.errors import BadInput
from onrecord.passages.anchoring import widened
from onrecord.passages.follow import place
from onrecord.passages.models import Passage, voices
from onrecord.transcripts import revisions
from onrecord.transcripts.anchors import sentence_spans
from onrecord.transcripts.models import Revision
from onrecord.transcripts.tokens import Token, text_of, unpack
from onrecord.transcripts.turns import said

MOST_WORDS = 300
AROUND = 12
"""Words before and after that are kept with a passage."""


@dataclass(frozen=True)
class Quotation:
    """Words of a public revision that could be shared. One after the other, several may say them."""

    revision: Revision
    tokens: list[Token]
    words: range

    @property
    def text(self) -> str:
        """The words."""
        return text_of(self.tokens[self.words.start : self.words.stop])

    @property
    def speaker(self) -> int | None:
        """Who says the first of them: the tokens' speaker."""
        return self.tokens[self.words.start].speaker

    @property
    def said(self) -> tuple[tuple[int | None, str], ...]:
        """The words by who says them, one after the other."""
        return tuple(said(self.tokens[self.words.start : self.words.stop]))

    @property
    def start_ms(self) -> int:
        """When they begin."""
        return self.tokens[self.words.start].start

    @property
    def end_ms(self) -> int:
        """When they have been said."""
        return max(token.end for token in self.tokens[self.words.start : self.words.stop])


def quotation(episode: Episode, number: int, words: range) -> Quotation:
    """The words [start, stop) of a public revision of what readers hear.

    Raises BadInput for words that there are not, or too many of them.
    """
    transcript = revisions.transcript_of(episode) if episode.is_public else None
    revision = transcript.revisions.filter(public=True, number=number).first() if transcript else None
    if revision is None:
        raise BadInput(gettext("There are no such words: go back to the page and choose them again."))
    if not 0 <= words.start < words.stop <= revision.words:
        raise BadInput(gettext("There are no such words: go back to the page and choose them again."))
    if len(words) > MOST_WORDS:
        raise BadInput(gettext("These are too many words for one quotation: at most %(most)d.") % {"most": MOST_WORDS})
    tokens = unpack(revision.tokens)
    return Quotation(revision, tokens, words)


def said_at(episode: Episode, start_ms: int, end_ms: int) -> Quotation:
    """The sentences of what readers see that are being said from one moment to another; at least one.

    Raises BadInput where there are no words, or too many.
    """
    transcript = revisions.transcript_of(episode) if episode.is_public else None
    revision = revisions.public_revision(transcript) if transcript else None
    tokens = unpack(revision.tokens) if revision else []
    if revision is None or not tokens:
        raise BadInput(gettext("There are no such words: go back to the page and choose them again."))
    spans = list(sentence_spans(tokens))
    begun = [at for at, span in enumerate(spans) if tokens[span.start].start <= start_ms]
    first = begun[-1] if begun else 0
    last = max([first, *(at for at, span in enumerate(spans) if tokens[span.start].start < end_ms and at > first)])
    return quotation(episode, revision.number, range(spans[first].start, spans[last].stop))


def find(wanted: Quotation) -> Passage | None:
    """The passage of exactly these words, if somebody shared it before."""
    return Passage.objects.filter(revision=wanted.revision, first=wanted.words.start, end=wanted.words.stop).first()


def as_kept(tokens: Sequence[Token], words: range) -> dict[str, Any]:
    """What a passage keeps of the text: the words, by whom, and a few before and after them."""
    shown = tokens[words.start : words.stop]
    return {
        "words": text_of(shown),
        "voices": voices(said(shown)),
        "before": text_of(tokens[max(0, words.start - AROUND) : words.start]),
        "after": text_of(tokens[words.stop : words.stop + AROUND]),
    }


def find_or_make(episode: Episode, wanted: Quotation) -> Passage:
    """The passage of these words; the same words of the same revision are one passage."""
    words, tokens = wanted.words, wanted.tokens
    anchor = widened(words, list(sentence_spans(tokens)))
    with transaction.atomic():
        passage, made = Passage.objects.get_or_create(
            revision=wanted.revision,
            first=words.start,
            end=words.stop,
            defaults={
                "episode": episode,
                "anchor_first": anchor.start,
                "anchor_end": anchor.stop,
                "start_ms": wanted.start_ms,
                "end_ms": wanted.end_ms,
                "speaker": wanted.speaker,
                **as_kept(tokens, words),
            },
        )
        if made:
            place(passage)
            passage_changed(passage.pk)
    return passage
