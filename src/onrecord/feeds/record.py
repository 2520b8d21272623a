"""One JSON record an episode: everything public about it, so that another onrecord can take it over.

The fields are described in docs/episode-json.md.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from onrecord import readmodel
from onrecord.lib import language
from onrecord.lib.times import iso
from onrecord.readmodel import (
    CitedView,
    CorrectionView,
    EpisodeView,
    Publication,
    RenditionView,
    TranscriptView,
)
from onrecord.readmodel.discussion import annotations_of, folder_of, permalink

FORMAT, VERSION = "onrecord-episode", 1


def compact(document: dict[str, Any]) -> bytes:
    """JSON without spaces, in the order in which it was made: the same document gives the same bytes."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


@language.speaks(lambda view: view.language)
def episode_json(view: EpisodeView) -> bytes:
    """The record of an episode; its sentences for readers are in the episode's language."""
    us = readmodel.publication()
    return compact(
        {
            "format": FORMAT,
            "version": VERSION,
            "key": view.key,
            "guid": view.guid,
            "url": us.url(view.path),
            "former_urls": [us.url(f"{folder}/") for folder in view.former_folders],
            "title": view.title,
            "standfirst": view.standfirst,
            "notes": view.notes,
            "notes_html": view.notes_html,
            "language": view.language,
            "published": iso(view.published_at),
            "duration_ms": view.duration_ms,
            "publication": _publication(us),
            "show": _show(us, view),
            "series": _series(us, view),
            "credits": [
                {"role": c.role, "name": c.person.name, "slug": c.person.slug, "url": us.url(c.person.path)}
                for c in view.credits
            ],
            "tags": [{"name": tag.name, "slug": tag.slug, "url": us.url(tag.path)} for tag in view.tags],
            "picture": _picture(us, view),
            "artwork": {"url": us.url(view.artwork.path), "side": view.artwork.side},
            "related": [
                {
                    "title": piece.title,
                    "url": us.url(piece.path) if piece.path else piece.url,
                    "site": piece.site,
                    "key": piece.key,
                }
                for piece in view.related
            ],
            "video_elsewhere": view.video_url,
            "chapters": [{"start_ms": chapter.start_ms, "title": chapter.title} for chapter in view.chapters],
            "media": [_media(rendition) for rendition in view.renditions.values()],
            "transcript": _transcript(us, view, view.transcript) if view.transcript else None,
            "transcript_missing_because": view.missing_because,
            "references": [_reference(one) for one in view.cited.listed],
            "discussion": _discussion(us, view),
            "corrections": [_correction(us, view, one) for one in view.corrections],
            "redactions": [
                {"start_ms": one.start_ms, "end_ms": one.end_ms, "at": iso(one.at), "reason": one.reason}
                for one in view.redactions
            ],
        }
    )


def _correction(us: Publication, view: EpisodeView, one: CorrectionView) -> dict[str, Any]:
    return {
        "number": one.number,
        "kind": one.kind,
        "url": us.url(one.address),
        "published": iso(one.published),
        "changed": _moment(one.changed),
        "withdrawn": _moment(one.withdrawn),
        "withdrawn_because": one.withdrawn_because,
        "text": one.text,
        "html": one.with_moments(one.html, us.url(view.path)),
        "earlier": [
            {"until": iso(before.until), "html": one.with_moments(before.html, us.url(view.path))}
            for before in one.earlier
        ],
        "credit": one.credit,
        "comment": one.comment,
        "old_revision": one.old_revision,
        "new_revision": one.new_revision,
        "words": [
            {
                "words": words.words,
                "speaker": words.speaker,
                "start_ms": words.start_ms if words.heard else None,
                "end_ms": words.end_ms if words.heard else None,
                "state": words.state,
                "first": words.now.start if words.now else None,
                "end": words.now.stop if words.now else None,
                "now": words.now_words,
            }
            for words in one.words
        ],
    }


def _reference(cited: CitedView) -> dict[str, Any]:
    standing = cited.standing
    return {
        "kind": str(standing.kind),
        "given": standing.given,
        "url": standing.href,
        "title": standing.title,
        "in_notes": cited.in_notes,
        "corrections": list(cited.corrections),
        "comments": list(cited.comments),
        "saved": _moment(standing.saved_at),
        "sha256": standing.sha256,
        "dead_since": _moment(standing.dead_since),
    }


