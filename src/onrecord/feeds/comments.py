"""What programs read of discussions: an Atom feed of an episode's comments (RFC 4287, RFC 4685), and the public log."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from onrecord import readmodel
from onrecord.discussion import log as events
from onrecord.discussion.text import MOMENT
from onrecord.feeds.atom import ATOM, XML, identity
from onrecord.feeds.record import compact
from onrecord.lib import times
from onrecord.lib.html import escape
from onrecord.lib.language import speaks
from onrecord.readmodel import CommentView, EpisodeView, Publication
from onrecord.readmodel.discussion import folder_of, permalink

THREADS = "http://purl.org/syndication/thread/1.0"


@speaks(lambda view, _: view.language)
def feed(view: EpisodeView, comments: Sequence[CommentView]) -> bytes:
    """The newest comments of an episode, newest first."""
    us = readmodel.publication()
    names = {None: ATOM, "thr": THREADS}
    root = etree.Element(f"{{{ATOM}}}feed", nsmap=names)  # type: ignore[arg-type]  # the stubs know no default
    root.set(f"{{{XML}}}lang", view.language)
    _add(root, "id", f"{identity(view.guid)}#discussion")
    _add(root, "title", view.title)
    dates = [date for one in comments for date in (one.published, one.edited) if date]
    _add(root, "updated", times.iso(max(dates, default=view.published_at)))
    page = us.url(f"{view.folder}/{folder_of(1)}")
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{page}atom.xml")
    _add(root, "link", rel="alternate", type="text/html", href=page)
    for comment in comments:
        if not comment.gone:
            _entry(_add(root, "entry"), us, view, comment)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)


def _entry(entry: etree._Element, us: Publication, view: EpisodeView, comment: CommentView) -> None:
    _add(entry, "id", _id(view, comment.number))
    _add(entry, "title", f"#{comment.number} · {comment.name}")
    _add(entry, "published", times.iso(comment.published))
    _add(entry, "updated", times.iso(comment.edited or comment.published))
    _add(_add(entry, "author"), "name", comment.name)
    _add(entry, "link", rel="alternate", type="text/html", href=us.url(permalink(view.folder, comment.number)))
    to = comment.to
    attributes = {"ref": _id(view, to or 0), "href": us.url(permalink(view.folder, to or 0))}
    if not to:
        attributes = {"ref": identity(view.guid), "href": us.url(view.path)}
    etree.SubElement(entry, f"{{{THREADS}}}in-reply-to", attributes)
    _add(entry, "content", content(us, view, comment), type="html")


def content(us: Publication, view: EpisodeView, comment: CommentView) -> str:
    """Its words as clean HTML, with times that lead into the player."""
    return comment.html.replace(f'<a href="{MOMENT}', f'<a href="{escape(us.url(view.path))}{MOMENT}')


def _id(view: EpisodeView, number: int) -> str:
    return f"{identity(view.guid)}#c{number}"


def _add(parent: etree._Element, name: str, content: str | None = None, /, **attributes: str) -> etree._Element:
    child = etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    child.text = content
    return child


def log(path: str) -> bytes:
    """A file of the log of discussions: some of its events, or, at its beginning, what there is of them."""
    us = readmodel.publication()
    if path != events.FILE:
        page = int(path.rpartition("/")[2].removesuffix(".json"))
        return compact({"events": events.lines(page)})
    newest = events.lines(events.page_count())[-1:]
    return compact(
        {
            "events": newest[0]["number"] if newest else 0,
            "newest": newest[0]["hash"] if newest else "",
            "files": [us.url(events.file_of(page)) for page in range(1, events.page_count() + 1)],
        }
    )
