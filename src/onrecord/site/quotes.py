"""Quotations: the small page of a shared passage, its picture card, and the form at which words are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from django.conf import settings

from onrecord import readmodel
from onrecord.lib import times
from onrecord.lib.html import direction
from onrecord.lib.language import digits, isolated, speaks
from onrecord.lib.quotation import quoted
from onrecord.readmodel import EpisodeView, PassageView, Publication
from onrecord.site import corrections, frame, quote_menu
from onrecord.site.assets import on_paper
from onrecord.site.quote_card import HEIGHT, WIDTH, Card
from onrecord.transcripts.redaction import BLANK

GAP = "___"
"""What a redacted word is on the card: its fonts have no BLANK."""

LONGEST_TITLE = 70
MOST_FURTHER = 20
"""Turns after the one that was chosen, whose sentences can be chosen too."""


@dataclass(frozen=True)
class Said:
    """Words that one person says. `speaker` is the name that the transcript has for them, or empty."""

    speaker: str
    words: str


@speaks(lambda view, _: view.language)
def page(view: EpisodeView, passage: PassageView) -> str:
    """The page of a passage: the words, who said them, the sound of just these words, and what became of them."""
    us = readmodel.publication()
    card = card_of(view, passage)
    shown, names = [Said(*one) for one in passage.shown_said], speakers(passage)
    return frame.page(
        "quote_page.html",
        title=f"{_quoted(view, frame.cut(passage.shown, LONGEST_TITLE))} · {names or view.title}",
        path=f"{passage.folder}/",
        language=view.language,
        description=passage.shown,
        heading=f"{names}: {view.title}" if names else view.title,
        episode=view,
        passage=passage,
        spoken_language=passage.language,
        direction_of_words=card.direction,
        said=shown,
        said_before=[Said(*one) for one in passage.said],
        speaker=names,
        quotation=_quotation(view, shown),
        show={"name": view.show.name, "link": us.link(view.show.path)},
        date=times.long_date(view.published_at, us.time_zone),
        date_iso=times.iso(view.published_at),
        time=digits(times.clock(passage.start_ms)),
        link=us.link(link_of(view, passage)),
        card={"url": us.url(card_path(view, passage)), "width": WIDTH, "height": HEIGHT},
        sound=sound(us, view, passage),
        label=view.transcript.label if view.transcript and passage.heard else "",
        corrections=corrections.of_words(us, view, passage.now),
    )


def by_speaker(view: EpisodeView, said: Sequence[tuple[int | None, str]]) -> list[Said]:
    """With the names that the transcript has."""
    return [Said(_name(view, speaker), words) for speaker, words in said]


def speakers(passage: PassageView) -> str:
    """Everybody who says some of the words, in their order."""
    return " · ".join(dict.fromkeys(name for name, _ in passage.shown_said if name))


def _quotation(view: EpisodeView, said: Sequence[Said]) -> str:
    """The words in quotation marks; those of several speakers after the name of each."""
    if len(said) == 1:
        return _quoted(view, said[0].words)
    return " ".join(f"{one.speaker}: {_quoted(view, one.words)}" if one.speaker else one.words for one in said)


def _quoted(view: EpisodeView, words: str) -> str:
    """In the marks of the page's language."""
    return quoted(isolated(words, view.language), view.language)


@speaks(lambda view, _: view.language)
def card_of(view: EpisodeView, passage: PassageView) -> Card:
    """What stands on the picture card of a passage."""
    us = readmodel.publication()
    return Card(
        said=tuple((name, words.replace(BLANK, GAP)) for name, words in passage.shown_said),
        source=view.title,
        when=digits(times.clock(passage.start_ms)) if passage.heard else "",
        publication=f"{view.show.name} · {times.long_date(view.published_at, us.time_zone)}",
        language=passage.language,
        direction=direction(passage.language),
        accent=on_paper(settings.ONRECORD.look.accent),
    )


def card_path(view: EpisodeView, passage: PassageView) -> str:
    """Where the card stands below public/."""
    return f"{passage.folder}/{card_of(view, passage).name}"


def link_of(view: EpisodeView, passage: PassageView) -> str:
    """To exactly these words on the episode's page, as they stand now; where they do not, to the moment; where their
    recording was replaced, to the page."""
    words = view.transcript
    if not passage.heard:
        return view.path
    if words and passage.now:
        id = words.anchors.at_word(passage.now.start)
        return f"{view.path}?passage={words.revision}.{passage.now.start}-{passage.now.stop}#{id}"
    id = words.anchors.at_time(passage.start_ms) if words else ""
    return f"{view.path}?passage={passage.revision}.{passage.first}-{passage.end}#{id}"


def _name(view: EpisodeView, index: int | None) -> str:
    names = {speaker.index: speaker.label for speaker in view.transcript.speakers} if view.transcript else {}
    return names.get(index, "") if index is not None else ""


@speaks(lambda view, *_, **__: view.language)
def form(view: EpisodeView, status: str, **context: Any) -> str:
    """The program's page: sentences to choose from (`sentences`), words to share (`text`, `token`), or a `problem`."""
    us = readmodel.publication()
    return frame.page(
        "quote_form.html",
        title=f"{view.title} · {view.show.name}",
        path="",
        canonical="",
        language=view.language,
        description="",
        heading=view.title,
        status=status,
        action=us.link(quote_menu.FORM),
        episode=view,
        back=us.link(view.path),
        spoken_language=view.transcript.language if view.transcript else view.language,
        **context,
    )


def turns_of(view: EpisodeView, turn: str, further: int = 0) -> list[dict[str, Any]]:
    """The turn that has this id (or holds the sentence that has it) and `further` ones, with their sentences.

    Of each sentence its text, the range of its words, and whether it is the one that was asked for.
    """
    words = view.transcript
    asked = next((start for start, id in words.anchors.ids.items() if id == turn), None) if words else None
    if not words or asked is None:
        return []
    starts = [*words.anchors.ids, len(words.tokens)]
    spans = [range(start, stop) for start, stop in pairwise(starts)]
    grouped = [(who, list(some)) for who, some in groupby(spans, lambda span: words.tokens[span.start].speaker)]
    first = next(at for at, (_, some) in enumerate(grouped) if asked < some[-1].stop)
    return [
        {
            "speaker": _name(view, speaker),
            "sentences": [
                {"range": f"{span.start}-{span.stop}", "text": words.text(span), "chosen": span.start == asked}
                for span in some
            ],
        }
        for speaker, some in grouped[first : first + 1 + min(further, MOST_FURTHER)]
    ]


def to_copy(view: EpisodeView, said: Sequence[Said], time: str, link: str) -> str:
    """A quotation as it is put into other texts: the words by speaker, where and when they were said, the link."""
    filled = quote_menu.copied(view)
    lines = [filled["said"].format(words=one.words, speaker=isolated(one.speaker, view.language)) for one in said]
    source = filled["from"].format(time=time, **{name: filled[name] for name in ("title", "show", "date")})
    return "\n".join([*(line.strip() for line in lines), source, link])


def sound(us: Publication, view: EpisodeView, passage: PassageView) -> list[dict[str, str]]:
    """A media fragment: browsers play just these seconds, without a script. None of another recording."""
    if not passage.heard:
        return []
    fragment = f"#t={passage.start_ms / 1000:g},{passage.end_ms / 1000:g}"
    both = [rendition for rendition in (view.mp3, view.opus) if rendition]
    return [{"link": us.link(one.path) + fragment, "type": one.source_type} for one in both]
