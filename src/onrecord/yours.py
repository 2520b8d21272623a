"""What is kept of a reader: a form that mails a link, and the page that it opens, where all of it can be downloaded,
one comment taken back, and everything erased.

Nobody learns from the form whether an address is known. GET changes nothing, whoever follows a link: a button opens it,
once, and what it opened works for half an hour.
"""

from __future__ import annotations

import contextlib
from typing import Any

from django.core import signing
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from onrecord import erase, forms, readmodel
from onrecord.discussion import personal, writers
from onrecord.discussion.models import Comment, OwnLink, State
from onrecord.lib import language, times
from onrecord.lib.addresses import mail_address
from onrecord.lib.errors import BadInput
from onrecord.lib.headers import ALWAYS
from onrecord.lib.requests import is_from_here
from onrecord.site import assets, pages
from onrecord.site.frame import cut

OPEN_FOR = 30 * 60
"""Seconds that what a link opened works."""

LISTED, EXCERPT = 100, 200
"""Comments that the page lists, the newest first, and characters of each. The file has all of them."""

SALT = "discuss yours"


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_exempt  # no cookie opens anything here: where the form came from is said by the request itself
def ask(request: HttpRequest) -> HttpResponse:
    """`/discuss/yours/`: who gives an address gets a mail, if anything is kept of it. The answer is always the same."""
    with language.speaking(readmodel.publication().language):
        if request.method != "POST":
            return _page("ask")
        if not is_from_here(request):
            return forms.not_found()
        typed = request.POST.get("address", "")
        try:
            address = mail_address(typed)
        except BadInput:
            problem = gettext("Please give a mail address. It is never shown.")
            return _page("ask", 400, problem=problem, typed=typed[:300])
        personal.ask(address)
        return _page("asked")


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_exempt  # the secret in the address, and what it opened, are all that counts
def own(request: HttpRequest, secret: str) -> HttpResponseBase:
    """`/discuss/yours/<secret>/`: opens the mailed link; then everything can be downloaded, and erased."""
    link = personal.find(secret)
    if link is None or (request.method == "POST" and not is_from_here(request)):
        return forms.not_found()
    with language.speaking(readmodel.publication().language):
        if request.method != "POST":
            return _page("closed" if link.opened is None else "spent")
        if request.POST.get("do") == "open":
            return _opened(link) if personal.open_link(link) else _page("spent", 403)
        if not _is_opened(link, request.POST.get("opened", "")):
            return _page("spent", 403)
        return _do(request, link)


def _do(request: HttpRequest, link: OwnLink) -> HttpResponseBase:
    address = writers.address_of(link)
    try:
        if request.POST.get("do") == "download":
            return _download(address)
        if request.POST.get("do") == "withdraw":
            _withdraw(link, request.POST.get("key", ""))
            return _opened(link)
        if request.POST.get("do") == "erase" and request.POST.get("sure"):
            erase.erase(address)
            return _page("erased")
    except BadInput:  # somebody else has erased it meanwhile
        return _page("erased")
    return _opened(link, 400, gettext("Please tick the box, if you want everything to be erased."))


def _withdraw(link: OwnLink, key: str) -> None:
    """One comment of theirs goes; one that is gone already, or another's, stays as it is."""
    comment = personal.written(link.address_hash).filter(key=key).first()
    if comment is not None:
        erase.withdraw(comment)


def _opened(link: OwnLink, code: int = 200, problem: str = "") -> HttpResponse:
    there = personal.counted(link.address_hash)
    counts = {name: language.number(count) for name, count in there.items() if count or name != "notices"}
    opened = signing.dumps(link.pk, salt=SALT)
    return _page(
        "open",
        code,
        problem=problem,
        address=writers.address_of(link),
        counts=counts,
        opened=opened,
        written=[_written(comment) for comment in personal.written(link.address_hash)[:LISTED]],
    )


def _written(comment: Comment) -> dict[str, Any]:
    us = readmodel.publication()
    number = comment.number if comment.state == State.PUBLISHED else None
    return {
        "key": comment.key,
        "date": times.long_date(comment.created, us.time_zone),
        "title": comment.episode.title,
        "link": us.link(f"discuss/to/{comment.episode.key}/{number}/") if number else "",
        "number": number,
        "text": cut(comment.text, EXCERPT),
    }


def _is_opened(link: OwnLink, opened: str) -> bool:
    with contextlib.suppress(signing.BadSignature):
        return bool(signing.loads(opened, salt=SALT, max_age=OPEN_FOR) == link.pk)
    return False


def _download(address: str) -> HttpResponseBase:
    headers = {"Cache-Control": "no-store", **ALWAYS}
    file = personal.packed(address)
    return FileResponse(file, as_attachment=True, filename="yours.zip", content_type="application/zip", headers=headers)


def _page(status: str, code: int = 200, **context: Any) -> HttpResponse:
    us = readmodel.publication()
    content = pages.by_program(
        "yours.html",
        title=gettext("What we keep of you"),
        status=status,
        form_style=us.link(assets.address("discuss.css")),
        again=us.link("discuss/yours/"),
        **context,
    )
    return forms.page(content, code)
