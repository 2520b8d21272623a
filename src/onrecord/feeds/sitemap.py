"""Sitemaps (sitemaps.org) and robots.txt."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from onrecord import readmodel
from onrecord.lib.xml import written

LARGEST = 50_000
"""Addresses that sitemaps.org allows."""

SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"


def index(count: int) -> bytes:
    """The list of sitemaps: that of lists, and of episodes sitemap-1.xml, the oldest, to sitemap-<count>.xml."""
    us = readmodel.publication()
    names = ["sitemap-lists.xml", *(f"sitemap-{number}.xml" for number in range(1, count + 1))]
    return _document("sitemapindex", "sitemap", [us.url(name) for name in names])


def of_lists(paths: Sequence[str]) -> bytes:
    """The sitemap of home page, shows, years, series, people and tags, whose newest pages stand at `paths`."""
    us = readmodel.publication()
    return _document("urlset", "url", [us.url(path) for path in paths[:LARGEST]])


def page(paths: Sequence[str]) -> bytes:
    """One sitemap: the pages of episodes."""
    us = readmodel.publication()
    return _document("urlset", "url", [us.url(path) for path in paths])


def robots() -> bytes:
    """Everything that is public may be read by everybody."""
    return f"User-agent: *\nAllow: /\n\nSitemap: {readmodel.publication().url('sitemap.xml')}\n".encode()


def _document(root: str, entry: str, addresses: Sequence[str]) -> bytes:
    document = etree.Element(f"{{{SITEMAPS}}}{root}", nsmap={None: SITEMAPS})  # type: ignore[dict-item]  # the stubs know no default
    for address in addresses:
        location = etree.SubElement(etree.SubElement(document, f"{{{SITEMAPS}}}{entry}"), f"{{{SITEMAPS}}}loc")
        location.text = address
    return written(document)
