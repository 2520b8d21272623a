"""Quotations: the small page of a shared passage, its picture card, and the form at which words are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from onrecord import readmodel
from onrecord.lib import times
from onrecord.lib.language import digits, speaks
from onrecord.readmodel import EpisodeView, PassageView, Publication
from onrecord.site.pages import _page, _source_type
from onrecord.site.quote_card import HEIGHT, WIDTH, Card
from onrecord.site.quote_menu import FORM

LONGEST_TITLE = 70


@speaks(lambda view, _: view.language)
def page(view: EpisodeView, passage: PassageView) -> str:
    """The page of a passage: the words, who said them, the sound of just these words, and what became of them."""
    us = readmodel.publication()
    card = card_of(view, passage)
    speaker = speaker_of(view, passage.speaker)
    return _page(
        "quote_page.html",
        title=f"“{_cut(passage.shown)}” · {speaker or view.title}",
        path=f"{passage.folder}/",
        language=view.language,
        description=passage.shown,
        heading=f"{speaker}: {view.title}" if speaker else view.title,
        episode=view,
        passage=passage,
        spoken_language=view.transcript.language if view.transcript else view.language,
        direction_of_words=card.direction,
        speaker=speaker,
        show={"name": view.show.name, "link": us.link(view.show.path)},
        date=times.long_date(view.published_at, us.time_zone),
        date_iso=times.iso(view.published_at),
        time=digits(times.clock(passage.start_ms)),
        link=us.link(link_of(view, passage)),
        card={"url": us.url(card_path(view, passage)), "width": WIDTH, "height": HEIGHT},
        sound=_sound(us, view, passage),
        label=view.transcript.label if view.transcript else "",
    )


@speaks(lambda view, _: view.language)
def card_of(view: EpisodeView, passage: PassageView) -> Card:
    """What stands on the picture card of a passage."""
    us = readmodel.publication()
    words = view.transcript
    return Card(
        words=passage.shown,
        speaker=speaker_of(view, passage.speaker),
        source=view.title,
        when=digits(times.clock(passage.start_ms)),
        publication=f"{view.show.name} · {times.long_date(view.published_at, us.time_zone)}",
        language=words.language if words else view.language,
        direction=words.direction if words else view.direction,
    )


def card_path(view: EpisodeView, passage: PassageView) -> str:
    """Where the card stands below public/."""
    return f"{passage.folder}/{card_of(view, passage).name}"


def link_of(view: EpisodeView, passage: PassageView) -> str:
    """To exactly these words on the episode's page, as they stand now; where they do not, to the moment."""
    words = view.transcript
    if words and passage.now:
        id = words.anchors.at_word(passage.now.start)
        return f"{view.path}?passage={words.revision}.{passage.now.start}-{passage.now.stop}#{id}"
    id = words.anchors.at_time(passage.start_ms) if words else ""
    return f"{view.path}?passage={passage.revision}.{passage.first}-{passage.end}#{id}"


def speaker_of(view: EpisodeView, index: int | None) -> str:
    """The name of a speaker, as the transcript has it."""
    names = {speaker.index: speaker.label for speaker in view.transcript.speakers} if view.transcript else {}
    return names.get(index, "") if index is not None else ""


@speaks(lambda view, *_, **__: view.language)
def form(view: EpisodeView, status: str, **context: Any) -> str:
    """The program's page: sentences to choose from (`sentences`), words to share (`text`, `token`), or a `problem`."""
    us = readmodel.publication()
    return _page(
        "quote_form.html",
        title=f"{view.title} · {view.show.name}",
        path="",
        canonical="",
        language=view.language,
        description="",
        heading=view.title,
        status=status,
        action=us.link(FORM),
        episode=view,
        back=us.link(view.path),
        spoken_language=view.transcript.language if view.transcript else view.language,
        **context,
    )


def sentences_of(view: EpisodeView, turn: str) -> Sequence[dict[str, Any]]:
    """The sentences of the turn that has this id (or holds the sentence that has it), each with its words' range."""
    words = view.transcript
    if not words:
        return []
    starts = [*words.anchors.ids, len(words.tokens)]
    spans = [range(start, stop) for start, stop in pairwise(starts)]
    place = next((n for n, span in enumerate(spans) if words.anchors.ids[span.start] == turn), None)
    if place is None:
        return []
    low = high = place
    speaker = words.tokens[spans[place].start].speaker
    while low and words.tokens[spans[low - 1].start].speaker == speaker:
        low -= 1
    while high + 1 < len(spans) and words.tokens[spans[high + 1].start].speaker == speaker:
        high += 1
    return [
        {"range": f"{span.start}-{span.stop}", "text": words.text(span), "chosen": span is spans[place]}
        for span in spans[low : high + 1]
    ]


def _sound(us: Publication, view: EpisodeView, passage: PassageView) -> list[dict[str, str]]:
    """A media fragment: browsers play just these seconds, without a script."""
    fragment = f"#t={passage.start_ms / 1000:g},{passage.end_ms / 1000:g}"
    both = [rendition for rendition in (view.mp3, view.opus) if rendition]
    return [{"link": us.link(one.path) + fragment, "type": _source_type(one)} for one in both]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TITLE else text[:LONGEST_TITLE].rpartition(" ")[0] + " …"
