"""An episode's screen: everything that is said of it, in one form."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from onrecord import edit
from onrecord.catalogue.models import Episode, Role, Series, Show
from onrecord.edit import Changes
from onrecord.lib.errors import BadInput
from onrecord.publish import LARGEST_NOTES, LONGEST_TEXT, LONGEST_TITLE, MOST_PARTS
from onrecord.studio import uploading
from onrecord.studio.access import EDITORS, for_roles, page, sayable, see_other
from onrecord.studio.episodes import entries, episode_of, tabs

_WORDS = {"dir": "auto"}


def _text(label: Any, longest: int = LONGEST_TITLE, help_text: Any = "", **attributes: str) -> forms.CharField:
    widget = forms.TextInput(attrs=_WORDS | attributes)
    return forms.CharField(label=label, required=False, max_length=longest, help_text=help_text, widget=widget)


class Lines(forms.CharField):
    """Text of several lines, which browsers end as DOS did."""

    def to_python(self, value: Any) -> str:
        """With the line ends that rows have."""
        return str(super().to_python(value)).replace("\r\n", "\n")


def _lines(label: Any, rows: int, longest: int = LONGEST_TEXT, help_text: Any = "") -> forms.CharField:
    widget = forms.Textarea(attrs=_WORDS | {"rows": str(rows)})
    return Lines(label=label, required=False, max_length=longest, help_text=help_text, widget=widget, strip=False)


class Moment(forms.TextInput):
    """A date and a time, in the publication's time zone."""

    input_type = "datetime-local"


class EpisodeForm(forms.Form):
    """What `publish` takes as options."""

    title = forms.CharField(label=_("Title"), max_length=LONGEST_TITLE, widget=forms.TextInput(attrs=_WORDS))
    standfirst = _lines(_("Standfirst"), 3, help_text=_("One or two sentences below the headline."))
    show = _text(
        _("Show"), list="shows", help_text=_("Another show gives the page another address; the old one leads there.")
    )
    at = forms.CharField(label=_("Date on the page"), required=False, max_length=40, widget=Moment())
    language = _text(_("Language"), 20, help_text=_("Such as en, ur or es-MX. Empty: as the recording is heard."))
    hosts = _lines(_("Hosts"), 2, help_text=_("One name a line."))
    guests = _lines(_("Guests"), 3, help_text=_("One name a line."))
    tags = _text(_("Subjects"), LONGEST_TEXT, help_text=_("Separated by commas."))
    series = _text(
        _("Part of"), list="series", help_text=_("The name of an interview in several parts; empty if it is none.")
    )
    part = forms.IntegerField(label=_("Part"), required=False, min_value=1, max_value=MOST_PARTS)
    total = forms.IntegerField(label=_("of"), required=False, min_value=1, max_value=MOST_PARTS)
    notes = _lines(_("Notes"), 10, LARGEST_NOTES, _("Markdown."))
    video = _text(_("Address of its video elsewhere"), 2000, dir="ltr", inputmode="url")
    picture = forms.FileField(label=_("A new picture"), required=False, help_text=_("JPEG, PNG, WebP or GIF."))
    no_picture = forms.BooleanField(label=_("Take the picture away"), required=False)
    alt = _lines(_("The picture in words"), 2, help_text=_("For those who do not see it."))
    caption = _text(_("Caption"), LONGEST_TEXT)
    credit = _text(_("Who made the picture"), LONGEST_TEXT)
    slug = _text(
        _("Address"), 80, dir="ltr", help_text=_("The last part of the page's address. Old ones go on leading here.")
    )

    def clean_slug(self) -> str:
        """An episode always has one."""
        return str(self.cleaned_data["slug"] or self.initial["slug"])


PICTURE_FIELDS = ("picture", "no_picture", "alt", "caption", "credit")
MORE_FIELDS = ("notes", "video", "slug")


