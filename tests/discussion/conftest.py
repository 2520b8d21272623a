"""An episode that says TEXT, pressed; and who signs in, for the few tests that look at both sides."""

from pathlib import Path
from typing import Any

import pytest

from onrecord.catalogue.models import Episode
from onrecord.transcripts import tokens
from onrecord.transcripts.models import Revision
from tests.discussion.making import TEXT, said
from tests.press import archive
from tests.press.pressing import press
from tests.studio.conftest import accounts, signed_in

__all__ = ["accounts", "signed_in"]


@pytest.fixture
def public(publication: Any) -> Path:
    return publication.public


@pytest.fixture
def episode(public: Path) -> Episode:
    return make_spoken()


def make_spoken() -> Episode:
    """A public episode in which TEXT is said."""
    episode = archive.make_episode(archive.make_show(), 1)
    Revision.objects.filter(transcript__episode=episode).update(tokens=tokens.pack(said(TEXT)), words=len(TEXT.split()))
    press()
    return episode
