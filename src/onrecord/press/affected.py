"""Turns changes into stale paths.

Beside "episode", "show", "passage", "discussion", "log" and "everything", which other rooms write, there are kinds that
the press writes for itself, so that a change of everything is cut into short transactions: "files" (an episode's own
files), "site" (what belongs to no show), and "show list", "person list", "tag list", "series list" (every page of that
list).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction

from onrecord import readmodel
from onrecord.catalogue.models import Change, Episode, Person, Series, Show, Tag
from onrecord.discussion.models import Correction
from onrecord.passages.follow import follow
from onrecord.passages.models import Passage
from onrecord.press import listings, lists, stale, wanted
from onrecord.press.models import Listed, PublicFile, Standing
from onrecord.press.paths import MOVED, PublicPath, id_of, number_in, owner
from onrecord.readmodel import EpisodeView, discussion
from onrecord.readmodel.discussion import NO_NUMBERS
from onrecord.references import notes
from onrecord.search import index

CHANGES_AT_ONCE = 100
"""Changes that one transaction takes: it is over in about a second at worst, so that nobody waits long to write."""

LISTS = {"show": Show, "person": Person, "tag": Tag, "series": Series}
PIECES = ("files", "site", *(f"{noun} list" for noun in LISTS))
"""The kinds that the press writes for itself."""


@dataclass
class Touched:
    """Paths to be written again, and paths (with their owners) that are to go."""

    wanted: dict[str, PublicPath] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)

    def want(self, paths: Iterable[PublicPath]) -> None:
        """These are to be written. A page comes before what led on from its path."""
        for path in paths:
            if path.path not in self.wanted or self.wanted[path.path].kind in MOVED:
                self.wanted[path.path] = path

    def drop(self, paths: Iterable[PublicPath]) -> None:
        """These are to go, unless somebody else wants them."""
        self.dropped |= {path.path: path.owner for path in paths}

    def replace(self, owners: Iterable[str], paths: Iterable[PublicPath]) -> None:
        """Of all that these owners have, only these are to stay, written again."""
        self.drop(files_of(owners))
        self.want(paths)

    def raise_generations(self, standing: Standing) -> None:
        """Write it down."""
        standing.generation += 1
        standing.save(update_fields=["generation"])
        stale.hold(PublicFile.objects.filter(path__in=[*self.wanted, *self.dropped]))
        stale.want(self.wanted.values(), standing.generation)
        gone = {path: owner for path, owner in self.dropped.items() if path not in self.wanted}
        stale.drop(gone, standing.generation)


def files_of(owners: Iterable[str]) -> list[PublicPath]:
    """What the rows say that these owners have."""
    rows = PublicFile.objects.filter(owner__in=list(owners), wanted=True).order_by("id")
    return [PublicPath._make(row) for row in rows.values_list("path", "kind", "owner")]


def is_pending() -> bool:
    """Whether changes wait to be turned into stale paths."""
    return Change.objects.exists()


def is_urgent() -> bool:
    """Whether one of them came from elsewhere: nobody waits for the pieces of a change of everything in particular."""
    return Change.objects.exclude(kind__in=PIECES).exists()


def consume() -> bool:
    """Turn some changes into stale paths, the newest first, in one transaction. Returns whether there were any."""
    if not is_pending():
        return False
    with transaction.atomic():
        standing = stale.lock()
        changes = list(Change.objects.order_by("-id")[:CHANGES_AT_ONCE])
        subjects: dict[str, set[int]] = {}
        for change in changes:
            subjects.setdefault(change.kind, set()).add(change.subject)
        _cut_up(subjects)
        touched = Touched()
        _touch_episodes(touched, subjects.get("episode", set()), subjects.get("files", set()))
        _touch_passages(touched, subjects.get("passage", set()))
        _touch_discussions(touched, subjects.get("discussion", set()))
        touched.want(wanted.log_paths(sorted(subjects.get("log", set()))))
        _touch_whole_lists(touched, _names(subjects))
        if "site" in subjects:
            touched.replace(["site"], [*wanted.site_paths(), *wanted.list_paths("all")])
        touched.raise_generations(standing)
        Change.objects.filter(pk__in=[change.pk for change in changes]).delete()
    return bool(changes)


# ── changes of much at once ─────────────────────────────────────────────────────────────────────────────────────────


def _cut_up(subjects: dict[str, set[int]]) -> None:
    """Replace a change of everything, or of a show, by many small ones."""
    if "everything" in subjects:
        _add("files", _all_episodes())
        for noun, model in LISTS.items():
            _add(f"{noun} list", {*model._default_manager.values_list("id", flat=True), *_known(noun)})
        _add("site", [0])
    for show in subjects.get("show", ()) if "everything" not in subjects else ():
        _cut_up_show(show)


def _cut_up_show(show: int) -> None:
    """The show's name stands on its episodes' pages and on every list that they are on."""
    episodes = Listed.objects.filter(list=owner("show", show)).values("episode")
    names = set(Listed.objects.filter(episode__in=episodes).values_list("list", flat=True))
    for noun in LISTS:
        _add(f"{noun} list", {id_of(name) for name in names if name.startswith(f"{noun}:")})
    _add("show list", [show])
    _add("files", Episode.objects.filter(show=show).values_list("id", flat=True))
    _add("site", [0])


def _all_episodes() -> set[int]:
    """Those that there are, and those that there were when files or lists last had something of theirs."""
    there = Episode.objects.values_list("id", flat=True)
    listed = Listed.objects.values_list("episode", flat=True).distinct()
    return {*there, *listed, *_known("episode")}


def _known(noun: str) -> set[int]:
    owners = PublicFile.objects.filter(owner__startswith=f"{noun}:").values_list("owner", flat=True).distinct()
    return {id_of(name) for name in owners}


def _add(kind: str, subjects: Iterable[int]) -> None:
    """The newest changes are taken first: the oldest subjects come last here, so that lists are filled in order."""
    rows = [Change(kind=kind, subject=subject) for subject in sorted(subjects, reverse=True)]
    Change.objects.bulk_create(rows, batch_size=1_000)


def _names(subjects: dict[str, set[int]]) -> list[str]:
    """The lists that are to be written whole; with a show's, those of its years."""
    names = [owner(noun, id) for noun in LISTS for id in subjects.get(f"{noun} list", ())]
    for show in subjects.get("show list", ()):
        files = PublicFile.objects.filter(owner__startswith=f"year:{show}/")
        names += {*wanted.year_lists(show), *files.values_list("owner", flat=True)}
    return names


