"""Changes what is said of an episode, and whether it is public."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from onrecord.catalogue import related as beside
from onrecord.catalogue.changes import episode_changed
from onrecord.catalogue.models import Episode, EpisodeState, Picture, Redirect, Role
from onrecord.catalogue.pictures import take_in_picture
from onrecord.lib.addresses import web_address
from onrecord.lib.errors import BadInput
from onrecord.lib.slugs import free_slug, is_reserved, slug
from onrecord.publish import (
    LARGEST_NOTES,
    check_language,
    check_length,
    check_part,
    check_words,
    credit,
    find_or_make_series,
    find_or_make_show,
    find_or_make_tags,
    forget_unused,
    moment,
    taken_slugs,
)
from onrecord.recordings import pipeline
from onrecord.transcripts import speakers


def rename(episode: Episode, new_slug: str) -> None:
    """Give an episode another address; the old one leads to it for ever."""
    wanted = slug(new_slug, "")
    if wanted != new_slug or is_reserved(wanted):
        raise BadInput(f"“{new_slug}” cannot be an address: use lower-case letters, digits and hyphens.")
    if wanted == episode.slug:
        return
    folder = f"{episode.show.slug}/{wanted}"
    held_by_row = Episode.objects.filter(show=episode.show, slug=wanted).exists()
    held_by_redirect = Redirect.objects.filter(folder=folder).exclude(episode=episode).exists()
    if held_by_row or held_by_redirect:
        raise BadInput(f"“{wanted}” is the address of another episode of this show: choose another.")
    with transaction.atomic():
        Redirect.objects.filter(folder=folder, episode=episode).delete()
        Redirect.objects.get_or_create(folder=episode.folder, defaults={"episode": episode})
        episode.slug = wanted
        episode.save(update_fields=["slug"])
        episode_changed(episode.pk)


def withdraw(episode: Episode) -> None:
    """Take an episode off the site; its rows, recording and address stay."""
    with transaction.atomic():
        episode.state = EpisodeState.WITHDRAWN
        episode.save(update_fields=["state"])
        episode_changed(episode.pk)


def release(episode: Episode, at: str = "") -> None:
    """Make a draft or withdrawn episode public, now or at a later time."""
    date = moment(at) if at else None
    later = date if date is not None and date > timezone.now() else None
    with transaction.atomic():
        held_back = episode.live_since is None and episode.published_at > timezone.now()
        if episode.state == EpisodeState.DRAFT or held_back:
            episode.published_at = date or timezone.now().replace(microsecond=0)
        episode.state = EpisodeState.PUBLISHED
        if later:
            episode.live_since = None
        episode.save(update_fields=["state", "published_at", "live_since"])
        _schedule(episode, later)
        episode_changed(episode.pk)


def _schedule(episode: Episode, not_before: datetime | None) -> None:
    """Its recording, and one that is to replace it, go up at that time, or as soon as their sound is ready."""
    for recording in episode.recordings.filter(replaced_at=None):
        pipeline.go_live(recording, not_before)


EDITED = (
    *("title", "standfirst", "notes", "published_at", "language", "video_url"),
    *("show", "slug", "series", "part", "picture"),
)
"""What of an episode's row an edit writes: a worker may write the rest at the same moment."""


@dataclass(frozen=True)
class Changes:
    """What is to be different of an episode; None leaves a thing as it is, empty takes it away.

    `related` and `parts_elsewhere` are in the words of `catalogue.related.check`. A `picture` takes the place of the
    one before it, whose words stay unless others are given.
    """

    title: str | None = None
    standfirst: str | None = None
    notes: str | None = None
    show: str | None = None
    hosts: Sequence[str] | None = None
    guests: Sequence[str] | None = None
    language: str | None = None
    tags: Sequence[str] | None = None
    series: str | None = None
    part: int | None = None
    total: int | None = None
    picture: Path | None = None
    no_picture: bool = False
    caption: str | None = None
    credit: str | None = None
    alt: str | None = None
    related: Sequence[Sequence[str]] | None = None
    parts_elsewhere: Sequence[Sequence[str]] = ()
    parts_not_elsewhere: Sequence[int] = ()
    video: str | None = None
    at: str | None = None


