"""A transcript as HTML: by turns, with speaker, time and a permanent id for every sentence.

Plain strings, because this is most of a page: a template would take several times as long.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onrecord.lib.html import clean
from onrecord.lib.times import clock
from onrecord.readmodel import TranscriptView
from onrecord.transcripts.tokens import Token, text_of

PARAGRAPH_WORDS = 90
"""A long turn gets a new paragraph at the first sentence that begins after this many words ..."""

LONGEST_PARAGRAPH = 200
"""... and where nothing looks like a sentence's end, after this many."""

SENTENCE_END = re.compile(r"[.!?…。！？؟۔।॥]['\")\]»”’」』]*$")

LABELS = {
    "machine": "This transcript was made by a machine and has not been read by a person yet.",
    "corrected": "This transcript was made by a machine and corrected by a person. Nobody has said yet that all of it "
    "has been read.",
    "given": "This transcript was given by the publisher.",
    "read": "This transcript has been read by a person.",
}
"""What is said wherever words are shown, by `TranscriptView.status`."""


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


def press_turns(transcript: TranscriptView) -> Pressed:
    """All turns of a transcript."""
    ids = _Ids()
    labels = {speaker.index: _text(speaker.label) for speaker in transcript.speakers}
    made = [_turn(turn, labels, ids) for turn in turns(transcript.tokens)]
    return Pressed("\n".join(made), sorted(ids.given, key=lambda anchor: anchor.start_ms))


def turns(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens by turns: one speaker, uninterrupted."""
    turn: list[Token] = []
    for token in tokens:
        if turn and token.speaker != turn[-1].speaker:
            yield turn
            turn = []
        turn.append(token)
    if turn:
        yield turn


def sentences(turn: Sequence[Token]) -> Iterator[list[Token]]:
    """A turn's tokens by sentences; without full stops, by what a paragraph may hold."""
    sentence: list[Token] = []
    for token in turn:
        sentence.append(token)
        if SENTENCE_END.search(token.text) or len(sentence) >= LONGEST_PARAGRAPH:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


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


def _turn(turn: Sequence[Token], labels: dict[int, str], ids: _Ids) -> str:
    start = turn[0].start
    id = ids.give(start)
    speaker = turn[0].speaker
    name = "" if speaker is None else f"<b><bdi>{labels.get(speaker) or f'Speaker {speaker + 1}'}</bdi></b> "
    time = f'<a href="#{id}"><time datetime="PT{start // 1000}S">{clock(start)}</time></a>'
    return f'<div class="turn" id="{id}"><p class="who">{name}{time}</p>{_paragraphs(turn, ids)}</div>'


def _paragraphs(turn: Sequence[Token], ids: _Ids) -> str:
    paragraphs: list[list[str]] = [[]]
    words = 0
    for number, sentence in enumerate(sentences(turn)):
        if words >= PARAGRAPH_WORDS:
            paragraphs.append([])
            words = 0
        words += len(sentence)
        text = _text(text_of(sentence))
        space = " " if sentence[0].space and paragraphs[-1] else ""
        # The first sentence is reached by the turn's own id.
        paragraphs[-1].append(f'{space}<span id="{ids.give(sentence[0].start)}">{text}</span>' if number else text)
    return "".join(f"<p>{''.join(paragraph)}</p>" for paragraph in paragraphs)


def _text(text: str) -> str:
    """Escaped for an element's content, where quotation marks may stand as they are."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
