"""Which public files there should be now: of an episode, of a list, of the site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from onrecord import readmodel
from onrecord.catalogue.models import Episode, EpisodeState, Person, Redirect, Series, Show, Tag
from onrecord.discussion import log
from onrecord.discussion.models import Correction, Discussion
from onrecord.feeds import web_annotations
from onrecord.lib import times
from onrecord.press import lists
from onrecord.press.models import Listed, PublicFile
from onrecord.press.paths import PublicPath, id_of, is_free, owner, page_path, year_list, year_of
from onrecord.readmodel import EpisodeView, PassageView, corrections, discussion
from onrecord.readmodel.discussion import NO_NUMBERS, Numbers
from onrecord.recordings.models import Rendition
from onrecord.site import assets, quotes

OLD_MEDIA_STAY = timedelta(days=30)
"""How long the files of a recording that was replaced stay where feeds said that they are."""

TRANSCRIPTS = ("transcript.vtt", "transcript.srt", "transcript.json", "transcript.txt")

ANNOTATIONS = ("annotations", "annotation page", "annotation")

PEOPLE = PublicPath("people/index.html", "people", "site")
TAGS = PublicPath("tags/index.html", "tags", "site")

CORRECTIONS_FEED = PublicPath("corrections/atom.xml", "corrections feed", "site")

LIST_SITEMAP = PublicPath("sitemap-lists.xml", "list sitemap", "site")

PUBLIC = Q(state=EpisodeState.PUBLISHED, live_since__isnull=False)


def episode_paths(
    view: EpisodeView,
    old_media: Iterable[str],
    passages: Iterable[PassageView] = (),
    numbers: Numbers = NO_NUMBERS,
) -> list[PublicPath]:
    """The files of one episode, in the order in which they are written; none unless it is public."""
    if not view.is_public or not is_free(view.folder):
        return []
    belongs = owner("episode", view.id)
    media = dict.fromkeys([*(rendition.path for rendition in view.renditions.values()), *old_media])
    paths = [PublicPath(path, "media", belongs) for path in media]
    for size in view.picture.sizes if view.picture else ():
        paths += [PublicPath(size.jpeg, "picture", belongs), PublicPath(size.webp, "picture", belongs)]
    if view.artwork.path != view.show.artwork.path:
        paths += [PublicPath(path, "artwork", belongs) for path in (view.artwork.path, view.artwork.small)]
    if view.transcript:
        paths += [PublicPath(f"{view.folder}/{name}", "transcript", belongs) for name in TRANSCRIPTS]
        paths.append(PublicPath(f"{view.folder}/words.json", "words", belongs))
    if view.transcript and view.transcript.corrected:
        paths.append(PublicPath(f"{view.folder}/moves.json", "moves", belongs))
    if view.has_chapters:
        paths.append(PublicPath(f"{view.folder}/chapters.json", "chapters", belongs))
    paths.append(PublicPath(f"{view.folder}/episode.json", "record", belongs))
    paths.append(PublicPath(f"{view.folder}/index.html", "page", belongs))
    paths.append(PublicPath(f"{view.folder}/embed/index.html", "embed", belongs))
    return [*paths, *discussion_paths(view, numbers), *passage_paths(view, passages)]


def discussion_paths(view: EpisodeView, numbers: Numbers) -> list[PublicPath]:
    """The pages of an episode's discussion, its feed and annotations; none before the first comment is published."""
    belongs = owner("episode", view.id)
    paths = [
        PublicPath(f"{view.folder}/{page}index.html", "discussion", belongs)
        for page in discussion.folders(view.discussion.last_number)
    ]
    feed = PublicPath(f"{view.folder}/{discussion.folder_of(1)}atom.xml", "comments", belongs)
    return [*paths, feed, *_annotation_paths(view, numbers, belongs)] if paths else []