def _touch_whole_lists(touched: Touched, names: list[str]) -> None:
    touched.replace(names, [path for name in names for path in wanted.list_paths(name)])


# ── episodes ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _touch_episodes(touched: Touched, changed: set[int], files_only: set[int]) -> None:
    """Files of these episodes; where the `changed` stand in lists; the other parts of their series; those beside whom
    the publisher picked them to be shown."""
    about = changed | files_only
    if not about:
        return
    index.outdate(sorted(about))
    views = {view.id: view for view in readmodel.episodes(sorted(about))}
    old = listings.standing(about)
    new = {id: wanted.memberships(view) for id, view in views.items()}
    _touch_files(touched, about, views)
    others = _other_parts(changed, old, new) - about
    touched.want(path for view in readmodel.episodes(sorted(others)) for path in wanted.shown_in_others(view))
    _touch_shown_beside(touched, changed, about)
    others_old = listings.standing(others)
    beside = listings.beside(changed)
    moves = listings.relist({**old, **others_old}, {**new, **others_old}, changed | others)
    listings.forget(owner("beside", id) for id in changed - views.keys())
    neighbours = {id for found in (beside, listings.beside(changed)) for ids in found.values() for id in ids}
    touched.want(_pages_of(neighbours - about))
    bases = wanted.list_bases(moves)
    for name, move in moves.items():
        _touch_list(touched, name, bases.get(name), move)
    if any(id not in views or not views[id].is_public for id in changed):
        _touch_empty_shows(touched)


def _touch_empty_shows(touched: Touched) -> None:
    """A show without episodes has a page while one of them was once public: no list that moves tells of that."""
    names = [owner("show", id) for id in Show.objects.order_by("id").values_list("id", flat=True)]
    _touch_whole_lists(touched, [name for name in names if not Listed.objects.filter(list=name).exists()])


def _touch_files(touched: Touched, about: set[int], views: dict[int, EpisodeView]) -> None:
    follow(about)
    notes.follow({id: view.notes_html if view.is_public else None for id, view in views.items()})
    owners = [owner("episode", id) for id in about]
    files = files_of(owners)
    vacated = [path.path.removesuffix("/index.html") for path in files if path.kind == "page"]
    old_media, passages, numbers = wanted.old_media(about), readmodel.passages(about), discussion.numbered(about)
    touched.replace(
        owners,
        [
            path
            for id, view in views.items()
            for path in wanted.episode_paths(
                view, old_media.get(id, ()), passages.get(id, ()), numbers.get(id, NO_NUMBERS)
            )
        ],
    )
    displaced = wanted.moved_in(view.folder for view in views.values()) - about
    touched.drop(path for path in files_of(owner("episode", id) for id in displaced) if path.kind in MOVED)
    touched.want(wanted.redirects(sorted(about | displaced), vacated))
    touched.want(wanted.corrections_paths(_corrections(about, files)))


def _corrections(episodes: set[int], files: Iterable[PublicPath]) -> list[int]:
    """The numbers of all corrections of these episodes; where one is no more, its files tell."""
    known = {number_in(path.path) or 0 for path in files if path.kind == "correction"}
    return sorted(known | set(Correction.objects.filter(episode__in=episodes).values_list("number", flat=True)))


def _touch_passages(touched: Touched, ids: set[int]) -> None:
    """Passages that were shared: nothing else of their episodes changes."""
    episodes = set(Passage.objects.filter(pk__in=ids).values_list("episode", flat=True))
    passages = readmodel.passages(episodes, ids) if episodes else {}
    for view in readmodel.episodes(sorted(episodes)):
        touched.want(wanted.passage_paths(view, passages.get(view.id, ())))


