"""A transcript as HTML: by turns, with speaker, time and a permanent id for every sentence.

Plain strings, because this is most of a page: a template would take several times as long.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onrecord.lib.html import clean
from onrecord.lib.times import clock
from onrecord.readmodel import TranscriptView
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


@dataclass(frozen=True)
class Sentence:
    """A sentence with the id that leads to it; the first of a turn is reached by the turn's own."""

    id: str
    words: tuple[Token, ...]


@dataclass(frozen=True)
class PlacedTurn:
    """A turn and its paragraphs, each a list of sentences."""

    turn: Turn
    paragraphs: tuple[tuple[Sentence, ...], ...]


def placed(tokens: Sequence[Token]) -> Iterator[PlacedTurn]:
    """The turns of a transcript, every sentence with the id that it has on the page."""
    ids = _Ids()
    for turn in turns(tokens):
        yield _placed(turn, ids)


def _placed(turn: Turn, ids: _Ids) -> PlacedTurn:
    return PlacedTurn(
        turn,
        tuple(
            tuple(
                Sentence(ids.give(words[span.start].start), words[span.start : span.stop]) for span in sentences(words)
            )
            for words in paragraphs(turn)
        ),
    )


def press_turns(transcript: TranscriptView) -> Pressed:
    """All turns of a transcript."""
    labels = {speaker.index: _text(speaker.label) for speaker in transcript.speakers}
    all_placed = list(placed(transcript.tokens))
    anchors = [
        Anchor(sentence.words[0].start, sentence.id)
        for each in all_placed
        for paragraph in each.paragraphs
        for sentence in paragraph
    ]
    made = [_turn(each, labels) for each in all_placed]
    return Pressed("\n".join(made), sorted(anchors, key=lambda anchor: anchor.start_ms))


class _Ids:
    """Gives each sentence its id; two in one second are told apart by a number."""

    def __init__(self) -> None:
        self._taken: dict[int, int] = {}

    def give(self, start_ms: int) -> str:
        second = start_ms // 1000
        count = self._taken[second] = self._taken.get(second, 0) + 1
        return f"t{second}" if count == 1 else f"t{second}-{count}"


def _turn(placed: PlacedTurn, labels: dict[int, str]) -> str:
    turn, id = placed.turn, placed.paragraphs[0][0].id
    name = "" if turn.speaker is None else labels.get(turn.speaker) or f"Speaker {turn.speaker + 1}"
    who = f"<b><bdi>{name}</bdi></b> " if name else ""
    time = f'<a href="#{id}"><time datetime="PT{turn.start // 1000}S">{clock(turn.start)}</time></a>'
    said = "".join(
        f"<p>{''.join(_sentences(paragraph, begins=number == 0))}</p>"
        for number, paragraph in enumerate(placed.paragraphs)
    )
    return f'<div class="turn" id="{id}"><p class="who">{who}{time}</p>{said}</div>'


def _sentences(paragraph: Sequence[Sentence], begins: bool) -> Iterator[str]:
    """Each sentence with its id, but the turn's first, which has the turn's."""
    for number, sentence in enumerate(paragraph):
        text = _text(text_of(sentence.words))
        if begins and number == 0:
            yield text
        else:
            space = " " if number and sentence.words[0].space else ""
            yield f'{space}<span id="{sentence.id}">{text}</span>'


def _text(text: str) -> str:
    """Escaped for an element's content, where quotation marks may stand as they are."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
