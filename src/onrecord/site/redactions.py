"""That something was redacted, where and when, as readers see it: above the transcript, and a mark at the place."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from onrecord.lib import times
from onrecord.lib.html import escape
from onrecord.lib.language import digits, marked
from onrecord.readmodel import EpisodeView, Publication, RedactionView
from onrecord.transcripts.redaction import first_blank


def notes(us: Publication, view: EpisodeView) -> SafeString:
    """A line for each, in the order of the recording; nothing where nothing was redacted."""
    return format_html_join("\n", "{}", ((_note(us, view, one),) for one in view.redactions))


def _note(us: Publication, view: EpisodeView, one: RedactionView) -> SafeString:
    date = format_html('<time datetime="{}">{}</time>', times.iso(one.at), times.long_date(one.at, us.time_zone))
    words = escape(gettext("On %(date)s, what was said from %(start)s to %(end)s was redacted."))
    start, end = (digits(times.clock(moment)) for moment in (one.start_ms, one.end_ms))
    said = mark_safe(words % {"date": date, "start": start, "end": end})  # noqa: S308 made of numbers, escaped
    reason = format_html(" <bdi>{}</bdi>", one.reason) if one.reason else ""
    ui = mark_safe(marked(view.language))  # noqa: S308 an attribute of ours
    return format_html('<p class="label redaction" id="{}"{}>{}{}</p>', one.anchor, ui, said, reason)


def marks(view: EpisodeView) -> dict[int, str]:
    """By the index of a word: what stands behind its sentence. What one sees is not text of the transcript."""
    return dict(_marks(view))


def _marks(view: EpisodeView) -> Iterator[tuple[int, str]]:
    name = escape(gettext("redacted"))
    for one in view.redactions if view.transcript else ():
        word = first_blank(view.transcript.tokens, one.start_ms, one.end_ms) if view.transcript else None
        if word is not None:
            yield word, f'<a class="corrected" href="#{one.anchor}" data-name="{name}" aria-label="{name}"></a>'
