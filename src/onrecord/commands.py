"""What each command does: a few lines and one call inward. cli.py has their options and help."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from onrecord.lib.errors import BadInput, Failed
from onrecord.lib.terminal import say


def show_json(value: Any) -> None:
    """Tell a program."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def opened(options: argparse.Namespace) -> None:
    """Open the publication that the command is about."""
    from onrecord import opening

    opening.open_publication(opening.named_folder(options.folder))


# ── publishing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def publish(options: argparse.Namespace) -> None:
    """Publish a recording, or put a new one in the place of an episode's."""
    from onrecord import opening

    recording = Path(options.recording)
    opening.check_recording_exists(recording)
    folder = opening.named_folder(options.folder)
    with opening.nothing_half_made(folder):
        if options.replace is None:
            opening.make_publication(folder, options.show or opening.name_of(folder), opening.ask_address(folder))
        opening.open_publication(folder)
        _publish(options, recording)


def _publish(options: argparse.Namespace, recording: Path) -> None:
    from onrecord import publish as publishing

    published = (
        publishing.publish(_request(options, recording))
        if options.replace is None
        else publishing.replace(named_episode(options.replace), recording)
    )
    if options.replace is not None:
        _say_what_replacing_leaves(options)
    if published.already:
        say(f"This recording is already published as “{published.episode.title}”; nothing was changed.")
    _report_published(published, wait=options.wait, as_json=options.json)


def _say_what_replacing_leaves(options: argparse.Namespace) -> None:
    """The words of an episode stay when its recording is replaced: do not let them seem to be taken."""
    not_taken = ("title", "standfirst", "notes", "show", "host", "guest", "language", "tag", "series", "picture", "at")
    given = [f"--{name}" for name in not_taken if getattr(options, name)] + ["--draft"] * options.draft
    if given:
        say(f"Note: --replace changes the sound only; {', '.join(given)} changed nothing. `onrecord edit` may help.")


def _request(options: argparse.Namespace, recording: Path) -> Any:
    from onrecord.lib.names import title_from
    from onrecord.publish import Request

    return Request(
        recording=recording,
        title=options.title if options.title is not None else title_from(recording.stem),
        standfirst=options.standfirst,
        notes=Path(options.notes) if options.notes else None,
        show=options.show,
        hosts=options.host,
        guests=options.guest,
        language=options.language,
        tags=options.tag,
        series=options.series,
        part=options.part,
        total=options.of,
        picture=Path(options.picture) if options.picture else None,
        caption=options.caption,
        credit=options.credit,
        alt=options.alt,
        related=options.related or (),
        parts_elsewhere=options.part_elsewhere,
        video=options.video or "",
        at=options.at,
        draft=options.draft,
    )


def _report_published(published: Any, wait: bool, as_json: bool) -> None:
    from onrecord.report import report
    from onrecord.work import work_until_done

    outcome = work_until_done(published.episode, published.recording) if wait else None
    result = report(published.episode, outcome)
    for warning in result["warnings"]:
        say(f"Note: {warning}")
    if as_json:
        show_json(result)
    else:
        say(f"Page:    {result['page'] or 'not public yet'}")
        say(f"Address: {result['url']}")
    if outcome and outcome.failed:
        raise Failed(" ".join(outcome.failed) + " `onrecord retry` tries again.")


def edit(options: argparse.Namespace) -> None:
    """Change what is said of an episode."""
    opened(options)
    from onrecord import edit as editing

    episode = named_episode(options.episode)
    editing.edit(episode, _changes(options))
    if options.slug:
        editing.rename(episode, options.slug)
    press_now()


def _changes(options: argparse.Namespace) -> Any:
    from onrecord.edit import Changes
    from onrecord.publish import read_notes

    return Changes(
        title=options.title,
        standfirst=options.standfirst,
        notes=read_notes(Path(options.notes)) if options.notes else options.notes,
        show=options.show,
        hosts=options.host,
        guests=options.guest,
        language=options.language,
        tags=options.tag,
        series=options.series,
        part=options.part,
        total=options.of,
        picture=Path(options.picture) if options.picture else None,
        no_picture=options.picture == "",
        caption=options.caption,
        credit=options.credit,
        alt=options.alt,
        related=options.related,
        parts_elsewhere=options.part_elsewhere,
        parts_not_elsewhere=options.no_part_elsewhere,
        video=options.video,
        at=options.at,
    )