def _discussion(us: Publication, view: EpisodeView) -> dict[str, Any]:
    talk = view.discussion
    folder = us.url(f"{view.folder}/{folder_of(1)}") if talk.last_number else ""
    return {
        "url": folder,
        "feed": f"{folder}atom.xml" if folder else "",
        "annotations": us.url(annotations_of(view.key)) if folder else "",
        "received": talk.received,
        "published": talk.published,
        "answered": talk.answered,
        "returned": talk.returned,
        "returned_for": [{"reason": reason, "count": count} for reason, count in talk.returned_for.items()],
        "disputes": [
            {
                "number": number,
                "url": us.url(permalink(view.folder, number)),
                "reason": state.reason,
                "published": iso(state.published),
                "answered": _moment(state.answered),
                "closed": _moment(state.closed),
                "outcome": state.outcome,
            }
            for number, state in talk.disputes.items()
        ],
    }


def _publication(us: Publication) -> dict[str, Any]:
    return {
        "name": us.name,
        "url": us.url(""),
        "owner": us.owner,
        "language": us.language,
        "category": us.category,
        "explicit": us.explicit,
        "copyright": us.copyright,
    }


def _show(us: Publication, view: EpisodeView) -> dict[str, Any]:
    show = view.show
    return {
        "slug": show.slug,
        "name": show.name,
        "description": show.description,
        "language": show.language,
        "podcast_guid": show.podcast_guid,
        "url": us.url(show.path),
        "feed": us.url(show.feed),
        "artwork": us.url(show.artwork.path),
    }


def _series(us: Publication, view: EpisodeView) -> dict[str, Any] | None:
    if not view.series:
        return None
    return {
        "slug": view.series.slug,
        "name": view.series.name,
        "number": view.series.number,
        "total": view.series.total,
        "part": view.part,
        "url": us.url(view.series.path),
        "parts": [
            {
                "number": part.number,
                "title": part.title,
                "url": us.url(part.path) if part.path else part.url,
                "site": part.site,
                "feed_guid": part.feed_guid,
                "item_guid": part.item_guid,
            }
            for part in view.series.parts
        ],
    }


def _picture(us: Publication, view: EpisodeView) -> dict[str, Any] | None:
    if not view.picture:
        return None
    return {
        "original_sha256": view.picture.sha256,
        "caption": view.picture.caption,
        "credit": view.picture.credit,
        "alt": view.picture.alt,
        "sizes": [
            {"width": size.width, "height": size.height, "jpeg": us.url(size.jpeg), "webp": us.url(size.webp)}
            for size in view.picture.sizes
        ],
    }


def _media(rendition: RenditionView) -> dict[str, Any]:
    return {
        "kind": rendition.kind,
        "url": rendition.url,
        "type": rendition.mime_type,
        "size": rendition.size,
        "sha256": rendition.sha256,
        "duration_ms": rendition.duration_ms,
        "bitrate": rendition.bitrate,
        "loudness": rendition.loudness,
        "true_peak": rendition.true_peak,
        "width": rendition.width,
        "height": rendition.height,
    }


def _transcript(us: Publication, view: EpisodeView, words: TranscriptView) -> dict[str, Any]:
    return {
        "revision": words.revision,
        "language": words.language,
        "origin": words.origin,
        "engine": words.engine,
        "created": iso(words.created),
        "status": words.status,
        "label": words.label,
        "read_by_person": _moment(words.read_by_person),
        "words": words.words,
        "files": {suffix: us.url(f"{view.folder}/transcript.{suffix}") for suffix in ("vtt", "srt", "json", "txt")},
        "speakers": [
            {"index": s.index, "label": s.label, "person": s.person.slug if s.person else ""} for s in words.speakers
        ],
        "sentences": {"id": list(words.anchors.ids.values()), "word": list(words.anchors.ids)},
        "tokens": {
            "text": [token.text for token in words.tokens],
            "start_ms": [token.start for token in words.tokens],
            "end_ms": [token.end for token in words.tokens],
            "speaker": [token.speaker for token in words.tokens],
            "probability": [token.probability for token in words.tokens],
            "space": [int(token.space) for token in words.tokens],
        },
    }


def _moment(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
