"""Which hosts are public: places of the internet that a program may visit because a stranger asked it to."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from collections.abc import Sequence

from onrecord.lib.errors import BadInput

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Written out from IANA's registries of special-purpose addresses, not asked of `ipaddress`, whose answers differ
# between versions of Python and count multicast as global.
_NOT_PUBLIC_4 = [
    ipaddress.IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
]
_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
"""All others are private, local, multicast, or IPv4 in disguise: mapped, compatible, NAT64 (64:ff9b::/96)."""
_NOT_PUBLIC_6 = [
    ipaddress.IPv6Network(network)  # protocols with Teredo, documentation, 6to4, AS112, documentation
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]
_ISATAP = (0x00005EFE, 0x02005EFE)
"""The first half of an interface's number that carries an IPv4 address in the other."""

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_LIKE_A_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_NOT_OF_THE_INTERNET = {
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "onion",
}
_NOT_OF_THE_INTERNET |= {"arpa", "test", "example", "invalid", "alt"}
"""Last labels that only mean something near by, or nothing at all (RFC 6761, RFC 6762, ICANN's list of collisions)."""
_LONGEST_NAME = 253


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could reach it.

    >>> is_public(ipaddress.ip_address("1.1.1.1")), is_public(ipaddress.ip_address("::ffff:1.1.1.1"))
    (True, False)
    """
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address.scope_id or address not in _PUBLIC_6 or any(address in network for network in _NOT_PUBLIC_6):
        return False
    return (int(address) >> 32) & 0xFFFFFFFF not in _ISATAP


def is_this_machine(address: Address) -> bool:
    """Whether a public address is one of this machine's own. Nothing is sent to find out.

    The system speaks to its own addresses from the very same address, and to others from another one.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((str(address), 9))
        return bool(probe.getsockname()[0] == str(address))
    return False


def canonical_host(host: str, in_brackets: bool = False) -> str | Address:
    """A host as it is looked up: a name in ASCII and small letters, or an address that was written out in full.

    `in_brackets`: it was written so, as only an IPv6 address may be.
    Raises BadInput for what is neither: names without a dot, names that only mean something near by, and numbers that
    some programs read as an address (2130706433, 0x7f.1, 0177.0.0.1, 127.1).
    """
    if ":" in host or in_brackets:
        with contextlib.suppress(ValueError):
            return ipaddress.IPv6Address(host)
        raise BadInput("Its host is no address that is written as usual.")
    name = _in_ascii(host).removesuffix(".")
    labels = name.split(".")
    if _LIKE_A_NUMBER.fullmatch(labels[-1]):
        with contextlib.suppress(ValueError):
            return ipaddress.IPv4Address(name)
        raise BadInput("Its host is no address that is written as usual.")
    if len(labels) < 2 or labels[-1] in _NOT_OF_THE_INTERNET:
        raise BadInput("Its host is no name of the public internet.")
    return name


def _in_ascii(host: str) -> str:
    """IDNA; full-width digits and dots of other scripts become plain ones here, before they are looked at."""
    try:
        name = host.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise BadInput("Its host is no name that can be looked up.") from error
    if len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in name.removesuffix(".").split(".")):
        raise BadInput("Its host is no name that can be looked up.")
    return name


def look_up(name: str) -> Sequence[str]:
    """All addresses of a name, as the system's resolver says. Raises OSError."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