def release(options: argparse.Namespace) -> None:
    """Make a draft or withdrawn episode public."""
    opened(options)
    from onrecord import edit as editing

    episode = named_episode(options.episode)
    editing.release(episode, options.at)
    _finish(episode)


def withdraw(options: argparse.Namespace) -> None:
    """Take an episode off the site."""
    opened(options)
    from onrecord import edit as editing

    editing.withdraw(named_episode(options.episode))
    press_now()


def edit_show(options: argparse.Namespace) -> None:
    """Change what is said of a show."""
    opened(options)
    from onrecord import edit_show as editing

    editing.edit_show(
        editing.find_show(options.show),
        name=options.name,
        description=options.description,
        language=options.language,
        picture=Path(options.picture) if options.picture else None,
    )
    press_now()


def named_episode(text: str) -> Any:
    """The episode of which this is the key, the slug or the address. Raises BadInput."""
    from onrecord.catalogue.find import find_episode

    return find_episode(text)


def _finish(episode: Any) -> list[str]:
    """Wait until nothing of the episode is left to do; returns what failed, in sentences."""
    from onrecord.work import work_until_done

    return work_until_done(episode, episode.recordings.order_by("-id").first()).failed


def press_now() -> None:
    """Write what is stale."""
    from onrecord import work as working

    working.press_now()


# ── transcripts ─────────────────────────────────────────────────────────────────────────────────────────────────────


def transcribe(options: argparse.Namespace) -> None:
    """Hear recordings again."""
    opened(options)
    from onrecord import transcribe as transcribing
    from onrecord.catalogue.find import find_episodes

    episodes = find_episodes(options.episode)
    queued = transcribing.transcribe(episodes, model=options.model)
    say(f"{queued} {'recording' if queued == 1 else 'recordings'} will be heard again.")
    if options.wait:
        failed = [f"“{episode.title}”: {sentence}" for episode in episodes for sentence in _finish(episode)]
        if failed:
            raise Failed(" ".join(failed) + " `onrecord retry` tries again.")


def approve(options: argparse.Namespace) -> None:
    """A person has read the transcript: say so, and show it."""
    opened(options)
    from onrecord.transcripts import speakers

    speakers.approve(named_episode(options.episode))
    press_now()


def name_speakers(options: argparse.Namespace) -> None:
    """Say who the speakers are, or list them."""
    opened(options)
    from onrecord.transcripts import speakers

    episode = named_episode(options.episode)
    if options.name:
        speakers.name_speakers(episode, dict(_numbered_name(text) for text in options.name))
        press_now()
    for line in speakers.listed(episode):
        print(line)


def _numbered_name(text: str) -> tuple[int, str]:
    number, equals, name = text.partition("=")
    if not equals or not number.strip().isdecimal() or not name.strip():
        raise BadInput(f"--name {text!r} cannot be read: write it like --name 1='Ada Lovelace'.")
    return int(number), name.strip()


def export_transcript(options: argparse.Namespace) -> None:
    """Write a transcript to a file, in the format that the file's name says."""
    opened(options)
    from onrecord.transcripts import exchange

    exchange.export_file(named_episode(options.episode), Path(options.file))


def import_transcript(options: argparse.Namespace) -> None:
    """Take corrected words back in as a new revision."""
    opened(options)
    from onrecord.transcripts import exchange

    revision = exchange.import_file(named_episode(options.episode), Path(options.file), options.note, options.force)
    say(f"Revision {revision.number}." if revision else "The words are the same; nothing was changed.")
    press_now()


# ── running ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def demo(options: argparse.Namespace) -> None:
    """Make a publication of the sample interview, and serve it."""
    from onrecord import demo as demonstration

    address = demonstration.make(Path(options.folder or "demo").resolve(), options.port)
    from django.conf import settings

    if options.serve:
        _serve(options.host, options.port, address)
    else:
        say(f"The site is in {settings.ONRECORD.public}; `onrecord serve` shows it.")


def serve(options: argparse.Namespace) -> None:
    """Serve the site and work, in one command."""
    opened(options)
    from django.conf import settings

    server = settings.ONRECORD.server
    _serve(options.host or server.host, options.port or server.port, settings.ONRECORD.address)


