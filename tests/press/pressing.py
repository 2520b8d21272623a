"""Pressing in tests, and what stands in public/ then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onrecord.catalogue.changes import episode_changed
from onrecord.catalogue.models import Episode
from onrecord.press import affected, presser, stale


def contents(public: Path) -> dict[str, bytes]:
    return {str(file.relative_to(public)): file.read_bytes() for file in sorted(public.rglob("*")) if file.is_file()}


def times(public: Path) -> dict[str, int]:
    return {str(file.relative_to(public)): file.stat().st_mtime_ns for file in public.rglob("*") if file.is_file()}


def press() -> set[str]:
    """Press what is stale; returns the paths that were dealt with."""
    while affected.consume():
        pass
    touched = set(stale.stale().values_list("path", flat=True))
    presser.press_what_is_stale()
    assert not presser.failures()
    return touched


def change(episode: Episode, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(episode, name, value)
    episode.save()
    episode_changed(episode.pk)
