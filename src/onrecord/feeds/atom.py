"""Atom (RFC 4287) of a show's newest episodes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lxml import etree

from onrecord import readmodel
from onrecord.feeds.notes import as_html, as_text
from onrecord.lib import times
from onrecord.lib.language import speaks
from onrecord.lib.xml import written
from onrecord.readmodel import EpisodeView, Publication, ShowView

if TYPE_CHECKING:
    from onrecord.feeds.items import FeedItem

ATOM = "http://www.w3.org/2005/Atom"
XML = "http://www.w3.org/XML/1998/namespace"
LONGEST_SUMMARY = 4_000
"""Bytes, as in RSS."""

FEED_BEGINS, FEED_ENDS = f'<feed xmlns="{ATOM}">\n', "</feed>\n"
"""The lines between which the entries stand, which are written out by themselves."""

NEVER = "1970-01-01T00:00:00Z"
"""When a feed was updated that has nothing in it: Atom asks for a date, and the day of writing may not stand there."""


@speaks(lambda show, _: show.language)
def feed(show: ShowView, items: Sequence[FeedItem]) -> bytes:
    """A show's newest episodes, newest first."""
    us = readmodel.publication()
    root = _empty()
    root.set(f"{{{XML}}}lang", show.language)
    _add(root, "id", identity(show.podcast_guid))
    _add(root, "title", show.name)
    if show.description or us.description:
        _add(root, "subtitle", show.description or us.description)
    _add(root, "updated", times.iso(max(item.newest for item in items)) if items else NEVER)
    _add(root, "link", rel="self", type="application/atom+xml", href=us.url(show.atom))
    _add(root, "link", rel="alternate", type="text/html", href=us.url(show.path))
    _person(root, "author", us.owner or us.name, us.url(""))
    _add(root, "logo", us.url(show.artwork.path))
    if us.copyright:
        _add(root, "rights", us.copyright)
    head, end, nothing = written(root).decode().rpartition(FEED_ENDS)
    return (head + "".join(item.atom for item in items) + end + nothing).encode()


def entry(view: EpisodeView) -> str:
    """An episode as it stands in the feed, in the language that is spoken."""
    root = _empty()
    _entry(_add(root, "entry"), readmodel.publication(), view)
    return written(root).decode().partition(FEED_BEGINS)[2].rpartition(FEED_ENDS)[0]


def _empty() -> etree._Element:
    return etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})  # type: ignore[dict-item]  # the stubs know no default


def identity(guid: str) -> str:
    """A GUID as the IRI that Atom asks for; the same for ever, whatever another program once wrote.

    >>> identity("9B024349-ccf0-5f69-a609-6b82873eab3c"), identity("episode 7")
    ('urn:uuid:9b024349-ccf0-5f69-a609-6b82873eab3c', 'urn:uuid:c23ae026-114d-5cc1-98f9-567348398693')
    """
    try:
        return uuid.UUID(guid).urn
    except ValueError:
        return uuid.uuid5(uuid.NAMESPACE_URL, guid).urn


def _add(parent: etree._Element, name: str, content: str | None = None, /, **attributes: str) -> etree._Element:
    child = etree.SubElement(parent, f"{{{ATOM}}}{name}", {key.rstrip("_"): value for key, value in attributes.items()})
    child.text = content
    return child


def _person(parent: etree._Element, role: str, name: str, url: str) -> None:
    person = _add(parent, role)
    _add(person, "name", name)
    _add(person, "uri", url)


def _entry(entry: etree._Element, us: Publication, view: EpisodeView) -> None:
    url = us.url(view.path)
    entry.set(f"{{{XML}}}lang", view.language)
    _add(entry, "id", identity(view.guid))
    _add(entry, "title", view.title)
    _add(entry, "published", times.iso(view.published_at))
    _add(entry, "updated", times.iso(view.newest))
    _add(entry, "link", rel="alternate", type="text/html", href=url)
    for rendition in (view.mp3, view.opus, view.mp4):
        if rendition:
            size = str(rendition.size)
            _add(entry, "link", rel="enclosure", type=rendition.mime_type, length=size, href=rendition.url)
    for credit in view.credits:
        _person(
            entry, "author" if credit.role == "host" else "contributor", credit.person.name, us.url(credit.person.path)
        )
    for tag in view.tags:
        _add(entry, "category", term=tag.name)
    _add(entry, "summary", as_text(view, LONGEST_SUMMARY))
    _add(entry, "content", as_html(view), type="html")
