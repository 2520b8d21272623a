"""A transcript as HTML: by turns, with speaker, time, chapters and a permanent id for every sentence.

    <div class="turn" id="t12" data-word="40">
      <p class="who"><b dir="auto">Ada</b> <a class="moment" href="#t12">0:12</a>
      <a class="quote" href=… aria-label="Quote: Ada, 0:12">Quote</a></p>
      <p><span class="s" data-word="40">…</span>
      <a id="t14" class="former gone"></a><span class="s" id="t15" data-word="52">…</span></p>
    </div>

`data-word` is the index of the first token; a sentence's text is `text_of` its tokens, so that scripts find every word
(`words.json`, below); what was redacted of it is a `span.blank` in it. A turn's first sentence is reached by the turn's
own id. Empty targets are for links to sentences that have gone (`gone`), or have become part of the one after them
(`transcripts.anchors`).

Plain strings, because this is most of a page: a template would take several times as long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.translation import gettext

from onrecord.lib.html import FORBIDDEN, clean
from onrecord.lib.language import digits, marked, speaks
from onrecord.lib.times import clock
from onrecord.readmodel import ChapterView, TranscriptView
from onrecord.transcripts.anchors import Anchors, Former
from onrecord.transcripts.models import unnamed
from onrecord.transcripts.redaction import BLANK
from onrecord.transcripts.tokens import Token, text_of
from onrecord.transcripts.turns import Turn, paragraphs, sentences, turns

BLANKS = re.compile(f"{BLANK}[.!?…؟۔।॥։።！？。]?(?: {BLANK}[.!?…؟۔।॥։።！？。]?)*")
"""Redacted words of a sentence, one after the other."""

EARLY_MS = 1500
"""A chapter's heading stands before the first sentence that begins at most this long before the chapter does."""


@dataclass(frozen=True)
class Pressed:
    """The turns' HTML, the ids in it that can be linked to, and how many chapters it names."""

    html: str
    anchors: Anchors
    headings: int

    def at(self, milliseconds: int) -> str:
        """The id of the sentence that is being said at that moment, or of the first."""
        return self.anchors.at_time(milliseconds)


@speaks(lambda transcript, *_, **__: transcript.language, otherwise="en")
def press_turns(
    transcript: TranscriptView,
    chapters: Sequence[ChapterView] = (),
    quote: str = "",
    marks: Mapping[int, str] = MappingProxyType({}),
    notes: Mapping[int, str] = MappingProxyType({}),
) -> Pressed:
    """All turns of a transcript, times in its own language, with a heading where each chapter begins.

    `quote` is the address at which a turn's words are chosen without JavaScript; the turn's id is put to its end.
    `marks` is clean HTML by the index of a word, put behind the sentence that has it; `notes` below its paragraph.
    """
    page = _Page(transcript, chapters, quote, marks, notes)
    made = [page.turn(turn) for turn in turns(transcript.tokens)]
    return Pressed("\n".join(made), transcript.anchors, page.headings)


def words_json(transcript: TranscriptView) -> bytes:
    """Where every word is, for the player: {"revision": 2, "start": [...], "length": [...]}.

    `start` holds the milliseconds from one word's beginning to the next one's, the first from the recording's start;
    `length` the UTF-16 units of each word with the space before it, in the text of the page.
    """
    starts = [token.start for token in transcript.tokens]
    before = [0, *starts]
    document = {
        "revision": transcript.revision,
        "start": [start - earlier for start, earlier in zip(starts, before, strict=False)],
        "length": [_units(token) for token in transcript.tokens],
    }
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def _units(token: Token) -> int:
    text = token.text if token.text.isascii() else clean(token.text)
    return token.space + (len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2)


