"""A transcript as HTML: by turns, with speaker, time and a permanent id for every sentence.

Plain strings, because this is most of a page: a template would take several times as long.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onrecord.lib.html import clean
from onrecord.lib.language import digits, speaks
from onrecord.lib.times import clock
from onrecord.readmodel import TranscriptView
from onrecord.transcripts.models import unnamed
from onrecord.transcripts.tokens import Token, text_of
from onrecord.transcripts.turns import Turn, paragraphs, sentences, turns


@dataclass(frozen=True)
class Anchor:
    """A place that can be linked to: `id` is "t" and the second in which the sentence begins."""

    start_ms: int
    id: str


@dataclass(frozen=True)
class Pressed:
    """The turns' HTML and every place in it that can be linked to, in the order of the text."""

    html: str
    anchors: Sequence[Anchor]

    def at(self, milliseconds: int) -> str:
        """The id of the sentence that is being said at that moment, or of the first."""
        place = bisect_right(self.anchors, milliseconds, key=lambda anchor: anchor.start_ms)
        return self.anchors[max(0, place - 1)].id if self.anchors else ""


@speaks(lambda transcript: transcript.language, otherwise="en")
def press_turns(transcript: TranscriptView) -> Pressed:
    """All turns of a transcript; times and names of nobody's are in its language."""
    ids = _Ids()
    labels = {speaker.index: _text(speaker.label) for speaker in transcript.speakers}
    made = [_turn(turn, labels, ids) for turn in turns(transcript.tokens)]
    return Pressed("\n".join(made), sorted(ids.given, key=lambda anchor: anchor.start_ms))


class _Ids:
    """Gives each sentence its id; two in one second are told apart by a number."""

    def __init__(self) -> None:
        self.given: list[Anchor] = []
        self._taken: dict[int, int] = {}

    def give(self, start_ms: int) -> str:
        second = start_ms // 1000
        count = self._taken[second] = self._taken.get(second, 0) + 1
        id = f"t{second}" if count == 1 else f"t{second}-{count}"
        self.given.append(Anchor(start_ms, id))
        return id


def _turn(turn: Turn, labels: dict[int, str], ids: _Ids) -> str:
    id = ids.give(turn.start)
    name = "" if turn.speaker is None else labels.get(turn.speaker) or _text(unnamed(turn.speaker))
    who = f"<b><bdi>{name}</bdi></b> " if name else ""
    time = f'<a href="#{id}"><time datetime="PT{turn.start // 1000}S">{digits(clock(turn.start))}</time></a>'
    return f'<div class="turn" id="{id}"><p class="who">{who}{time}</p>{_paragraphs(turn, ids)}</div>'


def _paragraphs(turn: Turn, ids: _Ids) -> str:
    return "".join(
        f"<p>{''.join(_sentences(words, ids, begins=number == 0))}</p>" for number, words in enumerate(paragraphs(turn))
    )


def _sentences(words: Sequence[Token], ids: _Ids, begins: bool) -> Iterator[str]:
    """Each sentence with its id; the turn's first is reached by the turn's own."""
    for span in sentences(words):
        text = _text(text_of(words[span.start : span.stop]))
        if begins and span.start == 0:
            yield text
        else:
            space = " " if span.start and words[span.start].space else ""
            yield f'{space}<span id="{ids.give(words[span.start].start)}">{text}</span>'


def _text(text: str) -> str:
    """Escaped for an element's content, where quotation marks may stand as they are."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
