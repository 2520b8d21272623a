"""The views: frozen, complete, and knowing nothing of rows or of the day on which they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

from django.utils.translation import gettext, gettext_noop

from onrecord.lib import html, language
from onrecord.readmodel.corrections import CorrectionView
from onrecord.readmodel.discussion import NONE, DiscussionView
from onrecord.readmodel.references import NOTHING as NOTHING_CITED
from onrecord.readmodel.references import CitedViews
from onrecord.transcripts import anchors, maps, missing
from onrecord.transcripts import tokens as token_blobs
from onrecord.transcripts.anchors import Anchors, Step
from onrecord.transcripts.formats import Document
from onrecord.transcripts.maps import WordMap
from onrecord.transcripts.tokens import Token


@dataclass(frozen=True)
class Publication:
    """Who publishes, where, and in what language: onrecord.toml as readers meet it."""

    name: str
    description: str
    language: str
    address: str
    owner: str
    email: str
    category: str
    explicit: bool
    time_zone: str
    copyright: str
    funding: str
    funding_label: str

    @property
    def direction(self) -> str:
        """ "rtl" or "ltr"."""
        return html.direction(self.language)

    def url(self, path: str) -> str:
        """The absolute address of a path below public/."""
        return f"{self.address}/{path}"

    def link(self, path: str) -> str:
        """What our own pages link to: the address without scheme and host."""
        return f"{urlsplit(self.address).path}/{path}"


@dataclass(frozen=True)
class PictureSize:
    """One size of a picture, as two files below public/."""

    width: int
    height: int
    jpeg: str
    webp: str


@dataclass(frozen=True)
class PictureView:
    """An episode's picture, smallest size first. `sha256` names the original in originals/."""

    sha256: str
    caption: str
    credit: str
    alt: str
    sizes: tuple[PictureSize, ...]


SMALL_ARTWORK = 352
"""The side of what pages show: twice the 176 pixels of a show's page, for dense screens."""


@dataclass(frozen=True)
class Artwork:
    """A square JPEG for podcast apps at `path`, `side` pixels wide.

    Made from the picture `sha256`, cut to its middle; where that is empty, from the show's name alone. Our own pages
    show the one at `small`, which is SMALL_ARTWORK pixels wide.
    """

    path: str
    small: str
    side: int
    sha256: str
    name: str


@dataclass(frozen=True)
class ShowView:
    """One feed and its page."""

    id: int
    slug: str
    name: str
    description: str
    language: str
    podcast_guid: str
    artwork: Artwork

    @property
    def path(self) -> str:
        """Its page."""
        return f"{self.slug}/"

    @property
    def feed(self) -> str:
        """Its feed's path."""
        return f"{self.slug}/feed.xml"

    @property
    def json_feed(self) -> str:
        """Its newest episodes as JSON Feed."""
        return f"{self.slug}/feed.json"

    @property
    def atom(self) -> str:
        """Its newest episodes as Atom."""
        return f"{self.slug}/atom.xml"

    @property
    def subscribe(self) -> str:
        """The page that says how to subscribe."""
        return f"{self.slug}/subscribe/"

    def archive(self, number: int) -> str:
        """The path of an archive of its feed (RFC 5005), counted from the oldest, 1."""
        return f"{self.slug}/feed/{number}.xml"

    @property
    def direction(self) -> str:
        """ "rtl" or "ltr"."""
        return html.direction(self.language)


@dataclass(frozen=True)
class PersonView:
    """Somebody who is credited. `episodes` counts public ones; only lists know it."""

    id: int
    slug: str
    name: str
    episodes: int = 0

    @property
    def path(self) -> str:
        """Their page."""
        return f"people/{self.slug}/"


@dataclass(frozen=True)
class TagView:
    """A subject. `episodes` counts public ones; only lists know it."""

    id: int
    slug: str
    name: str
    episodes: int = 0

    @property
    def path(self) -> str:
        """Its page."""
        return f"tags/{self.slug}/"