class _Page:
    """One transcript while it is written: how far it has come in words, which chapters it has used."""

    def __init__(
        self,
        transcript: TranscriptView,
        chapters: Sequence[ChapterView],
        quote: str,
        marks: Mapping[int, str],
        notes: Mapping[int, str],
    ) -> None:
        self.labels = {speaker.index: _text(speaker.label) for speaker in transcript.speakers}
        self.chapters, self.anchors = chapters, transcript.anchors
        self.headings = 0
        self._quote, self._for_quote, self._ui = _text(quote), _text(gettext("Quote")), marked(transcript.language)
        self._blanks = rf'<span class="blank" role="img" aria-label="{_text(gettext("redacted"))}">\g<0></span>'
        self._word = 0
        self._marks, self._notes = marks, notes

    def turn(self, turn: Turn) -> str:
        """One speaker, uninterrupted."""
        heading, id, word = self._heading(turn.tokens[0]), self.anchors.ids[self._word], self._word
        speaker = turn.speaker
        name = "" if speaker is None else self.labels.get(speaker) or _text(unnamed(speaker))
        who = f'<b dir="auto">{name}</b> ' if name else ""
        moment = digits(clock(turn.start))
        time = f'<a class="moment" href="#{id}">{moment}</a>'
        menu = self._menu(id, f"{name}, {moment}" if name else moment) if self._quote else ""
        said = "".join(self._paragraph(words, number == 0) for number, words in enumerate(paragraphs(turn)))
        who = f'<p class="who">{who}{time}{menu}</p>'
        return f'{heading}<div class="turn" id="{id}" data-word="{word}">{who}{said}</div>'

    def _menu(self, id: str, of: str) -> str:
        """Named by whose words it quotes, and when: a list of a page's links has it without the rest of the turn."""
        label = f"{self._for_quote}: {of}".replace('"', "&quot;")
        address = f"{self._quote}{id}"
        return f' <a class="quote" rel="nofollow" href="{address}" aria-label="{label}"{self._ui}>{self._for_quote}</a>'

    def _paragraph(self, words: Sequence[Token], first: bool) -> str:
        made: list[str] = []
        here = range(self._word, self._word + len(words))
        for span in sentences(words):
            begins = first and span.start == 0
            said = words[span.start : span.stop]
            heading = "" if begins else self._heading(said[0])
            if heading or not made:
                made.append(f"{'</p>' if made else ''}{heading}<p>")
            elif said[0].space:
                made.append(" ")
            id = "" if begins else f' id="{self.anchors.ids[self._word]}"'
            made += [_former(one) for one in self.anchors.former.get(self._word, ())]
            made.append(f'<span class="s"{id} data-word="{self._word}">{self._said(said)}</span>')
            span_of_words = range(self._word, self._word + len(said))
            made += [mark for word, mark in self._marks.items() if word in span_of_words]
            self._word += len(said)
        notes = [note for word, note in self._notes.items() if word in here]
        return "".join([*made, "</p>", *notes])

    def _said(self, words: Sequence[Token]) -> str:
        """What was redacted is one mark for those who hear the page, and the same text as the words' for scripts."""
        text = _text(text_of(words))
        return BLANKS.sub(self._blanks, text) if BLANK in text else text

    def _heading(self, token: Token) -> str:
        """The headings of the chapters that begin with this word."""
        made = ""
        while self.headings < len(self.chapters) and self._begins(self.headings, token):
            self.headings += 1
            title = _text(self.chapters[self.headings - 1].title)
            made += f'<h3 class="chapter" id="chapter-{self.headings}"><bdi>{title}</bdi></h3>'
        return made

    def _begins(self, chapter: int, token: Token) -> bool:
        return token.start + EARLY_MS >= self.chapters[chapter].start_ms


def _former(one: Former) -> str:
    """An empty target for links to a sentence that has gone, or has become part of this one."""
    return f'<a id="{one.id}" class="former{" gone" if one.gone else ""}"></a>'


def _text(text: str) -> str:
    """Escaped for an element's content, where quotation marks may stand as they are."""
    if FORBIDDEN.search(text):
        text = clean(text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
