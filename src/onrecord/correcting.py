"""Corrections as a publisher makes them, from the command line and in the studio: words are chosen by their time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from onrecord.catalogue.models import Episode
from onrecord.discussion import corrections
from onrecord.discussion.corrections import CorrectionDraft
from onrecord.discussion.models import Comment, Correction, CorrectionKind
from onrecord.discussion.text import second_of
from onrecord.lib.errors import BadInput
from onrecord.lib.times import clock, iso
from onrecord.passages import quote
from onrecord.passages.quote import Quotation


@dataclass(frozen=True)
class Typed:
    """What a publisher gives. `at` and `to` are time codes; without them it is about the words of the comment that it
    answers (its number), or about the whole episode."""

    kind: str
    text: str
    at: str = ""
    to: str = ""
    comment: int | None = None
    credit: str = ""


def publish(episode: Episode, typed: Typed, by: str) -> Correction:
    """Publish a correction. Raises BadInput."""
    if typed.kind not in CorrectionKind.values:
        raise BadInput(f"There is no such kind of correction: it is one of {', '.join(CorrectionKind.values)}.")
    words = words_of(episode, typed.at, typed.to)
    comment = answered(episode, typed.comment) if typed.comment is not None else None
    draft = CorrectionDraft(
        episode,
        CorrectionKind(typed.kind),
        typed.text,
        comment=comment,
        passages=corrections.passages_of(comment) if comment and not words else (),
        quotation=words,
        credit=typed.credit,
    )
    return corrections.publish(draft, by)


def words_of(episode: Episode, at: str, to: str) -> Quotation | None:
    """The sentences that are said from one time code to another, or at the first alone; None without any."""
    if not at.strip():
        if to.strip():
            raise BadInput("Say when the words begin too: --at 12:34.")
        return None
    start = _second(at)
    end = _second(to) if to.strip() else start
    if end < start:
        raise BadInput(f"The words end at {to.strip()}, before they begin at {at.strip()}.")
    sound = episode.recordings.filter(current=True).values_list("duration_ms", flat=True).first()
    if sound and start * 1000 > sound:
        raise BadInput(f"Nothing is said at {at.strip()}: the recording ends at {clock(sound)}.")
    return quote.said_at(episode, start * 1000 + 999, end * 1000)


def _second(typed: str) -> int:
    second = second_of(typed)
    if second is None:
        raise BadInput(f"{typed.strip()[:40]!r} is no time: write it like 12:34 or 1:02:03.")
    return second


def answered(episode: Episode, number: int) -> Comment:
    """The comment of an episode that has this number. Raises BadInput."""
    found = Comment.objects.select_related("episode__show").filter(episode=episode, number=number).first()
    if found is None:
        raise BadInput(f"There is no comment #{number} on “{episode.title[:100]}”.")
    return found


def listed(episode: Episode | None) -> Iterator[str]:
    """All corrections, or those of an episode, the newest first, each with the words that it is about."""
    rows = Correction.objects.select_related("episode__show").prefetch_related("passages").order_by("-number")
    for one in rows.filter(episode=episode) if episode else rows:
        state = f"  withdrawn {iso(one.withdrawn)}" if one.withdrawn else ""
        yield f"#{one.number}  {iso(one.published)}  {one.get_kind_display()}  {one.episode.folder}{state}"
        yield from (f"    at {clock(words.start_ms)}: {words.words}" for words in one.passages.all())
        yield from (f"    {line}" for line in one.text.splitlines() if line.strip())
