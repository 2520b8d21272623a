"""What stands in each public file: one table, kind -> the function that returns its bytes.

Media are not in it: they are placed, not rendered (`press.media`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from onrecord import readmodel
from onrecord.catalogue import pictures
from onrecord.feeds import atom, chapters, comments, items, json_feed, moves, record, rss, sitemap, web_annotations
from onrecord.feeds import corrections as corrections_feed
from onrecord.feeds.items import FeedItem
from onrecord.press import kept_items, listings, lists, wanted
from onrecord.press.models import Listed
from onrecord.press.paths import id_of, number_in, year_of
from onrecord.readmodel import CommentView, CorrectionView, EpisodeCard, EpisodeView, ListPage, PassageView
from onrecord.readmodel import corrections as corrected
from onrecord.readmodel import discussion as talk
from onrecord.site import assets, corrections, discussion, embedding, pages, quote_card, quotes
from onrecord.site.transcript import words_json
from onrecord.transcripts import formats

WORDS_AT_ONCE = 16
"""Episodes that are read with all their words together: some megabytes, and few queries for each."""


class NotPublic(LookupError):
    """What a file is made from is not public any more."""


class Shelf:
    """What the files of one batch are made from. `owners` are those of its files: their episodes are read together.

    Where nothing is `kept` from before, everything is made of the rows themselves, so that it can be compared.
    """

    def __init__(self, owners: Iterable[str] = (), kept: bool = True) -> None:
        self._to_read = list(dict.fromkeys(id_of(owner) for owner in owners if owner.startswith("episode:")))
        self._episodes: dict[int, EpisodeView] = {}
        self._passages: dict[str, dict[str, PassageView]] = {}
        self._comments: dict[tuple[str, int], list[CommentView]] = {}
        self._beside: dict[int, list[EpisodeCard]] = {}
        self._cards: dict[int, EpisodeCard] = {}
        self._entries: dict[str, int] = {}
        self._kept = kept
        self._newest: dict[str, kept_items.Newest] = {}
        self._corrections: dict[int, dict[int, CorrectionView]] = {}

    def episode(self, owner: str) -> EpisodeView:
        """The episode that a file belongs to. Raises NotPublic when it is not to be seen any more."""
        id = id_of(owner)
        if id not in self._episodes:
            self._read(id)
        view = self._episodes.get(id)
        if view is None or not view.is_public:
            raise NotPublic(f"episode {id} is not public any more")
        return view

    def _read(self, id: int) -> None:
        """Read this episode and those that will be asked for next. Those before are let go of: words take room."""
        at = self._to_read.index(id) if id in self._to_read else 0
        together = {id, *self._to_read[at : at + WORDS_AT_ONCE]}
        self._episodes = {view.id: view for view in readmodel.episodes(sorted(together), with_words=True)}

    def passage(self, owner: str, path: str) -> PassageView:
        """The passage whose page or card stands at `path`. Raises NotPublic when there is none any more."""
        if owner not in self._passages:
            shared = readmodel.passages([id_of(owner)]).get(id_of(owner), [])
            self._passages = {owner: {passage.folder: passage for passage in shared}}
        found = self._passages[owner].get(path.rpartition("/")[0])
        if found is None:
            raise NotPublic(f"{path} is no passage any more")
        return found

    def comments(self, owner: str, page: int) -> list[CommentView]:
        """The comments of a page of a discussion. Several files show the same."""
        if (owner, page) not in self._comments:
            self._comments = {(owner, page): talk.on_page(id_of(owner), page)}
        return self._comments[owner, page]

    def beside(self, owner: str) -> list[EpisodeCard]:
        """The episodes of its show that came just before an episode and just after it, oldest first."""
        id = id_of(owner)
        if id not in self._beside:
            self.episode(owner)
            self._beside = _neighbours(self._episodes)
        return self._beside[id]

    def entries(self, name: str) -> int:
        """How many episodes a list has."""
        if name not in self._entries:
            self._entries[name] = Listed.objects.filter(list=name).count()
        return self._entries[name]

    def page(self, name: str, path: str) -> ListPage:
        """The page of a list that stands at `path`, newest first."""
        entries = self.entries(name)
        page_count = lists.page_count(entries)
        number = number_in(path) or page_count
        ids = listings.entries(name, *lists.page_bounds(number, entries))
        return ListPage(cards=self.cards(ids[::-1]), number=number, pages=page_count)

    def cards(self, ids: Iterable[int]) -> list[EpisodeCard]:
        """Episodes for a list, in the order of `ids`. The newest stand on several lists."""
        wanted = list(ids)
        missing = [id for id in wanted if id not in self._cards]
        self._cards |= {card.id: card for card in readmodel.cards(missing)} if missing else {}
        return [self._cards[id] for id in wanted if id in self._cards]

    def archive(self, show: str, number: int) -> list[FeedItem]:
        """A full archive of a show's feed, newest first."""
        ids = listings.entries(show, (number - 1) * lists.ARCHIVE, number * lists.ARCHIVE)
        return [items.make(view) for view in readmodel.feed_items(ids[::-1])]

    def newest(self, show: str) -> list[FeedItem]:
        """What the feeds of a show hold, newest first. Three files hold it."""
        if show not in self._newest:
            ids = listings.entries(show, max(0, self.entries(show) - lists.ARCHIVE), self.entries(show))
            self._newest = {show: kept_items.newest(id_of(show), ids[::-1], self._kept)}
        return self._newest[show].items

    def keep(self) -> None:
        """Keep what the next batch can use."""
        for newest in self._newest.values():
            newest.keep()

    def corrections(self, page: int) -> dict[int, CorrectionView]:
        """The corrections of a page of all, by their numbers; the pages of each are written one after the other."""
        if page not in self._corrections:
            first = (page - 1) * corrected.PAGE + 1
            self._corrections = {page: corrected.numbered(first, first + corrected.PAGE - 1)}
        return self._corrections[page]

    @cached_property
    def publication(self) -> readmodel.Publication:
        """The publication's settings."""
        return readmodel.publication()


