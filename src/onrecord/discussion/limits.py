"""How much is taken: from one network, one mail address, for one episode. Counted in rows, so that all processes agree.

Of the network there is only a keyed hash. Its key is another every 30 days, and the hash is forgotten after 30, by a
daily step (`steps/forget.py`): also when nobody writes any more.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext

from onrecord.catalogue.models import Episode
from onrecord.discussion.models import Comment, Notice, State, UsedForm, Writer
from onrecord.jobs import queue
from onrecord.lib import keys
from onrecord.lib.errors import BadInput

FORGET = "discussion.forget"

HOUR = timedelta(hours=1)
FORM_LASTS = timedelta(hours=24)
"""How long a form can be sent after it was opened."""

REMEMBERED = timedelta(days=30)
"""How long it is known from which network a comment came, as a hash."""

OF_A_NETWORK = 10
OF_AN_ADDRESS = 6
OF_AN_EPISODE = 300
"""Comments in an hour."""

MOST_WAITING = 3
"""Comments of one person that wait to be read. Those that somebody only says are theirs count by themselves."""


class TooMany(BadInput):
    """More than is taken just now."""


def check(episode: Episode, writer: Writer, network: str, recognised: bool, now: datetime) -> None:
    """Raises TooMany. `recognised`: the browser is known as this writer's."""
    lately = Comment.objects.filter(created__gt=now - HOUR)
    if lately.filter(episode=episode).count() >= OF_AN_EPISODE:
        raise TooMany(gettext("Very much is being written here just now. Please try again in an hour."))
    if network and lately.filter(network=network).count() >= OF_A_NETWORK:
        raise TooMany(gettext("Much has come from your network in the last hour. Please try again later."))
    theirs = Comment.objects.filter(writer=writer, confirmed__isnull=not recognised)
    if theirs.filter(created__gt=now - HOUR).count() >= OF_AN_ADDRESS:
        raise TooMany(gettext("You have written much in the last hour. Please try again later."))
    if theirs.filter(state=State.HELD).count() >= MOST_WAITING:
        raise TooMany(
            gettext("Three of your comments wait to be read. Please write again when one of them has been published.")
        )


def check_notice(episode: Episode, writer: Writer | None, network: str, now: datetime) -> None:
    """The same of legal notices. Raises TooMany."""
    lately = Notice.objects.filter(created__gt=now - HOUR)
    if lately.filter(episode=episode).count() >= OF_AN_EPISODE:
        raise TooMany(gettext("Very much is being written here just now. Please try again in an hour."))
    if network and lately.filter(network=network).count() >= OF_A_NETWORK:
        raise TooMany(gettext("Much has come from your network in the last hour. Please try again later."))
    if writer is not None and lately.filter(writer=writer).count() >= OF_AN_ADDRESS:
        raise TooMany(gettext("You have written much in the last hour. Please try again later."))


def hash_of_network(network: str, now: datetime) -> str:
    """A keyed hash of the network that a request came from; empty where that is not known."""
    if not network:
        return ""
    period = now.timestamp() // REMEMBERED.total_seconds()
    key = keys.key(settings.ONRECORD.private, f"discussion: networks {period:.0f}")
    return hmac.digest(key, network.encode(), "sha256").hex()[:32]


def end_of_period(now: datetime) -> datetime:
    """When the key changes with which networks are hashed."""
    seconds = REMEMBERED.total_seconds()
    return datetime.fromtimestamp((now.timestamp() // seconds + 1) * seconds, UTC)


def forget_what_is_over(now: datetime) -> None:
    """Let go of networks that are older than 30 days, and of forms that could not be sent any more."""
    Comment.objects.exclude(network="").filter(created__lt=now - REMEMBERED).update(network="")
    Notice.objects.exclude(network="").filter(created__lt=now - REMEMBERED).update(network="")
    UsedForm.objects.filter(at__lt=now - FORM_LASTS).delete()


def see_to_forgetting() -> None:
    """Have the daily step there. It comes by itself: mostly this only looks, so that nobody waits for anybody."""
    if not queue.is_underway(FORGET, 0):
        queue.ensure(FORGET, 0)
