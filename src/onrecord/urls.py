"""Every route of the program. What readers read is plain files in public/ and is not here."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
