"""What stands beside an episode: pieces that the publisher picked, parts of its series elsewhere, its video elsewhere.

What is elsewhere is an address with the words that are shown for it; our own pieces are kept by identity. Whoever calls
says that the episode changed, in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from onrecord.catalogue.find import find_episode
from onrecord.catalogue.models import Episode, PartElsewhere, Related
from onrecord.lib.addresses import site_of, web_address
from onrecord.lib.errors import BadInput
from onrecord.lib.html import clean
from onrecord.lib.names import clean_name

MOST_RELATED = 12
MOST_PARTS = 1_000
LONGEST_TITLE, LONGEST_SITE, LONGEST_GUID = 300, 100, 1_000


def check(related: Sequence[Sequence[str]], parts: Sequence[Sequence[str]]) -> list[Related]:
    """The related pieces that the words name, not kept yet. Raises BadInput when any of all this cannot be used.

    A piece is named by an episode, or by address, title and, if wanted, site. A part elsewhere has number, address,
    title, site and, if known, its feed's podcast:guid and its own GUID there.
    """
    if len(related) > MOST_RELATED:
        raise BadInput(f"{len(related)} related pieces were given; at most {MOST_RELATED} are shown, so choose.")
    for words in parts:
        _part(words)
    return [_piece(words) for words in related]


def set_related(episode: Episode, pieces: Sequence[Related]) -> None:
    """Show these pieces beside the episode, in this order, in place of those before; each once, never itself."""
    episode.related.all().delete()
    kept: dict[object, Related] = {}
    for piece in pieces:
        if piece.piece_id == episode.pk:
            raise BadInput("An episode cannot be related to itself: name another one with --related.")
        kept.setdefault(piece.piece_id or piece.url, piece)
    for position, piece in enumerate(kept.values()):
        piece.episode, piece.position = episode, position
    Related.objects.bulk_create(kept.values())


def set_parts_elsewhere(episode: Episode, parts: Sequence[Sequence[str]], gone: Sequence[int] = ()) -> None:
    """Say of the episode's series which parts another site has, and which of them it has no longer."""
    if (parts or gone) and episode.series is None:
        raise BadInput("A part elsewhere belongs to a series: this episode is in none (--series NAME --part N).")
    for words in parts:
        found = _part(words)
        ours = Episode.objects.filter(series=episode.series, part=found.part).first()
        if ours:
            raise BadInput(f"Part {found.part} of the series is “{ours.title}” here: it cannot be elsewhere too.")
        PartElsewhere.objects.filter(series=episode.series, part=found.part).delete()
        found.series = episode.series  # type: ignore[assignment]  # seen above
        found.save()
    for number in gone:
        if not PartElsewhere.objects.filter(series=episode.series, part=number).delete()[0]:
            raise BadInput(f"No part {number} of the series is elsewhere.")


def _piece(words: Sequence[str]) -> Related:
    first, *others = words
    if "://" in first and (others or not _is_ours(first)):
        if len(others) not in (1, 2):
            raise BadInput(
                f"--related {clean_name(first)} needs the title of that page, and may have its site: "
                '--related https://example.org/a "A title" "The site".'
            )
        url = web_address(first)
        site = _words("site", others[1], LONGEST_SITE) if len(others) == 2 else site_of(url)
        return Related(url=url, title=_words("title", others[0], LONGEST_TITLE), site=site)
    if others:
        raise BadInput(
            f"--related {clean_name(first)} {clean_name(others[0])}: name one episode, or an address and a title."
        )
    return Related(piece=find_episode(first))


def _is_ours(address: str) -> bool:
    try:
        find_episode(address)
    except BadInput:
        return False
    return True


def _part(words: Sequence[str]) -> PartElsewhere:
    if not 4 <= len(words) <= 6:
        raise BadInput(
            'A part elsewhere needs number, address, title, site: --part-elsewhere 1 https://example.org/a "A title" '
            '"The site"; after them may come the podcast:guid of its feed and its own GUID.'
        )
    number, url, title, site, *guids = words
    if not number.isascii() or not number.isdecimal() or not 1 <= int(number) <= MOST_PARTS:
        raise BadInput(f"--part-elsewhere {clean_name(number)}: the part's number is from 1 to {MOST_PARTS:,}.")
    feed, item = [*guids, "", ""][:2]
    return PartElsewhere(
        part=int(number),
        url=web_address(url),
        title=_words("title", title, LONGEST_TITLE),
        site=_words("site", site, LONGEST_SITE),
        feed_guid=_feed_guid(feed) if feed else "",
        item_guid=_words("GUID", item, LONGEST_GUID) if item else "",
    )


def _feed_guid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise BadInput(f"“{clean_name(text)}” is no podcast:guid: it is a UUID, and stands in the feed.") from error


def _words(name: str, text: str, longest: int) -> str:
    """In one line, of a length that fits, and not empty."""
    line = " ".join(clean(text).split())
    if not line:
        raise BadInput(f"The {name} of what is elsewhere is empty: readers need to know where the link leads.")
    if len(line) > longest:
        raise BadInput(f"The {name} “{clean_name(line)}” has {len(line):,} characters; at most {longest:,} fit.")
    return line
