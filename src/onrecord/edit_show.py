"""Changes what is said of a show."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction

from onrecord.catalogue.changes import show_changed
from onrecord.catalogue.models import Show
from onrecord.catalogue.pictures import take_in_picture
from onrecord.lib.errors import BadInput
from onrecord.publish import LONGEST_TEXT, LONGEST_TITLE, check_language, check_length


def find_show(text: str) -> Show:
    """The show of that name or slug; without a text the only one there is. Raises BadInput."""
    shows = list(Show.objects.order_by("id"))
    found = shows if not text and len(shows) == 1 else [show for show in shows if text in (show.slug, show.name)]
    if found:
        return found[0]
    names = ", ".join(show.slug for show in shows) or "none"
    raise BadInput(f"There is no show “{text[:200]}”. Shows are: {names}.")


def edit_show(
    show: Show,
    name: str | None = None,
    description: str | None = None,
    language: str | None = None,
    picture: Path | None = None,
) -> None:
    """Change what is said of a show; None leaves a thing as it is. Address and GUID stay, and the episodes' languages.

    The `picture`, a file, is its artwork.
    """
    check_language(language)
    with transaction.atomic():
        if name is not None:
            check_length("name", name, LONGEST_TITLE)
            if not name.strip():
                raise BadInput("The name is empty: give one with --name.")
            show.name = " ".join(name.split())
        if description is not None:
            check_length("description", description, LONGEST_TEXT)
            show.description = description.strip()
        if language:
            show.language = language
        if picture is not None:
            show.picture = take_in_picture(picture, "", "", "")
        show.save(update_fields=["name", "description", "language", "picture"])
        show_changed(show.pk)