def _neighbours(episodes: Iterable[int]) -> dict[int, list[EpisodeCard]]:
    beside = listings.beside(episodes)
    cards = {card.id: card for card in readmodel.cards({id for ids in beside.values() for id in ids})}
    return {id: [cards[other] for other in beside.get(id, ()) if other in cards] for id in episodes}


Renderer = Callable[[Shelf, str, str], bytes | str]
"""From the shelf, the file's owner and its path below public/ to what stands in it."""


def _page(shelf: Shelf, owner: str, path: str) -> str:
    return pages.episode(shelf.episode(owner), shelf.beside(owner))


def _record(shelf: Shelf, owner: str, path: str) -> bytes:
    return record.episode_json(shelf.episode(owner))


def _chapters(shelf: Shelf, owner: str, path: str) -> bytes:
    return chapters.chapters_json(shelf.episode(owner))


def _transcript(shelf: Shelf, owner: str, path: str) -> str:
    view = shelf.episode(owner).transcript
    if view is None:
        raise NotPublic(f"{path} has no transcript any more")
    return formats.write(view.document, formats.format_of(path))


def _words(shelf: Shelf, owner: str, path: str) -> bytes:
    view = shelf.episode(owner).transcript
    if view is None:
        raise NotPublic(f"{path} has no words any more")
    return words_json(view)


def _picture(shelf: Shelf, owner: str, path: str) -> bytes:
    view = shelf.episode(owner).picture
    for size in view.sizes if view else ():
        if view and path in (size.jpeg, size.webp):
            return pictures.render(view.sha256, size.width, "JPEG" if path == size.jpeg else "WEBP")
    raise NotPublic(f"{path} is no picture of this episode any more")


