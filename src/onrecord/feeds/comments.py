"""What programs read of discussions: an Atom feed of an episode's comments (RFC 4287, RFC 4685), and the public log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext
from lxml import etree

from onrecord import readmodel
from onrecord.discussion import log as events
from onrecord.discussion import outcomes
from onrecord.discussion.text import MOMENT
from onrecord.feeds.atom import ATOM, XML, identity
from onrecord.feeds.record import compact
from onrecord.lib import times
from onrecord.lib.html import escape
from onrecord.lib.language import speaks
from onrecord.lib.xml import written
from onrecord.readmodel import CommentView, EpisodeView, Publication
from onrecord.readmodel.discussion import PAGE, folder_of, permalink

THREADS = "http://purl.org/syndication/thread/1.0"


@speaks(lambda view, _: view.language)
def feed(view: EpisodeView, comments: Sequence[CommentView]) -> bytes:
    """The newest comments of an episode, answers, replies and rejoinders, the newest first."""
    us = readmodel.publication()
    names = {None: ATOM, "thr": THREADS}
    root = etree.Element(f"{{{ATOM}}}feed", nsmap=names)  # type: ignore[arg-type]  # the stubs know no default
    root.set(f"{{{XML}}}lang", view.language)
    _add(root, "id", f"{identity(view.guid)}#discussion")
    _add(root, "title", view.title)
    _add(root, "updated", times.iso(max((one.newest for one in comments), default=view.published_at)))
    page = us.url(f"{view.folder}/{folder_of(1)}")
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{page}atom.xml")
    _add(root, "link", rel="alternate", type="text/html", href=page)
    made = [one for comment in comments for one in _entries(us, view, comment)]
    made.sort(key=lambda entry: entry.published, reverse=True)
    for entry in made[:PAGE]:
        _write(_add(root, "entry"), us, view, entry)
    return written(root)


@dataclass(frozen=True)
class _Entry:
    """A comment, or what was said to one: `to` is the id and the address of what it answers."""

    id: str
    title: str
    name: str
    published: datetime
    updated: datetime
    html: str
    link: str
    to: tuple[str, str]


def _entries(us: Publication, view: EpisodeView, comment: CommentView) -> Iterator[_Entry]:
    id, link = _id(view, comment.number), us.url(permalink(view.folder, comment.number))
    number = f"#{comment.number}"
    headings = {
        "answer": gettext("Answer"),
        "reply": gettext("The guest's reply"),
        "rejoinder": gettext("Rejoinder"),
    }
    if not comment.gone:
        to = (identity(view.guid), us.url(view.path))
        if comment.to:
            to = (_id(view, comment.to), us.url(permalink(view.folder, comment.to)))
        title, updated = f"{number} · {comment.name}", comment.edited or comment.published
        yield _Entry(id, title, comment.name, comment.published, updated, comment.html, link, to)
    answer = comment.answer
    if answer is not None:
        title, html = f"{number} · {headings['answer']} · {answer.name}", answer.html
        if answer.outcome:
            outcome = outcomes.in_words(answer.outcome, answer.duplicate_of)
            title = f"{title} · {outcome}"
            html += f"<p><b>{escape(outcome)}</b>: {escape(answer.reason)}</p>"
        place = f"{link}-answer" if answer.html else f"{link}-outcome"
        yield _Entry(f"{id}-answer", title, answer.name, answer.at, answer.newest, html, place, (id, link))
    for said in (comment.reply, comment.rejoinder):
        if said is not None:
            title, anchor = f"{number} · {headings[said.part]} · {said.name}", f"-{said.part}"
            at = said.published
            yield _Entry(id + anchor, title, said.name, at, at, said.html, link + anchor, (id, link))


def _write(entry: etree._Element, us: Publication, view: EpisodeView, said: _Entry) -> None:
    _add(entry, "id", said.id)
    _add(entry, "title", said.title)
    _add(entry, "published", times.iso(said.published))
    _add(entry, "updated", times.iso(said.updated))
    _add(_add(entry, "author"), "name", said.name)
    _add(entry, "link", rel="alternate", type="text/html", href=said.link)
    etree.SubElement(entry, f"{{{THREADS}}}in-reply-to", {"ref": said.to[0], "href": said.to[1]})
    _add(entry, "content", content(us, view, said.html), type="html")


def content(us: Publication, view: EpisodeView, html: str) -> str:
    """Clean HTML of a comment, with times that lead into the player."""
    return html.replace(f'<a href="{MOMENT}', f'<a href="{escape(us.url(view.path))}{MOMENT}')


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