def _serve(host: str, port: int, address: str) -> None:
    from django.conf import settings

    from onrecord import server
    from onrecord.accounts import links

    words = [f"Ready on http://{host}:{port}/ (public address {address}). Ctrl-C ends."]
    if not links.has_owner():
        here = address if settings.ONRECORD.has_public_address else f"http://{host}:{port}"
        words.append(f"Nobody can sign in yet. The owner's account is made here, once, within a day:\n{_link(here)}")
    server.serve(host, port, ready=lambda: say("\n".join(words)))


def _link(address: str, secret: str = "") -> str:
    """The address of a one-time link; without a secret of a new one for the first owner."""
    from django.urls import reverse

    from onrecord.accounts import links

    return urljoin(address, reverse("join", args=[secret or links.first_owner()]))


def owner_link(options: argparse.Namespace) -> None:
    """A new link for an owner who lost the password, or for the first owner."""
    opened(options)
    from django.conf import settings

    from onrecord.accounts import links

    secret, account = links.rescue(options.name)
    whom = f"{account.username} sets a new password" if account else "The owner's account is made"
    say(f"{whom} here, once, within a day:")
    print(_link(settings.ONRECORD.address, secret))


def work(options: argparse.Namespace) -> None:
    """Run steps and the press until stopped."""
    opened(options)
    from onrecord import work as working

    working.work(only=options.only)


def status(options: argparse.Namespace) -> None:
    """Say how each episode stands."""
    opened(options)
    from onrecord import status as standing

    current = standing.status()
    if options.json:
        show_json(current)
    else:
        print(standing.in_words(current))


def retry(options: argparse.Namespace) -> None:
    """Try failed steps and mails again."""
    opened(options)
    from onrecord.jobs import queue
    from onrecord.mail import outgoing

    episode = named_episode(options.episode) if options.episode else None
    count = queue.retry(group=episode.pk if episode else None)
    if episode is None and (mails := outgoing.retry()):
        say(f"{mails} {'mail' if mails == 1 else 'mails'} will be tried now.")
    say(f"{count} failed {'step' if count == 1 else 'steps'} will be tried again by `onrecord work` or `serve`.")


def press(options: argparse.Namespace) -> None:
    """Write what is stale, or everything."""
    opened(options)
    from onrecord.press import presser

    presser.notice_settings()
    count = presser.press_all() if options.all else presser.press_what_is_stale()
    say(f"{count} files written or looked at.")


def check(options: argparse.Namespace) -> None:
    """Compare the public folder with what a full rebuild would make."""
    opened(options)
    from onrecord.press.check import check as compare

    problems = compare()
    for problem in problems:
        print(problem)
    if problems:
        raise Failed(f"{len(problems)} problems; `onrecord press --all` writes every public file anew.")
    say("Every public file is as a full rebuild would make it; media, originals and links hold.")


def search(options: argparse.Namespace) -> None:
    """Find what was said, or make the index anew."""
    opened(options)
    from onrecord.search import index, report

    if options.rebuild:
        episodes, moments = index.rebuild()
        say(f"The search index is new: {moments} sentences of {episodes} episodes.")
    if options.words:
        found = report.found(" ".join(options.words), options.sort)
        if options.json:
            show_json(found)
        else:
            print(report.in_words(found))
    elif not options.rebuild:
        raise BadInput("Say what to look for, such as `onrecord search harbour`, or give --rebuild.")


def list_references(options: argparse.Namespace) -> None:
    """Say what readers cite, what was saved of it, and what is dead."""
    opened(options)
    from onrecord.references import report

    entries = report.listed()
    if options.json:
        show_json(entries)
    else:
        for entry in entries:
            print(report.in_words(entry))


def check_references(options: argparse.Namespace) -> None:
    """Visit every cited link now."""
    opened(options)
    from onrecord.references import report

    for line in report.check_all():
        print(line)
    press_now()


def backup(options: argparse.Namespace) -> None:
    """Write everything that must not be lost into one file, while the program runs."""
    opened(options)
    from onrecord import backup as backups

    backups.backup(Path(options.file))


def restore(options: argparse.Namespace) -> None:
    """Make a publication's folder from a backup."""
    from onrecord import backup as backups
    from onrecord import opening

    folder = Path(options.folder).resolve() if options.folder else Path.cwd()
    made = backups.restore(Path(options.file), folder, [Path(place) for place in options.erasures])
    opening.open_publication(folder)
    if not options.erasures:
        say(
            f"No list of erasures was given: what was erased after this backup was made ({made}) is back. Restore it "
            "with --erasures and the folder that this one replaces, or a newer backup, to erase it again."
        )
