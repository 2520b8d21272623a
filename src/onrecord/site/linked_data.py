"""What a page is about in schema.org's words, as a JSON-LD data block: search engines read it, browsers run nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from onrecord import readmodel
from onrecord.discussion import outcomes
from onrecord.lib import times
from onrecord.readmodel import (
    CommentView,
    CorrectionView,
    EpisodeView,
    PersonView,
    Publication,
    RenditionView,
    ShowView,
    corrections,
)
from onrecord.readmodel import discussion as talk
from onrecord.readmodel.discussion import AnswerView
from onrecord.site import frame

CONTEXT = "https://schema.org"

LONGEST_TEXT = 1_500
"""Characters of a comment."""

Node = dict[str, Any]


def block(*nodes: Node) -> SafeString:
    """The element's content. No sign in it can end the element or be taken for markup, whatever strangers wrote."""
    document = {"@context": CONTEXT, "@graph": [_without_empty(node) for node in nodes]}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return mark_safe(text)  # noqa: S308 escaped above


def website() -> SafeString:
    """The home page: the publication, and how to search everything that was said."""
    us = readmodel.publication()
    search = {
        "@type": "SearchAction",
        "target": {"@type": "EntryPoint", "urlTemplate": us.url("search/") + "?q={search_term_string}"},
        "query-input": "required name=search_term_string",
    }
    return block(
        {
            "@type": "WebSite",
            "@id": us.url("#site"),
            "url": us.url(""),
            "name": us.name,
            "description": us.description,
            "inLanguage": us.language,
            "publisher": _publisher(us),
            "potentialAction": search,
        }
    )


def series(show: ShowView) -> SafeString:
    """A show's page."""
    us = readmodel.publication()
    node = _series(us, show) | {
        "description": show.description or us.description,
        "inLanguage": show.language,
        "webFeed": us.url(show.feed),
        "image": us.url(show.artwork.path),
        "publisher": _publisher(us),
    }
    return block(node)


def person(person: PersonView) -> SafeString:
    """A person's page."""
    return block(_person(readmodel.publication(), person))


def episode(view: EpisodeView) -> SafeString:
    """An episode's page, and the way to it."""
    us = readmodel.publication()
    return block(_episode(us, view), _way(us, view))


def discussion(view: EpisodeView, path: str, comments: Sequence[CommentView]) -> SafeString:
    """A page of an episode's discussion. Long comments are cut: all of their words stand on the page already."""
    us = readmodel.publication()
    about: Node = {"@type": "PodcastEpisode", "@id": f"{us.url(view.path)}#episode", "name": view.title}
    about["comment"] = [
        _comment(us, view, one) | {"text": frame.cut(one.text, LONGEST_TEXT), "comment": _said_to(us, view, one)}
        for one in comments
        if not one.gone
    ]
    return block(about, _way(us, view, (gettext("Discussion"), path)))


def _comment(us: Publication, view: EpisodeView, comment: CommentView) -> Node:
    url = us.url(talk.permalink(view.folder, comment.number))
    return _without_empty(
        {
            "@type": "Comment",
            "@id": url,
            "url": url,
            "author": {"@type": "Person", "name": comment.name},
            "dateCreated": times.iso(comment.published),
            "dateModified": times.iso(comment.edited) if comment.edited else "",
            "parentItem": {"@id": us.url(talk.permalink(view.folder, comment.to))} if comment.to else {},
        }
    )


def _said_to(us: Publication, view: EpisodeView, comment: CommentView) -> list[Node]:
    """The answer with its outcome, the guest's reply and the rejoinder, as they stand below a comment."""
    to = us.url(talk.permalink(view.folder, comment.number))
    nodes = [_answer(us, comment.answer)] if comment.answer else []
    for one in (comment.reply, comment.rejoinder):
        if one:
            author = {"@type": "Person", "name": one.name}
            nodes.append(_part(one.part, one.text) | {"author": author, "dateCreated": times.iso(one.published)})
    for node in nodes:
        node |= {"@id": to + node["@id"], "url": to + node["@id"], "parentItem": {"@id": to}}
    return nodes


def _answer(us: Publication, answer: AnswerView) -> Node:
    said = [answer.text] if answer.text else []
    if answer.outcome:
        said.append(f"{outcomes.in_words(answer.outcome, answer.duplicate_of)}: {answer.reason}")
    node = _part("answer" if answer.html else "outcome", "\n\n".join(said))
    node["author"] = {"@type": "Organization" if answer.name == us.name else "Person", "name": answer.name}
    node["dateCreated"] = times.iso(answer.at)
    return node | ({"dateModified": times.iso(answer.changed)} if answer.changed else {})


def _part(part: str, text: str) -> Node:
    return {"@type": "Comment", "@id": f"-{part}", "text": frame.cut(text, LONGEST_TEXT)}


