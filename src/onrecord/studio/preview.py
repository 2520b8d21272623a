"""An episode's page before it is public, made by the functions that make public pages."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from onrecord import readmodel
from onrecord.catalogue import pictures
from onrecord.catalogue.models import Episode
from onrecord.readmodel import EpisodeView
from onrecord.recordings.models import Rendition
from onrecord.recordings.renditions import file_of
from onrecord.site import pages
from onrecord.studio.access import EDITORS, for_roles
from onrecord.studio.episodes import episode_of

PIECE = 2 << 20
"""Bytes of sound in one answer: a player asks for the next piece, and no thread waits for it."""

_PICTURE = re.compile(r"picture-(\d{1,5})\.(jpg|webp)")
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


@require_safe
@for_roles(*EDITORS)
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """The page as readers will have it."""
    row = episode_of(key)
    return HttpResponse(pages.episode(_with_files(readmodel.episode(row.pk), row.key)))


def _with_files(view: EpisodeView, key: str) -> EpisodeView:
    """Pictures and sound of an episode that is not public have no public path: here they come from the studio."""
    if view.is_public:
        return view
    base = reverse("file", args=[key, "x"]).removesuffix("x").lstrip("/")
    renditions = {
        kind: replace(rendition, path=f"{base}{rendition.sha256}.{kind}") for kind, rendition in view.renditions.items()
    }
    picture = view.picture and replace(
        view.picture,
        sizes=tuple(
            replace(size, jpeg=f"{base}picture-{size.width}.jpg", webp=f"{base}picture-{size.width}.webp")
            for size in view.picture.sizes
        ),
    )
    return replace(view, renditions=renditions, picture=picture)


@require_safe
@for_roles(*EDITORS)
def file(request: HttpRequest, key: str, name: str) -> HttpResponseBase:
    """A picture in one of its sizes, or a rendition (`sound` is the MP3), of any episode."""
    row = episode_of(key)
    wanted = _PICTURE.fullmatch(name)
    if wanted:
        return _picture(row, int(wanted[1]), wanted[2])
    made = Rendition.objects.filter(recording__episode=row, recording__current=True)
    rendition = (made.filter(kind="mp3") if name == "sound" else made.filter(sha256=name.partition(".")[0])).first()
    path = file_of(rendition) if rendition else None
    if rendition is None or path is None or not path.is_file():
        raise Http404
    return _piece(path, rendition.mime_type, request.headers.get("Range", ""))


def _picture(row: Episode, width: int, suffix: str) -> HttpResponse:
    if row.picture is None or width > max(readmodel.PICTURE_WIDTHS):
        raise Http404
    kind: pictures.Format = "JPEG" if suffix == "jpg" else "WEBP"
    content = pictures.render(row.picture.sha256, width, kind)
    return HttpResponse(content, content_type=f"image/{kind.lower()}")


def _piece(path: Path, mime_type: str, asked: str) -> HttpResponseBase:
    """The whole file, or the piece that a player asks for."""
    found, size = _RANGE.fullmatch(asked), path.stat().st_size
    if not found:
        response = FileResponse(path.open("rb"), content_type=mime_type)
        response["Accept-Ranges"] = "bytes"
        return response
    start = int(found[1])
    end = min(int(found[2] or size - 1), size - 1, start + PIECE - 1)
    if start > end:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    with path.open("rb") as source:
        source.seek(start)
        content = source.read(end - start + 1)
    headers = {"Content-Range": f"bytes {start}-{end}/{size}", "Accept-Ranges": "bytes"}
    return HttpResponse(content, status=206, content_type=mime_type, headers=headers)
