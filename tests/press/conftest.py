"""A publication whose lists turn after a few episodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from onrecord.catalogue.models import Episode
from onrecord.lib import configuration
from onrecord.press import lists
from onrecord.readmodel import corrections, discussion
from tests.press import archive
from tests.press.pressing import press


@pytest.fixture
def public(publication: configuration.Configuration) -> Path:
    return publication.public


@pytest.fixture
def small_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages, archives, sitemaps and discussions turn after a few episodes or comments."""
    monkeypatch.setattr(lists, "PAGE", 3)
    monkeypatch.setattr(lists, "ARCHIVE", 5)
    monkeypatch.setattr(lists, "SITEMAP", 4)
    monkeypatch.setattr(discussion, "PAGE", 2)
    monkeypatch.setattr(corrections, "PAGE", 3)


@pytest.fixture
def twelve(public: Path, small_lists: None) -> list[Episode]:
    """A show of twelve episodes, pressed."""
    show = archive.make_show()
    episodes = [archive.make_episode(show, number, words=40 if number < 3 else 0) for number in range(1, 13)]
    press()
    return episodes
