"""The headers of public files: our own server sends them, and docs/deploy carries the same for nginx and Caddy."""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from types import MappingProxyType

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".xml": "application/xml; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".srt": "application/x-subrip; charset=utf-8",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".opus": "audio/ogg",
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".gz": "application/gzip",
}
ANYTHING = "application/octet-stream"
FEED = "application/rss+xml; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
JSON_FEED = "application/feed+json"
CHAPTERS = "application/json+chapters"
ANNOTATIONS = 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"'

_FEED_PATH = re.compile(r"(^|/)feed(/[^/]+)?\.xml$")
_ANNOTATIONS_PATH = re.compile(r"^discussion/[^/]+/annotations(/[^.]+)?\.json$")
_EMBED_PATH = re.compile(r"/embed/index\.html$")
_NAMED_BY_CONTENT = re.compile(r"(^|[/.-])[0-9a-f]{12,64}[.-][^/]*$")

PAGE_POLICY = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'"
)
"""No request leaves our own site, and no script or style stands in a page. It stands in each page too."""

CONTENT_POLICY = f"{PAGE_POLICY}; frame-ancestors 'self'"
"""What only a header can say comes last."""

EMBED_POLICY = f"{PAGE_POLICY}; frame-ancestors *"
"""Of the player that other sites show in a frame; it sets nothing and takes nothing in."""

ALWAYS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""Sent with every answer, whatever its status."""

KEEP_FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


def content_type(path: str) -> str:
    """The media type of a file below public/, by its name. Feeds are RSS; chapters and annotations have their own.

    `application/x-subrip` and `application/json+chapters` are the types that the Podcasting 2.0 namespace names.
    """
    if _FEED_PATH.search(path):
        return FEED
    if path == "chapters.json" or path.endswith("/chapters.json"):
        return CHAPTERS
    if path.endswith("/feed.json"):
        return JSON_FEED
    if path.endswith("/atom.xml"):
        return ATOM
    if _ANNOTATIONS_PATH.search(path):
        return ANNOTATIONS
    return TYPES.get(PurePosixPath(path).suffix.lower(), ANYTHING)


def cache_control(path: str) -> str:
    """How long a copy may be used: a file whose name holds its content's hash for ever, others after asking."""
    return KEEP_FOR_EVER if _NAMED_BY_CONTENT.search(path) else ASK_AGAIN


@lru_cache(maxsize=4096)
def headers_of(path: str) -> Mapping[str, str]:
    """All headers that do not depend on the request or the file's bytes. `path` is relative to public/."""
    headers = {"Content-Type": content_type(path), "Cache-Control": cache_control(path), **ALWAYS}
    if _EMBED_PATH.search(path):
        headers["Content-Security-Policy"] = EMBED_POLICY
    if not path.endswith(".html"):
        headers["Access-Control-Allow-Origin"] = "*"
    return MappingProxyType(headers)
