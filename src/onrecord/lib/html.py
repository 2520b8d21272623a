"""HTML from what strangers wrote: Markdown in, inert HTML out; the direction of a language."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import cache, lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from onrecord.lib.addresses import is_web_address

# fmt: off
TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em",
    "strong", "s", "a", "table", "thead", "tbody", "tr", "th", "td", "sup", "sub",
}
# fmt: on
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "th": {"align"}, "td": {"align"}, "code": {"class"}}
SCHEMES = {"http", "https", "mailto"}
# fmt: off
RTL_LANGUAGES = frozenset([
    "ar", "arc", "azb", "ckb", "dv", "fa", "he", "iw", "ks", "lrc", "mzn", "nqo", "pnb", "ps", "sd", "syr",
    "ug", "ur", "yi",
])
# fmt: on
RTL_SCRIPTS = frozenset(["arab", "aran", "hebr", "syrc", "thaa", "nkoo", "adlm"])
LONGEST_REMEMBERED = 10_000
# What XML 1.0 or HTML forbid, and lone surrogates, which UTF-8 cannot carry.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")


def direction(language: str) -> str:
    """ "rtl" or "ltr": the way a language (BCP 47) is written."""
    first, *others = language.lower().replace("_", "-").split("-")
    scripts = [part for part in others if len(part) == 4 and part.isalpha()]
    if scripts:
        return "rtl" if scripts[0] in RTL_SCRIPTS else "ltr"
    return "rtl" if first in RTL_LANGUAGES else "ltr"


def clean(text: str) -> str:
    """The text without characters that XML 1.0 or HTML forbid."""
    return FORBIDDEN.sub("", text)


def escape(text: str) -> str:
    """The text for an element's content or a quoted attribute."""
    return html.escape(clean(text))


def markdown(text: str, top: int = 1) -> str:
    """Clean HTML of Markdown; its highest headings become h<top>. Raw HTML shows as text; pictures become links.

    Pictures would be requests to third parties, which no page makes.
    """
    return _remembered(text, top) if len(text) <= LONGEST_REMEMBERED else _make(text, top)


def introduction(text: str, top: int = 1) -> tuple[str, str]:
    """Clean HTML of Markdown in two pieces: what stands above its first heading, and the rest. Without a heading all is
    rest."""
    tokens = _markdown().parse(clean(text))
    _shift_headings(tokens, top)
    headings = [at for at, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0]
    at = headings[0] if headings else 0
    return _rendered(tokens[:at]), _rendered(tokens[at:])


def _make(text: str, top: int) -> str:
    tokens = _markdown().parse(clean(text))
    _shift_headings(tokens, top)
    return _rendered(tokens)


def _rendered(tokens: Sequence[Token]) -> str:
    return _cleaner().clean(_markdown().renderer.render(tokens, _markdown().options, {})).strip()


# A feed holds the notes of 300 episodes, of which one is new: the others take 2 ms each to make, or nothing.
_remembered = lru_cache(maxsize=1000)(_make)


def with_base(markup: str, address: str) -> str:
    """Clean HTML whose links lead on from `address`, for readers that do not know where it stood."""
    return _new_cleaner(address).clean(markup)


def text_of(markup: str) -> str:
    """The words of clean HTML, a blank line between blocks."""
    lines = re.sub(r"<br\s*/?>|</(?:p|h[1-6]|blockquote|pre|ul|ol|table)>", "\n\n", markup)
    lines = re.sub(r"<li>\s*", "• ", lines)
    plain = html.unescape(nh3.clean(lines, tags=set()))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in plain.split("\n"))).strip()


def links_in(markup: str) -> list[str]:
    """The addresses of web pages that clean HTML links to, each once.

    >>> links_in('<p><a href="https://example.org/?a&amp;b" rel="x">one</a> <a href="/ours">two</a></p>')
    ['https://example.org/?a&b']
    """
    found = (html.unescape(address) for address in re.findall(r'<a href="([^"]*)"', markup))
    return list(dict.fromkeys(address for address in found if is_web_address(address)))


@cache
def _cleaner() -> nh3.Cleaner:
    return _new_cleaner()


def _new_cleaner(base: str = "") -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="nofollow noopener",
        url_relative=("rewrite_with_base", base) if base else "pass_through",
    )


@cache
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True}).enable(["linkify", "table", "strikethrough"])
    parser.add_render_rule("image", _picture_as_link)
    return parser


def _picture_as_link(self: RendererHTML, tokens: list[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    address = str(tokens[at].attrs.get("src", ""))
    return f'<a href="{html.escape(address)}">{html.escape(tokens[at].content or address)}</a>'


def _shift_headings(tokens: list[Token], top: int) -> None:
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1]) - highest + top)}"
