"""Reads a page that strangers wrote, in a process of its own: `python -m onrecord.references.reading TYPE CHARSET`.

The page comes on standard input, and leaves as JSON: what it is called, and all its text that can be seen. A page may
be made to take hours and gigabytes, so that the process has neither. Knows no Django.
"""

from __future__ import annotations

import codecs
import json
import re
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from onrecord.lib.children import environment

MOST_BYTES = 8 * 1024 * 1024
"""Of a page that is read; what stands behind it is not looked at."""
LONGEST_TEXT = 2_000_000
SECONDS, MEMORY = 15, 1 << 30
LONGEST_TITLE, LONGEST_DATE = 300, 40

HTML_TYPES = ("text/html", "application/xhtml+xml", "application/xml", "text/xml")
_UNSEEN = {
    "script",
    "style",
    "template",
    "head",
    "svg",
    "math",
    "iframe",
    "object",
    "textarea",
    "select",
    "audio",
    "video",
}
_WITHIN_A_LINE = {
    *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "label"),
    *("mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"),
}
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([a-zA-Z0-9_:-]{1,40})", re.I)
_BOMS = [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")]
_KNOWN = re.compile(
    r"utf-?8|utf-?16(-?le|-?be)?|iso-?8859-?\d{1,2}|windows-?(125\d|874)|cp(125\d|866|437)|koi8-[ru]|macintosh|ibm866"
    r"|gbk|gb2312|gb18030|big5(-hkscs)?|euc-?(jp|kr)|iso-2022-jp|shift[-_]jis|us-ascii|ascii|latin-?1"
)
"""Encodings of pages. Python knows others, some of which take hours."""
_TITLES = ("og:title", "twitter:title", "dc.title", "citation_title")
_AUTHORS = ("author", "article:author", "dc.creator", "citation_author", "byl")
_DATES = ("article:published_time", "date", "dc.date", "citation_publication_date", "datepublished", "pubdate")


@dataclass(frozen=True)
class Read:
    """What a page says of itself, and its text: lines as they are seen. Empty where it does not say."""

    title: str = ""
    author: str = ""
    date: str = ""
    text: str = ""


def read(content: bytes, content_type: str) -> Read | None:
    """Read a page by its bytes and its Content-Type; None when it is no text, or made so that it cannot be read."""
    media_type, _, rest = content_type.lower().partition(";")
    if not (media_type.strip() in HTML_TYPES or media_type.strip().startswith("text/") or not media_type.strip()):
        return None
    charset = rest.partition("charset=")[2].partition(";")[0].strip(" \"'")
    command = [sys.executable, "-m", "onrecord.references.reading", media_type.strip() or "text/html", charset]
    try:
        done = subprocess.run(
            command,
            input=content[:MOST_BYTES],
            capture_output=True,
            timeout=2 * SECONDS,
            check=True,
            env=environment(Path.cwd()),
        )
        return Read(**json.loads(done.stdout))
    except (subprocess.SubprocessError, ValueError, TypeError):
        return None


def main() -> None:
    """Be the process."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    media_type, charset = sys.argv[1:]
    text = _decoded(sys.stdin.buffer.read(), charset)
    found = _of_html(text) if media_type in HTML_TYPES else Read(text=text[:LONGEST_TEXT])
    json.dump(asdict(found), sys.stdout)


def _decoded(content: bytes, charset: str) -> str:
    """As browsers do: by the mark at its beginning, the header, the page's own word, else UTF-8 or Western Europe's."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    own_word = _CHARSET.search(content[:4096])
    for name in (charset, own_word.group(1).decode() if own_word else ""):
        if _KNOWN.fullmatch(name.lower()):
            western = name.lower() in ("us-ascii", "ascii", "latin1", "latin-1", "iso-8859-1", "iso8859-1")
            return content.decode("windows-1252" if western else name, "replace")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        is_cut = error.start > len(content) - 4
        return content.decode("utf-8" if is_cut else "windows-1252", "replace")


def _of_html(text: str) -> Read:
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True)
    root = etree.fromstring(text.replace("\0", "").encode("utf-8", "replace") or b"<p>", parser)
    if root is None:
        return Read()
    named: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = (meta.get("name") or meta.get("property") or meta.get("itemprop") or "").lower()
        named.setdefault(name, meta.get("content") or "")
    title = next(root.iter("title"), None)
    heading = "".join(title.itertext()) if title is not None else ""
    return Read(
        title=_first(named, _TITLES) or _line(heading, LONGEST_TITLE),
        author=_first(named, _AUTHORS),
        date=_first(named, _DATES)[:LONGEST_DATE],
        text=_visible(root),
    )


def _first(named: dict[str, str], names: tuple[str, ...]) -> str:
    """Authors are sometimes given as the address of a page; that is none's name."""
    values = (_line(named.get(name, ""), LONGEST_TITLE) for name in names)
    return next((value for value in values if value and not value.startswith(("http:", "https:"))), "")


def _line(text: str, longest: int) -> str:
    return " ".join(text.split())[:longest]


def _visible(root: Any) -> str:
    """Without calling itself: a page may be as deep as it is long."""
    pieces: list[str] = []
    size, unseen = 0, None
    for event, node in etree.iterwalk(root, events=("start", "end")):
        tag = node.tag if isinstance(node.tag, str) else ""
        if unseen is None and event == "start":
            if tag in _UNSEEN:
                unseen = node
                continue
            piece = ("" if tag in _WITHIN_A_LINE else "\n") + (node.text or "")
        elif event == "end" and (unseen is None or unseen is node):
            unseen = None
            piece = ("" if tag in _WITHIN_A_LINE else "\n") + (node.tail or "")
        else:
            continue
        pieces.append(piece)
        size += len(piece)
        if size > LONGEST_TEXT:
            break
    lines = (" ".join(line.split()) for line in "".join(pieces).splitlines())
    return "\n".join(line for line in lines if line)[:LONGEST_TEXT]


if __name__ == "__main__":
    main()
