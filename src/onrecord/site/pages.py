"""The reader's pages: one function each, from views to the whole text of the file.

Words around the content are in the page's language; where we have no words in it, they are in the publication's or in
English, and the elements that hold them say so (`ui`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, ngettext

from onrecord import readmodel
from onrecord.lib import html, times
from onrecord.lib.language import digits, isolated, listed, marked, number, speaks, spoken
from onrecord.readmodel import (
    CreditView,
    EpisodeCard,
    EpisodeView,
    ListPage,
    PersonView,
    PictureView,
    Publication,
    RenditionView,
    SeriesView,
    ShowView,
    TagView,
)
from onrecord.site import (
    assets,
    comments,
    corrections,
    frame,
    linked_data,
    quote_menu,
    redactions,
    references,
    related,
    subscribing,
)
from onrecord.site.transcript import Pressed, press_turns

IN_FULL, BESIDE_WORDS = "(min-width: 62rem) 60rem, 100vw", "(min-width: 46rem) 15rem, 40vw"
"""How wide a picture is shown, for `sizes`; as in style.css."""


@speaks(lambda view, *_, **__: view.language)
def episode(view: EpisodeView, beside: Sequence[EpisodeCard] = ()) -> str:
    """An episode's page; `beside` are the episodes of its show that came just before it and just after it."""
    us = readmodel.publication()
    form = us.link(f"{quote_menu.form_path(view)}&turn=")
    words = press_turns(view.transcript, view.chapters, form, *_beside_words(us, view)) if view.transcript else None
    introduction, notes = map(mark_safe, html.introduction(view.notes, top=3))  # made by lib.html, which cleans it
    return frame.page(
        "episode.html",
        title=_title(view.language, view.title, view.show.name),
        path=view.path,
        language=view.language,
        description=view.standfirst,
        feeds=[view.show],
        episode=view,
        show={
            "name": view.show.name,
            "link": us.link(view.show.path),
            "subscribe": us.link(view.show.subscribe),
        },
        date=times.long_date(view.published_at, us.time_zone),
        date_iso=times.iso(view.published_at),
        duration=_duration(view.duration_ms),
        credits=_credits(us, view.credits),
        series=_series_of(us, view),
        picture=_picture(us, view.picture),
        image=_image(us, view),
        tags=[{"name": tag.name, "link": us.link(tag.path)} for tag in view.tags],
        introduction=introduction,
        notes=notes,
        record=us.link(f"{view.folder}/episode.json"),
        beside=_cards(us, beside),
        scripts={name: us.link(assets.address(f"{name}.js")) for name in ("player", "follow", "find")},
        transcript=_transcript(us, view, words),
        quote=quote_menu.menu(view),
        chapters=_chapters(us, view, words),
        references=references.section(us, view),
        related=related.related(us, view),
        discussion=comments.section(us, view),
        notice_link=comments.notice_link(us, view),
        corrections=corrections.box(us, view),
        redactions=redactions.notes(us, view),
        linked_data=linked_data.episode(view),
        oembed=us.url(f"oembed/?format=json&url={quote(us.url(view.path), safe='')}"),
        video_elsewhere=related.video_elsewhere(us, view),
        digits=digits("0123456789"),
        **_media(us, view),
    )


def _beside_words(us: Publication, view: EpisodeView) -> tuple[dict[int, str], dict[int, str]]:
    """What stands behind sentences, and below paragraphs: corrections, then what was redacted, then disputes."""
    marks = corrections.marks(us, view)
    for found in (redactions.marks(view), comments.marks(us, view)):
        for word, mark in found.items():
            marks[word] = marks.get(word, "") + mark
    return marks, corrections.beside(us, view)


@speaks(lambda _: readmodel.publication().language)
def home(page: ListPage) -> str:
    """The list of everything."""
    us = readmodel.publication()
    shows = readmodel.shows()
    linked = [{"name": show.name, "link": us.link(show.path), "subscribe": us.link(show.subscribe)} for show in shows]
    return _list_page(
        "home.html",
        page,
        "",
        heading=us.name,
        language=us.language,
        description=us.description,
        feeds=shows,
        several=linked if len(linked) > 1 else [],
        only_show=linked[0] if len(linked) == 1 else {},
        linked_data=linked_data.website() if page.number >= page.pages else "",
        own_show=shows[0].name if len(shows) == 1 else "",
    )