def _episode(us: Publication, view: EpisodeView) -> Node:
    url = us.url(view.path)
    hosts, guests = _people(us, view, "host"), _people(us, view, "guest")
    return {
        "@type": "PodcastEpisode",
        "@id": f"{url}#episode",
        "url": url,
        "name": view.title,
        "description": view.standfirst,
        "identifier": view.guid,
        "inLanguage": view.language,
        "datePublished": times.iso(view.published_at),
        "dateModified": times.iso(view.newest),
        "duration": times.iso_duration(view.duration_ms) if view.duration_ms else "",
        "image": us.url(view.picture.sizes[-1].jpeg if view.picture else view.artwork.path),
        "author": hosts,
        "actor": [*hosts, *guests],
        "keywords": [tag.name for tag in view.tags],
        "episodeNumber": view.part,
        "partOfSeries": _series(us, view.show),
        "partOfSeason": _season(us, view),
        "associatedMedia": [_media(us, view, r) for r in (view.mp3, view.opus, view.mp4) if r],
        "publisher": _publisher(us),
        "commentCount": view.discussion.published or None,
        "discussionUrl": us.url(f"{view.folder}/{talk.folder_of(1)}") if view.discussion.last_number else "",
        "comment": [_comment(us, view, one) for one in view.discussion.latest if not one.gone],
        "correction": [_correction(us, one) for one in view.corrections if not one.withdrawn],
    }


def _correction(us: Publication, one: CorrectionView) -> Node:
    url = us.url(one.address)
    return _without_empty(
        {
            "@type": "CorrectionComment",
            "@id": url,
            "url": url,
            "name": f"{one.name} #{one.number}",
            "text": one.plain,
            "inLanguage": one.language,
            "datePublished": times.iso(one.published),
            "dateModified": times.iso(one.changed) if one.changed else "",
            "author": _organization(us),
        }
    )


def _media(us: Publication, view: EpisodeView, rendition: RenditionView) -> Node:
    """The sound or the moving pictures. Their words are named by address: all of them again would double the page."""
    return _without_empty(
        {
            "@type": "VideoObject" if rendition.kind == "mp4" else "AudioObject",
            "name": view.title,
            "description": view.standfirst or view.title,
            "contentUrl": rendition.url,
            "encodingFormat": rendition.mime_type,
            "contentSize": str(rendition.size),
            "bitrate": str(rendition.bitrate) if rendition.bitrate else "",
            "duration": times.iso_duration(rendition.duration_ms) if rendition.duration_ms else "",
            "uploadDate": times.iso(view.published_at),
            "inLanguage": view.language,
            "thumbnailUrl": us.url(view.picture.sizes[-1].jpeg if view.picture else view.artwork.path),
            "width": _pixels(rendition.width),
            "height": _pixels(rendition.height),
            "sha256": rendition.sha256,
            "caption": _words(us, view) if view.transcript else "",
        }
    )


def _pixels(number: int | None) -> Node:
    """E37 is the pixel in UN/CEFACT's list of units, which schema.org names."""
    return {"@type": "QuantitativeValue", "value": number, "unitCode": "E37"} if number else {}


def _words(us: Publication, view: EpisodeView) -> Node:
    """The words as a file; schema.org's `transcript` is text alone, and stands on the page already."""
    return {
        "@type": "MediaObject",
        "name": view.transcript.label if view.transcript else "",
        "contentUrl": us.url(f"{view.folder}/transcript.vtt"),
        "encodingFormat": "text/vtt",
        "inLanguage": view.transcript.language if view.transcript else view.language,
    }


def _season(us: Publication, view: EpisodeView) -> Node:
    if not view.series:
        return {}
    return {
        "@type": "PodcastSeason",
        "name": view.series.name,
        "seasonNumber": view.series.number,
        "url": us.url(view.series.path),
    }


def _series(us: Publication, show: ShowView) -> Node:
    url = us.url(show.path)
    return {"@type": "PodcastSeries", "@id": f"{url}#show", "url": url, "name": show.name}


def _people(us: Publication, view: EpisodeView, role: str) -> list[Node]:
    return [_person(us, credit.person) for credit in view.credits if credit.role == role]


def _person(us: Publication, person: PersonView) -> Node:
    url = us.url(person.path)
    return {"@type": "Person", "@id": f"{url}#person", "name": person.name, "url": url}


def _publisher(us: Publication) -> Node:
    return _organization(us) | {"correctionsPolicy": us.url(corrections.FOLDER)}


def _organization(us: Publication) -> Node:
    return {"@type": "Organization", "name": us.owner or us.name, "url": us.url("")}


def _way(us: Publication, view: EpisodeView, *further: tuple[str, str]) -> Node:
    steps = [(us.name, ""), (view.show.name, view.show.path), (view.title, view.path), *further]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": number, "name": name, "item": us.url(path)}
            for number, (name, path) in enumerate(steps, 1)
        ],
    }


def _without_empty(node: Node) -> Node:
    return {name: value for name, value in node.items() if value not in ("", None, [], {})}
