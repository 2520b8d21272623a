"""The discussion from the command line: what waits, and what is decided."""

from __future__ import annotations

import getpass
from collections.abc import Iterator

from onrecord.discussion import log, moderate
from onrecord.discussion.models import Comment
from onrecord.lib.times import iso

JOINERS = "\u200c\u200d"

verify = log.verify


def waiting(most: int) -> Iterator[str]:
    """The comments that wait, the oldest first, each with its words; the same words stand there once."""
    for one in moderate.with_histories(moderate.waiting()[:most]):
        comment = one.comment
        others = f", and {one.alike} with the same words" if one.alike else ""
        known = "address confirmed" if comment.confirmed else "address not confirmed"
        about = f"{comment.key}  {iso(comment.created)}  {comment.episode.folder}"
        yield f"{about}  {_shown(comment.name)} ({known}{others})"
        yield from (f"    {_shown(line)}" for line in comment.text.splitlines() if line.strip())


def _shown(line: str) -> str:
    """Nothing that a terminal would obey."""
    return "".join(c if c.isprintable() or c in JOINERS else "?" for c in line)


def decide(deed: str, key: str, reason: str = "") -> str:
    """Publish, return or call spam; says what was done. Raises BadInput."""
    comment, by = moderate.find(key), f"{getpass.getuser()} (command line)"
    if deed == "publish":
        moderate.publish(comment, by)
        return f"It is #{Comment.objects.get(pk=comment.pk).number}."
    if deed == "return":
        moderate.send_back(comment, reason, by)
        return "It is returned."
    taken = moderate.spam(comment, by)
    return f"{taken} {'comment was' if taken == 1 else 'comments were'} taken away."