@speaks(lambda show, *_: show.language)
def show(show: ShowView, page: ListPage, years: Sequence[int] = ()) -> str:
    """A show's list. Its newest page leads to the years."""
    us = readmodel.publication()
    return _list_page(
        "show.html",
        page,
        show.path,
        heading=show.name,
        language=show.language,
        description=show.description,
        feeds=[show],
        artwork=us.link(show.artwork.small) if show.artwork.sha256 else "",
        own_show=show.name,
        subscribe=us.link(show.subscribe),
        linked_data=linked_data.series(show) if page.number >= page.pages else "",
        years=[_year_link(us, show, year) for year in reversed(years)] if page.number >= page.pages else [],
    )


@speaks(lambda show, *_: show.language)
def year(show: ShowView, year: int, years: Sequence[int], page: ListPage) -> str:
    """A show's episodes of one year; the newest page leads to the years before and after it that have some."""
    us = readmodel.publication()
    newest = page.number >= page.pages
    before = [_year_link(us, show, other) for other in years if other < year and newest]
    after = [_year_link(us, show, other) for other in years if other > year and newest]
    return _list_page(
        "year.html",
        page,
        f"{show.path}{year:04}/",
        heading=f"{digits(f'{year:04}')} · {show.name}",
        language=show.language,
        feeds=[show],
        own_show=show.name,
        show={"name": show.name, "link": us.link(show.path)},
        year=digits(f"{year:04}"),
        year_before=before[-1] if before else {},
        year_after=after[0] if after else {},
    )


def _year_link(us: Publication, show: ShowView, year: int) -> dict[str, str]:
    return {"name": digits(f"{year:04}"), "link": us.link(f"{show.path}{year:04}/")}


@speaks(lambda show: show.language)
def subscribe(show: ShowView) -> str:
    """How to subscribe to a show."""
    us = readmodel.publication()
    return frame.page(
        "subscribe.html",
        title=_title(show.language, gettext("Subscribe"), show.name),
        path=show.subscribe,
        language=show.language,
        description=show.description,
        feeds=[show],
        heading=show.name,
        show={"name": show.name, "link": us.link(show.path)},
        **subscribing.context(us, show),
    )


@speaks(lambda *_: readmodel.publication().language)
def person(person: PersonView, page: ListPage) -> str:
    """What a person is credited in."""
    about = linked_data.person(person) if page.number >= page.pages else ""
    said = _said_by(person)
    return _list_page("person.html", page, person.path, heading=person.name, said=said, linked_data=about)


def _said_by(person: PersonView) -> str:
    """Where everything that a person said is found."""
    return readmodel.publication().link(f"search/?person={person.slug}")


@speaks(lambda *_: readmodel.publication().language)
def tag(tag: TagView, page: ListPage) -> str:
    """What a tag is given to."""
    return _list_page("tag.html", page, tag.path, heading=tag.name)


@speaks(lambda series, _: series.language)
def series(series: SeriesView, cards: Sequence[EpisodeCard]) -> str:
    """An interview in parts, by number: those that are out in full, those to come by their number alone."""
    us = readmodel.publication()
    ours = {card.part: shown for card, shown in zip(cards, _cards(us, cards), strict=True)}
    return frame.page(
        "series.html",
        title=_title(series.language, series.name, series.show_name),
        path=series.path,
        language=series.language,
        description="",
        heading=series.name,
        show={"name": series.show_name, "link": us.link(f"{series.show_slug}/")},
        total=_in_parts(series.total),
        own_show=series.show_name,
        parts=[
            {
                "display": readmodel.part_display(part.number, series.total),
                "card": ours.get(part.number, {}),
                "title": part.title,
                "link": part.url,
                "site": part.site,
            }
            for part in series.parts
        ],
    )


@speaks(lambda _: readmodel.publication().language)
def people(people: Sequence[PersonView]) -> str:
    """Everybody who is credited."""
    return _index(gettext("People"), "people/", people)


@speaks(lambda _: readmodel.publication().language)
def tags(tags: Sequence[TagView]) -> str:
    """All tags."""
    return _index(gettext("Subjects"), "tags/", tags)


def _in_parts(total: int | None) -> str:
    if not total:
        return ""
    return ngettext("An interview in %(number)s part", "An interview in %(number)s parts", total) % {
        "number": number(total)
    }


