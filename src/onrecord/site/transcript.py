"""A transcript as HTML: by turns, with speaker, time and a permanent id for every sentence.

Plain strings, because this is most of a page: a template would take several times as long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from onrecord.lib.html import clean
from onrecord.lib.times import clock
from onrecord.readmodel import TranscriptView
from onrecord.transcripts.anchors import Anchors, Former
from onrecord.transcripts.tokens import Token, text_of
from onrecord.transcripts.turns import Turn, paragraphs, sentences, turns


@dataclass(frozen=True)
class Pressed:
    """The turns' HTML, and the ids in it that can be linked to."""

    html: str
    anchors: Anchors

    def at(self, milliseconds: int) -> str:
        """The id of the sentence that is being said at that moment, or of the first."""
        return self.anchors.at_time(milliseconds)


def press_turns(transcript: TranscriptView, quote: str = "") -> Pressed:
    """All turns of a transcript. `quote` is the address at which a turn's words are chosen without JavaScript."""
    labels = {speaker.index: _text(speaker.label) for speaker in transcript.speakers}
    made: list[str] = []
    at = 0
    for turn in turns(transcript.tokens):
        made.append(_turn(turn, labels, transcript.anchors, at, quote))
        at += len(turn.tokens)
    return Pressed("\n".join(made), transcript.anchors)


def _turn(turn: Turn, labels: dict[int, str], anchors: Anchors, at: int, quote: str) -> str:
    id = anchors.ids[at]
    name = "" if turn.speaker is None else labels.get(turn.speaker) or f"Speaker {turn.speaker + 1}"
    who = f"<b><bdi>{name}</bdi></b> " if name else ""
    time = f'<a href="#{id}"><time datetime="PT{turn.start // 1000}S">{clock(turn.start)}</time></a>'
    menu = f' <a class="quote" rel="nofollow" href="{_text(quote)}{id}">{_text(gettext("Quote"))}</a>' if quote else ""
    words = "".join(_paragraphs(turn, anchors, at))
    return f'<div class="turn" id="{id}" data-word="{at}"><p class="who">{who}{time}{menu}</p>{words}</div>'


def _paragraphs(turn: Turn, anchors: Anchors, at: int) -> Iterator[str]:
    first = at
    for words in paragraphs(turn):
        yield f"<p>{''.join(_sentences(words, anchors, at, first))}</p>"
        at += len(words)


def _sentences(words: Sequence[Token], anchors: Anchors, at: int, first: int) -> Iterator[str]:
    """Each sentence with its id; the turn's first is reached by the turn's own."""
    for span in sentences(words):
        word = at + span.start
        text = _text(text_of(words[span.start : span.stop]))
        space = " " if span.start and words[span.start].space else ""
        former = "".join(_former(one) for one in anchors.former.get(word, ()))
        id = f' id="{anchors.ids[word]}"' if word != first else ""
        yield f'{space}{former}<span class="s"{id} data-word="{word}">{text}</span>'


def _former(one: Former) -> str:
    """An empty target for links to a sentence that has gone, or has become part of this one."""
    return f'<a id="{one.id}" class="former{" gone" if one.gone else ""}"></a>'


def _text(text: str) -> str:
    """Escaped for an element's content, where quotation marks may stand as they are."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
