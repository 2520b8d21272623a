"""Feed identity: minted once, never changed afterwards."""

import uuid

from django.conf import settings
from django.db import transaction

from onrecord.catalogue.changes import show_changed
from onrecord.catalogue.models import Show

PODCAST_NAMESPACE = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""The namespace of podcast:guid, from the Podcast Index's podcast namespace."""


def podcast_guid(feed_address: str) -> str:
    """UUIDv5 of the feed's address without scheme and trailing slashes, as podcast:guid defines it.

    >>> podcast_guid("https://podnews.net/rss")
    '9b024349-ccf0-5f69-a609-6b82873eab3c'
    """
    return str(uuid.uuid5(PODCAST_NAMESPACE, feed_address.partition("://")[2].rstrip("/")))


def mint(show: Show) -> None:
    """Give a show its podcast:guid: from its public feed address, or from a random name while there is none.

    A guid that was made from a public address is never made again.
    """
    if settings.ONRECORD.has_public_address and not show.guid_from_address:
        show.podcast_guid = podcast_guid(f"{settings.ONRECORD.address}/{show.slug}/feed.xml")
        show.guid_from_address = True
    elif not show.podcast_guid:
        show.podcast_guid = podcast_guid(f"random://{uuid.uuid4()}")


def mint_all() -> None:
    """Give every show its identity once the publication has a public address; cheap when there is nothing to do."""
    if not settings.ONRECORD.has_public_address:
        return
    for show in Show.objects.filter(guid_from_address=False):
        with transaction.atomic():
            mint(show)
            show.save(update_fields=["podcast_guid", "guid_from_address"])
            show_changed(show.pk)
