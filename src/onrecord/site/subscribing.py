"""How to subscribe to a show: its feed's address as text, as a QR code, and as links that podcast apps open."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote

import segno
from django.utils.safestring import SafeString, mark_safe

from onrecord.readmodel import Publication, ShowView

APPS = (
    ("Apple Podcasts", "podcast://{bare}"),
    ("Overcast", "overcast://x-callback-url/add?url={quoted}"),
    ("Pocket Casts", "pktc://subscribe/{bare}"),
    ("Castro", "castro://subscribe/{bare}"),
    ("AntennaPod", "antennapod-subscribe://{bare}"),
    ("Podcast Addict", "podcastaddict://{bare}"),
)
"""Apps that take a feed from its address alone, without a directory that it is registered in; `bare` has no scheme."""

QR_BORDER = 4
"""Modules of quiet zone that ISO/IEC 18004 asks for."""


def context(us: Publication, show: ShowView) -> dict[str, Any]:
    """What the page says beside the show's name."""
    address = us.url(show.feed)
    formats = (("RSS", show.feed), ("Atom", show.atom), ("JSON Feed", show.json_feed))
    return {
        "address": address,
        "apps": [{"name": name, "link": link} for name, link in app_links(address)],
        "code": qr_code(address),
        "formats": [{"name": name, "link": us.link(path)} for name, path in formats],
    }


def app_links(address: str) -> list[tuple[str, str]]:
    """The name of each app, and the link that it opens.

    >>> dict(app_links("https://example.org/talks/feed.xml"))["Pocket Casts"]
    'pktc://subscribe/example.org/talks/feed.xml'
    """
    bare, quoted = address.partition("://")[2], quote(address, safe="")
    return [(name, form.format(bare=bare, quoted=quoted)) for name, form in APPS]


def qr_code(address: str) -> SafeString:
    """An SVG element without style attributes and without a size of its own; dark on light in dark pages too."""
    file = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        file,
        kind="svg",
        xmldecl=False,
        svgns=False,
        nl=False,
        omitsize=True,
        border=QR_BORDER,
        dark="#000",
        light="#fff",
        svgclass="qr",
        lineclass=None,
    )
    return mark_safe(file.getvalue().decode())  # noqa: S308 made by segno of modules alone
