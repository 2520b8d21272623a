"""What a feed's item says of its episode, as plain text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext

from onrecord import readmodel
from onrecord.lib import html, language, times
from onrecord.readmodel import ChapterView, CorrectionView, EpisodeView

FEWEST_CHAPTERS = 3
"""Apps take times in a description for chapters when there are three or more and the first is 00:00:00."""

MOST_FOR_CHAPTERS = 2000
"""Bytes of a description that times of chapters may take."""

MOST_FOR_CORRECTIONS, LONGEST_CORRECTION = 1200, 400
"""Bytes of a description that corrections may take, and each of them. HTML has them whole."""


def as_text(view: EpisodeView, longest: int) -> str:
    """The description: corrections, standfirst, notes, times of chapters, transcript's state, address.

    At most `longest` bytes; what is too long is taken from the notes.
    """
    before = _fitting([cut(_corrected(one), LONGEST_CORRECTION) for one in _newest(view)], MOST_FOR_CORRECTIONS)
    after = [_fitting(_chapter_lines(view), MOST_FOR_CHAPTERS), _label(view), view.url]
    tail = "\n\n".join(part for part in after if part)
    room = longest - len(tail.encode()) - 2
    head = "\n\n".join(part for part in (before, view.standfirst, view.notes_text) if part) or view.title
    return f"{cut(head, room)}\n\n{tail}"


def as_html(view: EpisodeView) -> str:
    """The whole notes, for apps that show HTML."""
    parts = [_corrected_html(one, view.url) for one in _newest(view)]
    parts += [f"<p>{html.escape(view.standfirst)}</p>" if view.standfirst else "", view.notes_elsewhere]
    lines = _chapter_lines(view)
    if lines:
        parts.append(f"<p>{'<br>'.join(html.escape(line) for line in lines)}</p>")
    link = f'<a href="{html.escape(view.url)}">{html.escape(view.title)}</a>'
    parts.append(f"<p>{html.escape(_label(view))} {link}</p>" if _label(view) else f"<p>{link}</p>")
    return "\n".join(part for part in parts if part)


def cut(text: str, longest: int) -> str:
    """At most `longest` bytes of UTF-8, never half a character."""
    encoded = text.encode()
    if len(encoded) <= longest:
        return text
    return encoded[: longest - len(" …".encode())].decode("utf-8", "ignore").rstrip() + " …"


def plain_title(title: str) -> str:
    """A title without the signs that YouTube refuses and that apps take for markup."""
    return title.replace("<", "‹").replace(">", "›")


def _chapter_lines(view: EpisodeView) -> list[str]:
    chapters = list(view.chapters)
    if chapters and chapters[0].start_ms >= 1000:
        chapters.insert(0, ChapterView(0, view.title))
    if len(chapters) < FEWEST_CHAPTERS:
        return []
    return [f"{times.long_clock(chapter.start_ms)} {' '.join(chapter.title.split())}" for chapter in chapters]


def _fitting(lines: list[str], longest: int) -> str:
    """As many lines as fit, whole."""
    kept: list[str] = []
    for line in lines:
        if len("\n".join([*kept, line]).encode()) > longest:
            break
        kept.append(line)
    return "\n".join(kept)


def _label(view: EpisodeView) -> str:
    return view.transcript.label if view.transcript else ""


# ── corrections: the first thing that is said ───────────────────────────────────────────────────────────────────────


def _newest(view: EpisodeView) -> Sequence[CorrectionView]:
    return view.corrections[::-1]


def _corrected(one: CorrectionView) -> str:
    return f"{_head(one)} {one.withdrawn_because if one.withdrawn else one.plain}"


def _head(one: CorrectionView) -> str:
    """Which it is and since when: "Correction #7 (25 November 2026):"."""
    us = readmodel.publication()
    said = {
        "name": one.name,
        "number": language.number(one.number),
        "date": times.long_date(one.withdrawn or one.changed or one.published, us.time_zone),
    }
    if one.withdrawn:
        return gettext("%(name)s #%(number)s, withdrawn (%(date)s):") % said
    return gettext("%(name)s #%(number)s (%(date)s):") % said


def _corrected_html(one: CorrectionView, url: str) -> str:
    link = html.escape(readmodel.publication().url(one.address))
    head = f'<p><strong><a href="{link}">{html.escape(_head(one))}</a></strong></p>'
    said = f"<p>{html.escape(one.withdrawn_because)}</p>" if one.withdrawn else one.with_moments(one.html, url)
    return f"{head}\n{said}"
