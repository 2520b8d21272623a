"""RSS for podcast apps: RSS 2.0 with Apple's and the Podcast Index's tags, archived in parts as RFC 5005 has it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext, gettext_noop
from lxml import etree

from onrecord import readmodel
from onrecord.feeds.notes import as_html, as_text, cut, plain_title
from onrecord.lib import language, times
from onrecord.lib.xml import written
from onrecord.readmodel import EpisodeView, Publication, RenditionView, ShowView, discussion

if TYPE_CHECKING:
    from onrecord.feeds.items import FeedItem

ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
PODCAST = "https://podcastindex.org/namespace/1.0"
ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
HISTORY = "http://purl.org/syndication/history/1.0"
WELL_FORMED_WEB = "http://wellformedweb.org/CommentAPI/"
NAMESPACES = {
    "itunes": ITUNES,
    "podcast": PODCAST,
    "atom": ATOM,
    "content": CONTENT,
    "fh": HISTORY,
    "wfw": WELL_FORMED_WEB,
}

CHANNEL_BEGINS, CHANNEL_ENDS = "  <channel>\n", "  </channel>\n"
"""The lines between which the items stand, which are written out by themselves."""

LONGEST_DESCRIPTION = 4000
"""Bytes that Apple allows for a description."""

LONGEST_NAME, LONGEST_DISPLAY = 128, 32
"""Characters that the podcast namespace allows for names of people and seasons, and for an episode's display."""

TRANSCRIPTS = (
    ("vtt", "text/vtt", "captions"),
    ("srt", "application/x-subrip", "captions"),
    ("json", "application/json", ""),
    ("txt", "text/plain", ""),
)
RENDITION_TITLES = {"mp3": gettext_noop("Standard"), "opus": gettext_noop("Small (Opus)"), "mp4": gettext_noop("Video")}


@language.speaks(lambda show, *_, **__: show.language)
def feed(show: ShowView, items: Sequence[FeedItem], archive_number: int | None, newest_archive: int) -> bytes:
    """A show's feed, or one archive of it, in the show's language. `items`: newest first.

    `archive_number` is None for the feed itself; archives are numbered from the oldest, 1, to `newest_archive` (0: no
    archive yet).
    """
    us = readmodel.publication()
    root, channel = _empty()
    _links(channel, us, show, archive_number, newest_archive)
    _show(channel, us, show)
    _identity(channel, us, show)
    _dates(channel, items)
    _parts_elsewhere(channel, items)
    head, end, nothing = written(root).decode().rpartition(CHANNEL_ENDS)
    return (head + "".join(item.rss for item in items) + end + nothing).encode()


def item(view: EpisodeView) -> str:
    """An episode as it stands in the feed, in the language that is spoken; empty where there is no sound."""
    if view.mp3 is None:
        return ""
    root, channel = _empty()
    _item(etree.SubElement(channel, "item"), readmodel.publication(), view, view.mp3)
    return written(root).decode().partition(CHANNEL_BEGINS)[2].rpartition(CHANNEL_ENDS)[0]


def _empty() -> tuple[etree._Element, etree._Element]:
    root = etree.Element("rss", version="2.0", nsmap=NAMESPACES)
    return root, etree.SubElement(root, "channel")


Value = str | int | None


def _add(parent: etree._Element, name: str, content: Value = None, /, **attributes: Value) -> etree._Element:
    """A child; `name` may have a prefix of NAMESPACES. Attributes that are empty or None are left out."""
    prefix, colon, local = name.rpartition(":")
    child = etree.SubElement(parent, f"{{{NAMESPACES[prefix]}}}{local}" if colon else local)
    if content is not None:
        child.text = str(content)
    for key, value in attributes.items():
        if value not in (None, ""):
            child.set(key.rstrip("_").replace("_", "-"), str(value))
    return child


def _links(channel: etree._Element, us: Publication, show: ShowView, archive: int | None, newest: int) -> None:
    """Where this document, the feed and the archives before and after it are (RFC 5005, section 4)."""

    def link(rel: str, path: str) -> None:
        _add(channel, "atom:link", rel=rel, href=us.url(path), type="application/rss+xml")

    link("self", show.feed if archive is None else show.archive(archive))
    if archive is not None:
        _add(channel, "fh:archive")
        link("current", show.feed)
    before = newest if archive is None else archive - 1
    if before > 0:
        link("prev-archive", show.archive(before))
    if archive is not None and archive < newest:
        link("next-archive", show.archive(archive + 1))


def _show(channel: etree._Element, us: Publication, show: ShowView) -> None:
    _add(channel, "title", plain_title(show.name))
    _add(channel, "link", us.url(show.path))
    about = show.description or us.description or show.name
    _add(channel, "description", cut(about, LONGEST_DESCRIPTION))
    _add(channel, "language", show.language)
    if us.copyright:
        _add(channel, "copyright", us.copyright)
    _add(channel, "generator", "onrecord")
    artwork = us.url(show.artwork.path)
    image = _add(channel, "image")
    _add(image, "url", artwork)
    _add(image, "title", plain_title(show.name))
    _add(image, "link", us.url(show.path))
    _add(channel, "itunes:image", href=artwork)
    _add(channel, "itunes:type", "episodic")
    _add(channel, "itunes:explicit", _truth(us.explicit))
    top, _, below = us.category.partition(">")
    category = _add(channel, "itunes:category", text=top.strip())
    if below.strip():
        _add(category, "itunes:category", text=below.strip())


