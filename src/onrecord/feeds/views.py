"""What the program itself answers about episodes: oEmbed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from onrecord.feeds import oembed as embedding

LONGEST_ADDRESS = 4_000


@require_safe
def oembed(request: HttpRequest) -> HttpResponse:
    """oEmbed: 404 for what is not public here, 501 for a format that is neither JSON nor XML."""
    format = request.GET.get("format", "json")
    if format not in embedding.FORMATS:
        return _plain(501, "The formats are json and xml.")
    url = request.GET.get("url", "")[:LONGEST_ADDRESS]
    content = embedding.document(url, _pixels(request, "maxwidth"), _pixels(request, "maxheight"))
    if content is None:
        return _plain(404, "No public episode is at this address.")
    answer = HttpResponse(embedding.written(content, format), content_type=embedding.FORMATS[format])
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Cache-Control"] = "public, max-age=300"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _pixels(request: HttpRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else None


def _plain(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
