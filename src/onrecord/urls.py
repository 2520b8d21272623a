"""Every route of the program. What readers read is plain files in public/ and is not here."""

from django.urls import URLPattern, URLResolver, include, path

from onrecord import discuss, notify, share, yours
from onrecord.feeds import views as feeds
from onrecord.search import views as search

PROGRAM_PATHS = ("/discuss/", "/studio/", "/search/", "/oembed/", "/quote/")
"""What the server hands to Django; everything else is a file below public/. docs/deploy names the same."""

urlpatterns: list[URLPattern | URLResolver] = [
    path("discuss/", discuss.write),
    path("discuss/sent/<str:key>/", discuss.sent),
    path("discuss/receipt/<str:key>/", discuss.receipt),
    path("discuss/edit/<str:key>/", discuss.edit),
    path("discuss/to/<str:episode>/<int:number>/", discuss.to),
    path("discuss/forget/", discuss.forget),
    path("discuss/confirm/<str:token>/", discuss.confirm),
    path("discuss/rejoin/<str:token>/", discuss.rejoin),
    path("discuss/notice/", notify.notice),
    path("discuss/notice/sent/<str:key>/", notify.sent),
    path("discuss/notice/confirm/<str:token>/", notify.confirm),
    path("discuss/notice/respond/<str:token>/", notify.respond),
    path("discuss/reply/<str:secret>/", discuss.reply),
    path("discuss/stop/<str:token>/", discuss.stop),
    path("discuss/yours/", yours.ask),
    path("discuss/yours/<str:secret>/", yours.own),
    path("oembed/", feeds.oembed),
    path("quote/", share.quoting),
    path("search/", search.page),
    path("studio/", include("onrecord.studio.urls")),
]

handler404 = "onrecord.studio.access.not_found"
