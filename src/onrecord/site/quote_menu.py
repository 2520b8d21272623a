"""What an episode's page needs so that its words can be quoted: static/quote.js and templates/quote_menu.html."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from onrecord import readmodel
from onrecord.lib import times
from onrecord.lib.language import isolated
from onrecord.lib.quotation import quoted
from onrecord.readmodel import EpisodeView
from onrecord.site import assets, comments

FORM = "quote/"
"""Where the program answers, below the site's address."""


def menu(view: EpisodeView) -> dict[str, Any]:
    """What static/quote.js needs on an episode's page."""
    us = readmodel.publication()
    words = view.transcript
    if not words:
        return {}
    return {
        "script": us.link(assets.address("quote.js")),
        "form": us.link(form_path(view)),
        "words": us.link(f"{view.folder}/words.json"),
        "moves": us.link(f"{view.folder}/moves.json") if words.corrected else "",
        "count": words.words,
        "page": us.url(view.path),
        "copied": copied(view),
        "dispute": comments.dispute_link(us, view),
        "heard": comments.dispute_link(us, view, "heard"),
    }


def copied(view: EpisodeView) -> dict[str, str]:
    """What a copied quotation is made of: forms for what a speaker says and for the source, and what fills them."""
    us = readmodel.publication()
    return {
        "said": quoted("{words}", view.language) + " {speaker}",
        "from": gettext("{title}, {show}, {date}, {time}"),
        "title": isolated(view.title, view.language),
        "show": isolated(view.show.name, view.language),
        "date": times.long_date(view.published_at, us.time_zone),
    }


def form_path(view: EpisodeView) -> str:
    """Where words of an episode are chosen and shared, below the site's address; the program answers there."""
    return f"{FORM}?episode={view.key}"