@dataclass(frozen=True)
class CreditView:
    """Who did what: `role` is of the Podcasting 2.0 taxonomy, "host" or "guest"."""

    person: PersonView
    role: str


@dataclass(frozen=True)
class PartView:
    """A part of a series. One that is not out yet has neither title nor place: it is coming.

    One that another site has, has that site's name, an absolute `url` and no path; with `feed_guid`, and `item_guid`,
    where podcast apps can find it by them.
    """

    number: int
    title: str = ""
    path: str = ""
    url: str = ""
    site: str = ""
    feed_guid: str = ""
    item_guid: str = ""

    @property
    def coming(self) -> bool:
        """Whether it is not out yet."""
        return not self.path and not self.url


@dataclass(frozen=True)
class RelatedView:
    """A piece that the publisher picked to stand beside an episode.

    One of ours has a path, its show's name as `site`, and what a card shows; one elsewhere an absolute `url`, a title
    and perhaps a site.
    """

    title: str
    site: str
    path: str = ""
    url: str = ""
    key: str = ""
    standfirst: str = ""
    language: str = ""
    published_at: datetime | None = None
    picture: PictureView | None = None

    @property
    def direction(self) -> str:
        """ "rtl" or "ltr"; empty where the language is not known."""
        return html.direction(self.language) if self.language else ""


@dataclass(frozen=True)
class SeriesView:
    """An interview in parts, with all its parts: those that are out, and those to come where the total is known."""

    id: int
    slug: str
    name: str
    number: int
    total: int | None
    show_slug: str
    show_name: str
    language: str
    parts: tuple[PartView, ...]

    @property
    def path(self) -> str:
        """Its page."""
        return f"{self.show_slug}/series/{self.slug}/"


def part_display(part: int, total: int | None) -> str:
    """What readers and apps show, in the language that is spoken: "Part 1 of 2"."""
    numbers = {"part": language.number(part), "total": language.number(total or 0)}
    return (gettext("Part %(part)s of %(total)s") if total else gettext("Part %(part)s")) % numbers


@dataclass(frozen=True)
class ChapterView:
    """A named moment."""

    start_ms: int
    title: str


@dataclass(frozen=True)
class RedactionView:
    """What was said from one moment to another and is heard and read no more; `reason` is empty where none is given."""

    start_ms: int
    end_ms: int
    at: datetime
    reason: str

    @property
    def anchor(self) -> str:
        """Its id on the page."""
        return f"redacted-{self.start_ms}-{self.end_ms}"


@dataclass(frozen=True)
class RenditionView:
    """A media file below public/. `kind`: mp3, opus, mp4 or peaks; `size` in bytes, `bitrate` in bits per second."""

    kind: str
    path: str
    url: str
    mime_type: str
    size: int
    duration_ms: int
    bitrate: int
    sha256: str
    width: int | None
    height: int | None
    loudness: float | None
    true_peak: float | None

    @property
    def codecs(self) -> str:
        """What is inside, where the media type does not say (RFC 6381)."""
        return "opus" if self.kind == "opus" else ""

    @property
    def source_type(self) -> str:
        """With its codecs a browser knows without asking whether it can play a file."""
        return f"{self.mime_type}; codecs={self.codecs}" if self.codecs else self.mime_type


@dataclass(frozen=True)
class SpeakerView:
    """A voice of a transcript. `person` is set when that person is credited in the episode, so that a page exists."""

    index: int
    label: str
    person: PersonView | None


LABELS = {
    "machine": gettext_noop("This transcript was made by a machine and has not been read by a person yet."),
    "corrected": gettext_noop(
        "This transcript was made by a machine and corrected by a person. Nobody has said yet that all of it has been "
        "read."
    ),
    "given": gettext_noop("This transcript was given by the publisher."),
    "read": gettext_noop("This transcript has been read by a person."),
}
"""What is said wherever words are shown, by `TranscriptView.status`."""


