"""What every answer below /studio/ has in common; readers' pages are left as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import translation

from onrecord.lib.headers import ALWAYS, PAGE_POLICY

STUDIO = "/studio/"
HEADERS = {
    **ALWAYS,
    "Content-Security-Policy": f"{PAGE_POLICY}; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


def is_studio(request: HttpRequest) -> bool:
    """Whether the request is for a page of the studio."""
    return request.path_info.startswith(STUDIO)


def strict(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Headers of the studio's pages; no copy of one is kept anywhere. The studio speaks English for now."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if not is_studio(request):
            return get_response(request)
        with translation.override("en"):
            response = get_response(request)
        for name, value in HEADERS.items():
            response[name] = value
        return response

    return answer


class StudioCsrf(CsrfViewMiddleware):
    """Readers have no cookies: their forms carry signed tokens of their own (share.py)."""

    def process_request(self, request: HttpRequest) -> None:
        """As Django does, below /studio/ only."""
        if is_studio(request):
            super().process_request(request)

    def process_view(self, request: HttpRequest, callback: Any, callback_args: Any, callback_kwargs: Any) -> Any:
        """As Django does, below /studio/ only."""
        if not is_studio(request):
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)
