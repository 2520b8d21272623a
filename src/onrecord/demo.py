"""Makes a publication of the sample interview that ships with the program."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from onrecord import opening
from onrecord.lib import configuration
from onrecord.lib.files import write_atomically
from onrecord.lib.terminal import say

SAMPLE = Path(__file__).parent / "sample"


def make(folder: Path, port: int) -> str:
    """Publish both parts of the sample in `folder`, if they are not there yet, for a site on this port of loopback.

    Returns the site's address.
    """
    sample: dict[str, Any] = json.loads((SAMPLE / "sample.json").read_text())
    opening.make_publication(folder, name=sample["publication"])
    _set_port(folder / configuration.FILE_NAME, port)
    opening.open_publication(folder)
    from django.conf import settings

    from onrecord.press import presser
    from onrecord.publish import publish
    from onrecord.work import work_until_done

    for part in sample["parts"]:
        say(f"Part {part['part']}: {part['title']}")
        published = publish(_request(sample, part))
        work_until_done(published.episode, published.recording)
        _name_speakers(published.episode, [*sample["hosts"], *sample["guests"]])
    presser.press_what_is_stale()
    return str(settings.ONRECORD.address)


def _name_speakers(episode: Any, names: list[str]) -> None:
    """Who speaks first in the sample is known; a recogniser that found another number of voices is left alone."""
    from onrecord.transcripts.models import Speaker
    from onrecord.transcripts.speakers import name_speakers

    if Speaker.objects.filter(transcript__episode=episode).count() == len(names):
        name_speakers(episode, dict(enumerate(names, start=1)))


def _set_port(settings_file: Path, port: int) -> None:
    text = settings_file.read_text()
    section = f"[server]\nport = {port}\n"
    changed, count = re.subn(r"\[server\]\nport = \d+\n", section, text)
    wanted = changed if count else f"{text}\n{section}"
    if wanted != text:
        write_atomically(settings_file, wanted.encode())


def _request(sample: dict[str, Any], part: dict[str, Any]) -> Any:
    from onrecord.publish import Request

    picture = part.get("picture")
    return Request(
        recording=SAMPLE / part["recording"],
        title=part["title"],
        standfirst=part["standfirst"],
        notes=SAMPLE / part["notes"],
        hosts=sample["hosts"],
        guests=sample["guests"],
        language=sample["language"],
        tags=sample["tags"],
        series=sample["series"],
        part=part["part"],
        total=len(sample["parts"]),
        picture=SAMPLE / picture["file"] if picture else None,
        caption=picture["caption"] if picture else "",
        credit=picture["credit"] if picture else "",
        alt=picture["alt"] if picture else "",
    )
