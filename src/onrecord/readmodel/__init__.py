"""What pages and feeds are made from. Every prefetch is named in `loading`; no renderer asks the database for more.

`path` is always a path below public/: "show/episode/" is a page, whose file is "show/episode/index.html".
`Publication.url(path)` is its absolute address, `Publication.link(path)` is what our pages link to. Loaders give views
of drafts too: who may see what is for the caller to ask (`EpisodeView.is_public`).
"""

from onrecord.readmodel.corrections import CorrectedWords, CorrectionView
from onrecord.readmodel.discussion import CommentView, DiscussionView
from onrecord.readmodel.loading import (
    PICTURE_WIDTHS,
    cards,
    episode,
    episodes,
    feed_items,
    page_paths,
    people,
    person,
    publication,
    series,
    show,
    shows,
    tag,
    tags,
)
from onrecord.readmodel.passages import PassageView, passages
from onrecord.readmodel.references import CitedView, CitedViews
from onrecord.readmodel.views import (
    SMALL_ARTWORK,
    Artwork,
    ChapterView,
    CreditView,
    EpisodeCard,
    EpisodeView,
    ListPage,
    PartView,
    PersonView,
    PictureSize,
    PictureView,
    Publication,
    RelatedView,
    RenditionView,
    SeriesView,
    ShowView,
    SpeakerView,
    TagView,
    TranscriptView,
    part_display,
)

__all__ = [
    "PICTURE_WIDTHS",
    "SMALL_ARTWORK",
    "Artwork",
    "ChapterView",
    "CitedView",
    "CitedViews",
    "CommentView",
    "CorrectedWords",
    "CorrectionView",
    "CreditView",
    "DiscussionView",
    "EpisodeCard",
    "EpisodeView",
    "ListPage",
    "PartView",
    "PassageView",
    "PersonView",
    "PictureSize",
    "PictureView",
    "Publication",
    "RelatedView",
    "RenditionView",
    "SeriesView",
    "ShowView",
    "SpeakerView",
    "TagView",
    "TranscriptView",
    "cards",
    "episode",
    "episodes",
    "feed_items",
    "page_paths",
    "part_display",
    "passages",
    "people",
    "person",
    "publication",
    "series",
    "show",
    "shows",
    "tag",
    "tags",
]
