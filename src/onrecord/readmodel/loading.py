"""Loads the views. Every prefetch is named here; the figures of queries are asserted in the tests."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext

from onrecord.catalogue.models import (
    Credit,
    Episode,
    EpisodeState,
    PartElsewhere,
    Person,
    Picture,
    Redirect,
    Related,
    Series,
    Show,
    Tag,
)
from onrecord.lib import html, language
from onrecord.lib.addresses import is_web_address
from onrecord.readmodel import corrections, discussion, references
from onrecord.readmodel.corrections import CorrectionView
from onrecord.readmodel.discussion import DiscussionView
from onrecord.readmodel.references import CitedViews
from onrecord.readmodel.views import (
    SMALL_ARTWORK,
    Artwork,
    ChapterView,
    CreditView,
    EarlierRevision,
    EpisodeCard,
    EpisodeTitle,
    EpisodeView,
    PartView,
    PersonView,
    PictureSize,
    PictureView,
    Publication,
    RedactionView,
    RelatedView,
    RenditionView,
    SeriesView,
    ShowView,
    SpeakerView,
    TagView,
    TranscriptView,
)
from onrecord.recordings.models import Recording, Rendition
from onrecord.transcripts.models import Origin, Revision, Speaker, Transcript

PICTURE_WIDTHS = (480, 960, 1600)
"""Widths in pixels of an episode's picture in public/; a narrower original is not made wider."""

SMALLEST_ARTWORK, LARGEST_ARTWORK = 1400, 3000
"""Sides of square artwork that directories accept."""

MOST_PARTS_TO_COME = 100
"""Parts of a series that are not out yet are listed up to this total."""

PUBLIC = Q(state=EpisodeState.PUBLISHED, live_since__isnull=False)
PUBLIC_EPISODES = Q(credits__episode__state=EpisodeState.PUBLISHED, credits__episode__live_since__isnull=False)
PUBLIC_TAGGED = Q(episodes__state=EpisodeState.PUBLISHED, episodes__live_since__isnull=False)


def publication() -> Publication:
    """The publication's settings as readers meet them, in the language that is spoken. No query."""
    given = settings.ONRECORD.publication
    return Publication(
        name=given.name,
        description=given.description,
        language=given.language,
        address=settings.ONRECORD.address,
        owner=given.owner,
        email=given.email,
        category=given.category,
        explicit=given.explicit,
        time_zone=given.time_zone,
        copyright=given.copyright,
        funding=given.funding,
        funding_label=given.funding_label or gettext("Support us"),
    )


def show(id: int) -> ShowView:
    """One show. 1 query."""
    return _show(Show.objects.select_related("picture").get(pk=id))


def shows() -> list[ShowView]:
    """All shows that have public episodes, by name. 1 query."""
    public = Exists(Episode.objects.filter(PUBLIC, show=OuterRef("pk")))
    return [_show(row) for row in Show.objects.filter(public).select_related("picture").order_by("name", "id")]


def person(id: int) -> PersonView:
    """One person. 1 query."""
    return _person(Person.objects.get(pk=id))


def people() -> list[PersonView]:
    """Everybody who is credited in a public episode, by name. 1 query."""
    rows = Person.objects.annotate(n=Count("credits__episode", filter=PUBLIC_EPISODES, distinct=True)).filter(n__gt=0)
    return [PersonView(row.pk, row.slug, html.clean(row.name), row.n) for row in rows.order_by("name", "id")]


def tag(id: int) -> TagView:
    """One tag. 1 query."""
    return _tag(Tag.objects.get(pk=id))


def tags() -> list[TagView]:
    """All tags of public episodes, by name. 1 query."""
    rows = Tag.objects.annotate(n=Count("episodes", filter=PUBLIC_TAGGED, distinct=True)).filter(n__gt=0)
    return [TagView(row.pk, row.slug, html.clean(row.name), row.n) for row in rows.order_by("name", "id")]


def series(id: int) -> SeriesView:
    """One series with its parts. 3 queries."""
    rows = Series.objects.select_related("show").prefetch_related(Prefetch("parts", _public_parts()), "elsewhere")
    return _series(rows.get(pk=id))


