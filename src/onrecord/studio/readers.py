"""What is kept of a reader who asks the publisher for it: in one file, or erased. Owners only."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from onrecord import erase
from onrecord.discussion import personal
from onrecord.lib.addresses import mail_address
from onrecord.lib.errors import BadInput
from onrecord.studio.access import OWNERS, account_of, for_roles, page, see_other


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*OWNERS)
def reader(request: HttpRequest) -> HttpResponseBase:
    """A form with an address; POST gives the file, or erases."""
    if request.method != "POST":
        return page(request, "studio/reader.html")
    typed, deed = request.POST.get("address", ""), request.POST.get("do", "")
    if deed not in ("download", "erase"):
        return page(request, "studio/refused.html", status=400)
    try:
        if deed == "download":
            file = personal.packed(mail_address(typed))
            return FileResponse(file, as_attachment=True, filename="reader.zip", content_type="application/zip")
        if not request.POST.get("sure"):
            raise BadInput(gettext("Tick the box, if this person is to be erased."))
        count = erase.erase(typed, by=account_of(request).username)
    except BadInput as error:
        messages.error(request, str(error))
        return page(request, "studio/reader.html", typed=typed[:300], status=400)
    messages.success(request, gettext("Erased. Comments that went: %(count)d.") % {"count": count})
    return see_other(reverse("reader"))
