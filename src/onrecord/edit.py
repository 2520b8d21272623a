"""Changes what is said of an episode, and whether it is public."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from onrecord.catalogue import related as beside
from onrecord.catalogue.changes import episode_changed
from onrecord.catalogue.models import Episode, EpisodeState, Redirect
from onrecord.jobs import queue
from onrecord.lib.addresses import web_address
from onrecord.lib.errors import BadInput
from onrecord.lib.slugs import is_reserved, slug
from onrecord.publish import LONGEST_TEXT, LONGEST_TITLE, check_length, find_or_make_tag, moment
from onrecord.recordings.models import Rendition


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
        if episode.state == EpisodeState.DRAFT:
            episode.published_at = date or timezone.now().replace(microsecond=0)
        episode.state = EpisodeState.PUBLISHED
        if later:
            episode.live_since = None
        episode.save(update_fields=["state", "published_at", "live_since"])
        recording = episode.recordings.get(current=True)
        if Rendition.objects.filter(recording=recording, kind="mp3").exists():
            queue.restart("episode.go_live", recording.pk, group=episode.pk, not_before=later, priority=100)
        episode_changed(episode.pk)


def edit(
    episode: Episode,
    title: str | None = None,
    standfirst: str | None = None,
    tags: list[str] | None = None,
    at: str | None = None,
    related: Sequence[Sequence[str]] | None = None,
    parts_elsewhere: Sequence[Sequence[str]] = (),
    parts_not_elsewhere: Sequence[int] = (),
    video: str | None = None,
) -> None:
    """Change what is said of an episode; None leaves a thing as it is. Its address stays: that is `rename`.

    `related` and `parts_elsewhere` are in the words of `catalogue.related.check`.
    """
    pieces = beside.check(related or (), parts_elsewhere)
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
        if video is not None:
            episode.video_url = web_address(video) if video.strip() else ""
        episode.save(update_fields=["title", "standfirst", "published_at", "video_url"])
        if related is not None:
            beside.set_related(episode, pieces)
        beside.set_parts_elsewhere(episode, parts_elsewhere, parts_not_elsewhere)
        if tags is not None:
            episode.tags.set([find_or_make_tag(name) for name in tags])
        episode_changed(episode.pk)
