"""The record of an episode is what docs/episode-json.md says it is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from onrecord import readmodel
from onrecord.catalogue.models import Episode, Redirect
from onrecord.discussion import corrections, moderate, post
from onrecord.discussion.corrections import CorrectionDraft
from onrecord.discussion.disputes import DisputeDraft
from onrecord.discussion.models import CorrectionKind, Reason
from onrecord.feeds.chapters import chapters_json
from onrecord.feeds.record import episode_json
from onrecord.passages import quote
from onrecord.recordings.models import Redaction
from onrecord.references import cite
from onrecord.transcripts.tokens import Token
from tests.site import making

pytestmark = pytest.mark.django_db
DESCRIPTION = Path(__file__).resolve().parents[2] / "docs" / "episode-json.md"

TYPES = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "object": lambda v: isinstance(v, dict),
    "null": lambda v: v is None,
}


def described() -> dict[str, str]:
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", DESCRIPTION.read_text(), re.MULTILINE)
    return {name: kind.strip() for name, kind in rows}


def is_of(value: Any, kind: str) -> bool:
    if kind.startswith("list of "):
        inner = [k.strip().removesuffix("s") for k in kind.removeprefix("list of ").split(" and ")]
        return isinstance(value, list) and all(any(TYPES[k](item) for k in inner) for item in value)
    return any(TYPES[k](value) for k in kind.split(" or "))


def fields(value: Any, name: str = "") -> dict[str, list[Any]]:
    """Every field with all values that it has, named as in the description."""
    found: dict[str, list[Any]] = {}
    if name:
        found[name] = [value]
    children = []
    if isinstance(value, dict):
        children = [(f"{name}.{key}" if name else key, child) for key, child in value.items()]
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        children = [(f"{name}[].{key}", child) for item in value for key, child in item.items()]
    for child_name, child in children:
        for key, values in fields(child, child_name).items():
            found.setdefault(key, []).extend(values)
    return found


def test_description_and_record_agree(publication):
    show = making.make_show()
    episode = making.make_full_episode(show)
    correction = CorrectionDraft(
        episode, CorrectionKind.CORRECTION, "A raft.", quotation=quote.quotation(episode, 1, range(4))
    )
    corrections.reword(corrections.publish(correction, "Ada"), "A raft of four trunks.", "Ada")
    for number in range(2):
        draft = post.Draft("Ada", f"a{number}@example.org", f"No. {number}", dispute=DisputeDraft(Reason.OTHER))
        comment = post.post(episode, draft, post.Sender(f"nonce {number}"))
        moderate.send_back(comment, "No.") if number else moderate.publish(comment)
    cite.published(cite.cite("https://example.org/report", episode=episode, in_notes=True))
    Redaction.objects.create(
        recording=episode.recordings.get(), start_ms=5_000, end_ms=6_000, reason="A name.", at=episode.published_at
    )
    full = json.loads(episode_json(readmodel.episode(episode.pk)))
    plain = json.loads(episode_json(readmodel.episode(making.make_episode(show, "plain").pk)))
    kinds = described()
    assert set(fields(full)) == set(kinds)
    for record in (full, plain):
        for name, values in fields(record).items():
            assert all(is_of(value, kinds[name]) for value in values), (name, kinds[name], values)


def test_content(publication):
    episode = making.make_full_episode()
    Redirect.objects.create(folder="talks/old", episode=episode)
    view = readmodel.episode(episode.pk)
    record = json.loads(episode_json(view))
    assert record["url"] == "http://127.0.0.1:8000/talks/boats/"
    assert record["former_urls"] == ["http://127.0.0.1:8000/talks/old/"]
    part = {"number": 2, "title": "", "url": "", "site": "", "feed_guid": "", "item_guid": ""}
    assert record["series"]["parts"][1] == part
    nets = Episode.objects.get(slug="nets")
    assert record["related"] == [
        {"title": "On nets", "url": "http://127.0.0.1:8000/talks/nets/", "site": "Talks", "key": nets.key},
        {"title": "Tar", "url": "https://example.org/tar", "site": "Harbour News", "key": ""},
    ]
    assert {media["kind"]: media["sha256"] for media in record["media"]} == {
        kind: rendition.sha256 for kind, rendition in view.renditions.items()
    }
    assert record["transcript"]["status"] == "machine"
    assert record["transcript"]["speakers"][0] == {"index": 0, "label": "Ada Host", "person": "ada"}


def test_tokens_come_back(publication):
    episode = making.make_full_episode()
    columns = json.loads(episode_json(readmodel.episode(episode.pk)))["transcript"]["tokens"]
    rows = zip(*(columns[k] for k in ("text", "start_ms", "end_ms", "speaker", "probability", "space")), strict=True)
    assert [Token(*row[:5], bool(row[5])) for row in rows] == making.CONVERSATION


def test_same_bytes_and_compact(publication):
    pk = making.make_full_episode().pk
    first = episode_json(readmodel.episode(pk))
    assert first == episode_json(readmodel.episode(pk))
    assert first.count(b"\n") == 1
    assert b'", "' not in first
    assert "Bo O'Guest" in first.decode()


def test_chapters(publication):
    view = readmodel.episode(making.make_full_episode().pk)
    assert json.loads(chapters_json(view)) == {
        "version": "1.2.0",
        "title": "Boats & <b>ropes</b>",
        "podcastName": "Talks",
        "fileName": view.mp3.url,
        "chapters": [
            {"startTime": 0, "title": "Beginnings"},
            {"startTime": 5, "title": "The boat"},
            {"startTime": 12.5, "title": "Afterwards"},
        ],
    }
    assert b'"startTime":5,' in chapters_json(view), "whole seconds without a fraction"