@speaks(lambda _: readmodel.publication().language)
def redirect(url: str) -> str:
    """What stands at an address that an episode once had; `url` is where it is now."""
    script = readmodel.publication().link(assets.address("moved.js"))
    ours = {"policy": frame.POLICY, "language": spoken(), "direction": html.direction(spoken())}
    where = {"url": url, "script": script, **ours}
    return render_to_string("redirect.html", where)


@speaks(lambda: readmodel.publication().language)
def not_found() -> str:
    """The page for an address that leads nowhere."""
    return _notice("not_found.html", gettext("Page not found"))


@speaks(lambda: readmodel.publication().language)
def later() -> str:
    """The page for what needs the program, while the program is away."""
    return _notice("later.html", gettext("Please try again later"))


def by_program(template: str, title: str, **context: Any) -> str:
    """A page that the program makes when it is asked for: in the publication's language, and nobody's to keep."""
    us = readmodel.publication()
    title = f"{title} · {us.name}"
    return frame.page(template, title=title, path="", language=us.language, description="", canonical="", **context)


def _notice(template: str, title: str) -> str:
    ours = spoken()
    return frame.page(template, title=title, path="", language=ours, description="", canonical="", heading=title)


def _index(heading: str, path: str, entries: Sequence[PersonView] | Sequence[TagView]) -> str:
    us = readmodel.publication()
    return frame.page(
        "index.html",
        title=_title(us.language, heading, us.name),
        path=path,
        language=us.language,
        description="",
        heading=heading,
        entries=[{"name": e.name, "link": us.link(e.path), "episodes": number(e.episodes)} for e in entries],
    )


def _list_page(
    template: str,
    page: ListPage,
    path: str,
    heading: str,
    language: str = "",
    description: str = "",
    feeds: Sequence[ShowView] = (),
    **context: Any,
) -> str:
    us = readmodel.publication()
    newest = page.number >= page.pages
    counted = number(page.number)
    page_words = gettext("page %(number)s") % {"number": counted}
    title = heading if newest else f"{heading} · {page_words}"
    return frame.page(
        template,
        title=title if heading == us.name else _title(language or us.language, title, us.name),
        path=path if newest else f"{path}page/{page.number}/",
        language=language or us.language,
        description=description,
        feeds=feeds,
        heading=heading,
        is_newest=newest,
        number="" if newest else counted,
        about=description,
        cards=_cards(us, page.cards),
        older=us.link(f"{path}page/{page.number - 1}/") if page.number > 1 else "",
        newer="" if newest else us.link(path if page.number + 1 == page.pages else f"{path}page/{page.number + 1}/"),
        **context,
    )


def _title(language: str, what: str, where: str) -> str:
    """What a browser's tab and other sites show; names in the other direction stand apart."""
    return f"{isolated(what, language)} · {isolated(where, language)}"


def _duration(milliseconds: int) -> dict[str, str]:
    if not milliseconds:
        return {}
    return {"iso": times.iso_duration(milliseconds), "text": times.spoken_duration(milliseconds)}


def _credits(us: Publication, credits: Sequence[CreditView]) -> list[dict[str, Any]]:
    """Hosts and guests, each with their names as one list; credits.html has the words that introduce them."""
    groups = []
    for role in ("host", "guest"):
        people = [credit.person for credit in credits if credit.role == role]
        if people:
            links = [format_html('<a href="{}"><bdi>{}</bdi></a>', us.link(p.path), p.name) for p in people]
            groups.append({"role": role, "names": listed(links)})
    return groups


def _series_of(us: Publication, view: EpisodeView) -> dict[str, Any]:
    if not view.series:
        return {}
    parts = [
        {
            "display": readmodel.part_display(part.number, view.series.total),
            "title": part.title,
            "link": part.url or us.link(part.path),
            "site": part.site,
            "here": part.number == view.part,
            "coming": part.coming,
        }
        for part in view.series.parts
    ]
    return {"name": view.series.name, "link": us.link(view.series.path), "display": view.part_display, "parts": parts}


