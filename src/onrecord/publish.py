"""Publishes a recording: looks at it, takes it in, and makes the rows of episode, recording and steps at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from onrecord.catalogue import identity, related
from onrecord.catalogue.changes import episode_changed, show_changed
from onrecord.catalogue.models import Credit, Episode, EpisodeState, Person, Picture, Redirect, Role, Series, Show, Tag
from onrecord.catalogue.pictures import take_in_picture
from onrecord.jobs import queue
from onrecord.lib import language
from onrecord.lib.addresses import web_address
from onrecord.lib.errors import BadInput, Failed
from onrecord.lib.files import sha256_of
from onrecord.lib.names import clean_name
from onrecord.lib.slugs import free_slug, slug
from onrecord.recordings import originals, pipeline
from onrecord.recordings.models import Recording
from onrecord.recordings.probe import Probe, probe

LONGEST_TITLE = 300
LONGEST_TEXT = 4_000
LARGEST_NOTES = 1_000_000
LONGEST = {
    "title": ("title", LONGEST_TITLE),
    "standfirst": ("standfirst", LONGEST_TEXT),
    "caption": ("caption", LONGEST_TEXT),
    "credit": ("credit", LONGEST_TEXT),
    "alt": ("alt text", LONGEST_TEXT),
    "show": ("show's name", LONGEST_TITLE),
    "series": ("series' name", LONGEST_TITLE),
    "hosts": ("host's name", LONGEST_TITLE),
    "guests": ("guest's name", LONGEST_TITLE),
    "tags": ("tag", 100),
}
"""What is said of an episode, by field of `Request`: what it is called, and its most characters."""
MOST_PARTS = 9_999
EARLIEST_YEAR, LATEST_YEAR = 1900, 2100


@dataclass(frozen=True)
class Request:
    """What a publisher says of a recording. Empty means not said."""

    recording: Path
    title: str
    standfirst: str = ""
    notes: Path | None = None
    show: str = ""
    hosts: list[str] = field(default_factory=list)
    guests: list[str] = field(default_factory=list)
    language: str = ""
    tags: list[str] = field(default_factory=list)
    series: str = ""
    part: int | None = None
    total: int | None = None
    picture: Path | None = None
    caption: str = ""
    credit: str = ""
    alt: str = ""
    related: Sequence[Sequence[str]] = ()
    parts_elsewhere: Sequence[Sequence[str]] = ()
    video: str = ""
    at: str = ""
    draft: bool = False


@dataclass(frozen=True)
class Published:
    """The episode that a recording became; `already` when it was there before."""

    episode: Episode
    recording: Recording
    already: bool
    warnings: list[str]


def publish(request: Request) -> Published:
    """Take in a recording and add its steps; returns at once, a worker does the rest.

    Raises BadInput, with nothing made, when anything that was given cannot be used.
    """
    _check(request)
    published_at = moment(request.at) if request.at else None
    notes = read_notes(request.notes) if request.notes else ""
    pieces = related.check(request.related, request.parts_elsewhere)
    looked_at = probe(request.recording, request.recording.name)
    known = _already_published(request.recording)
    if known is not None:
        return Published(known.episode, known, already=True, warnings=list(known.warnings))
    sha256, size = originals.take_in(request.recording)
    taken = [sha256]
    with _nothing_left_behind(taken), transaction.atomic():
        picture = (
            take_in_picture(request.picture, request.caption, request.credit, request.alt) if request.picture else None
        )
        if picture:
            taken.append(picture.sha256)
        episode = _make_episode(request, notes, picture, published_at)
        related.set_related(episode, pieces)
        related.set_parts_elsewhere(episode, request.parts_elsewhere)
        recording = _make_recording(episode, request.recording, looked_at, sha256, size, current=True)
        pipeline.begin(recording, scheduled_for=date_to_come(episode))
        episode_changed(episode.pk)
    return Published(episode, recording, already=False, warnings=list(recording.warnings))


def replace(episode: Episode, path: Path) -> Published:
    """Put a new recording under the same page, GUID and links; the old sound stays until the new one is ready."""
    looked_at = probe(path, path.name)
    known = _already_published(path)
    if known is not None and known.episode_id == episode.pk:
        return Published(episode, known, already=True, warnings=list(known.warnings))
    if known is not None:
        raise BadInput(
            f"{clean_name(path.name)} is already the recording of “{known.episode.title}”: a recording belongs to one "
            "episode."
        )
    sha256, size = originals.take_in(path)
    with _nothing_left_behind([sha256]), transaction.atomic():
        for unfinished in episode.recordings.filter(current=False, replaced_at=None):
            queue.cancel(unfinished.pk, group=episode.pk)
            unfinished.replaced_at = timezone.now()
            unfinished.save(update_fields=["replaced_at"])
        recording = _make_recording(episode, path, looked_at, sha256, size, current=False)
        pipeline.begin(recording, scheduled_for=date_to_come(episode))
    return Published(episode, recording, already=False, warnings=list(recording.warnings))


def date_to_come(episode: Episode) -> datetime | None:
    """The date that holds back a page that was never up."""
    is_held_back = episode.live_since is None and episode.published_at > timezone.now()
    return episode.published_at if is_held_back else None


def discard(recording: Recording) -> None:
    """Take back a recording that turned out to be no recording: rows and original go, nothing was public.

    An episode that has no other recording goes with it, and the names that only it brought: nothing public bears them.
    """
    episode, sha256 = recording.episode, recording.sha256
    picture = episode.picture
    with transaction.atomic():
        queue.forget(recording.pk, group=episode.pk)
        recording.delete()
        if not episode.recordings.exists():
            episode_changed(episode.pk)
            named: list[Person | Tag | Series | Show] = [*Person.objects.filter(credits__episode=episode)]
            named += [*episode.tags.all(), *filter(None, [episode.series]), episode.show]
            episode.delete()
            _forget_names(named)
            if picture:
                picture.delete()
    forget_unused(sha256)
    if picture:
        forget_unused(picture.sha256)


def _forget_names(named: Iterable[Person | Tag | Series | Show]) -> None:
    """Delete those of these rows that no episode bears any longer."""
    for row in named:
        used = {Person: "credits", Tag: "episodes", Series: "parts", Show: "episodes"}[type(row)]
        if not getattr(row, used).exists():
            row.delete()


@contextlib.contextmanager
def _nothing_left_behind(taken: list[str]) -> Iterator[None]:
    """When the rows cannot be made, the originals that were taken in for them go again."""
    try:
        yield
    except IntegrityError as error:
        raise Failed("The same recording or name was published at the same moment: run the command again.") from error
    finally:
        for sha256 in taken:
            forget_unused(sha256)


def forget_unused(sha256: str) -> None:
    """Remove an original that no row names any more."""
    if not any(kind.objects.filter(sha256=sha256).exists() for kind in (Recording, Picture)):
        originals.forget(sha256)


def _check(request: Request) -> None:
    check_words(request)
    check_language(request.language)
    check_part(request.series, request.part, request.total)
    if request.parts_elsewhere and not request.series:
        raise BadInput("--part-elsewhere was given without --series: name the series that it is a part of.")
    if request.video:
        web_address(request.video)
    if request.picture is None and (request.caption or request.credit or request.alt):
        raise BadInput("--caption, --credit and --alt describe a picture: name it with --picture FILE.")


def check_part(series: str, part: int | None, total: int | None) -> None:
    """BadInput when this cannot be a part of a series, or of none where `series` is empty."""
    if part is not None and not series:
        raise BadInput("--part was given without --series: name the series that it is a part of.")
    if series and part is None:
        raise BadInput("--series was given without --part: say which part this is, such as --part 1 --of 2.")
    for option, number in (("--part", part), ("--of", total)):
        if number is not None and not 1 <= number <= MOST_PARTS:
            raise BadInput(f"{option} must be a number from 1 to {MOST_PARTS:,}, found {number}.")
    if part is not None and total is not None and part > total:
        raise BadInput(f"Part {part} of {total} cannot be: --part must be at most --of.")


def check_words(given: Any) -> None:
    """BadInput when what is said of an episode is too long or no text, or its title empty. `given` has the fields of
    LONGEST, as `Request` does; None is not said."""
    if (title := given.title) is not None and not title.strip():
        raise BadInput("The title is empty: give one with --title.")
    for attribute, (name, longest) in LONGEST.items():
        value = getattr(given, attribute) or ()
        for text in [value] if isinstance(value, str) else value:
            check_length(name, text, longest)


def check_length(name: str, value: str, longest: int) -> None:
    """BadInput when a text is too long to be what it is meant for, or is no text."""
    if any("\ud800" <= c <= "\udfff" for c in value):  # how Python shows bytes of the command line that are not UTF-8
        raise BadInput(f"The {name} {clean_name(value)!r} is not UTF-8 text: write it in UTF-8.")
    if len(value) > longest:
        raise BadInput(f"The {name} has {len(value):,} characters; at most {longest:,} fit, so shorten it.")


def check_language(code: str | None) -> None:
    """BadInput when a language was named and there is none of that code."""
    problem = language.problem_with(code) if code else ""
    if problem:
        raise BadInput(f"--language {problem}")


def moment(text: str) -> datetime:
    """The time that --at names; one without a zone is in the publication's time zone."""
    try:
        named = parse_datetime(text)
        if named is None:
            day = parse_date(text)
            named = datetime(day.year, day.month, day.day) if day else None
    except ValueError:
        named = None
    if named is None or not EARLIEST_YEAR <= named.year <= LATEST_YEAR:
        raise BadInput(
            f"--at {clean_name(text)} is not a time between {EARLIEST_YEAR} and {LATEST_YEAR}: "
            "write it like 2026-11-23 or 2026-11-23T18:00."
        )
    if named.tzinfo is None:
        named = named.replace(tzinfo=ZoneInfo(settings.ONRECORD.publication.time_zone))
    return named.astimezone(UTC)