def edit(episode: Episode, changes: Changes) -> None:
    """Change what is said of an episode. Its address stays, except that of its show: see `rename`.

    Raises BadInput, with nothing changed, when anything that was given cannot be used.
    """
    _check(changes)
    pieces = beside.check(changes.related or (), changes.parts_elsewhere)
    unused: list[str] = []
    try:
        with transaction.atomic():
            _words(episode, changes)
            if changes.show:
                _move(episode, changes.show)
            if changes.series is not None:
                _set_part(episode, changes)
            unused += _set_picture(episode, changes)
            episode.save(update_fields=EDITED)
            if changes.related is not None:
                beside.set_related(episode, pieces)
            beside.set_parts_elsewhere(episode, changes.parts_elsewhere, changes.parts_not_elsewhere)
            if changes.tags is not None:
                episode.tags.set(find_or_make_tags(list(changes.tags)))
            for role, names in ((Role.HOST, changes.hosts), (Role.GUEST, changes.guests)):
                if names is not None:
                    credit(episode, role, list(names))
            if changes.hosts is not None or changes.guests is not None:
                speakers.link_to_credits(episode)
            episode_changed(episode.pk)
    finally:
        for sha256 in unused:
            forget_unused(sha256)


def _check(changes: Changes) -> None:
    check_words(changes)
    check_length("notes", changes.notes or "", LARGEST_NOTES)
    check_language(changes.language)
    if changes.series is not None or changes.part is not None or changes.total is not None:
        check_part((changes.series or "").strip(), changes.part, changes.total)


def _words(episode: Episode, changes: Changes) -> None:
    if changes.title is not None:
        episode.title = " ".join(changes.title.split())
    if changes.standfirst is not None:
        episode.standfirst = changes.standfirst.strip()
    if changes.notes is not None:
        episode.notes = changes.notes.replace("\x00", "")
    if changes.at:
        episode.published_at = moment(changes.at)
        if episode.state == EpisodeState.PUBLISHED and episode.live_since is None:
            _schedule(episode, episode.published_at)
    if changes.language is not None:
        episode.language = changes.language
    if changes.video is not None:
        episode.video_url = web_address(changes.video) if changes.video.strip() else ""


def _move(episode: Episode, name: str) -> None:
    """Into another show: another address, and the old one leads there. A series belongs to one show."""
    show = find_or_make_show(name, episode.language)
    if show == episode.show:
        return
    Redirect.objects.get_or_create(folder=episode.folder, defaults={"episode": episode})
    Redirect.objects.filter(folder=f"{show.slug}/{episode.slug}", episode=episode).delete()
    episode.show, episode.series, episode.part = show, None, None
    episode.slug = free_slug(episode.slug, taken_slugs(show))


def _set_part(episode: Episode, changes: Changes) -> None:
    name = (changes.series or "").strip()
    episode.series = find_or_make_series(episode.show, name, changes.part, changes.total, episode) if name else None
    episode.part = changes.part if name else None


def _set_picture(episode: Episode, changes: Changes) -> list[str]:
    """Put a picture in the place of the one before, take that away, or change its words; returns whose files to look
    at when that is done: originals that no row may name any more."""
    old = episode.picture
    said = {"caption": changes.caption, "credit": changes.credit, "alt": changes.alt}
    words = {name: text.strip() for name, text in said.items() if text is not None}
    if changes.picture is None and not changes.no_picture:
        if words and old:
            Picture.objects.filter(pk=old.pk).update(**words)
        elif any(words.values()):
            raise BadInput("--caption, --credit and --alt describe a picture: name it with --picture FILE.")
        return []
    if changes.picture is None:
        episode.picture = None
    else:
        kept = {name: words.get(name, getattr(old, name) if old else "") for name in said}
        episode.picture = take_in_picture(changes.picture, kept["caption"], kept["credit"], kept["alt"])
    if old is None:
        return [episode.picture.sha256] if episode.picture else []
    episode.save(update_fields=["picture"])
    old.delete()
    return [old.sha256, *([episode.picture.sha256] if episode.picture else [])]
