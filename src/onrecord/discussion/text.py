"""What readers write, made fit to be shown: Markdown becomes clean HTML, time codes become links into the player."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from onrecord.lib.addresses import is_web_address
from onrecord.lib.html import clean
from onrecord.lib.names import DIRECTION_MARKS

LONGEST = 20_000
"""Characters of a comment."""

LONGEST_NAME = 80

TAGS = {"p", "br", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "s", "a"}
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}

MOMENT = "?t="
"""What the address of a link into the player begins with; `site/discussion.py` puts the episode's page before it."""

_MOMENT = re.compile(r"\?t=\d{1,6}", re.ASCII)
_CLOCK = re.compile(r"(?<![\w:.,/-])(?:(\d{1,2}):)?(\d{1,3}):([0-5\u0660-\u0665\u06f0-\u06f5]\d)(?![\w:]|[.,]\d)")
_BLANK_LINES = re.compile(r"\n{3,}")


def clean_html(text: str, longest_ms: int = 0) -> str:
    """Clean HTML of Markdown. A time code up to `longest_ms` becomes a link that begins with MOMENT.

    Raw HTML and headings show as they were typed, pictures become links: they would be requests to third parties. A
    single line break is kept.
    """
    tokens = _markdown().parse(clean(text))
    for token in tokens:
        if token.type == "inline" and token.children:
            token.children = list(_with_moments(token.children, longest_ms))
    return _cleaner().clean(_markdown().renderer.render(tokens, _markdown().options, {})).strip()


def plain(text: str) -> str:
    """What was typed, with plain line ends, without characters that no page may hold, and not more than one blank line
    at a time."""
    lines = clean(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")


def name_of(typed: str) -> str:
    """A name in one line, without signs that are not seen or turn the text around them; joiners stay."""
    shown = "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Zs") else c
        for c in clean(typed)
        if c not in DIRECTION_MARKS and unicodedata.category(c) not in ("Co", "Cn")
    )
    return " ".join(shown.split())


def folded(text: str) -> str:
    """What two texts have in common that differ only in case, spaces and signs."""
    letters = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", letters)) or letters.strip()


def moment_of(hours: str | None, minutes: str, seconds: str) -> int | None:
    """A time code's seconds, in whatever digits it is written; None for one that is no time.

    >>> moment_of(None, "12", "34"), moment_of("1", "02", "03"), moment_of("1", "75", "00")
    (754, 3723, None)
    """
    if hours is not None and (len(minutes) != 2 or int(minutes) > 59):
        return None
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)


def second_of(typed: str) -> int | None:
    """The second that a time code by itself names; None for what is none.

    >>> second_of(" 12:34 "), second_of("noon")
    (754, None)
    """
    found = _CLOCK.fullmatch(typed.strip())
    return moment_of(*found.groups()) if found else None


def _with_moments(tokens: list[Token], longest_ms: int) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        depth += token.type == "link_open"
        depth -= token.type == "link_close"
        if token.type == "text" and not depth:
            yield from _split(token, longest_ms)
        else:
            yield token


def _split(token: Token, longest_ms: int) -> Iterator[Token]:
    """A text token, cut where it names moments."""
    begin = 0
    for found in _CLOCK.finditer(token.content):
        second = moment_of(*found.groups())
        if second is None or second * 1000 > longest_ms:
            continue
        yield Token("text", "", 0, content=token.content[begin : found.start()])
        yield Token("link_open", "a", 1, attrs={"href": f"{MOMENT}{second}"})
        yield Token("text", "", 0, content=found.group())
        yield Token("link_close", "a", -1)
        begin = found.end()
    yield Token("text", "", 0, content=token.content[begin:])


def _address(tag: str, attribute: str, value: str) -> str | None:
    """Addresses of web pages, and our own moments; nothing else that a browser might follow."""
    if attribute != "href" or is_web_address(value) or _MOMENT.fullmatch(value):
        return value
    return None


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_address,
        url_schemes={"http", "https"},
        link_rel="nofollow ugc noopener",
    )


@cache
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True})
    parser.enable(["linkify", "strikethrough"]).disable(["heading", "lheading", "hr", "reference"])
    if parser.linkify is not None:
        parser.linkify.set({"fuzzy_email": False})
    parser.add_render_rule("image", _picture_as_link)
    return parser


def _picture_as_link(self: RendererHTML, tokens: list[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    address = str(tokens[at].attrs.get("src", ""))
    return f'<a href="{html.escape(address)}">{html.escape(tokens[at].content or address)}</a>'