def read_notes(path: Path) -> str:
    """The Markdown of a file. Raises BadInput when it cannot be read, or is not UTF-8 text."""
    name = clean_name(path.name)
    try:
        if path.exists() and not path.is_file():  # a pipe or device might never end
            raise BadInput(f"{name} is not a file: --notes takes a Markdown file.")
        size = path.stat().st_size
        if size > LARGEST_NOTES:
            raise BadInput(f"{name} has {size:,} bytes; notes may have at most {LARGEST_NOTES:,}: shorten them.")
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{name} cannot be read ({error.strerror}): --notes takes a Markdown file.") from error
    try:
        return content.decode("utf-8-sig").replace("\x00", "")
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is not UTF-8 text: save the notes as UTF-8 Markdown.") from error


def _already_published(path: Path) -> Recording | None:
    return (
        Recording.objects.select_related("episode__show")
        .filter(sha256=sha256_of(path), replaced_at=None)
        .order_by("-id")
        .first()
    )


def _make_episode(request: Request, notes: str, picture: Picture | None, published_at: datetime | None) -> Episode:
    show = find_or_make_show(request.show, request.language)
    title = " ".join(request.title.split())
    episode = Episode.objects.create(
        show=show,
        slug=free_slug(slug(title, "episode"), taken_slugs(show)),
        title=title,
        standfirst=request.standfirst.strip(),
        notes=notes,
        language=request.language,
        state=EpisodeState.DRAFT if request.draft else EpisodeState.PUBLISHED,
        published_at=published_at or timezone.now().replace(microsecond=0),
        picture=picture,
        series=find_or_make_series(show, request.series, request.part, request.total) if request.series else None,
        part=request.part,
        video_url=web_address(request.video) if request.video else "",
    )
    credit(episode, Role.HOST, request.hosts)
    credit(episode, Role.GUEST, request.guests)
    episode.tags.set(find_or_make_tags(request.tags))
    return episode


