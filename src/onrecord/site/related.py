"""What stands beside an episode on its page: related pieces, and its video where another site has it."""

from __future__ import annotations

from typing import Any

from onrecord.lib import times
from onrecord.lib.addresses import site_of
from onrecord.readmodel import EpisodeView, Publication, RelatedView


def related(us: Publication, view: EpisodeView) -> list[dict[str, Any]]:
    """The pieces that the publisher picked, as cards."""
    return [_card(us, piece) for piece in view.related]


def _card(us: Publication, piece: RelatedView) -> dict[str, Any]:
    return {
        "title": piece.title,
        "site": piece.site,
        "elsewhere": bool(piece.url),
        "link": piece.url or us.link(piece.path),
        "standfirst": piece.standfirst,
        "language": piece.language,
        "direction": piece.direction,
        "date": times.long_date(piece.published_at, us.time_zone) if piece.published_at else "",
        "date_iso": times.iso(piece.published_at) if piece.published_at else "",
        "image": us.link(piece.picture.sizes[0].jpeg) if piece.picture else "",
        "width": piece.picture.sizes[0].width if piece.picture else 0,
        "height": piece.picture.sizes[0].height if piece.picture else 0,
    }


def video_elsewhere(us: Publication, view: EpisodeView) -> dict[str, Any]:
    """Where the video is. A still picture leads there, the episode's own or the show's; nothing loads from there."""
    if not view.video_url:
        return {}
    still = {"still": us.link(view.artwork.path), "side": view.artwork.side}
    return {"link": view.video_url, "site": site_of(view.video_url), **still}
