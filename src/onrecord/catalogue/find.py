"""Finds the episode that a person means."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from onrecord.catalogue.models import Episode, EpisodeState, Redirect
from onrecord.lib.errors import BadInput


def find_episode(text: str) -> Episode:
    """The episode of that key, guid, address, folder ("show/episode") or slug.

    Raises BadInput when there is none, or when a slug stands for more than one.
    """
    text = text.encode("utf-8", "replace").decode()  # no episode has a name that is not UTF-8
    episodes = Episode.objects.select_related("show")
    path = (urlsplit(text).path if "://" in text else text).strip("/")
    folder = path.removesuffix("/index.html")
    show_slug, _, episode_slug = folder.rpartition("/")
    exact = (
        episodes.filter(key=text).first()
        or episodes.filter(guid=text).first()
        or (episodes.filter(show__slug=show_slug, slug=episode_slug).first() if show_slug else None)
    )
    if exact:
        return exact
    moved = Redirect.objects.select_related("episode__show").filter(folder=folder).first()
    if moved:
        return moved.episode
    by_slug = list(episodes.filter(slug=folder)[:2])
    if len(by_slug) == 1:
        return by_slug[0]
    if by_slug:
        raise BadInput(f"More than one show has an episode “{folder}”: write it as show/episode.")
    raise BadInput(f"There is no episode “{text[:200]}”: `onrecord status` lists them all.")


def find_episodes(texts: Sequence[str]) -> list[Episode]:
    """The episodes that a person means, each once; "all" is every one that has not been withdrawn, newest first."""
    if list(texts) == ["all"]:
        kept = Episode.objects.exclude(state=EpisodeState.WITHDRAWN)
        return list(kept.select_related("show").order_by("-published_at", "-id"))
    return list(dict.fromkeys(find_episode(text) for text in texts))