def taken_slugs(show: Show) -> set[str]:
    """Addresses in a show that an episode has, or once had."""
    folders = Redirect.objects.filter(folder__startswith=f"{show.slug}/").values_list("folder", flat=True)
    return set(show.episodes.values_list("slug", flat=True)) | {folder.partition("/")[2] for folder in folders}


def credit(episode: Episode, role: str, names: list[str]) -> None:
    """Name people in a role, in the order given, in place of those named in it before."""
    episode.credits.filter(role=role).delete()
    for position, name in enumerate(dict.fromkeys(" ".join(name.split()) for name in names if name.strip())):
        Credit.objects.create(episode=episode, person=_find_or_make_person(name), role=role, position=position)


def find_or_make_show(name: str, spoken: str = "") -> Show:
    """The show of that name or slug; without a name the only one there is, or one named as the publication."""
    publication = settings.ONRECORD.publication
    if not name and Show.objects.count() == 1:
        return Show.objects.get()
    name = " ".join((name or publication.name).split())
    known = Show.objects.filter(name=name).first() or Show.objects.filter(slug=name).first()
    if known:
        return known
    taken = set(Show.objects.values_list("slug", flat=True))
    show = Show(
        slug=free_slug(slug(name, "show"), taken),
        name=name,
        language=spoken or publication.language,
        description=publication.description,
    )
    identity.mint(show)
    show.save()
    show_changed(show.pk)
    return show


