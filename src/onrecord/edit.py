"""Changes what is said of an episode, and whether it is public."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from onrecord.catalogue.changes import episode_changed
from onrecord.catalogue.models import Episode, EpisodeState, Redirect
from onrecord.lib.errors import BadInput
from onrecord.lib.slugs import RESERVED, slug
from onrecord.publish import LONGEST_TEXT, LONGEST_TITLE, check_language, check_length, find_or_make_tags, moment
from onrecord.recordings import pipeline


def rename(episode: Episode, new_slug: str) -> None:
    """Give an episode another address; the old one leads to it for ever."""
    wanted = slug(new_slug, "")
    if wanted != new_slug or wanted in RESERVED:
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


def edit(
    episode: Episode,
    title: str | None = None,
    standfirst: str | None = None,
    tags: list[str] | None = None,
    at: str | None = None,
    language: str | None = None,
) -> None:
    """Change what is said of an episode; None leaves a thing as it is. Its address stays: that is `rename`."""
    check_language(language)
    with transaction.atomic():
        if title is not None:
            check_length("title", title, LONGEST_TITLE)
            if not title.strip():
                raise BadInput("The title is empty: give one with --title.")
            episode.title = " ".join(title.split())
        if standfirst is not None:
            check_length("standfirst", standfirst, LONGEST_TEXT)
            episode.standfirst = standfirst.strip()
        if at:
            episode.published_at = moment(at)
            if episode.state == EpisodeState.PUBLISHED and episode.live_since is None:
                _schedule(episode, episode.published_at)
        if language is not None:
            episode.language = language
        episode.save(update_fields=["title", "standfirst", "published_at", "language"])
        if tags is not None:
            episode.tags.set(find_or_make_tags(tags))
        episode_changed(episode.pk)
