"""oEmbed 1.0 (oembed.com): what another site needs to show an episode's player in a frame."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from lxml import etree

from onrecord import readmodel
from onrecord.catalogue.find import episode_at
from onrecord.lib import html
from onrecord.lib.times import moment_of
from onrecord.readmodel import EpisodeView

WIDTH, HEIGHT = 640, 220
NARROWEST, LOWEST = 240, 180
"""Pixels. What is asked for beyond these cannot be used: the player is as small as it gets."""

CACHE_AGE = 86_400
FORMATS = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}

_FOLDER = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}", re.ASCII)


def document(url: str, maxwidth: int | None, maxheight: int | None) -> dict[str, Any] | None:
    """The answer for a page of ours; None where no public episode stands there."""
    found = _path(url)
    row = episode_at(found) if found else None
    view = readmodel.episodes([row.pk])[0] if row and row.is_public else None
    return _document(view, moment(url), maxwidth, maxheight) if view else None


def _document(view: EpisodeView, start: int | None, maxwidth: int | None, maxheight: int | None) -> dict[str, Any]:
    us = readmodel.publication()
    width = max(NARROWEST, min(WIDTH, maxwidth or WIDTH))
    height = max(LOWEST, min(HEIGHT, maxheight or HEIGHT))
    player = us.url(f"{view.folder}/embed/") + (f"?t={start}" if start else "")
    frame = (
        f'<iframe src="{html.escape(player)}" width="{width}" height="{height}" title="{html.escape(view.title)}" '
        'loading="lazy" allow="autoplay" style="border:0;max-width:100%"></iframe>'
    )
    return {
        "version": "1.0",
        "type": "rich",
        "title": view.title,
        "author_name": view.show.name,
        "author_url": us.url(view.show.path),
        "provider_name": us.name,
        "provider_url": us.url(""),
        "cache_age": CACHE_AGE,
        "thumbnail_url": us.url(view.artwork.path),
        "thumbnail_width": view.artwork.side,
        "thumbnail_height": view.artwork.side,
        "html": frame,
        "width": width,
        "height": height,
    }


def written(content: dict[str, Any], format: str) -> bytes:
    """The document in one of FORMATS."""
    if format == "json":
        return json.dumps(content, ensure_ascii=False).encode()
    root = etree.Element("oembed")
    for name, value in content.items():
        etree.SubElement(root, name).text = str(value)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, standalone=True)


def moment(url: str) -> int | None:
    """The second at which a shared address begins, as the page itself understands it: `?t=90`, `?t=1:30`, `#t=1m30s`,
    or a sentence's own `#t90`.

    >>> moment("https://a.example/b/?t=90"), moment("https://a.example/b/#t=90.5,95"), moment("https://a.example/b/#t90")
    (90, 90, 90)
    >>> moment("https://a.example/b/?t=1:30"), moment("https://a.example/b/#t=1m30s"), moment("https://a.example/b/#top")
    (90, 90, None)
    """
    parts = urlsplit(url)
    given = [*parse_qs(parts.query).get("t", []), *parse_qs(parts.fragment).get("t", [])]
    if parts.fragment.startswith("t"):
        given.append(parts.fragment[1:].partition("-")[0])
    found = [found for text in given if (found := moment_of(text.partition(",")[0])) is not None]
    return found[0] // 1000 if found else None


def _path(url: str) -> str:
    """The folder of an episode's page or player in our own site; empty for anything else, whichever scheme it has."""
    try:
        asked, ours = urlsplit(url), urlsplit(readmodel.publication().address)
    except ValueError:
        return ""
    here = asked.scheme in ("http", "https") and asked.netloc.lower() == ours.netloc.lower()
    if not here or not asked.path.startswith(f"{ours.path}/"):
        return ""
    path = unquote(asked.path.removeprefix(ours.path)).strip("/")
    folder = path.removesuffix("index.html").rstrip("/").removesuffix("/embed")
    return folder if _FOLDER.fullmatch(folder) else ""