@dataclass(frozen=True)
class EarlierRevision:
    """A revision before the one that readers see, as it is kept."""

    number: int
    public: bool
    tokens: bytes = field(repr=False)
    word_map: bytes | None = field(repr=False)


@dataclass(frozen=True)
class TranscriptView:
    """The words that readers see: the newest public revision.

    `status` is "machine" (heard by a machine, read by nobody), "corrected" (heard by a machine, then changed by a
    person, not said to be read through), "given" (no machine had a part in it) or "read" (a person said that it has
    been read). `corrected` says whether readers have seen other words before; then `earlier` has all revisions from the
    first that they saw, and `word_map` leads from the last of those to this one.
    """

    revision: int
    revision_id: int
    language: str
    origin: str
    engine: str
    created: datetime
    read_by_person: datetime | None
    status: str
    words: int
    speakers: tuple[SpeakerView, ...]
    packed: bytes | None = field(repr=False, compare=False, default=None)
    corrected: bool = False
    earlier: tuple[EarlierRevision, ...] = field(repr=False, compare=False, default=())
    word_map: bytes | None = field(repr=False, compare=False, default=None)

    @property
    def label(self) -> str:
        """What is said wherever these words are shown, in the language that is spoken."""
        return gettext(LABELS[self.status])

    @cached_property
    def tokens(self) -> list[Token]:
        """Its words. Loaded `without words` (feeds), it has none."""
        return token_blobs.unpack(self.packed) if self.packed is not None else []

    @cached_property
    def document(self) -> Document:
        """It as the formats write it."""
        names = {speaker.index: speaker.label for speaker in self.speakers}
        return Document(
            tokens=self.tokens,
            speakers=[names.get(index, "") for index in range(max(names, default=-1) + 1)],
            language=self.language,
            made_by_machine=self.status in ("machine", "corrected"),
        )

    def text(self, words: range) -> str:
        """Some of its words as running text."""
        return token_blobs.text_of(self.tokens[words.start : words.stop])

    @cached_property
    def chain(self) -> list[Step]:
        """Its words and those of all revisions before it, from the first that readers saw."""
        steps: list[Step] = []
        for one in self.earlier:
            words = token_blobs.unpack(one.tokens)
            steps.append(Step(words, _map(one.word_map, steps, words), one.public))
        return [*steps, Step(self.tokens, _map(self.word_map, steps, self.tokens))]

    @cached_property
    def anchors(self) -> Anchors:
        """The permanent ids of its sentences."""
        return anchors.anchors(self.chain)

    @property
    def direction(self) -> str:
        """ "rtl" or "ltr"."""
        return html.direction(self.language)


def _map(packed: bytes | None, before: Sequence[Step], words: Sequence[Token]) -> WordMap | None:
    """The map from the revision before; made where none is kept. The first in a chain needs none."""
    if not before:
        return None
    return maps.unpack(packed) if packed is not None else maps.make(before[-1].tokens, words)


