"""Says that something visible changed, in the same transaction. The press finds out which public files that touches."""

from onrecord.catalogue.models import Change


def episode_changed(episode_id: int) -> None:
    """Any visible thing of this episode: words, credits, state, sound, transcript."""
    Change.objects.create(kind="episode", subject=episode_id)


def show_changed(show_id: int) -> None:
    """The show's name, description, picture or feed identity."""
    Change.objects.create(kind="show", subject=show_id)


def everything_changed() -> None:
    """The publication's settings, or the program itself."""
    Change.objects.create(kind="everything")


def passage_changed(passage_id: int) -> None:
    """Somebody shared a passage: it gets a page, and nothing else of its episode changes."""
    Change.objects.create(kind="passage", subject=passage_id)


def discussion_changed(episode_id: int) -> None:
    """A comment of this episode was published, edited or taken away; its first one is a change of the episode."""
    Change.objects.create(kind="discussion", subject=episode_id)


def log_grew(page: int) -> None:
    """An event was written into the log of discussions; `page` is the file that it stands in."""
    Change.objects.create(kind="log", subject=page)
