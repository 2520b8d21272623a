"""A new episode from a recording that is sent by a plain form.

The server lets a large body through for this one route, and only with a token that the form carries in its address; it
looks at the token before it reads the body (server/program.py).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from onrecord.catalogue.models import Show
from onrecord.lib.errors import BadInput, Failed
from onrecord.lib.names import title_from
from onrecord.publish import LONGEST_TITLE, Published, Request, publish
from onrecord.studio.access import EDITORS, account_of, for_roles, page, sayable, see_other

PATH = "/studio/upload/"
LASTS = 12 * 3600
"""Seconds from the form to the upload's beginning."""
SALT = "upload"


def token(account: int) -> str:
    """What the form's address carries."""
    return signing.dumps(account, salt=SALT)


def account_in(query: str) -> int | None:
    """The account whose valid token stands in a query string, or None."""
    given = parse_qs(query, max_num_fields=8).get("token", [""]) if len(query) < 1000 else [""]
    try:
        return int(signing.loads(given[0], salt=SALT, max_age=LASTS))
    except (signing.BadSignature, TypeError, ValueError):
        return None


def folder() -> Path:
    """Where uploads are while they arrive. May be emptied whenever nothing arrives."""
    place: Path = settings.ONRECORD.work / "uploads"
    place.mkdir(parents=True, exist_ok=True)
    return place


class UploadForm(forms.Form):
    """A recording and the least that is to be said of it; the rest is said on the episode's own screen."""

    recording = forms.FileField(
        label=_("Recording"), help_text=_("Any sound or video file, as it left the recorder."), max_length=500
    )
    title = forms.CharField(
        label=_("Title"),
        required=False,
        max_length=LONGEST_TITLE,
        help_text=_("Empty: the file's name. It can be changed later."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    show = forms.CharField(
        label=_("Show"),
        required=False,
        max_length=LONGEST_TITLE,
        widget=forms.TextInput(attrs={"dir": "auto", "list": "shows"}),
    )
    draft = forms.BooleanField(label=_("A draft: make everything, show nothing"), required=False, initial=True)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*EDITORS)
def upload(request: HttpRequest) -> HttpResponse:
    """The form, and what it sends: taken in as `onrecord publish` does."""
    mine = account_of(request).pk
    folder()
    if request.method == "POST" and account_in(request.META.get("QUERY_STRING", "")) != mine:
        messages.error(request, gettext("This form has expired: choose the file again."))
        return see_other(reverse("upload"))
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        published = _published(form)
        if published is not None:
            words = gettext("This recording is an episode already.") if published.already else gettext("Taken in.")
            messages.success(request, " ".join([words, *published.warnings]))
            return see_other(reverse("episode", args=[published.episode.key]))
    return page(
        request,
        "studio/upload.html",
        status=422 if form.errors else 200,
        form=form,
        action=f"{reverse('upload')}?{urlencode({'token': token(mine)})}",
        shows=Show.objects.order_by("name").values_list("name", flat=True),
        most=f"{settings.ONRECORD.server.largest_upload_gb:g}",
    )


def _published(form: UploadForm) -> Published | None:
    given: dict[str, Any] = form.cleaned_data
    try:
        with tempfile.TemporaryDirectory(dir=folder()) as place:
            recording = _named(given["recording"], Path(place))
            title = given["title"].strip() or title_from(recording.stem)
            return publish(Request(recording=recording, title=title, show=given["show"], draft=given["draft"]))
    except (BadInput, Failed) as error:
        form.add_error("recording", sayable(error))
    except OSError as error:
        form.add_error("recording", gettext("It does not fit (%(reason)s).") % {"reason": error.strerror})
    return None


def _named(upload: UploadedFile[bytes], place: Path) -> Path:
    """The uploaded file under its own name; one that lies on the disk is moved there, not copied."""
    path = place / (Path(upload.name or "").name or "recording")
    if isinstance(upload, TemporaryUploadedFile):
        shutil.move(upload.temporary_file_path(), path)
        Path(upload.temporary_file_path()).touch()  # Django removes it when the request ends
    else:
        with path.open("wb") as file:
            shutil.copyfileobj(upload, file)
    return path
