"""What stands around every page: head, masthead and foot (templates/base.html)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from onrecord import readmodel
from onrecord.lib import html
from onrecord.lib.headers import PAGE_POLICY
from onrecord.lib.language import marked
from onrecord.readmodel import ShowView, corrections
from onrecord.site import assets

RSS, ATOM, JSON_FEED = "application/rss+xml", "application/atom+xml", "application/feed+json"

POLICY = mark_safe(PAGE_POLICY)  # noqa: S308 our own words, whose quotation marks stay as they are
"""No request leaves our own site, and no script or style stands in a page."""

LONGEST_DESCRIPTION = 300


def page(
    template: str,
    title: str,
    path: str,
    language: str,
    description: str,
    feeds: Sequence[ShowView] = (),
    **context: Any,
) -> str:
    """Render a template that extends base.html."""
    us = readmodel.publication()
    frame = {
        "policy": POLICY,
        "publication": us,
        "language": language,
        "direction": html.direction(language),
        "ui": marked(language),
        "title": title,
        "description": cut(description, LONGEST_DESCRIPTION),
        "canonical": us.url(path),
        "home": us.link(""),
        "people_link": us.link("people/"),
        "tags_link": us.link("tags/"),
        "style": us.link(assets.address("style.css")),
        "icon": us.link(assets.address("icon.svg")),
        "logos": [us.link(assets.logo_address(name)) for name in assets.logos()],
        "search_link": us.link("search/"),
        "corrections_link": us.link(corrections.FOLDER),
        "notice_link": us.link("discuss/notice/"),
        "feeds": [
            {"name": show.name, "link": us.link(path), "type": kind}
            for show in feeds
            for path, kind in ((show.feed, RSS), (show.atom, ATOM), (show.json_feed, JSON_FEED))
        ],
        "funding": us.funding if us.funding.startswith(("https://", "http://")) else "",
    }
    return render_to_string(template, frame | context)


def cut(text: str, longest: int) -> str:
    """At most `longest` characters in one line, cut at a word; at a letter where a word is very long, or nothing stands
    between words."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    whole = line[: max(0, longest - 1)].rpartition(" ")[0]
    return f"{whole} …" if 2 * len(whole) >= longest else f"{line[: max(0, longest - 1)]}…"