def _annotation_paths(view: EpisodeView, numbers: Numbers, belongs: str) -> Iterator[PublicPath]:
    yield PublicPath(web_annotations.collection_path(view), "annotations", belongs)
    for page in numbers.pages:
        yield PublicPath(web_annotations.page_path(view, page), "annotation page", belongs)
    for number in sorted(numbers.tied):
        yield PublicPath(web_annotations.path(view, number), "annotation", belongs)


def shows_discussion(view: EpisodeView, numbers: Numbers) -> list[PublicPath]:
    """The files of an episode that change with every comment."""
    kinds = ("discussion", "comments", *ANNOTATIONS, "record", "page")
    return [path for path in episode_paths(view, (), numbers=numbers) if path.kind in kinds]


def passage_paths(view: EpisodeView, passages: Iterable[PassageView]) -> list[PublicPath]:
    """The page and the card of each passage of an episode; none unless it is public."""
    if not view.is_public or not is_free(view.folder):
        return []
    belongs = owner("episode", view.id)
    return [
        path
        for passage in passages
        for path in (
            PublicPath(quotes.card_path(view, passage), "card", belongs),
            PublicPath(f"{passage.folder}/index.html", "quote", belongs),
        )
    ]


def shown_in_others(view: EpisodeView) -> list[PublicPath]:
    """The files of an episode that change when another part of its series does."""
    return [path for path in episode_paths(view, ()) if path.kind in ("record", "page")]


def old_media(episodes: Iterable[int]) -> dict[int, list[str]]:
    """Files of replaced recordings that were public and whose time is not over, by episode.

    A recording that was replaced before anybody could hear it has no public file and gets none.
    """
    renditions = Rendition.objects.filter(
        recording__episode__in=list(episodes),
        recording__current=False,
        recording__replaced_at__gt=timezone.now() - OLD_MEDIA_STAY,
    )
    rows = dict(renditions.values_list("path", "recording__episode_id"))
    found: dict[int, list[str]] = defaultdict(list)
    for path in (
        PublicFile.objects.filter(path__in=list(rows), wanted=True).order_by("path").values_list("path", flat=True)
    ):
        found[rows[path]].append(path)
    return found


def overdue_media() -> list[int]:
    """Episodes with public files of recordings that were replaced longer ago than old files stay."""
    files = PublicFile.objects.filter(kind="media", wanted=True)
    return list(
        Rendition.objects.filter(
            recording__replaced_at__lte=timezone.now() - OLD_MEDIA_STAY,
            path__in=files.values("path"),
        )
        .values_list("recording__episode_id", flat=True)
        .distinct()
    )


def redirects(episodes: Sequence[int], vacated: Iterable[str] = ()) -> list[PublicPath]:
    """What stands at folders that episodes once had: of these episodes, and of any whose folder was vacated.

    Where a public episode stands now, nothing does.
    """
    rows = Redirect.objects.filter(Q(episode__in=episodes) | Q(folder__in=list(vacated)))
    rows = rows.filter(episode__state=EpisodeState.PUBLISHED, episode__live_since__isnull=False)
    folders = {folder: episode for folder, episode in rows.values_list("folder", "episode_id") if is_free(folder)}
    lived_in = Episode.objects.filter(PUBLIC, slug__in=[folder.partition("/")[2] for folder in folders])
    for show, slug in lived_in.values_list("show__slug", "slug"):
        folders.pop(f"{show}/{slug}", None)
    numbers = Discussion.objects.filter(episode__in=set(folders.values())).values_list("episode_id", "last_number")
    last = dict(numbers) if folders else {}
    return [path for folder, id in sorted(folders.items()) for path in _moved(folder, id, last.get(id, 0))]


def _moved(folder: str, episode: int, last_number: int) -> Iterator[PublicPath]:
    """Pages that lead from a former folder to the episode, its small player and its discussion; and the feed of its
    comments, which no file can lead on from: it stands there too."""
    belongs = owner("episode", episode)
    for page in ("", "embed/", *discussion.folders(last_number)):
        yield PublicPath(f"{folder}/{page}index.html", "redirect", belongs)
    if last_number:
        yield PublicPath(f"{folder}/{discussion.folder_of(1)}atom.xml", "moved feed", belongs)


