"""The publication's corrections as Atom (RFC 4287), the newest first."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext
from lxml import etree

from onrecord import readmodel
from onrecord.feeds.atom import ATOM, NEVER, XML, identity
from onrecord.lib import language, times
from onrecord.lib.html import escape
from onrecord.lib.language import speaks
from onrecord.lib.xml import written
from onrecord.readmodel import CorrectionView, Publication
from onrecord.readmodel.corrections import FOLDER


@speaks(lambda _: readmodel.publication().language)
def feed(corrections: Sequence[CorrectionView]) -> bytes:
    """An entry each. One that was changed or withdrawn has that date, and says it."""
    us = readmodel.publication()
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})  # type: ignore[dict-item]  # the stubs know no default
    root.set(f"{{{XML}}}lang", us.language)
    _add(root, "id", us.url(FOLDER))
    _add(root, "title", f"{gettext('Corrections')} · {us.name}")
    _add(root, "updated", times.iso(max(one.newest for one in corrections)) if corrections else NEVER)
    _add(root, "link", rel="self", type="application/atom+xml", href=us.url(f"{FOLDER}atom.xml"))
    _add(root, "link", rel="alternate", type="text/html", href=us.url(FOLDER))
    _add(_add(root, "author"), "name", us.owner or us.name)
    for one in corrections:
        with language.speaking(one.language):
            _entry(_add(root, "entry"), us, one)
    return written(root)


def _entry(entry: etree._Element, us: Publication, one: CorrectionView) -> None:
    entry.set(f"{{{XML}}}lang", one.language)
    name = f"{one.name} #{one.number}"
    _add(entry, "id", identity(one.key))
    _add(entry, "title", f"{name} · {one.title}" if one.title else name)
    _add(entry, "published", times.iso(one.published))
    _add(entry, "updated", times.iso(one.newest))
    _add(entry, "link", rel="alternate", type="text/html", href=us.url(one.address))
    if one.path:
        _add(entry, "link", rel="related", type="text/html", href=us.url(f"{one.path}#{one.anchor}"))
    _add(entry, "category", term=one.kind, label=one.name)
    _add(entry, "content", _content(us, one), type="html")


def _content(us: Publication, one: CorrectionView) -> str:
    quotes = "".join(f"<blockquote><p>{escape(words.words)}</p></blockquote>" for words in one.words)
    withdrawn = ""
    if one.withdrawn:
        date = times.long_date(one.withdrawn, us.time_zone)
        said = gettext("Withdrawn on %(date)s:") % {"date": date}
        withdrawn = f"<p><strong>{escape(said)}</strong> {escape(one.withdrawn_because)}</p>"
    return f"{quotes}{one.with_moments(one.html, us.url(one.path))}{withdrawn}"


def _add(parent: etree._Element, name: str, content: str | None = None, /, **attributes: str) -> etree._Element:
    child = etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    child.text = content
    return child
