"""What the forms of readers have in common: where they may come from, tokens that are good once, answers that nobody
keeps."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from onrecord import readmodel
from onrecord.catalogue.models import Episode
from onrecord.discussion import limits
from onrecord.lib.headers import ALWAYS
from onrecord.lib.requests import is_from_here
from onrecord.readmodel import EpisodeView
from onrecord.site import pages

QUICKEST = 3
"""Seconds after which a form may be sent; until when: `limits.FORM_LASTS`."""

LINK_LASTS = 30 * 24 * 3600
"""Seconds that a mailed link works by which somebody confirms."""

View = Callable[..., HttpResponse]
form_view = require_http_methods(["GET", "HEAD", "POST"])


def guarded(view: View) -> View:
    """A signed token and the origin of the request say where a form came from; the cookie opens nothing by itself."""

    @csrf_exempt
    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not is_from_here(request):
            return not_found()
        return view(request, *args, **kwargs)

    return guarded_view


def token(subject: str, waited: object = False) -> str:
    """For a form about `subject`; whoever has `waited` need not do so again."""
    at = int(time.time()) - (QUICKEST if waited else 0)
    return signing.dumps({"of": subject, "nonce": secrets.token_hex(16), "at": at}, salt="discuss form")


def nonce(token: str, subject: str, quickest: int = QUICKEST) -> str:
    """What is used up with this form; empty when it is not ours, another's, too old or sent at once."""
    try:
        said = signing.loads(token, salt="discuss form", max_age=limits.FORM_LASTS)
    except signing.BadSignature:
        return ""
    fit = said["of"] == subject and time.time() - said["at"] >= quickest
    return str(said["nonce"]) if fit else ""


def unsigned(token: str, salt: str, max_age: int | None = None) -> str:
    """What a mailed link of ours says; empty when it is not ours, of another kind or older than `max_age` seconds."""
    try:
        return str(signing.loads(token, salt=salt, max_age=max_age))
    except signing.BadSignature:
        return ""


def episode(key: str, whole: bool = True) -> EpisodeView | None:
    """The public episode that has this key, without its words and what others wrote; not `whole`, only its outline."""
    row = Episode.objects.filter(key=key[:20]).first()
    if row is None or not row.is_public:
        return None
    return readmodel.episodes([row.pk])[0] if whole else readmodel.outline(row.pk)


def page(content: str, code: int = 200) -> HttpResponse:
    """A page that nobody keeps."""
    return HttpResponse(content, status=code, headers={"Cache-Control": "no-store", **ALWAYS})


def see(path: str) -> HttpResponse:
    """Lead to a path of ours after a form was taken in."""
    answer = HttpResponseRedirect(readmodel.publication().link(path), headers={"Cache-Control": "no-store", **ALWAYS})
    answer.status_code = 303
    return answer


def not_found() -> HttpResponse:
    """Nothing is here, or nothing for who asks."""
    return page(pages.not_found(), 404)
