"""Finds where pressed pages and feeds lead to in our own site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from lxml import etree, html

LINKING = ("href", "src", "poster", "url")
"""Attributes that lead somewhere, in HTML and in feeds."""

HTML_PARSER = html.HTMLParser(no_network=True, huge_tree=True)
XML_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)


def links_of(path: str, content: bytes) -> tuple[set[str], set[str]]:
    """Addresses in a page or feed, as they stand there, and the ids that it has. Other files have none."""
    if path.endswith(".html"):
        return _in_html(html.document_fromstring(content, parser=HTML_PARSER))
    if path.endswith(".xml"):
        return set(_in_xml(etree.fromstring(content, parser=XML_PARSER))), set()
    return set(), set()


def _in_html(tree: html.HtmlElement) -> tuple[set[str], set[str]]:
    found: set[str] = set()
    ids: set[str] = set()
    for element in tree.iter(etree.Element):
        if "ugc" not in element.get("rel", ""):  # what readers wrote may lead anywhere
            found.update(element.attrib[name] for name in LINKING if name in element.attrib)
        found.update(part.split()[0] for part in element.get("srcset", "").split(",") if part.strip())
        if "id" in element.attrib:
            ids.add(element.attrib["id"])
    return found, ids


def _in_xml(tree: etree._Element) -> Iterator[str]:
    for element in tree.iter(etree.Element):
        yield from (str(value) for name, value in element.attrib.items() if name in LINKING)
        if etree.QName(element).localname in ("loc", "link") and element.text:
            yield element.text.strip()


def own_paths(address: str, path: str, found: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Of these addresses in the file at `path`, those within our site: as written, path below public/, fragment.

    >>> list(own_paths("https://example.org/a", "x/index.html", ["../y/#t1", "/a/z.mp3", "/b", "https://else.org/"]))
    [('../y/#t1', 'y/index.html', 't1'), ('/a/z.mp3', 'z.mp3', '')]
    """
    base = urlsplit(address)
    here = f"{address}/{path.removesuffix('index.html')}"
    for written in found:
        whole, fragment = urldefrag(urljoin(here, written))
        parts = urlsplit(whole)
        inside = parts.path == base.path or parts.path.startswith(f"{base.path}/")
        if (parts.scheme, parts.netloc) == (base.scheme, base.netloc) and inside:
            target = unquote(parts.path.removeprefix(base.path)).lstrip("/")
            yield written, f"{target}index.html" if target.endswith("/") or not target else target, fragment