def _touch_discussions(touched: Touched, episodes: set[int]) -> None:
    """Comments came, changed or went: no list and no feed of shows tells of them."""
    if not episodes:
        return
    touched.drop(path for path in files_of(owner("episode", id) for id in episodes) if path.kind in wanted.ANNOTATIONS)
    numbers = discussion.numbered(episodes)
    for view in readmodel.episodes(sorted(episodes)):
        touched.want(wanted.shows_discussion(view, numbers.get(view.id, NO_NUMBERS)))
    touched.want(wanted.redirects(sorted(episodes)))


def _pages_of(episodes: Iterable[int]) -> list[PublicPath]:
    """The pages of these episodes. One that the press does not know yet is written when its own change is taken."""
    return [path for path in files_of(owner("episode", id) for id in episodes) if path.kind == "page"]


def _other_parts(changed: set[int], old: listings.Memberships, new: listings.Memberships) -> set[int]:
    """Parts of the series that the changed episodes are in or were in: their pages link to each other."""
    names = {
        name
        for memberships in (old, new)
        for episode in changed
        for name in memberships.get(episode, ())
        if name.startswith("series:")
    }
    return set(Listed.objects.filter(list__in=names).values_list("episode", flat=True))


def _touch_shown_beside(touched: Touched, changed: set[int], about: set[int]) -> None:
    """What shows these episodes as related ones. No episode is read for it, because that may be every one there is."""
    names = [owner("beside", id) for id in changed]
    showing = set(Listed.objects.filter(list__in=names).values_list("episode", flat=True)) - about
    files = files_of(owner("episode", id) for id in showing)
    touched.want(path for path in files if path.kind in ("record", "page"))


# ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _touch_list(touched: Touched, name: str, base: str | None, move: lists.Moved) -> None:
    """The pages of one list that a change moved, and what else tells of that list. `base` is None when it is gone."""
    noun = name.partition(":")[0]
    if noun == "beside":
        return
    if base is None or not wanted.is_shown(name, move.after):
        touched.drop(files_of([wanted.list_owner(name)]))
    elif noun == "series":
        touched.want(wanted.list_pages(name, base, move.after))
    else:
        _touch_pages(touched, name, base, move)
    if noun in ("person", "tag") and move.before != move.after:
        touched.want([wanted.PEOPLE if noun == "person" else wanted.TAGS])
    if noun == "all":
        _touch_sitemaps(touched, move)
    if noun == "show" and base is not None and wanted.is_shown(name, move.after):
        _touch_feed(touched, name, base, move)
    if noun == "show" and 0 in (move.before, move.after):
        _touch_home(touched)
    if noun == "year" and 0 in (move.before, move.after):
        _touch_neighbours(touched, name)
    if 0 in (move.before, move.after):
        touched.want([wanted.LIST_SITEMAP])


def _touch_pages(touched: Touched, name: str, base: str, move: lists.Moved) -> None:
    touched.want(wanted.list_pages(name, base, move.after, lists.touched_pages(move)))
    gone = range(lists.page_count(move.after), lists.page_count(move.before))
    kind, belongs = wanted.list_kind(name), wanted.list_owner(name)
    touched.drop(PublicPath(f"{base}page/{number}/index.html", kind, belongs) for number in gone)


def _touch_neighbours(touched: Touched, name: str) -> None:
    """A year has come or gone: those before and after it lead past it, and the show's newest page names them all."""
    show = id_of(name)
    years = sorted({*wanted.year_lists(show), name})
    at = years.index(name)
    shown = wanted.list_bases([owner("show", show), *years[max(0, at - 1) : at], *years[at + 1 : at + 2]])
    for other, base in shown.items():
        entries = Listed.objects.filter(list=other).count()
        if wanted.is_shown(other, entries):
            touched.want(wanted.list_pages(other, base, entries, [lists.page_count(entries)]))


def _touch_home(touched: Touched) -> None:
    """Every page of the home list names the shows; one has come or gone."""
    entries = Listed.objects.filter(list="all").count()
    touched.want(wanted.list_pages("all", "", entries))


def _touch_feed(touched: Touched, name: str, base: str, move: lists.Moved) -> None:
    if move.before == 0:
        touched.want(wanted.show_paths(name, base))
    if lists.touches_feed(move):
        touched.want(wanted.feed_paths(name, base))
    touched.want(wanted.archive_paths(name, base, lists.touched_archives(move)))
    gone = range(lists.archive_count(move.after) + 1, lists.archive_count(move.before) + 1)
    touched.drop(wanted.archive_paths(name, base, gone))


def _touch_sitemaps(touched: Touched, move: lists.Moved) -> None:
    count, before = lists.sitemap_count(move.after), lists.sitemap_count(move.before)
    touched.want(wanted.sitemap_paths(lists.touched_sitemaps(move)))
    touched.drop(wanted.sitemap_paths(range(count + 1, before + 1)))
    if count != before or move.before == 0:
        touched.want([PublicPath("sitemap.xml", "sitemaps", "site")])