def page_paths(ids: Iterable[int]) -> list[str]:
    """Where the pages of episodes stand, in the order of `ids`. 1 query."""
    wanted = list(ids)
    rows = Episode.objects.filter(pk__in=wanted).values_list("pk", "show__slug", "slug")
    found = {pk: f"{show}/{slug}/" for pk, show, slug in rows}
    return [found[pk] for pk in wanted if pk in found]


def titles(ids: Iterable[int]) -> dict[int, EpisodeTitle]:
    """Episodes where what was found in them is shown, by id. Only 2 queries: that is done while one types."""
    wanted = list(ids)
    sound = Rendition.objects.filter(kind="mp3", recording__current=True, recording__episode__in=wanted)
    mp3s = dict(sound.values_list("recording__episode_id", "path"))
    rows = Episode.objects.filter(pk__in=wanted).values_list(
        *("pk", "show__slug", "slug", "title", "language", "show__language", "published_at", "show__name")
    )
    return {
        pk: EpisodeTitle(
            id=pk,
            path=f"{show}/{slug}/",
            title=html.clean(title),
            language=language or of_show,
            published_at=published_at,
            show_name=html.clean(name),
            mp3=mp3s.get(pk, ""),
        )
        for pk, show, slug, title, language, of_show, published_at, name in rows
    }


def cards(ids: Iterable[int]) -> list[EpisodeCard]:
    """Episodes for a list, in the order of `ids`. 5 queries, however many there are."""
    wanted = list(ids)
    rows = (
        Episode.objects.filter(pk__in=wanted)
        .select_related("show", "series__show", "picture")
        .defer("notes")
        .prefetch_related(
            _credited(),
            Prefetch("recordings", Recording.objects.filter(current=True)),
            Prefetch(
                "recordings__renditions",
                Rendition.objects.filter(kind__in=("mp3", "mp4")).order_by("id"),
            ),
        )
    )
    found = {row.pk: row for row in rows}
    return [_card(found[pk]) for pk in wanted if pk in found]


def episode(id: int) -> EpisodeView:
    """Everything about one episode, its words too. At most 25 queries. Raises Episode.DoesNotExist."""
    views = episodes([id], with_words=True)
    if not views:
        raise Episode.DoesNotExist(f"there is no episode {id}")
    return views[0]


def episodes(ids: Iterable[int], with_words: bool = False) -> list[EpisodeView]:
    """Everything about episodes, in the order of `ids`. At most 25 queries, however many there are.

    Without words `transcript.tokens` is empty.
    """
    return _episodes(ids, with_words, not_in_feeds=True)


def outline(id: int) -> EpisodeView:
    """An episode for pages that name it and lead back to it: no people, no words, nothing beside it. 3 queries.

    Raises Episode.DoesNotExist.
    """
    row = (
        Episode.objects.select_related("show__picture", "picture", "discussion")
        .prefetch_related(_current_recordings(), Prefetch("recordings__renditions", Rendition.objects.order_by("id")))
        .get(pk=id)
    )
    return _outline(row, _show(row.show), _discussions([row], with_words=False).get(row.pk, discussion.NONE))


def feed_items(ids: Iterable[int]) -> list[EpisodeView]:
    """What feeds say of episodes, in the order of `ids`: no words, speakers, former addresses and related pieces.

    They are not even asked for, because a feed has 300 items and each new episode writes it anew. At most 18 queries.
    """
    return _episodes(ids, with_words=False, not_in_feeds=False)


def _episodes(ids: Iterable[int], with_words: bool, not_in_feeds: bool) -> list[EpisodeView]:
    wanted = list(ids)
    more = (
        Prefetch("redirects", Redirect.objects.order_by("folder")),
        Prefetch("recordings__transcript__speakers", Speaker.objects.select_related("person")),
        Prefetch("related", Related.objects.select_related("piece__show", "piece__picture").defer("piece__notes")),
    )
    rows = (
        Episode.objects.filter(pk__in=wanted)
        .select_related("picture", "series__show", "discussion")
        .prefetch_related(
            Prefetch("show", Show.objects.select_related("picture")),  # one row for all of its episodes
            _credited(),
            Prefetch("tags", Tag.objects.order_by("name", "id")),
            "chapters",
            _current_recordings(),
            Prefetch("recordings__renditions", Rendition.objects.order_by("id")),
            "recordings__redactions",
            Prefetch("recordings__transcript__revisions", _newest_revisions(with_words)),
            Prefetch("series__parts", _public_parts()),
            "series__elsewhere",
            *(more if not_in_feeds else ()),
        )
    )
    found = {row.pk: row for row in rows}
    shows = {show.pk: _show(show) for show in {row.show_id: row.show for row in found.values()}.values()}
    earlier = _earlier_revisions(found.values()) if with_words else {}
    talks = _discussions(found.values(), with_words)
    corrected = corrections.of_episodes(found)
    cited = references.cited(found, corrected) if with_words else {}
    return [
        _episode(
            found[pk],
            shows[found[pk].show_id],
            earlier,
            talks.get(pk, discussion.NONE),
            corrected.get(pk, ()),
            cited.get(pk, references.NOTHING),
            not_in_feeds,
        )
        for pk in wanted
        if pk in found
    ]


