"""Routes that exist only in the server's tests: what a program behind it may do."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

streamed: list[str] = []


@csrf_exempt
def echo(request: HttpRequest) -> JsonResponse:
    response = JsonResponse(
        {
            "method": request.method,
            "path": request.path,
            "query": request.GET.dict(),
            "body": request.body.decode("latin-1")[:1000],
            "length": len(request.body),
            "cookies": request.COOKIES,
            "form": request.POST.dict() if request.content_type == "application/x-www-form-urlencoded" else {},
            "host": request.get_host(),
            "address": request.META["REMOTE_ADDR"],
            "thread": threading.current_thread().name,
        },
        status=201,
    )
    response.set_cookie("one", "1")
    response.set_cookie("two", "2")
    return response


def slow(request: HttpRequest) -> HttpResponse:
    """Until the file is there that is named, or a minute is over."""
    end = time.monotonic() + 60
    while not Path(request.GET["until"]).exists() and time.monotonic() < end:
        time.sleep(0.02)
    return HttpResponse("done")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[bytes]:
        streamed.append("begun")
        try:
            for number in range(int(request.GET["count"])):
                yield b"%09d\n" % number * 1000
        finally:
            streamed.append("closed")

    return StreamingHttpResponse(parts())


def log(request: HttpRequest) -> JsonResponse:
    return JsonResponse(streamed, safe=False)


def fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("this view fails on purpose")


urlpatterns = [
    path("discuss/echo/<path:rest>", lambda request, rest: echo(request)),
    path("discuss/echo", echo),
    path("discuss/slow", slow),
    path("discuss/stream", stream),
    path("discuss/log", log),
    path("discuss/fails", fails),
]
