"""The episode becomes public: its sound is ready and its date has come."""

from django.utils import timezone

from onrecord.catalogue.changes import episode_changed
from onrecord.catalogue.models import EpisodeState
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.registry import step
from onrecord.recordings.models import Recording


@step("episode.go_live")
def go_live(attempt: Attempt) -> None:
    """Make this recording the episode's current one; show the episode unless it is a draft or withdrawn.

    A recording that another has replaced meanwhile does not come back.
    """
    recording = Recording.objects.select_related("episode").get(pk=attempt.subject)
    episode = recording.episode
    with attempt.finish():
        if recording.replaced_at is not None:
            return
        now = timezone.now()
        if not recording.current:
            episode.recordings.filter(current=True).update(current=False, replaced_at=now)
            recording.current = True
            recording.save(update_fields=["current"])
        if episode.state == EpisodeState.PUBLISHED and episode.live_since is None:
            episode.live_since = now
            episode.save(update_fields=["live_since"])
        episode_changed(episode.pk)