def _discussions(rows: Iterable[Episode], with_words: bool) -> dict[int, DiscussionView]:
    """A few queries for each episode that has comments, or none."""
    numbers = {row.pk: row.discussion.last_number for row in rows if hasattr(row, "discussion")}
    if with_words:
        return discussion.discussions(numbers)
    return {episode: DiscussionView(last) for episode, last in numbers.items()}


def _public_parts() -> QuerySet[Episode]:
    return (
        Episode.objects.filter(PUBLIC, part__isnull=False)
        .select_related("show")
        .only("part", "title", "slug", "show__slug", "series_id")
        .order_by("part")
    )


def _newest_revisions(with_words: bool) -> QuerySet[Revision]:
    """The newest public revision of each transcript, and whether a machine heard the words in the first place."""
    newer = Revision.objects.filter(transcript=OuterRef("transcript"), public=True, number__gt=OuterRef("number"))
    heard = Revision.objects.filter(
        transcript=OuterRef("transcript"), origin=Origin.MACHINE, number__lte=OuterRef("number")
    )
    seen = Revision.objects.filter(transcript=OuterRef("transcript"), public=True, number__lt=OuterRef("number"))
    rows = Revision.objects.filter(~Exists(newer), public=True).annotate(heard=Exists(heard), corrected=Exists(seen))
    return rows if with_words else rows.defer("map_from_previous", "tokens")


Earlier = Mapping[int, Sequence[EarlierRevision]]
"""By transcript: the revisions before the one that readers see, from the first that they saw."""


def _earlier_revisions(rows: Iterable[Episode]) -> Earlier:
    """One query for all transcripts that were corrected after readers saw them; none where there are none."""
    newest = [revision for row in rows for words in [_words(row)] if words for revision in words.revisions.all()]
    numbers = {one.transcript_id: one.number for one in newest if cast(Any, one).corrected}
    found: dict[int, list[EarlierRevision]] = {}
    for one in Revision.objects.filter(transcript__in=list(numbers)).order_by("number") if numbers else ():
        if one.number < numbers[one.transcript_id] and (one.public or one.transcript_id in found):
            step = EarlierRevision(one.number, one.public, bytes(one.tokens), _bytes(one.map_from_previous))
            found.setdefault(one.transcript_id, []).append(step)
    return found


def _bytes(blob: bytes | memoryview | None) -> bytes | None:
    return None if blob is None else bytes(blob)


def _current_recordings() -> Prefetch[str]:
    return Prefetch("recordings", Recording.objects.filter(current=True).select_related("transcript"))


def _credited() -> Prefetch[str]:
    """Hosts before guests, as the alphabet turned round has it."""
    return Prefetch("credits", Credit.objects.prefetch_related("person").order_by("-role", "position", "id"))


def _show(row: Show) -> ShowView:
    return ShowView(
        id=row.pk,
        slug=row.slug,
        name=html.clean(row.name),
        description=html.clean(row.description),
        language=row.language,
        podcast_guid=row.podcast_guid,
        artwork=_artwork(row.slug, row.picture, html.clean(row.name)),
    )


def _person(row: Person) -> PersonView:
    return PersonView(row.pk, row.slug, html.clean(row.name))


def _tag(row: Tag) -> TagView:
    return TagView(row.pk, row.slug, html.clean(row.name))


