"""Comments as HTML, in threads; and what an episode's own page shows of its discussion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_noop, ngettext

from onrecord.discussion.text import MOMENT
from onrecord.lib import times
from onrecord.lib.headers import ANNOTATIONS
from onrecord.lib.html import escape
from onrecord.lib.language import marked, number
from onrecord.readmodel import CommentView, EpisodeView, Publication
from onrecord.readmodel import discussion as model
from onrecord.site import answers, disputes, references

FORM = "discuss/"
"""Where the program answers, below the site's address."""

DEEPEST = 4
"""Replies are set in under what they answer this many times; deeper ones stand below each other."""

EXCERPT = 1_500
"""Characters of a long comment that the episode's page shows; all of it stands on the page of the discussion."""

GONE = {
    "withdrawn": gettext_noop("This comment was withdrawn by its writer."),
    "spam": gettext_noop("This comment was removed: it was advertising."),
    "held": gettext_noop("This comment is being read once more."),
    "returned": gettext_noop("This comment was returned to its writer."),
    "removed": gettext_noop("This comment was removed for legal reasons."),
    "restricted": gettext_noop("This comment is hidden for legal reasons."),
}
"""What a comment's place says when it is there no more."""

Threads = Mapping[int | None, Sequence[CommentView]]


def section(us: Publication, view: EpisodeView) -> dict[str, Any]:
    """What stands of the discussion on the episode's own page; nothing when there is none and none can begin."""
    talk = view.discussion
    if not talk.last_number and not model.is_open():
        return {}
    return {
        "count": _count(talk.published) if talk.last_number else "",
        "comments": listed(us, view, talk.latest, excerpts=True),
        "all": us.link(f"{view.folder}/{model.folder_of(1)}") if talk.last_number > len(talk.latest) else "",
        "own": us.link(f"{view.folder}/{model.folder_of(1)}") if talk.last_number else "",
        "annotations": for_programs(us, view) if talk.last_number else {},
        "write": write_link(us, view),
        "dispute": dispute_link(us, view),
    }


def for_programs(us: Publication, view: EpisodeView) -> dict[str, str]:
    """Where programs find the discussion as W3C annotations."""
    return {"type": ANNOTATIONS, "link": us.link(model.annotations_of(view.key))}


def write_link(us: Publication, view: EpisodeView, to: int | None = None) -> str:
    """Where a comment is written, or a reply to one; empty when nobody may."""
    if not model.is_open():
        return ""
    asked = {"episode": view.key} | ({"to": str(to)} if to else {})
    return us.link(f"{FORM}?{urlencode(asked)}")


def notice_link(us: Publication, view: EpisodeView, number: int | None = None) -> str:
    """Where somebody says that an episode, or a comment of it, is against the law: also when nobody may write."""
    asked = {"episode": view.key} | ({"comment": str(number)} if number else {})
    return us.link(f"{FORM}notice/?{urlencode(asked)}")


def dispute_link(us: Publication, view: EpisodeView, kind: str = "1") -> str:
    """Where the episode is disputed, or, with `revision` and `words` put to it, words of it; empty when nobody may."""
    return us.link(f"{FORM}?{urlencode({'episode': view.key, 'dispute': kind})}") if model.is_open() else ""


def marks(us: Publication, view: EpisodeView) -> dict[int, str]:
    """By the index of a word: what stands behind its sentence, because it is disputed. Without text of its own."""
    found = {}
    for word, numbers in view.discussion.marks.items():
        link = escape(us.link(model.permalink(view.folder, numbers[0])))
        states = [view.discussion.disputes.get(n) for n in numbers]
        answered = all(state is not None and state.answered for state in states)
        said = gettext("Disputed and answered: %(numbers)s") if answered else gettext("Disputed: %(numbers)s")
        label = escape(said % {"numbers": ", ".join(f"#{number(n)}" for n in numbers)})
        kind = "disputed answered" if answered else "disputed"
        found[word] = f'<a class="{kind}" href="{link}" aria-label="{label}"></a>'
    return found


def _count(comments: int) -> str:
    return ngettext("%(number)s comment", "%(number)s comments", comments) % {"number": number(comments)}


# ── comments as HTML ────────────────────────────────────────────────────────────────────────────────────────────────


def listed(us: Publication, view: EpisodeView, comments: Sequence[CommentView], excerpts: bool = False) -> SafeString:
    """Threads, in the order of their numbers. Plain strings: a template for each would take several times as long."""
    if not comments:
        return mark_safe("")
    made = _Comments(us, view, model.threads(comments), excerpts)
    return mark_safe(f'<ol class="comments">{made.thread(None, 1)}</ol>')  # noqa: S308 escaped below


