"""The podcast namespace's HTML: cite (who), time (since when), p (what). Read only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree, html

from onrecord.lib.errors import BadInput
from onrecord.transcripts.formats.document import Cue, Document, Precision, document_of

CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})(?:\.\d+)?", re.ASCII)
LONGEST_NAME_LINE = 400


def read(text: str) -> Document:
    """Raises BadInput when there is no paragraph in it."""
    try:
        tree = html.document_fromstring(text.encode("utf-8"), parser=html.HTMLParser(encoding="utf-8", no_network=True))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise BadInput(f"is not HTML that can be read ({error}).") from error
    cues = list(_cues(tree))
    if not cues:
        raise BadInput("is HTML but holds no paragraph.")
    timed = any(cue.start is not None for cue in cues)
    return document_of(cues, Precision.TURNS if timed else Precision.NONE, tree.get("lang", ""))


def is_html(text: str) -> bool:
    """Whether it looks like HTML of this kind."""
    start = text[:5000].lower()
    return "<cite" in start or ("<html" in start and "<p" in text[:100_000].lower())


def _cues(tree: html.HtmlElement) -> Iterator[Cue]:
    """A cue for each paragraph; who speaks and since when may stand before it or in it."""
    for line_end in tree.iter("br"):
        line_end.tail = f"\n{line_end.tail or ''}"
    speaker: str | None = None
    start: int | None = None
    number = 0
    for element in _flat(tree):
        said = "".join(element.itertext())
        if element.tag == "cite":
            speaker = said[:LONGEST_NAME_LINE].strip().removesuffix(":").strip() or None
        elif element.tag == "time":
            start = _milliseconds(said)
        elif said.strip():
            yield Cue(said, start, None, speaker, number)
            start, number = None, number + 1


def _flat(tree: html.HtmlElement) -> Iterator[html.HtmlElement]:
    """The elements that matter in order, with what stands inside a paragraph taken out and put before it."""
    for element in list(tree.iter("cite", "time", "p")):
        if element.tag == "p":
            for mark in element.xpath(".//cite | .//time"):
                mark.drop_tree()
                yield mark
            yield element
        elif not element.xpath("ancestor::p"):
            yield element


def _milliseconds(text: str) -> int | None:
    found = CLOCK.search(text)
    if not found:
        return None
    hours, minutes, seconds = found.groups()
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000