def moved_in(folders: Iterable[str]) -> set[int]:
    """Episodes that once had one of these folders."""
    return set(Redirect.objects.filter(folder__in=list(folders)).values_list("episode", flat=True))


def memberships(view: EpisodeView) -> dict[str, datetime]:
    """The lists that an episode stands on, and its date; none unless it is public.

    "beside:<id>" has no page: it is of those that show that episode, which they do again when it changes.
    """
    if not view.is_public or not is_free(view.folder):
        return {}
    names = ["all", owner("show", view.show.id)]
    names += [owner("person", credit.person.id) for credit in view.credits]
    names += [owner("tag", tag.id) for tag in view.tags]
    names += [owner("series", view.series.id)] if view.series else []
    names.append(year_list(view.show.id, times.local(view.published_at, readmodel.publication().time_zone).year))
    names += [owner("beside", id) for id in view.picked]
    return dict.fromkeys(names, view.published_at)


# ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────────


BASES = {
    "show": (Show, "{}/", ("slug",)),
    "person": (Person, "people/{}/", ("slug",)),
    "tag": (Tag, "tags/{}/", ("slug",)),
    "series": (Series, "{}/series/{}/", ("show__slug", "slug")),
}
"""Where lists stand below public/: the row that names them, the address, and what fills it."""


def list_bases(names: Collection[str]) -> dict[str, str]:
    """The address of each list below public/, "talks/" for a show; without those that left the catalogue."""
    ids: dict[str, list[int]] = defaultdict(list)
    for name in names:
        ids[name.partition(":")[0]].append(id_of(name))
    bases = {"all": ""} if "all" in ids else {}
    for noun, (model, form, fields) in BASES.items():
        rows = model._default_manager.filter(pk__in=ids[noun]).values_list("pk", *fields) if ids[noun] else ()
        bases |= {owner(noun, id): form.format(*slugs) for id, *slugs in rows}
    years = [name for name in names if name.startswith("year:")]
    slugs = dict(Show.objects.filter(pk__in=map(id_of, years)).values_list("pk", "slug")) if years else {}
    return bases | {name: f"{slugs[id_of(name)]}/{year_of(name):04}/" for name in years if id_of(name) in slugs}


def listed_paths() -> list[str]:
    """Where the lists stand that have entries, with the home page first, and where each show says how to subscribe."""
    names = list(Listed.objects.exclude(list__startswith="beside:").values_list("list", flat=True).distinct())
    bases = list_bases([name for name in names if name != "all"])
    shows = [f"{base}subscribe/" for name, base in bases.items() if name.startswith("show:")]
    return ["", "people/", "tags/", corrections.FOLDER, *sorted([*bases.values(), *shows])]


def year_lists(show: int) -> list[str]:
    """The lists of the years in which a show has public episodes, the oldest first."""
    rows = Listed.objects.filter(list__startswith=f"year:{show}/").order_by("list")
    return list(rows.values_list("list", flat=True).distinct())


def is_shown(name: str, entries: int) -> bool:
    """Whether a list has a page. A show that had public episodes keeps its page and feed when the last is withdrawn."""
    if entries or name == "all":
        return True
    once_public = Episode.objects.filter(state=EpisodeState.WITHDRAWN, live_since__isnull=False)
    return name.startswith("show:") and once_public.filter(show=int(name.removeprefix("show:"))).exists()


def list_owner(name: str) -> str:
    """Whom the files of a list belong to."""
    return "site" if name == "all" else name


def list_kind(name: str) -> str:
    """The kind of a list's pages."""
    return "home" if name == "all" else name.partition(":")[0]


def list_pages(name: str, base: str, entries: int, numbers: Iterable[int] | None = None) -> Iterator[PublicPath]:
    """Pages of a list: all, or those of these numbers. The parts of a series stand on one page."""
    pages = 1 if name.startswith("series:") else lists.page_count(entries)
    for number in range(1, pages + 1) if numbers is None else numbers:
        yield PublicPath(page_path(base, number, pages), list_kind(name), list_owner(name))