class _Comments:
    def __init__(self, us: Publication, view: EpisodeView, threads: Threads, excerpts: bool) -> None:
        self.us, self.view, self.threads, self.excerpts = us, view, threads, excerpts
        self.ui = marked(view.language)
        self.player = f'<a href="{escape(us.link(view.path))}{MOMENT}'

    def thread(self, parent: int | None, depth: int) -> str:
        """The replies to a comment, with those to them; what is too deep follows instead of being set in."""
        made = []
        for comment in self.threads.get(parent, ()):
            inner = self.thread(comment.number, min(depth + 1, DEEPEST))
            below = f'<ol class="comments">{inner}</ol>' if inner and depth < DEEPEST else ""
            made.append(f"<li>{self.comment(comment)}{below}</li>{'' if below else inner}")
        return "\n".join(made)

    def comment(self, comment: CommentView) -> str:
        """One comment, or its tombstone."""
        link = escape(self.us.link(model.permalink(self.view.folder, comment.number)))
        place = f'<a class="number" href="{link}">#{number(comment.number)}</a>'
        if comment.gone:
            said = f'<p class="gone"{self.ui}>{place} {escape(gettext(GONE[comment.gone]))}{self._since(comment)}</p>'
            if comment.gone_reason:
                said += f'<p class="gone" dir="auto">{escape(comment.gone_reason)}</p>'
            said += self._said_to(comment, link)
            return f'<article class="comment" id="{comment.anchor}">{said}</article>'
        date = self._day(comment.published)
        who = f'<header{self.ui}><b><bdi>{escape(comment.name)}</bdi></b> <a href="{link}">{date}</a> {place}</header>'
        said = f'<div class="said" dir="auto">{self._words(comment, link)}</div>'
        about = disputes.head(self.us, self.view, comment)
        cited = references.below(self.us, comment.references, self.view.language)
        said = f"{about}{said}{cited}{self._said_to(comment, link)}"
        return f'<article class="comment" id="{comment.anchor}">{who}{said}{self._foot(comment)}</article>'

    def _day(self, at: datetime) -> str:
        return f'<time datetime="{times.iso(at)}">{times.long_date(at, self.us.time_zone)}</time>'

    def _since(self, comment: CommentView) -> str:
        return f" · {self._day(comment.gone_since)}" if comment.gone_since else ""

    def _said_to(self, comment: CommentView, link: str) -> str:
        if self.excerpts:
            return answers.short(self.view, comment, link)
        return answers.listed(self.us, self.view, comment)

    def _words(self, comment: CommentView, link: str) -> str:
        """Time codes lead into the player, which is on the episode's page."""
        html = comment.html
        if self.excerpts and len(comment.text) > EXCERPT:
            short = " ".join(comment.text[:EXCERPT].split(" ")[:-1]) or comment.text[:EXCERPT]
            paragraphs = "".join(f"<p>{escape(part)}</p>" for part in short.split("\n\n") if part.strip())
            on = escape(gettext("Read all of it"))
            return f'{paragraphs}<p{self.ui}><a href="{link}">{on}</a></p>'
        return html.replace(f'<a href="{MOMENT}', self.player)

    def _foot(self, comment: CommentView) -> str:
        notes = []
        if comment.to:
            notes.append(self._reference(gettext("in reply to %(number)s"), comment.to))
        notes += [self._reference(gettext("answered in %(number)s"), other) for other in comment.elsewhere]
        if comment.edited:
            notes.append(escape(gettext("edited")))
        deeds = []  # not for paper
        reply = write_link(self.us, self.view, comment.number)
        if reply:
            label = escape(gettext("Reply to #%(number)s") % {"number": number(comment.number)})
            words = escape(gettext("Reply"))
            deeds.append(f'<a class="reply" rel="nofollow" href="{escape(reply)}" aria-label="{label}">{words}</a>')
        label = escape(gettext("Report #%(number)s: it is against the law") % {"number": number(comment.number)})
        report, words = escape(notice_link(self.us, self.view, comment.number)), escape(gettext("Report"))
        deeds.append(f'<a class="report" rel="nofollow" href="{report}" aria-label="{label}">{words}</a>')
        lead = " · " if notes else ""
        return f'<footer{self.ui}>{" · ".join(notes)}<span class="deeds">{lead}{" · ".join(deeds)}</span></footer>'

    def _reference(self, words: str, other: int) -> str:
        link = escape(self.us.link(model.permalink(self.view.folder, other)))
        return escape(words).replace("%(number)s", f'<a href="{link}">#{number(other)}</a>')


def shown(us: Publication, view: EpisodeView, clean: str) -> SafeString:
    """The clean HTML of a comment, for a page of this episode."""
    player = f'<a href="{escape(us.link(view.path))}{MOMENT}'
    return mark_safe(clean.replace(f'<a href="{MOMENT}', player))  # noqa: S308 made by discussion.text
