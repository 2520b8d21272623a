"""Every route of the studio, all below /studio/. tests/studio/test_who_may.py says for each whose it is."""

from allauth.account import views as allauth
from django.urls import URLPattern, URLResolver, include, path

from onrecord.studio import editing, episodes, joining, own, people, preview, queue, readers, uploading, words

urlpatterns: list[URLPattern | URLResolver] = [
    path("", own.home, name="studio"),
    path("episodes/", episodes.listing, name="episodes"),
    path("episodes/<str:key>/", editing.episode, name="episode"),
    path("episodes/<str:key>/publish/", episodes.release, name="release"),
    path("episodes/<str:key>/withdraw/", episodes.withdraw, name="withdraw"),
    path("episodes/<str:key>/retry/", episodes.retry, name="retry"),
    path("episodes/<str:key>/approve/", episodes.approve, name="approve"),
    path("episodes/<str:key>/preview/", preview.preview, name="preview"),
    path("episodes/<str:key>/files/<str:name>", preview.file, name="file"),
    path("episodes/<str:key>/speakers/", words.speakers, name="speakers"),
    path("episodes/<str:key>/words/", words.words, name="words"),
    path("episodes/<str:key>/words/<int:first>-<int:end>/", words.turn, name="turn"),
    path("upload/", uploading.upload, name="upload"),
    path("comments/", queue.queue, name="queue"),
    path("comments/<str:key>/", queue.decide, name="decide"),
    path("readers/", readers.reader, name="reader"),
    path("people/", people.people, name="people"),
    path("people/<int:account>/", people.change, name="person"),
    path("people/invitations/<int:link>/revoke/", people.revoke, name="revoke"),
    path("account/", own.account, name="account"),
    path("account/password/", allauth.password_change, name="account_change_password"),
    path("account/second-step/", include("allauth.mfa.urls")),
    path("account/confirm/", allauth.reauthenticate, name="account_reauthenticate"),
    path("join/<str:secret>/", joining.join, name="join"),
    path("sign-in/", allauth.login, name="account_login"),
    path("sign-in/closed/", allauth.account_inactive, name="account_inactive"),
    path("sign-out/", allauth.logout, name="account_logout"),
]
"""Of allauth's routes only these: nobody signs up, and passwords are not reset by mail."""
