"""Comments as W3C Web Annotations: a collection an episode, its pages, and a file for each comment that is about words.

Their addresses hold the episode's key, so that they are the same after every rename. A page has the comments of a page
of the discussion; a comment that has no file of its own is named by its place on it.
https://www.w3.org/TR/annotation-model/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext

from onrecord import readmodel
from onrecord.discussion.models import Reason
from onrecord.feeds.comments import content
from onrecord.feeds.record import compact
from onrecord.lib import times
from onrecord.lib.language import speaks
from onrecord.passages.quote import AROUND
from onrecord.readmodel import CommentView, EpisodeView, Publication
from onrecord.readmodel import discussion as talk
from onrecord.readmodel.discussion import TieView

CONTEXT = {"@context": "http://www.w3.org/ns/anno.jsonld"}
MEDIA_FRAGMENTS = "http://www.w3.org/TR/media-frags/"

Node = dict[str, Any]


def collection_path(view: EpisodeView) -> str:
    """Below public/: the collection of all comments of an episode."""
    return talk.annotations_of(view.key)


def page_path(view: EpisodeView, page: int) -> str:
    """Below public/: the comments of a page of the discussion."""
    return f"{_folder(view)}/page/{page}.json"


def path(view: EpisodeView, number: int) -> str:
    """Below public/: one comment."""
    return f"{_folder(view)}/{number}.json"


def _folder(view: EpisodeView) -> str:
    return collection_path(view).removesuffix(".json")


@speaks(lambda view: view.language)
def collection(view: EpisodeView) -> bytes:
    """What there is."""
    us, pages = readmodel.publication(), view.discussion.numbers.pages
    ends = {"first": us.url(page_path(view, pages[0])), "last": us.url(page_path(view, pages[-1]))} if pages else {}
    return compact({**CONTEXT, **_collection(us, view), **ends})


def _collection(us: Publication, view: EpisodeView) -> Node:
    label = f"{gettext('Discussion')} · {view.title}"
    total = len(view.discussion.numbers.shown)
    return {"id": us.url(collection_path(view)), "type": "AnnotationCollection", "label": label, "total": total}


@speaks(lambda view, *_: view.language)
def page(view: EpisodeView, number: int, comments: Sequence[CommentView]) -> bytes:
    """One page of the collection."""
    us, pages = readmodel.publication(), view.discussion.numbers.pages
    at = pages.index(number)
    document: Node = {
        **CONTEXT,
        "id": us.url(page_path(view, number)),
        "type": "AnnotationPage",
        "partOf": _collection(us, view),
        "startIndex": sum(talk.page_of(one) < number for one in view.discussion.numbers.shown),
    }
    if at > 0:
        document["prev"] = us.url(page_path(view, pages[at - 1]))
    if at + 1 < len(pages):
        document["next"] = us.url(page_path(view, pages[at + 1]))
    return compact(document | {"items": [_annotation(us, view, one) for one in comments if not one.gone]})


def annotation(view: EpisodeView, comment: CommentView) -> bytes:
    """One comment."""
    return compact({**CONTEXT, **_annotation(readmodel.publication(), view, comment)})


def identity(us: Publication, view: EpisodeView, number: int) -> str:
    """The IRI of a comment: its file's, or its place on a page of the collection."""
    if number in view.discussion.numbers.tied:
        return us.url(path(view, number))
    return f"{us.url(page_path(view, talk.page_of(number)))}#c{number}"


def _annotation(us: Publication, view: EpisodeView, comment: CommentView) -> Node:
    found: Node = {
        "id": identity(us, view, comment.number),
        "type": "Annotation",
        "motivation": _motivation(comment),
        "creator": {"type": "Person", "name": comment.name, "nickname": comment.name},
        "created": times.iso(comment.published),
    }
    if comment.edited:
        found["modified"] = times.iso(comment.edited)
    return found | {"body": _bodies(us, view, comment), "target": _target(us, view, comment)}


def _motivation(comment: CommentView) -> str:
    """Of the vocabulary's thirteen. Who hears other words asks for a change of them."""
    if comment.dispute:
        return "editing" if comment.dispute.reason == Reason.HEARD else "assessing"
    return "replying" if comment.to else "commenting"


def _bodies(us: Publication, view: EpisodeView, comment: CommentView) -> Node | list[Node]:
    """The words; of a dispute the reason too; what they refer to."""
    words = {
        "id": us.url(talk.permalink(view.folder, comment.number)),
        "type": "TextualBody",
        "value": content(us, view, comment.html),
        "format": "text/html",
        "language": comment.language,
    }
    further: list[Node] = []
    if comment.dispute:
        label = str(Reason(comment.dispute.reason).label)
        further.append({"type": "TextualBody", "purpose": "classifying", "value": label, "format": "text/plain"})
    links = dict.fromkeys(one.href for one in comment.references if one.href)
    further += [{"type": "SpecificResource", "purpose": "linking", "source": link} for link in links]
    return [words, *further] if further else words


def _target(us: Publication, view: EpisodeView, comment: CommentView) -> str | list[Node]:
    """The words, on the page and in the sound; what is replied to; else the whole page."""
    ties = comment.dispute.ties if comment.dispute else ()
    if ties:
        return [target for tie in ties for target in _words_and_sound(us, view, tie)]
    if comment.to and not comment.dispute:
        there = comment.to in view.discussion.numbers.shown
        return identity(us, view, comment.to) if there else us.url(talk.permalink(view.folder, comment.to))
    return us.url(view.path)


def _words_and_sound(us: Publication, view: EpisodeView, tie: TieView) -> list[Node]:
    quote, start, end = _as_they_stand(view, tie) or _as_they_were(tie)
    found = [_selected(us.url(view.path), {"type": "TextQuoteSelector", **quote})]
    if view.mp3 and end:
        moment = {"conformsTo": MEDIA_FRAGMENTS, "value": f"t={_seconds(start)},{_seconds(end)}"}
        found.append(_selected(view.mp3.url, {"type": "FragmentSelector", **moment}))
    return found


def _selected(source: str, selector: Node) -> Node:
    return {"type": "SpecificResource", "source": source, "selector": selector}


def _as_they_stand(view: EpisodeView, tie: TieView) -> tuple[Node, int, int] | None:
    """Where the page has the words now, whether the same or others in their place."""
    tokens = view.transcript.tokens if view.transcript else []
    first, end = tie.now.start, tie.now.stop
    if tie.state not in ("same", "changed", "moved") or not 0 <= first < end <= len(tokens) or not view.transcript:
        return None
    text = view.transcript.text
    quote = {
        "exact": text(tie.now),
        "prefix": text(range(max(0, first - AROUND), first)) + (" " if first and tokens[first].space else ""),
        "suffix": (" " if end < len(tokens) and tokens[end].space else "") + text(range(end, end + AROUND)),
    }
    return quote, tokens[first].start, max(token.end for token in tokens[first:end])


def _as_they_were(tie: TieView) -> tuple[Node, int, int]:
    """Words that are gone from the page are not looked for elsewhere: what is quoted is what stood there."""
    return {"exact": tie.words, "prefix": tie.before, "suffix": tie.after}, tie.start_ms, tie.end_ms


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".")