@dataclass(frozen=True)
class EpisodeView:
    """Everything on an episode's page, in its record and in its feed item.

    `url` is the whole address of its page; `picked` are the ids of our own pieces among the related ones, those that
    are not public (now) too. Its corrections stand in the order of their numbers. `cited` is empty where it is loaded
    without words.
    """

    id: int
    key: str
    guid: str
    url: str
    show: ShowView
    slug: str
    title: str
    standfirst: str
    notes: str
    language: str
    published_at: datetime
    live_since: datetime | None
    is_public: bool
    credits: tuple[CreditView, ...]
    tags: tuple[TagView, ...]
    picture: PictureView | None
    artwork: Artwork
    series: SeriesView | None
    part: int | None
    chapters: tuple[ChapterView, ...]
    renditions: Mapping[str, RenditionView]
    duration_ms: int
    transcript: TranscriptView | None
    missing_reason: str
    missing_details: Mapping[str, str]
    former_folders: tuple[str, ...] = ()
    related: tuple[RelatedView, ...] = ()
    picked: tuple[int, ...] = ()
    video_url: str = ""
    discussion: DiscussionView = NONE
    corrections: tuple[CorrectionView, ...] = ()
    redactions: tuple[RedactionView, ...] = ()
    cited: CitedViews = NOTHING_CITED

    @property
    def missing_because(self) -> str:
        """Why there is no transcript, in the language that is spoken; empty when there is one, or none yet."""
        return html.clean(missing.sentence(self.missing_reason, self.missing_details))

    @property
    def folder(self) -> str:
        """Its folder below public/, without slashes at the ends."""
        return f"{self.show.slug}/{self.slug}"

    @property
    def path(self) -> str:
        """Its page."""
        return f"{self.folder}/"

    @property
    def direction(self) -> str:
        """ "rtl" or "ltr"."""
        return html.direction(self.language)

    @property
    def mp3(self) -> RenditionView | None:
        """What the feed encloses."""
        return self.renditions.get("mp3")

    @property
    def opus(self) -> RenditionView | None:
        """The smaller audio."""
        return self.renditions.get("opus")

    @property
    def mp4(self) -> RenditionView | None:
        """The moving pictures."""
        return self.renditions.get("mp4")

    @property
    def hosts(self) -> list[PersonView]:
        """Who asked."""
        return [credit.person for credit in self.credits if credit.role == "host"]

    @property
    def guests(self) -> list[PersonView]:
        """Who answered."""
        return [credit.person for credit in self.credits if credit.role == "guest"]

    @property
    def part_display(self) -> str:
        """ "Part 1 of 2", or nothing."""
        return part_display(self.part, self.series.total) if self.series and self.part else ""

    @property
    def has_chapters(self) -> bool:
        """Whether it has a file of chapters: of the publisher's, or of corrections at moments of the recording."""
        return bool(self.chapters) or any(correction.moment for correction in self.corrections)

    @cached_property
    def notes_html(self) -> str:
        """The show notes as clean HTML; their highest heading is an h3."""
        return html.markdown(self.notes, top=3)

    @cached_property
    def notes_text(self) -> str:
        """Their words."""
        return html.text_of(self.notes_html)

    @cached_property
    def notes_elsewhere(self) -> str:
        """Them for feeds, which do not know where they stand: with whole addresses."""
        return html.with_base(self.notes_html, self.url)

    @property
    def newest(self) -> datetime:
        """The newest date in it: what is newer than this is not shown."""
        words = self.transcript
        dates = [self.published_at, self.live_since, words and words.created, words and words.read_by_person]
        dates += [correction.newest for correction in self.corrections]
        dates += [redaction.at for redaction in self.redactions]
        return max(date for date in dates if date)


@dataclass(frozen=True)
class EpisodeCard:
    """An episode in a list."""

    id: int
    path: str
    title: str
    standfirst: str
    language: str
    published_at: datetime
    duration_ms: int
    video: bool
    show_name: str
    show_path: str
    part: int | None
    total: int | None
    series_name: str
    series_path: str
    credits: tuple[CreditView, ...]
    picture: PictureView | None

    @property
    def part_display(self) -> str:
        """ "Part 1 of 2", or nothing."""
        return part_display(self.part, self.total) if self.part else ""

    @property
    def direction(self) -> str:
        """ "rtl" or "ltr"."""
        return html.direction(self.language)


@dataclass(frozen=True)
class EpisodeTitle:
    """An episode where one names it, leads to it and plays it. `mp3` is below public/, or empty."""

    id: int
    path: str
    title: str
    language: str
    published_at: datetime
    show_name: str
    mp3: str


@dataclass(frozen=True)
class ListPage:
    """One page of a numbered list, newest card first. Pages are numbered from the oldest, 1; `pages` is the newest.

    The newest page stands at the list's own address, the others at page/<number>/. Only neighbours are linked, so that
    a new episode does not change old pages.
    """

    cards: Sequence[EpisodeCard]
    number: int
    pages: int