def list_paths(name: str) -> list[PublicPath]:
    """All files that a list stands in: pages, for a show its feed, archives and artwork, for the home page sitemaps."""
    entries = Listed.objects.filter(list=name).count()
    base = list_bases([name]).get(name)
    if base is None or not is_shown(name, entries):
        return []
    paths = list(list_pages(name, base, entries))
    if name == "all":
        paths += sitemap_paths(range(1, lists.sitemap_count(entries) + 1))
        paths += [PublicPath("sitemap.xml", "sitemaps", "site"), LIST_SITEMAP]
    if name.startswith("show:"):
        paths += show_paths(name, base)
        paths += archive_paths(name, base, range(1, lists.archive_count(entries) + 1))
    return paths


def show_paths(name: str, base: str) -> list[PublicPath]:
    """What a show has beside its pages, however many episodes there are."""
    artwork = readmodel.show(int(name.removeprefix("show:"))).artwork
    beside = [PublicPath(path, "artwork", name) for path in (artwork.path, artwork.small)]
    beside.append(PublicPath(f"{base}subscribe/index.html", "subscribe", name))
    return [*beside, *feed_paths(name, base)]


def feed_paths(name: str, base: str) -> list[PublicPath]:
    """The newest episodes of a show in the formats that programs read."""
    kinds = {"feed": "feed.xml", "json feed": "feed.json", "atom": "atom.xml"}
    return [PublicPath(f"{base}{file}", kind, name) for kind, file in kinds.items()]


def archive_paths(name: str, base: str, numbers: Iterable[int]) -> list[PublicPath]:
    """Archives of a show's feed."""
    return [PublicPath(f"{base}feed/{number}.xml", "archive", name) for number in numbers]


def sitemap_paths(numbers: Iterable[int]) -> list[PublicPath]:
    """Sitemaps of episodes."""
    return [PublicPath(f"sitemap-{number}.xml", "sitemap", "site") for number in numbers]


def site_paths() -> list[PublicPath]:
    """What there is however many episodes there are, without the home page."""
    paths = [PublicPath(path, "static", "site") for path in assets.files()]
    paths += [PEOPLE, TAGS, PublicPath("404.html", "notice", "site"), PublicPath("later.html", "notice", "site")]
    paths += [PublicPath("robots.txt", "robots", "site"), *log_paths(range(1, log.page_count() + 1))]
    return [*paths, *corrections_paths(range(corrections.last_number() + 1))]


def log_paths(pages: Iterable[int]) -> list[PublicPath]:
    """These files of the log of discussions, and what says how many there are."""
    files = [PublicPath(log.file_of(page), "log", "site") for page in pages]
    return [*files, PublicPath(log.FILE, "log", "site")] if files else []


def corrections_paths(numbers: Collection[int]) -> list[PublicPath]:
    """What shows the corrections of these numbers: the page of each, pages of all, the feed. Of 0 what there is before
    the first. An episode owns the pages of its corrections; of one that is no more the site does."""
    if not numbers:
        return []
    owners = dict(Correction.objects.filter(number__in=numbers).values_list("number", "episode"))
    paths = [
        PublicPath(
            f"{corrections.FOLDER}{number}/index.html",
            "correction",
            owner("episode", owners[number]) if number in owners else "site",
        )
        for number in numbers
        if number
    ]
    last = corrections.last_number()
    pages = corrections.page_of(last)
    wanted = {corrections.page_of(number) for number in numbers}
    if (
        pages in wanted
    ):  # it may just have begun: then the one before it has another address, and that before another way
        wanted |= {page for page in (pages - 1, pages - 2) if page > 0}
    paths += [PublicPath(page_path(corrections.FOLDER, page, pages), "corrections", "site") for page in sorted(wanted)]
    return [*paths, CORRECTIONS_FEED] if max(numbers) > last - corrections.PAGE else paths
