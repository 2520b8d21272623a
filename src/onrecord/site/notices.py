"""The pages at which somebody says that something is against the law, and at which a comment's writer answers that."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from onrecord import readmodel
from onrecord.lib.language import speaks
from onrecord.readmodel import EpisodeView
from onrecord.readmodel import discussion as model
from onrecord.site import assets, discussion, frame
from onrecord.site.comments import FORM, notice_link


@speaks(lambda view, *_, **__: view.language if view else readmodel.publication().language)
def form(view: EpisodeView | None, **context: Any) -> str:
    """The form of a notice about an episode or a comment of it; without an episode it asks for the address."""
    return _page("notice_form.html", view, **context)


@speaks(lambda view, *_, **__: view.language)
def note(view: EpisodeView, status: str, **context: Any) -> str:
    """What became of a notice, or a question with buttons: `status` says which."""
    return _page("notice_note.html", view, status=status, **context)


def about(view: EpisodeView, number_: int) -> dict[str, Any]:
    """A comment as the forms repeat it; empty when nothing of it is there any more."""
    found = next(iter(model.comments(view.id, number_, number_)), None)
    return discussion.quoted(view, found) if found and not found.gone else {}


def _page(template: str, view: EpisodeView | None, **context: Any) -> str:
    us = readmodel.publication()
    return frame.page(
        template,
        title=f"{gettext('Report something illegal')} · {view.title if view else us.name}",
        path="",
        canonical="",
        language=view.language if view else us.language,
        description="",
        episode=view,
        back=us.link(view.path if view else ""),
        form_style=us.link(assets.address("discuss.css")),
        notice_link=notice_link(us, view) if view else us.link(f"{FORM}notice/"),
        **context,
    )
