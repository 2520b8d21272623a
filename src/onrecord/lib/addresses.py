"""Addresses of pages elsewhere, and of people's mail, as strangers give them."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from urllib.parse import urlsplit

from onrecord.lib.errors import BadInput
from onrecord.lib.names import clean_name

LONGEST_ADDRESS = 2_000

LONGEST_MAIL_ADDRESS = 254
"""RFC 5321, 4.5.3.1.3, less the angle brackets."""

_MAIL = re.compile(r"""[^\s@<>()\[\],;:\\"]{1,64}@[^\s@<>()\[\],;:\\"'/]{1,253}""")
_STRAY_DOT = re.compile(r"^\.|\.\.|\.@|@\.|\.$")
_UNFIT = re.compile(r"[\s\x00-\x1f\x7f\\<>\"\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def web_address(text: str) -> str:
    """The address of a web page, cleaned of spaces at its ends.

    Raises BadInput unless it begins with http:// or https:// and names a host, without a name or password in it.
    """
    address = text.strip()
    if len(address) > LONGEST_ADDRESS:
        raise BadInput(f"An address has {len(address):,} characters; at most {LONGEST_ADDRESS:,} fit.")
    if not is_web_address(address):
        raise BadInput(f"“{clean_name(address)}” is no address of a web page: it must begin with https:// or http://.")
    return address


def is_web_address(address: str) -> bool:
    """Whether a page may link to it.

    >>> is_web_address("https://example.org/a?b#c"), is_web_address("javascript:alert(1)")
    (True, False)
    """
    try:
        parts = urlsplit(address)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, brackets that do not close
        return False
    return known and "@" not in parts.netloc and _UNFIT.search(address) is None


def site_of(address: str) -> str:
    """The host of an address as people say it.

    >>> site_of("https://www.example.org/watch?v=1")
    'example.org'
    """
    return (urlsplit(address).hostname or "").removeprefix("www.")


def mail_address(text: str) -> str:
    """One mail address, its domain in ASCII and small letters. Raises BadInput when it is none, or more than one.

    >>> mail_address(" Ada@Example.ORG")
    'Ada@example.org'
    """
    found = text.strip()
    shown = not any(unicodedata.category(character).startswith(("C", "Z")) for character in found)
    if len(found) <= LONGEST_MAIL_ADDRESS and shown and _MAIL.fullmatch(found) and not _STRAY_DOT.search(found):
        name, _, domain = found.rpartition("@")
        with contextlib.suppress(UnicodeError):
            return f"{name}@{domain.encode('idna').decode('ascii').lower()}"
    raise BadInput("This is no mail address: it must look like name@example.org.")