def _artwork(folder: str, picture: Picture | None, name: str) -> Artwork:
    """Where a show's or an episode's square picture stands; without a picture it is made from the show's name."""
    if picture is None:
        digest = hashlib.sha256(f"{name}\n{SMALLEST_ARTWORK}".encode()).hexdigest()
        side, original = SMALLEST_ARTWORK, ""
    else:
        digest = original = picture.sha256
        side = max(SMALLEST_ARTWORK, min(LARGEST_ARTWORK, picture.width, picture.height))
    base = f"{folder}/artwork-{digest[:16]}"
    return Artwork(f"{base}.jpg", f"{base}-{SMALL_ARTWORK}.jpg", side, original, name)


def _picture(folder: str, row: Picture | None) -> PictureView | None:
    if row is None:
        return None
    sizes = []
    for width in sorted({min(width, row.width) for width in PICTURE_WIDTHS}):
        stem = f"{folder}/picture-{row.sha256[:16]}-{width}"
        sizes.append(PictureSize(width, max(1, round(row.height * width / row.width)), f"{stem}.jpg", f"{stem}.webp"))
    return PictureView(row.sha256, html.clean(row.caption), html.clean(row.credit), html.clean(row.alt), tuple(sizes))


def _credits(row: Episode) -> tuple[CreditView, ...]:
    return tuple(CreditView(_person(credit.person), credit.role) for credit in row.credits.all())


def _series(row: Series) -> SeriesView:
    out = {part.part: _part_elsewhere(part) for part in row.elsewhere.all() if is_web_address(part.url)}
    out |= {
        part.part or 0: PartView(part.part or 0, html.clean(part.title), f"{part.folder}/") for part in row.parts.all()
    }
    expected = range(1, (row.total or 0) + 1) if (row.total or 0) <= MOST_PARTS_TO_COME else ()
    return SeriesView(
        id=row.pk,
        slug=row.slug,
        name=html.clean(row.name),
        number=row.number,
        total=row.total,
        show_slug=row.show.slug,
        show_name=html.clean(row.show.name),
        language=row.show.language,
        parts=tuple(out.get(number) or PartView(number) for number in sorted({*out, *expected})),
    )


def _part_elsewhere(row: PartElsewhere) -> PartView:
    return PartView(
        number=row.part,
        title=html.clean(row.title),
        url=row.url,
        site=html.clean(row.site),
        feed_guid=row.feed_guid,
        item_guid=html.clean(row.item_guid),
    )


def _related(row: Related) -> RelatedView | None:
    """None for a piece of ours that is not public now, and for an address that no page may link to."""
    piece = row.piece
    if piece is None:
        fit = is_web_address(row.url)
        return RelatedView(html.clean(row.title), html.clean(row.site), url=row.url) if fit else None
    if not piece.is_public:
        return None
    return RelatedView(
        title=html.clean(piece.title),
        site=html.clean(piece.show.name),
        path=f"{piece.folder}/",
        key=piece.key,
        standfirst=html.clean(piece.standfirst),
        language=piece.language or piece.show.language,
        published_at=piece.published_at,
        picture=_picture(piece.folder, piece.picture),
    )


def _card(row: Episode) -> EpisodeCard:
    media = _media(row)
    return EpisodeCard(
        id=row.pk,
        path=f"{row.folder}/",
        title=html.clean(row.title),
        standfirst=html.clean(row.standfirst),
        language=row.language or row.show.language,
        published_at=row.published_at,
        duration_ms=media["mp3"].duration_ms if "mp3" in media else 0,
        video="mp4" in media,
        show_name=html.clean(row.show.name),
        show_path=f"{row.show.slug}/",
        part=row.part if row.series else None,
        total=row.series.total if row.series else None,
        series_name=html.clean(row.series.name) if row.series else "",
        series_path=f"{row.series.show.slug}/series/{row.series.slug}/" if row.series else "",
        credits=_credits(row),
        picture=_picture(row.folder, row.picture),
    )


def _media(row: Episode) -> dict[str, Rendition]:
    return {rendition.kind: rendition for recording in row.recordings.all() for rendition in recording.renditions.all()}


