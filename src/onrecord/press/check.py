"""Compares the public folder with what a full rebuild would make, and files with their recorded hashes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.urls import Resolver404, resolve

from onrecord import readmodel
from onrecord.catalogue.models import Episode, Picture
from onrecord.lib.files import sha256_of
from onrecord.press import affected, links, stale, wanted, writer
from onrecord.press.listings import standing
from onrecord.press.models import PublicFile
from onrecord.press.paths import PICTURES, PublicPath, has_compressed_form, is_free, is_safe, owner
from onrecord.press.render import Shelf, render
from onrecord.readmodel import discussion
from onrecord.readmodel.discussion import NO_NUMBERS
from onrecord.recordings.models import Recording, Rendition

EPISODES_AT_ONCE, FILES_AT_ONCE = 200, 200
SHOWN_OF_A_KIND = 20
"""A problem that thousands of files share is told of this many times, and then counted."""

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Problem:
    """What is wrong with one file or row, in one sentence."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass
class _Site:
    """What there should be, and what was found of it."""

    public: Path
    expected: dict[str, PublicPath] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    compressed: set[str] = field(default_factory=set)
    links: dict[str, set[tuple[str, str]]] = field(default_factory=dict)


def check(progress: Progress | None = None) -> list[Problem]:
    """All that is wrong; nothing when public/ is as a full rebuild would make it. Changes nothing."""
    return list(_few_of_each(_problems(progress or (lambda share, words: None))))


def _problems(progress: Progress) -> Iterator[tuple[str, Problem]]:
    site = _Site(settings.ONRECORD.public)
    progress(0.0, "looking at the catalogue")
    yield from _waiting(site)
    yield from _rows(site)
    yield from _originals()
    yield from _files(site, progress)
    yield from _links(site)
    yield from _extra(site)


