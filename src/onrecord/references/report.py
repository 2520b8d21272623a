"""References for the command line."""

from __future__ import annotations

from typing import Any

from onrecord.lib.errors import BadInput
from onrecord.lib.times import iso
from onrecord.references import checking, keeping
from onrecord.references.models import Link, Outcome, SavedCopy


def listed() -> list[dict[str, Any]]:
    """Every link that is cited, with its newest copy, ready for JSON."""
    newest: dict[int, SavedCopy] = {copy.link_id: copy for copy in SavedCopy.objects.order_by("made")}
    return [_entry(link, newest.get(link.pk)) for link in Link.objects.order_by("pk")]


def _entry(link: Link, copy: SavedCopy | None) -> dict[str, Any]:
    is_kept = copy is not None and copy.outcome == Outcome.SAVED
    return {
        "address": link.address,
        "visited": link.visited,
        "dead_since": iso(link.dead_since) if link.dead_since else None,
        "checked": iso(link.checked) if link.checked else None,
        "problem": link.problem or (copy.problem if copy else ""),
        "outcome": str(copy.outcome) if copy else None,
        "saved": iso(copy.made) if copy and is_kept else None,
        "title": copy.title if copy else "",
        "file": str(keeping.warc_file(copy.warc)) if copy and is_kept else None,
    }


def in_words(entry: dict[str, Any]) -> str:
    """The same for a person, in a line or two."""
    state = (
        "dead since " + entry["dead_since"]
        if entry["dead_since"]
        else "alive"
        if entry["checked"]
        else "not checked yet"
    )
    if not entry["visited"]:
        state = "never visited"
    saved = f"saved {entry['saved']} in {entry['file']}" if entry["file"] else entry["outcome"] or "no copy"
    lines = [entry["address"], f"  {state}; {saved}"]
    if entry["problem"]:
        lines.append(f"  {entry['problem']}")
    return "\n".join(lines)


def check_all() -> list[str]:
    """Check every link now that published texts cite; returns a line for each that does not answer as it should.

    Raises BadInput when nothing answers at all.
    """
    felt = checking.feel(checking.looked_after())
    if checking.is_our_own_line(felt):
        raise BadInput("No site answers: are we connected? Nothing was written down.")
    for link, pulse in felt:
        checking.note(link, pulse)
    return [f"{link.address}: {pulse.problem}" for link, pulse in felt if not pulse.alive]
