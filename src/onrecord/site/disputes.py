"""Disputes as readers see them: the card, in one fixed order, whatever came of it; and the words at the form."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, gettext_noop

from onrecord.discussion.models import Reason
from onrecord.lib import times
from onrecord.lib.html import escape
from onrecord.lib.language import digits, marked
from onrecord.passages.quote import Quotation
from onrecord.readmodel import EpisodeView, Publication
from onrecord.readmodel.discussion import CommentView, TieView
from onrecord.site import answers

REASONS = {
    Reason.FACT: gettext_noop("Factual error"),
    Reason.CONTEXT: gettext_noop("Missing context"),
    Reason.OUTDATED: gettext_noop("Outdated"),
    Reason.MISQUOTED: gettext_noop("Misquoted"),
    Reason.UNSUPPORTED: gettext_noop("Unsupported claim stated as fact"),
    Reason.OTHER: gettext_noop("Something else"),
    Reason.HEARD: gettext_noop("I hear something else"),
}


def reasons() -> list[tuple[str, str]]:
    """What a reader picks from, in the language that is spoken."""
    return [(str(reason), gettext(REASONS[reason])) for reason in REASONS if reason != Reason.HEARD]


def quoted(us: Publication, view: EpisodeView, words: Quotation) -> dict[str, Any]:
    """The words at the form: who says them, when, and the sound of just these."""
    fragment = f"#t={words.start_ms / 1000:g},{words.end_ms / 1000:g}"
    return {
        "said": words.text,
        "speaker": _speaker(view, words.speaker),
        "time": digits(times.clock(words.start_ms)),
        "sound": [
            {"link": us.link(one.path) + fragment, "type": one.source_type} for one in (view.mp3, view.opus) if one
        ],
        "language": view.transcript.language if view.transcript else view.language,
    }


def head(us: Publication, view: EpisodeView, comment: CommentView) -> str:
    """What stands above the words of a dispute: what it is, and the words that it is about, as they were and are. Above
    those of another comment, the words to which an editor tied it."""
    dispute = comment.dispute
    if dispute is None:
        return "".join(_tie(us, view, one) for one in comment.ties)
    kind = gettext("Transcript") if dispute.reason == Reason.HEARD else gettext("Dispute")
    whole, known = gettext("about the whole episode"), gettext("first-hand knowledge")
    about = "" if dispute.ties else f" · {escape(whole)}"
    own = f" · {escape(known)}" if dispute.first_hand else ""
    reason, stands = escape(gettext(REASONS[Reason(dispute.reason)])), answers.state(us, view, comment)
    label = f'<p class="kind"{marked(view.language)}><b>{escape(kind)}</b> · {reason}{about}{own} · {stands}</p>'
    return label + "".join(_tie(us, view, one) for one in dispute.ties)


def _tie(us: Publication, view: EpisodeView, tie: TieView) -> str:
    """The words as they were; beside them, where they are others now, those; where they are gone, that."""
    ui, spoken = marked(view.language), view.transcript.language if view.transcript else view.language
    who = f"<bdi>{escape(tie.speaker)}</bdi> · " if tie.speaker else ""
    where = f"<figcaption>{who}{_when(us, view, tie)}</figcaption>"
    words = f'<blockquote lang="{escape(spoken)}" dir="auto"><p>{escape(tie.words)}</p></blockquote>'
    made = f'<figure class="about-words">{words}'
    if tie.state in ("changed", "moved", "time") and tie.now_words != tie.words:
        by_time = gettext("These words are no longer in the transcript. At that time it says now:")
        now = escape(by_time if tie.state == "time" else gettext("As it stands now:"))
        made += f'<p class="now"><span{ui}>{now}</span> <q lang="{escape(spoken)}">{escape(tie.now_words)}</q></p>'
    elif not tie.now:
        said = gettext("These words are no longer in the transcript.")
        made += f'<p class="now"{ui}>{escape(said)}</p>'
    if tie.by_editor:
        said = gettext("Tied to these words by the editor.")
        made += f'<p class="now"{ui}>{escape(said)}</p>'
    return f"{made}{where}</figure>"


def _when(us: Publication, view: EpisodeView, tie: TieView) -> str:
    """A link to the moment, while the recording in which it was said is the one that readers hear."""
    if not tie.heard:
        return f"<span{marked(view.language)}>{escape(gettext('in an earlier recording'))}</span>"
    link = escape(f"{us.link(view.path)}?t={tie.start_ms // 1000}")
    return f'<a href="{link}">{digits(times.clock(tie.start_ms))}</a>'


def _speaker(view: EpisodeView, index: int | None) -> str:
    names = {one.index: one.label for one in view.transcript.speakers} if view.transcript else {}
    return names.get(index, "") if index is not None else ""