def _artwork(shelf: Shelf, owner: str, path: str) -> bytes:
    view = shelf.episode(owner).artwork if owner.startswith("episode:") else readmodel.show(id_of(owner)).artwork
    return pictures.artwork(view.sha256, readmodel.SMALL_ARTWORK if path == view.small else view.side, view.name)


def _moves(shelf: Shelf, owner: str, path: str) -> bytes:
    view = shelf.episode(owner).transcript
    if view is None or not view.corrected:
        raise NotPublic(f"{path} has no earlier words any more")
    return moves.moves_json(view)


def _quote(shelf: Shelf, owner: str, path: str) -> str:
    return quotes.page(shelf.episode(owner), shelf.passage(owner, path))


def _card(shelf: Shelf, owner: str, path: str) -> bytes:
    return quote_card.draw(quotes.card_of(shelf.episode(owner), shelf.passage(owner, path)))


def _discussion(shelf: Shelf, owner: str, path: str) -> str:
    number = number_in(path) or 1
    return discussion.page(shelf.episode(owner), number, shelf.comments(owner, number))


def _annotations(shelf: Shelf, owner: str, path: str) -> bytes:
    return web_annotations.collection(shelf.episode(owner))


def _annotation_page(shelf: Shelf, owner: str, path: str) -> bytes:
    view, number = shelf.episode(owner), _number_of(path)
    if number not in view.discussion.numbers.pages:
        raise NotPublic(f"{path} has no comments any more")
    return web_annotations.page(view, number, shelf.comments(owner, number))


def _annotation(shelf: Shelf, owner: str, path: str) -> bytes:
    view, number = shelf.episode(owner), _number_of(path)
    comments = shelf.comments(owner, talk.page_of(number))
    found = [comment for comment in comments if comment.number == number and not comment.gone]
    if not found:
        raise NotPublic(f"{path} is no comment any more")
    return web_annotations.annotation(view, found[0])


def _number_of(path: str) -> int:
    return int(path.rpartition("/")[2].removesuffix(".json"))


def _comments(shelf: Shelf, owner: str, path: str) -> bytes:
    view = shelf.episode(owner)
    return comments.feed(view, talk.newest(view.id, view.discussion.last_number))


def _correction(shelf: Shelf, owner: str, path: str) -> str:
    number = number_in(path) or 0
    one = shelf.corrections(corrected.page_of(number)).get(number)
    return corrections.own(number, one, corrected.references(number))


def _corrections(shelf: Shelf, owner: str, path: str) -> str:
    last = corrected.last_number()
    page = number_in(path) or corrected.page_of(last)
    return corrections.page(page, last, shelf.corrections(page))


def _corrections_feed(shelf: Shelf, owner: str, path: str) -> bytes:
    return corrections_feed.feed(corrected.newest(corrected.last_number()))


def _log(shelf: Shelf, owner: str, path: str) -> bytes:
    return comments.log(path)


def _redirect(shelf: Shelf, owner: str, path: str) -> str:
    """From a page of a former folder to the same page of the episode's folder now."""
    page = path.split("/", 2)[2].removesuffix("index.html")
    return pages.redirect(shelf.publication.url(f"{shelf.episode(owner).path}{page}"))


def _home(shelf: Shelf, owner: str, path: str) -> str:
    return pages.home(shelf.page("all", path))


def _show(shelf: Shelf, owner: str, path: str) -> str:
    years = [year_of(name) for name in wanted.year_lists(id_of(owner))]
    return pages.show(readmodel.show(id_of(owner)), shelf.page(owner, path), years)


def _year(shelf: Shelf, owner: str, path: str) -> str:
    years = [year_of(name) for name in wanted.year_lists(id_of(owner))]
    return pages.year(readmodel.show(id_of(owner)), year_of(owner), years, shelf.page(owner, path))


def _subscribe(shelf: Shelf, owner: str, path: str) -> str:
    return pages.subscribe(readmodel.show(id_of(owner)))


def _embed(shelf: Shelf, owner: str, path: str) -> str:
    return embedding.embed(shelf.episode(owner))