def find_or_make_series(
    show: Show, name: str, part: int | None, total: int | None, moving: Episode | None = None
) -> Series:
    """The series of that name, in which no other episode than `moving` is this part. Raises BadInput."""
    name = " ".join(name.split())
    series = show.series.filter(name=name).first()
    if series is None:
        number = (show.series.aggregate(last=Max("number"))["last"] or 0) + 1
        taken = set(show.series.values_list("slug", flat=True))
        series = Series.objects.create(
            show=show, slug=free_slug(slug(name, "series"), taken), name=name, number=number, total=total
        )
    holder = series.parts.filter(part=part).first()
    if holder and holder != moving:
        raise BadInput(f"Part {part} of “{name}” is “{holder.title}” already: choose another --part.")
    if total and total != series.total:
        highest = series.parts.aggregate(last=Max("part"))["last"] or 0
        if total < highest:
            raise BadInput(f"“{name}” has a part {highest} already, so it cannot have {total} parts: mend --of.")
        series.total = total
        series.save(update_fields=["total"])
    return series


def _find_or_make_person(name: str) -> Person:
    known = Person.objects.filter(name=name).first()
    if known:
        return known
    wanted = slug(name, "somebody")
    taken = set(Person.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return Person.objects.create(slug=free_slug(wanted, taken), name=name)


def find_or_make_tags(names: list[str]) -> list[Tag]:
    """The tags of those names; what is blank is no tag."""
    return [_find_or_make_tag(name) for name in names if name.strip()]


def _find_or_make_tag(name: str) -> Tag:
    """The tag of that name, however it is written in capitals and small letters."""
    name = " ".join(name.split())
    known = Tag.objects.filter(name__iexact=name).first()
    if known:
        return known
    wanted = slug(name, "tag")
    taken = set(Tag.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return Tag.objects.create(slug=free_slug(wanted, taken), name=name)


def _make_recording(episode: Episode, path: Path, looked_at: Probe, sha256: str, size: int, current: bool) -> Recording:
    return Recording.objects.create(
        episode=episode,
        sha256=sha256,
        name=clean_name(path.name),
        size=size,
        kind=looked_at.kind,
        format=looked_at.format,
        warnings=list(looked_at.warnings),
        current=current,
    )