def _outline(row: Episode, show: ShowView, talk: DiscussionView) -> EpisodeView:
    """What an episode's own row, its show and its sound say."""
    renditions = {kind: _rendition(rendition) for kind, rendition in _media(row).items()}
    return EpisodeView(
        id=row.pk,
        key=row.key,
        guid=row.guid,
        url=publication().url(f"{row.folder}/"),
        show=show,
        slug=row.slug,
        title=html.clean(row.title),
        standfirst=html.clean(row.standfirst),
        notes=html.clean(row.notes),
        language=row.language or show.language,
        published_at=row.published_at,
        live_since=row.live_since,
        is_public=row.is_public,
        credits=(),
        tags=(),
        picture=_picture(row.folder, row.picture),
        artwork=_artwork(row.folder, row.picture, show.name) if row.picture else show.artwork,
        series=None,
        part=None,
        chapters=(),
        renditions=renditions,
        duration_ms=renditions["mp3"].duration_ms if "mp3" in renditions else 0,
        transcript=None,
        missing_reason="",
        missing_details={},
        video_url=row.video_url if is_web_address(row.video_url) else "",
        discussion=talk,
    )


def _episode(
    row: Episode,
    show: ShowView,
    earlier: Earlier,
    talk: DiscussionView,
    corrected: Sequence[CorrectionView],
    cited: CitedViews,
    not_in_feeds: bool,
) -> EpisodeView:
    credits = _credits(row)
    related = row.related.all() if not_in_feeds else ()
    words = _words(row)
    return replace(
        _outline(row, show, talk),
        credits=credits,
        tags=tuple(_tag(tag) for tag in row.tags.all()),
        series=_series(row.series) if row.series else None,
        part=row.part if row.series else None,
        chapters=tuple(ChapterView(chapter.start_ms, html.clean(chapter.title)) for chapter in row.chapters.all()),
        transcript=_transcript(words, credits, earlier, not_in_feeds) if words else None,
        missing_reason=words.missing_because if words else "",
        missing_details=words.missing_details if words else {},
        former_folders=tuple(moved.folder for moved in row.redirects.all()) if not_in_feeds else (),
        related=tuple(view for view in map(_related, related) if view),
        picked=tuple(dict.fromkeys(one.piece_id for one in related if one.piece_id)),
        corrections=tuple(corrected),
        redactions=_redactions(row),
        cited=cited,
    )


def _redactions(row: Episode) -> tuple[RedactionView, ...]:
    return tuple(
        RedactionView(one.start_ms, one.end_ms, one.at, html.clean(one.reason))
        for recording in row.recordings.all()
        for one in recording.redactions.all()
    )


def _rendition(row: Rendition) -> RenditionView:
    return RenditionView(
        kind=row.kind,
        path=row.path,
        url=publication().url(row.path),
        mime_type=row.mime_type,
        size=row.size,
        duration_ms=row.duration_ms,
        bitrate=row.bitrate,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        loudness=row.loudness,
        true_peak=row.true_peak,
    )


def _words(row: Episode) -> Transcript | None:
    for recording in row.recordings.all():
        with contextlib.suppress(Transcript.DoesNotExist):
            return recording.transcript
    return None


def _transcript(
    row: Transcript, credits: Sequence[CreditView], earlier: Earlier, with_speakers: bool
) -> TranscriptView | None:
    newest = list(row.revisions.all())
    if not newest:
        return None
    revision = newest[0]
    with_words = "tokens" not in revision.get_deferred_fields()
    return TranscriptView(
        revision=revision.number,
        revision_id=revision.pk,
        language=revision.language,
        origin=revision.origin,
        engine=revision.engine,
        created=revision.created,
        read_by_person=revision.read_by_person,
        status=_status(revision),
        words=revision.words,
        speakers=_speakers(row.speakers.all(), revision.language, credits) if with_speakers else (),
        packed=bytes(revision.tokens) if with_words else None,
        corrected=cast(Any, revision).corrected,
        earlier=tuple(earlier.get(row.pk, ())),
        word_map=_bytes(revision.map_from_previous) if with_words else None,
    )


def _speakers(rows: Iterable[Speaker], spoken: str, credits: Sequence[CreditView]) -> tuple[SpeakerView, ...]:
    """Speakers without a name are numbered in the language that they speak."""
    credited = {credit.person.id for credit in credits}
    with language.speaking(spoken, "en"):
        return tuple(
            SpeakerView(
                voice.index,
                html.clean(voice.label),
                _person(voice.person) if voice.person and voice.person_id in credited else None,
            )
            for voice in rows
        )


def _status(revision: Revision) -> str:
    if revision.read_by_person:
        return "read"
    if revision.origin == Origin.MACHINE:
        return "machine"
    return "corrected" if cast(Any, revision).heard else "given"