def _person(shelf: Shelf, owner: str, path: str) -> str:
    return pages.person(readmodel.person(id_of(owner)), shelf.page(owner, path))


def _tag(shelf: Shelf, owner: str, path: str) -> str:
    return pages.tag(readmodel.tag(id_of(owner)), shelf.page(owner, path))


def _series(shelf: Shelf, owner: str, path: str) -> str:
    view = readmodel.series(id_of(owner))
    cards = shelf.cards(listings.entries(owner, 0, shelf.entries(owner)))
    places = {part.path: part.number for part in view.parts}
    return pages.series(view, sorted(cards, key=lambda card: places.get(card.path, len(places))))


def _people(shelf: Shelf, owner: str, path: str) -> str:
    return pages.people(readmodel.people())


def _tags(shelf: Shelf, owner: str, path: str) -> str:
    return pages.tags(readmodel.tags())


def _notice(shelf: Shelf, owner: str, path: str) -> str:
    return pages.not_found() if path == "404.html" else pages.later()


def _static(shelf: Shelf, owner: str, path: str) -> bytes:
    return assets.files()[path]


def _feed(shelf: Shelf, owner: str, path: str) -> bytes:
    """The newest items in feed.xml, or an archive; newest first in both."""
    number = number_in(path)
    held = shelf.newest(owner) if number is None else shelf.archive(owner, number)
    return rss.feed(readmodel.show(id_of(owner)), held, number, lists.archive_count(shelf.entries(owner)))


def _json_feed(shelf: Shelf, owner: str, path: str) -> bytes:
    return json_feed.feed(readmodel.show(id_of(owner)), shelf.newest(owner))


def _atom(shelf: Shelf, owner: str, path: str) -> bytes:
    return atom.feed(readmodel.show(id_of(owner)), shelf.newest(owner))


def _list_sitemap(shelf: Shelf, owner: str, path: str) -> bytes:
    return sitemap.of_lists(wanted.listed_paths())


def _sitemap(shelf: Shelf, owner: str, path: str) -> bytes:
    number = number_in(path) or 1
    ids = listings.entries("all", (number - 1) * lists.SITEMAP, number * lists.SITEMAP)
    return sitemap.page(readmodel.page_paths(ids))


def _sitemaps(shelf: Shelf, owner: str, path: str) -> bytes:
    return sitemap.index(lists.sitemap_count(shelf.entries("all")))


def _robots(shelf: Shelf, owner: str, path: str) -> bytes:
    return sitemap.robots()


RENDERERS: Mapping[str, Renderer] = {
    "picture": _picture,
    "artwork": _artwork,
    "static": _static,
    "transcript": _transcript,
    "words": _words,
    "chapters": _chapters,
    "moves": _moves,
    "discussion": _discussion,
    "comments": _comments,
    "annotations": _annotations,
    "annotation page": _annotation_page,
    "annotation": _annotation,
    "record": _record,
    "page": _page,
    "embed": _embed,
    "card": _card,
    "quote": _quote,
    "correction": _correction,
    "corrections": _corrections,
    "corrections feed": _corrections_feed,
    "redirect": _redirect,
    "moved feed": _comments,
    "home": _home,
    "show": _show,
    "year": _year,
    "subscribe": _subscribe,
    "series": _series,
    "person": _person,
    "tag": _tag,
    "people": _people,
    "tags": _tags,
    "notice": _notice,
    "feed": _feed,
    "archive": _feed,
    "json feed": _json_feed,
    "atom": _atom,
    "sitemap": _sitemap,
    "sitemaps": _sitemaps,
    "list sitemap": _list_sitemap,
    "robots": _robots,
    "log": _log,
}


def render(shelf: Shelf, kind: str, owner: str, path: str) -> bytes:
    """The bytes of one public file."""
    content = RENDERERS[kind](shelf, owner, path)
    return content.encode() if isinstance(content, str) else content
