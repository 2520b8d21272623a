"""Makes references. Everything here runs in the caller's transaction."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from urllib.parse import urldefrag

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from onrecord.catalogue.changes import episode_changed
from onrecord.catalogue.models import Episode
from onrecord.jobs import queue
from onrecord.lib.addresses import is_web_address
from onrecord.lib.errors import BadInput
from onrecord.lib.html import clean
from onrecord.lib.language import number
from onrecord.references import keeping, visiting
from onrecord.references.models import Kind, Link, Reference, SavedCopy

SAVE, CHECK = "references.save", "references.check"
FIRST_CHECK = timedelta(days=7)
LONGEST_GIVEN, LONGEST_TITLE, LONGEST_DATE, LONGEST_SENTENCE = 2_000, 300, 100, 2_000


@transaction.atomic
def cite(
    given: str,
    *,
    sentence: str = "",
    title: str = "",
    author: str = "",
    date: str = "",
    lost: bool = False,
    episode: Episode | None = None,
    in_notes: bool = False,
    visit: bool = True,
) -> Reference:
    """Cite a page by its address, or a work in words ("my article of 17 April"). Nobody is visited yet: `published`.

    `sentence`: the one in it that supports what is said; `lost`: the link or work cannot be found again; `episode`: its
    pages are written anew when something becomes known of the reference; `in_notes`: its own show notes cite it;
    `visit=False`: the page is never fetched, whoever else cites it. Raises BadInput, in the reader's language, for what
    is empty or too long.
    """
    given = _checked(given, LONGEST_GIVEN, gettext("Reference"))
    if not given:
        raise BadInput(gettext("Say what you refer to: an address, or the work in words."))
    is_link = is_web_address(given) and not lost
    return Reference.objects.create(
        kind=Kind.LOST if lost else Kind.LINK if is_link else Kind.WORK,
        given=given,
        link=_link(given, visit) if is_link else None,
        episode=episode,
        in_notes=in_notes,
        title=_checked(title, LONGEST_TITLE, gettext("Title")),
        author=_checked(author, LONGEST_TITLE, gettext("Author")),
        date=_checked(date, LONGEST_DATE, gettext("Date")),
        sentence=_checked(sentence, LONGEST_SENTENCE, gettext("Sentence")),
    )


@transaction.atomic
def published(reference: Reference) -> None:
    """The text that cites it is published: its page is saved soon, and looked after from now on."""
    now = timezone.now()
    if not Reference.objects.filter(pk=reference.pk, published=None).update(published=now):
        return
    reference.published = now
    link = reference.link
    if link is None or not may_be_visited(link):
        return
    if settings.ONRECORD.references.save:
        queue.ensure(SAVE, link.pk)
    if settings.ONRECORD.references.check:
        Link.objects.filter(pk=link.pk, next_check=None).update(next_check=now + FIRST_CHECK)
        if not queue.is_underway(CHECK, 0):  # it comes by itself, and all texts would wait here for each other
            queue.ensure(CHECK, 0)


@transaction.atomic
def unpublished(reference: Reference) -> None:
    """The text that cites it was taken off the site: nobody is visited for its sake any more. What was saved stays."""
    Reference.objects.filter(pk=reference.pk).update(published=None)
    reference.published = None


@transaction.atomic
def found_again(reference: Reference, address: str) -> None:
    """A lost link was found, or a work that had none has one: `given` stays, the page is saved if that is published."""
    if not is_web_address(address):
        raise BadInput(gettext("This is no address of a web page: it must begin with https:// or http://."))
    reference.link, reference.kind = _link(address, visit=True), Kind.LINK
    was_published, reference.published = reference.published, None
    reference.save(update_fields=["link", "kind", "published"])
    if was_published:
        published(reference)
        _tell([reference])


@transaction.atomic
def set_visited(link: Link, visited: bool) -> None:
    """Let a link be visited again, or never again; what was saved stays."""
    Link.objects.filter(pk=link.pk).update(visited=visited)


@transaction.atomic
def forget(reference: Reference) -> None:
    """Delete a reference, and its page's copies and its file when nobody else cites them."""
    link, file = reference.link, reference.sha256
    was_public = bool(reference.published)
    reference.delete()
    pages: list[str] = []
    if link and not link.references.exists():
        pages = list(SavedCopy.objects.filter(link=link).values_list("warc", flat=True))
        queue.forget(link.pk, group=None, names=[SAVE])
        link.delete()
    if was_public:
        _tell([reference])
    transaction.on_commit(lambda: keeping.remove_unused(pages, [file]))


def may_be_visited(link: Link) -> bool:
    """Whether we may go there at all."""
    return link.visited and not visiting.is_ours(link.address)


def _link(address: str, visit: bool) -> Link:
    address = urldefrag(address).url
    digest = hashlib.sha256(address.encode()).hexdigest()
    link, _ = Link.objects.get_or_create(digest=digest, defaults={"address": address, "visited": visit})
    if link.visited and not visit:
        set_visited(link, visited=False)
    return link


def _checked(text: str, longest: int, what: str) -> str:
    """Fit for a page, in one line. Raises BadInput when it is too long: nothing that was written is cut off."""
    line = " ".join(clean(text).split())
    if len(line) > longest:
        # Translators: what is too long in a reference, such as its title.
        words = gettext("%(what)s: %(length)s characters; at most %(longest)s fit.")
        raise BadInput(words % {"what": what, "length": number(len(line)), "longest": number(longest)})
    return line


def _tell(references: list[Reference]) -> None:
    """Their pages show something new."""
    for episode in sorted({reference.episode_id for reference in references if reference.episode_id}):
        episode_changed(episode)
