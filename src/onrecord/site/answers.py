"""What stands below the words of a comment: answer, guest's reply, rejoinder, outcome. In this order, and looking the
same whatever came of it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext, gettext_noop

from onrecord.discussion import outcomes
from onrecord.discussion.models import Outcome, Part
from onrecord.discussion.text import MOMENT
from onrecord.lib import times
from onrecord.lib.html import escape
from onrecord.lib.language import marked, number
from onrecord.readmodel import CommentView, EpisodeView, Publication
from onrecord.readmodel import discussion as model
from onrecord.readmodel.corrections import FOLDER as CORRECTIONS
from onrecord.readmodel.discussion import AnswerView, EarlierAnswer, StatementView
from onrecord.site import references

HEADINGS = {
    Part.REPLY: gettext_noop("The guest's reply"),
    Part.REJOINDER: gettext_noop("Rejoinder"),
}


def state(us: Publication, view: EpisodeView, comment: CommentView) -> str:
    """Where a dispute stands, and since when: "waiting for an answer since 3 November 2026"."""
    answer = comment.answer
    if answer is None:
        return _dated(us, gettext("waiting for an answer since %(date)s"), comment.published)
    if answer.closed is None:
        return _dated(us, gettext("answered on %(date)s"), answer.at)
    closed = _dated(us, gettext("closed on %(date)s"), answer.closed)
    return f"{closed} · {escape(outcomes.in_words(answer.outcome, answer.duplicate_of))}"


def short(view: EpisodeView, comment: CommentView, link: str) -> str:
    """For the episode's own page: that there is an answer, and the way to it."""
    if comment.answer is None:
        return ""
    words = escape(gettext("Read the answer"))
    return f'<p class="to-answer"{marked(view.language)}><a href="{link}">{words}</a></p>'


def listed(us: Publication, view: EpisodeView, comment: CommentView) -> str:
    """All that was said to a comment, and what came of it."""
    answer = comment.answer
    said = [_answer(us, view, comment, answer)] if answer and answer.html else []
    said += [_statement(us, view, comment, one) for one in (comment.reply, comment.rejoinder) if one]
    return "".join([*said, _outcome(us, view, comment, answer) if answer and answer.outcome else ""])


def _answer(us: Publication, view: EpisodeView, comment: CommentView, answer: AnswerView) -> str:
    earlier = [one for one in answer.earlier if one.html and one.html != answer.html]
    changed = ""
    if earlier:
        on = gettext("changed on %(date)s")
        changed = f" · {_dated(us, on, earlier[-1].until)}"
    words = _words(us, view, answer.html) + references.below(us, answer.references, view.language)
    before = "".join(_earlier(us, view, one) for one in reversed(earlier))
    return _said(us, view, comment, "answer", gettext("Answer"), answer.name, answer.at, words + before, changed)


def _earlier(us: Publication, view: EpisodeView, one: EarlierAnswer) -> str:
    label = _dated(us, gettext("Earlier wording, until %(date)s"), one.until)
    words = _words(us, view, one.html)
    return f'<details class="earlier"><summary{marked(view.language)}>{label}</summary>{words}</details>'


def _statement(us: Publication, view: EpisodeView, comment: CommentView, one: StatementView) -> str:
    heading = gettext(HEADINGS[Part(one.part)])
    words = _words(us, view, one.html) + references.below(us, one.references, view.language)
    return _said(us, view, comment, one.part, heading, one.name, one.published, words)


def _said(
    us: Publication,
    view: EpisodeView,
    comment: CommentView,
    part: str,
    heading: str,
    name: str,
    date: datetime,
    words: str,
    more: str = "",
) -> str:
    anchor = f"{comment.anchor}-{part}"
    link = escape(us.link(model.permalink(view.folder, comment.number)) + f"-{part}")
    when = f'<a href="{link}">{_date(us, date)}</a>'
    who = f"<b>{escape(heading)}</b> <bdi>{escape(name)}</bdi> {when}{more}"
    return f'<div class="answer" id="{anchor}"><header{marked(view.language)}>{who}</header>{words}</div>'


def _outcome(us: Publication, view: EpisodeView, comment: CommentView, answer: AnswerView) -> str:
    what = escape(outcomes.in_words(answer.outcome))
    if answer.duplicate_of:
        link = escape(us.link(model.permalink(view.folder, answer.duplicate_of)))
        what += f' (<a href="{link}">#{number(answer.duplicate_of)}</a>)'
    if answer.correction:
        link, name = escape(us.link(f"{CORRECTIONS}{answer.correction}/")), escape(gettext("Correction"))
        what += f' (<a href="{link}">{name} #{number(answer.correction)}</a>)'
    if answer.outcome == Outcome.TRANSCRIPT and answer.old_revision and answer.new_revision:
        revisions = gettext("revision %(old)s became %(new)s") % {
            "old": number(answer.old_revision),
            "new": number(answer.new_revision),
        }
        what += f" ({escape(revisions)})"
    date = _date(us, answer.closed) if answer.closed else ""
    ui, heading = marked(view.language), escape(gettext("Outcome"))
    head = f"<p{ui}><b>{heading}</b> {what} · {date}</p>"
    reason = f'<p class="reason" dir="auto">{_lines(answer.reason)}</p>'
    before = "".join(_before(us, view, one) for one in _others(answer))
    return f'<div class="outcome" id="{comment.anchor}-outcome">{head}{reason}{before}</div>'


def _others(answer: AnswerView) -> list[EarlierAnswer]:
    """Outcomes and reasons that were replaced, the newest first."""
    now = (answer.outcome, answer.reason)
    return [one for one in reversed(answer.earlier) if one.outcome and (one.outcome, one.reason) != now]


def _before(us: Publication, view: EpisodeView, one: EarlierAnswer) -> str:
    until = _dated(us, gettext("until %(date)s"), one.until)
    what = escape(outcomes.in_words(one.outcome))
    ui = marked(view.language)
    return f'<p class="before"><span{ui}>{until}: {what}.</span> <bdi dir="auto">{escape(one.reason)}</bdi></p>'


def _words(us: Publication, view: EpisodeView, html: str) -> str:
    player = f'<a href="{escape(us.link(view.path))}{MOMENT}'
    return f'<div class="said" dir="auto">{html.replace(f"""<a href="{MOMENT}""", player)}</div>'


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _dated(us: Publication, words: str, moment: datetime) -> str:
    return escape(words).replace("%(date)s", _date(us, moment))


def _date(us: Publication, moment: datetime) -> str:
    return f'<time datetime="{times.iso(moment)}">{escape(times.long_date(moment, us.time_zone))}</time>'
