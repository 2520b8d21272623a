"""Where a request came from."""

LOOPBACK = ("127.0.0.1", "::1")


def network_of(address: str, forwarded: str) -> str:
    """The network that a request came from: an IPv4 address, or the first half of an IPv6 one.

    `address` is the connection's, `forwarded` the header X-Forwarded-For: only a file server on this machine is
    believed about others.
    """
    if address in LOOPBACK:
        address = forwarded.rpartition(",")[2].strip() or address
    return ":".join(address.split(":")[:4]) if ":" in address else address