def _picture(us: Publication, picture: PictureView | None, sizes: str = IN_FULL) -> dict[str, Any]:
    if picture is None:
        return {}
    largest = picture.sizes[-1]
    return {
        "webp": ", ".join(f"{us.link(size.webp)} {size.width}w" for size in picture.sizes),
        "jpeg": ", ".join(f"{us.link(size.jpeg)} {size.width}w" for size in picture.sizes),
        "src": us.link(largest.jpeg),
        "width": largest.width,
        "height": largest.height,
        "sizes": sizes,
        "alt": picture.alt,
        "caption": picture.caption,
        "credit": picture.credit,
    }


def _image(us: Publication, view: EpisodeView) -> dict[str, Any]:
    """The picture that others show beside a link to the page."""
    if view.picture:
        size = view.picture.sizes[-1]
        return {"url": us.url(size.jpeg), "width": size.width, "height": size.height, "alt": view.picture.alt}
    return {"url": us.url(view.artwork.path), "width": view.artwork.side, "height": view.artwork.side, "alt": ""}


def _media(us: Publication, view: EpisodeView) -> dict[str, Any]:
    """The player's sources and the downloads."""
    audio = [r for r in (view.mp3, view.opus) if r]
    shown = [r for r in (*audio, view.mp4) if r]
    return {
        "audio": [{"link": us.link(r.path), "type": r.source_type} for r in audio],
        "video": _video(us, view, view.mp4) if view.mp4 else {},
        "downloads": [{"kind": r.kind, "link": us.link(r.path), "size": _size(r.size)} for r in shown],
        "peaks": us.link(view.renditions["peaks"].path) if "peaks" in view.renditions else "",
        "seconds": str(view.duration_ms / 1000),  # a number would be written as the language does: "24,5"
    }


def _video(us: Publication, view: EpisodeView, mp4: RenditionView) -> dict[str, Any]:
    return {
        "link": us.link(mp4.path),
        "type": mp4.mime_type,
        "width": mp4.width,
        "height": mp4.height,
        "captions": us.link(f"{view.folder}/transcript.vtt") if view.transcript else "",
    }


def _size(size: int) -> str:
    """Bytes as people read them, in the decimal units that file systems show."""
    if size >= 100_000:
        return gettext("%(size)s MB") % {"size": number(size / 1_000_000, 1)}
    return gettext("%(size)s kB") % {"size": number(max(1, round(size / 1000)))}


def _transcript(us: Publication, view: EpisodeView, words: Pressed | None) -> dict[str, Any]:
    if not view.transcript or not words:
        return {}
    spoken = view.transcript
    read = spoken.read_by_person
    return {
        "label": spoken.label,
        "status": spoken.status,
        "read": times.long_date(read, us.time_zone) if read else "",
        "language": spoken.language,
        "direction": spoken.direction,
        "turns": mark_safe(words.html),  # noqa: S308 made by site.transcript, which escapes it
        "revision": spoken.revision,
        "words": us.link(f"{view.folder}/words.json"),
        "files": [
            {"kind": kind, "link": us.link(f"{view.folder}/transcript.{kind}")}
            for kind in ("txt", "vtt", "srt", "json")
        ],
    }


def _chapters(us: Publication, view: EpisodeView, words: Pressed | None) -> list[dict[str, Any]]:
    """The time leads into the sound, the title to its heading in the transcript."""
    headings = words.headings if words else 0
    return [
        {
            "title": chapter.title,
            "start": chapter.start_ms,
            "time": digits(times.clock(chapter.start_ms)),
            "sound": us.link(f"{view.mp3.path}#t={chapter.start_ms / 1000:g}") if view.mp3 else "",
            "anchor": f"chapter-{number}" if number <= headings else "",
        }
        for number, chapter in enumerate(view.chapters, 1)
    ]


def _cards(us: Publication, cards: Sequence[EpisodeCard]) -> list[dict[str, Any]]:
    return [
        {
            "title": card.title,
            "standfirst": card.standfirst,
            "language": card.language,
            "direction": card.direction,
            "ui": marked(card.language),
            "link": us.link(card.path),
            "date": times.long_date(card.published_at, us.time_zone),
            "date_iso": times.iso(card.published_at),
            "duration": _duration(card.duration_ms),
            "video": card.video,
            "show": {"name": card.show_name, "link": us.link(card.show_path)},
            "part": card.part_display,
            "series": {"name": card.series_name, "link": us.link(card.series_path)} if card.series_name else {},
            "credits": _credits(us, card.credits),
            "picture": _picture(us, card.picture, sizes=BESIDE_WORDS),
        }
        for card in cards
    ]