def _identity(channel: etree._Element, us: Publication, show: ShowView) -> None:
    """Who publishes. A feed can be locked only where there is an address that a new host can ask."""
    _add(channel, "itunes:author", us.owner or us.name)
    if us.email:
        owner = _add(channel, "itunes:owner")
        _add(owner, "itunes:name", us.owner or us.name)
        _add(owner, "itunes:email", us.email)
    _add(channel, "podcast:guid", show.podcast_guid)
    _add(channel, "podcast:locked", _truth(bool(us.email), "yes", "no"), owner=us.email)
    _add(channel, "podcast:medium", "podcast")
    if us.funding:
        _add(channel, "podcast:funding", us.funding_label[:LONGEST_NAME], url=us.funding)


def _dates(channel: etree._Element, items: Sequence[FeedItem]) -> None:
    """The newest dates that are in the feed: never the time at which it is written."""
    if items:
        _add(channel, "pubDate", times.rfc2822(max(item.published_at for item in items)))
        _add(channel, "lastBuildDate", times.rfc2822(max(item.newest for item in items)))


def _parts_elsewhere(channel: etree._Element, items: Sequence[FeedItem]) -> None:
    """The parts of interviews that other feeds have; the namespace knows `remoteItem` in channels, not in items."""
    for part in dict.fromkeys(part for item in items for part in item.parts_elsewhere):
        _add(channel, "podcast:remoteItem", feedGuid=part.feed_guid, itemGuid=part.item_guid, title=part.title)


def _item(item: etree._Element, us: Publication, view: EpisodeView, mp3: RenditionView) -> None:
    _add(item, "title", plain_title(view.title))
    _add(item, "link", us.url(view.path))
    _add(item, "guid", view.guid, isPermaLink="false")
    _add(item, "pubDate", times.rfc2822(view.published_at))
    if discussion.is_open() or view.discussion.last_number:
        _discussion(item, us, view)
    else:
        _add(item, "podcast:socialInteract", protocol="disabled")
    _add(item, "description", as_text(view, LONGEST_DESCRIPTION))
    _add(item, "content:encoded", as_html(view))
    _add(item, "enclosure", url=mp3.url, length=mp3.size, type=mp3.mime_type)
    _add(item, "itunes:duration", max(1, round(mp3.duration_ms / 1000)))
    _add(item, "itunes:explicit", _truth(us.explicit))
    _add(item, "itunes:episodeType", "full")
    _add(item, "itunes:image", href=us.url(view.artwork.path))
    _picture(item, us, view)
    for tag in view.tags:
        _add(item, "category", tag.name)
    _part(item, view)
    for credit in view.credits:
        _add(
            item,
            "podcast:person",
            credit.person.name[:LONGEST_NAME],
            role=credit.role,
            group="cast",
            href=us.url(credit.person.path),
        )
    _words(item, us, view)
    for rendition in (view.mp3, view.opus, view.mp4):
        if rendition:
            _alternate(item, view, rendition)


def _discussion(item: etree._Element, us: Publication, view: EpisodeView) -> None:
    """Where readers talk. The namespace's list of protocols has none for pages, so that only their absence is said."""
    _add(item, "comments", us.url(f"{view.path}#discussion"))
    if view.discussion.last_number:
        _add(item, "wfw:commentRss", us.url(f"{view.folder}/{discussion.folder_of(1)}atom.xml"))


def _picture(item: etree._Element, us: Publication, view: EpisodeView) -> None:
    if view.picture:
        size = view.picture.sizes[-1]
        _add(
            item,
            "podcast:image",
            href=us.url(size.jpeg),
            alt=view.picture.alt,
            aspect_ratio=f"{size.width}/{size.height}",
            width=size.width,
            height=size.height,
            type="image/jpeg",
            purpose="social",
        )


def _part(item: etree._Element, view: EpisodeView) -> None:
    """A series is a season, and its parts are the season's episodes."""
    if view.series and view.part:
        _add(item, "itunes:season", view.series.number)
        _add(item, "itunes:episode", view.part)
        _add(item, "podcast:season", view.series.number, name=view.series.name[:LONGEST_NAME])
        _add(item, "podcast:episode", view.part, display=view.part_display[:LONGEST_DISPLAY])


def _words(item: etree._Element, us: Publication, view: EpisodeView) -> None:
    if view.transcript:
        for suffix, type_, rel in TRANSCRIPTS:
            url = us.url(f"{view.folder}/transcript.{suffix}")
            _add(item, "podcast:transcript", url=url, type=type_, language=view.transcript.language, rel=rel)
    if view.has_chapters:
        _add(item, "podcast:chapters", url=us.url(f"{view.folder}/chapters.json"), type="application/json+chapters")


def _alternate(item: etree._Element, view: EpisodeView, rendition: RenditionView) -> None:
    """A rendition with its checksum, so that an app can see that what came is what was published."""
    main = rendition.kind == "mp3"
    alternate = _add(
        item,
        "podcast:alternateEnclosure",
        type=rendition.mime_type,
        length=rendition.size,
        bitrate=rendition.bitrate or None,
        height=rendition.height,
        lang=view.language,
        title=gettext(RENDITION_TITLES[rendition.kind]),
        codecs=rendition.codecs,
        default="true" if main else None,
    )
    _add(alternate, "podcast:source", uri=rendition.url)
    _add(alternate, "podcast:integrity", type="sri", value=integrity(rendition.sha256))


def integrity(sha256: str) -> str:
    """A hex digest as Subresource Integrity writes it (W3C SRI): "sha256-" and base64."""
    return f"sha256-{b64encode(bytes.fromhex(sha256)).decode()}"


def _truth(value: bool, true: str = "true", false: str = "false") -> str:
    return true if value else false