def _few_of_each(problems: Iterator[tuple[str, Problem]]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for kind, problem in problems:
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= SHOWN_OF_A_KIND:
            yield problem
    for kind, count in seen.items():
        if count > SHOWN_OF_A_KIND:
            yield Problem("", f"{count - SHOWN_OF_A_KIND} more: {kind}.")


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _waiting(site: _Site) -> Iterator[tuple[str, Problem]]:
    """What is stale is no fault, but it cannot be compared."""
    site.waiting = set(stale.stale().values_list("path", flat=True))
    if site.waiting or affected.is_pending():
        what = f"{len(site.waiting)} files" if site.waiting else "Changes"
        yield "waits", Problem("", f"{what} wait to be written: `onrecord press` writes them; check again then.")


def _rows(site: _Site) -> Iterator[tuple[str, Problem]]:
    """Compare the rows of the press with what the catalogue asks for."""
    yield from _episode_rows(site)
    for asked in [*wanted.site_paths(), *_list_paths()]:
        site.expected[asked.path] = asked
    rows = PublicFile.objects.filter(wanted=True).values_list("path", "kind", "owner", "sha256").order_by("path")
    known = set()
    for path, kind, belongs, sha256 in rows.iterator():
        known.add(path)
        site.hashes[path] = sha256
        if path in site.waiting:
            continue
        if path not in site.expected:
            yield "not asked for", Problem(path, f"{path} is recorded as public, but nothing asks for it.")
        elif site.expected[path] != (path, kind, belongs):
            yield "other rows", Problem(path, f"{path} is recorded as {kind} of {belongs}, and should be otherwise.")
    if not affected.is_pending():
        for path in sorted(site.expected.keys() - known):
            yield "not recorded", Problem(path, f"{path} should be public and is not recorded.")


def _episode_rows(site: _Site) -> Iterator[tuple[str, Problem]]:
    ids = Episode.objects.order_by("id").values_list("id", flat=True).iterator()
    while several := list(islice(ids, EPISODES_AT_ONCE)):
        views = readmodel.episodes(several)
        listed, old_media = standing(several), wanted.old_media(several)
        passages, numbers = readmodel.passages(several), discussion.numbered(several)
        for view in views:
            if view.is_public and not is_free(view.folder):
                yield (
                    "address",
                    Problem(view.folder, f"“{view.title}” is not shown: {view.folder} is one of our paths."),
                )
            if wanted.memberships(view) != listed.get(view.id, {}) and not affected.is_pending():
                yield "lists", Problem(view.folder, f"{view.folder} stands in other lists than it should.")
            paths = wanted.episode_paths(
                view, old_media.get(view.id, ()), passages.get(view.id, ()), numbers.get(view.id, NO_NUMBERS)
            )
            site.expected |= {path.path: path for path in paths if is_safe(path.path)}
        for path in wanted.redirects(several):
            site.expected.setdefault(path.path, path)


def _list_paths() -> Iterator[PublicPath]:
    for noun, model in affected.LISTS.items():
        for id in model._default_manager.order_by("id").values_list("id", flat=True):
            yield from wanted.list_paths(owner(noun, id))
            for year in wanted.year_lists(id) if noun == "show" else ():
                yield from wanted.list_paths(year)
    yield from wanted.list_paths("all")


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _originals() -> Iterator[tuple[str, Problem]]:
    recordings = Recording.objects.exclude(sha256="")  # of what was redacted, the file is gone
    named = [*recordings.values_list("sha256", flat=True), *Picture.objects.values_list("sha256", flat=True)]
    for sha256 in sorted(set(named)):
        file = settings.ONRECORD.originals / sha256
        if not file.is_file():
            yield "originals", Problem(sha256, f"originals/{sha256} is missing: put it back from a backup.")
        elif sha256_of(file) != sha256:
            yield "originals", Problem(sha256, f"originals/{sha256} has other content than was uploaded.")


def _files(site: _Site, progress: Progress) -> Iterator[tuple[str, Problem]]:
    """Every file against what would be written now, one owner's after the other's."""
    media = dict(Rendition.objects.values_list("path", "sha256"))
    paths = sorted((path for path in site.expected.values() if path.path not in site.waiting), key=lambda p: p.owner)
    for start in range(0, len(paths), FILES_AT_ONCE):
        progress(start / len(paths), f"{start} of {len(paths)} files")
        several = paths[start : start + FILES_AT_ONCE]
        shelf = Shelf((path.owner for path in several), kept=False)
        for path in several:
            fault = _fault(site, shelf, path, media)
            if fault:
                yield fault[0], Problem(path.path, fault[1])


def _fault(site: _Site, shelf: Shelf, path: PublicPath, media: dict[str, str]) -> tuple[str, str] | None:
    file = site.public / path.path
    if not file.is_file():
        return "missing", f"{path.path} is missing."
    if path.kind in ("media", *PICTURES):
        recorded = media.get(path.path) if path.kind == "media" else site.hashes.get(path.path)
        if sha256_of(file) != recorded:
            return "hashes", f"{path.path} has other content than its recorded hash says."
        content = file.read_bytes() if path.path.endswith(".json") else b""
    else:
        content = render(shelf, path.kind, path.owner, path.path)
        if not writer.same(file, content):
            return "different", f"{path.path} is not as it would be written now."
        _note_links(site, path.path, content)
    if has_compressed_form(path.path, len(content)):
        site.compressed.add(f"{path.path}.gz")
        if not writer.holds(writer.beside(file), content):
            return "compressed", f"{path.path}.gz is missing, or is not {path.path} compressed."
    return None


def _note_links(site: _Site, path: str, content: bytes) -> None:
    found, ids = links.links_of(path, content)
    for written, target, fragment in links.own_paths(readmodel.publication().address, path, found):
        if target not in site.expected or (target == path and fragment and fragment not in ids):
            site.links.setdefault(path, set()).add((written, target))


def _links(site: _Site) -> Iterator[tuple[str, Problem]]:
    """Links into our own site that lead to no public file and no route of the program."""
    for path, found in sorted(site.links.items()):
        for written, target in sorted(found):
            if target == path or not _is_route(target):
                yield "links", Problem(path, f"{path} links to {written}, which is not there.")


def _is_route(target: str) -> bool:
    try:
        resolve(f"/{target.removesuffix('index.html')}")
    except Resolver404:
        return False
    return True


def _extra(site: _Site) -> Iterator[tuple[str, Problem]]:
    """Files in public/ that are not ours, or not any more."""
    for folder, _, names in os.walk(site.public):
        for name in names:
            path = str(Path(folder, name).relative_to(site.public))
            if (
                path not in site.expected
                and path not in site.compressed
                and path.removesuffix(".gz") not in site.waiting
            ):
                yield "extra", Problem(path, f"{path} is in public/, but no part of the site: delete or move it.")
