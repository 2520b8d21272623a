"""The pages of a discussion, and the forms at which comments are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.safestring import mark_safe
from django.utils.translation import gettext, ngettext

from onrecord import readmodel
from onrecord.discussion import outcomes
from onrecord.discussion.models import Returned
from onrecord.lib.language import number, speaks
from onrecord.readmodel import CommentView, EpisodeView, Publication
from onrecord.readmodel import discussion as model
from onrecord.site import answers, assets, disputes, frame, linked_data, references
from onrecord.site.comments import FORM, for_programs, listed, notice_link, shown, write_link


@speaks(lambda view, *_: view.language)
def page(view: EpisodeView, page: int, comments: Sequence[CommentView]) -> str:
    """One page of a discussion, 100 numbers long."""
    us = readmodel.publication()
    talk = view.discussion
    path = f"{view.folder}/{model.folder_of(page)}"
    return frame.page(
        "discussion_page.html",
        title=f"{gettext('Discussion')} · {view.title} · {view.show.name}",
        path=path,
        language=view.language,
        description=view.standfirst,
        heading=view.title,
        episode=view,
        back=us.link(view.path),
        show={"name": view.show.name, "link": us.link(view.show.path)},
        feed=us.link(f"{view.folder}/{model.folder_of(1)}atom.xml"),
        annotations=for_programs(us, view),
        comments=listed(us, view, comments),
        counts=_counts(view),
        pages=_pages(us, view, page) if talk.pages > 1 else [],
        write=write_link(us, view),
        notice_link=notice_link(us, view),
        log=us.link("discussion/log.json"),
        linked_data=linked_data.discussion(view, path, comments),
    )


def _counts(view: EpisodeView) -> list[str]:
    talk = view.discussion
    answered = ngettext("%(number)s answered", "%(number)s answered", talk.answered)
    reasons = ", ".join(
        f"{gettext(outcomes.RETURNED[Returned(why)])}: {number(count)}" for why, count in talk.returned_for.items()
    )
    returned = ngettext("%(number)s returned", "%(number)s returned", talk.returned)
    return [
        gettext("%(number)s received") % {"number": number(talk.received)},
        gettext("%(number)s published") % {"number": number(talk.published)},
        answered % {"number": number(talk.answered)},
        returned % {"number": number(talk.returned)} + (f" ({reasons})" if reasons else ""),
    ]


def _pages(us: Publication, view: EpisodeView, here: int) -> list[dict[str, Any]]:
    """The ways to all pages, each by the numbers that it has."""
    last = view.discussion.last_number
    return [
        {
            "name": f"{number(first)}–{number(min(first + model.PAGE - 1, last))}",
            "link": us.link(f"{view.folder}/{model.folder_of(model.page_of(first))}"),
            "here": model.page_of(first) == here,
        }
        for first in range(1, last + 1, model.PAGE)
    ]


# ── forms ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@speaks(lambda view, *_, **__: view.language)
def form(view: EpisodeView, **context: Any) -> str:
    """The form at which a comment is written or edited; `problems` stand on top of it, all that was typed within."""
    us = readmodel.publication()
    return _program_page("discuss_form.html", us, view, **{"action": us.link(FORM)} | context)


@speaks(lambda view, *_, **__: view.language)
def statement(view: EpisodeView, comment: CommentView, **context: Any) -> str:
    """The form at which a dispute is replied to, below all that was said so far; or what became of such a reply."""
    us = readmodel.publication()
    said = shown(us, view, comment.html)
    cited = references.below(us, comment.references, view.language)
    head, below = disputes.head(us, view, comment), answers.listed(us, view, comment)
    card = f'{head}<div class="said" dir="auto">{said}</div>{cited}{below}'
    return _program_page(
        "discuss_statement.html",
        us,
        view,
        number=number(comment.number),
        name=comment.name,
        card=mark_safe(card),  # noqa: S308 each part is clean or escaped
        **context,
    )


@speaks(lambda view, *_, **__: view.language)
def note(view: EpisodeView, status: str, **context: Any) -> str:
    """What became of a comment, or a question with a button: `status` says which."""
    return _program_page("discuss_note.html", readmodel.publication(), view, status=status, **context)


def _program_page(template: str, us: Publication, view: EpisodeView, **context: Any) -> str:
    return frame.page(
        template,
        title=f"{gettext('Discussion')} · {view.title}",
        path="",
        canonical="",
        language=view.language,
        description="",
        heading=view.title,
        episode=view,
        back=us.link(view.path),
        form_style=us.link(assets.address("discuss.css")),
        **context,
    )


@speaks(lambda view, *_: view.language)
def quoted(view: EpisodeView, comment: CommentView) -> dict[str, Any]:
    """A comment that is replied to, as the form repeats it."""
    us = readmodel.publication()
    return {
        "number": number(comment.number),
        "name": comment.name,
        "link": us.link(model.permalink(view.folder, comment.number)),
        "html": shown(us, view, comment.html),
    }
