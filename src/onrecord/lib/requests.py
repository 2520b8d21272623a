"""What a request says of where it came from."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def is_from_here(request: HttpRequest) -> bool:
    """Whether one of our own pages sent it. Browsers say where a form was sent from; another site's is refused."""
    origin = request.headers.get("Origin", "")
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return False
    ours = {urlsplit(f"//{request.get_host()}").hostname, urlsplit(settings.ONRECORD.address).hostname}
    return not origin or urlsplit(origin).hostname in ours


def network_of(request: HttpRequest) -> str:
    """The network that the request came from. Only a file server on this machine is believed about others."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if address in ("127.0.0.1", "::1"):
        address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()
    return ":".join(address.split(":")[:4]) if ":" in address else address