def now_of(episode: Episode) -> dict[str, Any]:
    """What the form shows before anything is changed."""
    credits = list(episode.credits.select_related("person"))
    picture = episode.picture
    at = episode.published_at.astimezone(ZoneInfo(settings.ONRECORD.publication.time_zone))
    return {
        "title": episode.title,
        "standfirst": episode.standfirst,
        "show": episode.show.name,
        "at": at.strftime("%Y-%m-%dT%H:%M"),
        "language": episode.language,
        "hosts": "\n".join(credit.person.name for credit in credits if credit.role == Role.HOST),
        "guests": "\n".join(credit.person.name for credit in credits if credit.role == Role.GUEST),
        "tags": ", ".join(episode.tags.order_by("name").values_list("name", flat=True)),
        "series": episode.series.name if episode.series else "",
        "part": episode.part,
        "total": episode.series.total if episode.series else None,
        "notes": episode.notes,
        "video": episode.video_url,
        "alt": picture.alt if picture else "",
        "caption": picture.caption if picture else "",
        "credit": picture.credit if picture else "",
        "slug": episode.slug,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*EDITORS)
def episode(request: HttpRequest, key: str) -> HttpResponse:
    """The form; what was changed in it is changed as `onrecord edit` would."""
    uploading.folder()  # where a large picture arrives
    row = episode_of(key)
    form = EpisodeForm(request.POST or None, request.FILES or None, initial=now_of(row))
    if request.method == "POST" and form.is_valid() and _saved(row, form):
        messages.success(request, gettext("Saved."))
        return see_other(reverse("episode", args=[key]))
    groups: dict[str, Any] = {
        name: [form[field] for field in fields] for name, fields in (("picture", PICTURE_FIELDS), ("more", MORE_FIELDS))
    }
    apart = {*PICTURE_FIELDS, *MORE_FIELDS}
    return page(
        request,
        "studio/episode.html",
        form=form,
        first=[field for field in form if field.name not in apart],
        entry=entries([row])[0],
        tabs=tabs(request, row),
        shows=Show.objects.order_by("name").values_list("name", flat=True),
        all_series=Series.objects.filter(show=row.show).order_by("number").values_list("name", flat=True),
        **groups,
    )


def _saved(row: Episode, form: EpisodeForm) -> bool:
    given, changed = form.cleaned_data, set(form.changed_data)
    try:
        with tempfile.TemporaryDirectory(dir=uploading.folder()) as folder:
            edit.edit(row, _changes(given, changed, _kept(given["picture"], Path(folder))))
        if "slug" in changed:
            edit.rename(row, given["slug"])
    except BadInput as error:
        form.add_error(None, sayable(error))
        return False
    return True


def _changes(given: dict[str, Any], changed: set[str], picture: Path | None) -> Changes:
    def taken(name: str) -> Any:
        return given[name] if name in changed else None

    in_series = bool(changed & {"series", "part", "total"})
    return Changes(
        title=taken("title"),
        standfirst=taken("standfirst"),
        notes=taken("notes"),
        show=taken("show"),
        hosts=_names(taken("hosts")),
        guests=_names(taken("guests")),
        language=taken("language"),
        tags=None
        if "tags" not in changed
        else [tag for tag in given["tags"].replace("،", ",").split(",") if tag.strip()],
        series=given["series"] if in_series else None,
        part=given["part"] if in_series else None,
        total=given["total"] if in_series else None,
        picture=picture,
        no_picture=given["no_picture"] and picture is None,
        caption=taken("caption"),
        credit=taken("credit"),
        alt=taken("alt"),
        video=taken("video"),
        at=taken("at"),
    )


def _names(text: str | None) -> list[str] | None:
    return text.splitlines() if text is not None else None


def _kept(upload: UploadedFile[bytes] | None, folder: Path) -> Path | None:
    """An uploaded picture as a file of its own name."""
    if upload is None:
        return None
    path = folder / Path(upload.name or "picture").name
    with path.open("wb") as file:
        for chunk in upload.chunks():
            file.write(chunk)
    return path
