"""Makes rows and files of episodes, and changes them at random as publishers do."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from onrecord import redact
from onrecord.catalogue.changes import episode_changed, everything_changed, show_changed
from onrecord.catalogue.models import (
    Chapter,
    Credit,
    Episode,
    EpisodeState,
    Person,
    Redirect,
    Related,
    Role,
    Series,
    Show,
    Tag,
    new_guid,
)
from onrecord.catalogue.related import set_parts_elsewhere, set_related
from onrecord.discussion import answers, corrections, moderate, post, statements
from onrecord.discussion.answers import AnswerDraft
from onrecord.discussion.citing import Given
from onrecord.discussion.corrections import CorrectionDraft
from onrecord.discussion.disputes import DisputeDraft
from onrecord.discussion.models import Comment, Correction, CorrectionKind, Outcome, Reason
from onrecord.discussion.models import State as CommentState
from onrecord.passages import quote
from onrecord.press import stale
from onrecord.recordings.models import Recording, Rendition
from onrecord.transcripts import revisions, tokens
from onrecord.transcripts.models import Origin, Revision, Speaker, Transcript

TEXT = "the interview goes on about bread salt water wind and what was said. Nobody knows. We do!"
WORDS = TEXT.split()
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def make_show(slug: str = "talks", name: str = "Talks") -> Show:
    show = Show.objects.create(slug=slug, name=name, language="en", podcast_guid=new_guid())
    show_changed(show.pk)
    return show


def make_episode(show: Show, number: int, words: int = 40, **given: Any) -> Episode:
    """A public episode with sound, words, a host, a guest and a tag."""
    at = START + timedelta(days=number)
    fields = {"live_since": START, "standfirst": f"What {number} is about", "title": f"Episode {number}"} | given
    episode = Episode.objects.create(
        show=show,
        slug=f"e{number}",
        published_at=at,
        notes=f"Notes of **{number}**.",
        **fields,
    )
    credit(episode, "Ada Host", f"Guest {number % 5}")
    episode.tags.set([make_tag(f"tag {number % 3}")])
    Chapter.objects.create(episode=episode, start_ms=0, title="Opening")
    record(episode, number, words)
    episode_changed(episode.pk)
    return episode


def credit(episode: Episode, host: str, guest: str) -> None:
    episode.credits.all().delete()
    for role, name in ((Role.HOST, host), (Role.GUEST, guest)):
        slug = name.lower().replace(" ", "-")
        person, _ = Person.objects.get_or_create(slug=slug, defaults={"name": name})
        Credit.objects.create(episode=episode, person=person, role=role, position=0)


def make_tag(name: str) -> Tag:
    return Tag.objects.get_or_create(slug=name.replace(" ", "-"), defaults={"name": name})[0]


def record(episode: Episode, number: int, words: int = 0) -> Recording:
    """A recording that becomes the current one, with its renditions kept in private/ and its transcript."""
    content = f"recording {episode.pk} {number}".encode()
    sha256 = hashlib.sha256(content).hexdigest()
    settings.ONRECORD.originals.mkdir(exist_ok=True)
    (settings.ONRECORD.originals / sha256).write_bytes(content)
    episode.recordings.filter(current=True).update(current=False, replaced_at=timezone.now())
    recording = Recording.objects.create(
        episode=episode, sha256=sha256, name="a.wav", size=len(content), kind="audio", format="wav", duration_ms=60_000
    )
    for kind, suffix in (("mp3", "mp3"), ("peaks", "json")):
        rendition(recording, kind, suffix)
    if words:
        transcribe(recording, words, seed=number)
    return recording


def rendition(recording: Recording, kind: str, suffix: str) -> None:
    content = f"{kind} of {recording.sha256}\n".encode() * 40
    sha256 = hashlib.sha256(content).hexdigest()
    kept = settings.ONRECORD.private / "renditions" / f"{sha256}.{suffix}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(content)
    folder = f"{recording.episode.show.slug}/{recording.episode.slug}"
    Rendition.objects.create(
        recording=recording,
        kind=kind,
        sha256=sha256,
        suffix=suffix,
        path=f"{folder}/{sha256[:16]}.{suffix}",
        size=len(content),
        mime_type={"mp3": "audio/mpeg", "opus": "audio/ogg", "json": "application/json"}[suffix],
        duration_ms=60_000,
    )


def transcribe(recording: Recording, words: int, seed: int) -> None:
    transcript, _ = Transcript.objects.get_or_create(recording=recording, defaults={"episode": recording.episode})
    Speaker.objects.get_or_create(transcript=transcript, index=0)
    Speaker.objects.get_or_create(transcript=transcript, index=1, defaults={"name": "Guest"})
    Revision.objects.create(
        transcript=transcript,
        number=Revision.objects.filter(transcript__episode=recording.episode).count() + 1,
        tokens=tokens.pack(spoken(words, seed)),
        words=words,
        language="en",
        origin=Origin.MACHINE,
        engine="test",
        public=True,
    )


def spoken(words: int, seed: int) -> list[tokens.Token]:
    chance = random.Random(seed)
    return [tokens.Token(chance.choice(WORDS), at * 300, at * 300 + 250, (at // 25) % 2, 0.9) for at in range(words)]


# ── what publishers do ──────────────────────────────────────────────────────────────────────────────────────────────


def do_something(chance: random.Random) -> str:
    """One random change, in one transaction; returns its name."""
    deed = chance.choice(DEEDS)
    with transaction.atomic():
        deed(chance)
    return deed.__name__


def _any(chance: random.Random) -> Episode | None:
    ids = list(Episode.objects.order_by("id").values_list("id", flat=True))
    return Episode.objects.select_related("show").get(pk=chance.choice(ids)) if ids else None


def publish_one(chance: random.Random) -> None:
    shows = list(Show.objects.order_by("id"))
    show = chance.choice(shows) if shows else make_show()
    number = (Episode.objects.order_by("-id").values_list("id", flat=True).first() or 0) + 1
    make_episode(show, number, words=chance.choice([0, 0, 40]), live_since=chance.choice([START, START, None]))


def edit_one(chance: random.Random) -> None:
    if episode := _any(chance):
        episode.title = f"Title {chance.randrange(10**6)}"
        episode.save()
        episode_changed(episode.pk)


def change_notes_of_one(chance: random.Random) -> None:
    if episode := _any(chance):
        links = [f"https://news.org/{chance.randrange(4)}" for _ in range(chance.randrange(3))]
        episode.notes = f"See {' and '.join(links)} or /ours."
        episode.save()
        episode_changed(episode.pk)


def rename_one(chance: random.Random) -> None:
    if episode := _any(chance):
        former = f"{episode.show.slug}/{episode.slug}"
        Redirect.objects.get_or_create(folder=former, defaults={"episode": episode})
        episode.slug = f"e{episode.pk}-{chance.randrange(10**6)}"
        episode.save()
        episode_changed(episode.pk)


def rename_back(chance: random.Random) -> None:
    redirects = list(Redirect.objects.select_related("episode__show").order_by("id"))
    if redirects:
        redirect = chance.choice(redirects)
        show, _, slug = redirect.folder.partition("/")
        episode = redirect.episode
        if show == episode.show.slug and not Episode.objects.filter(show=episode.show, slug=slug).exists():
            former = f"{show}/{episode.slug}"
            Redirect.objects.get_or_create(folder=former, defaults={"episode": episode})
            redirect.delete()
            episode.slug = slug
            episode.save()
            episode_changed(episode.pk)


def take_anothers_old_address(chance: random.Random) -> None:
    """No command allows it, but an import may bring it: the page comes before the redirect."""
    redirects, episode = list(Redirect.objects.order_by("id")), _any(chance)
    if redirects and episode:
        redirect = chance.choice(redirects)
        show, _, slug = redirect.folder.partition("/")
        if show == episode.show.slug and not Episode.objects.filter(show=episode.show, slug=slug).exists():
            episode.slug = slug
            episode.save()
            episode_changed(episode.pk)


def redate_one(chance: random.Random) -> None:
    if episode := _any(chance):
        episode.published_at = START + timedelta(days=chance.randrange(-30, 60))
        episode.save()
        episode_changed(episode.pk)


def retag_one(chance: random.Random) -> None:
    if episode := _any(chance):
        names = chance.sample(["bread", "salt", "wind", "tag 1"], k=chance.randrange(3))
        episode.tags.set([make_tag(name) for name in names])
        episode_changed(episode.pk)


def recredit_one(chance: random.Random) -> None:
    if episode := _any(chance):
        credit(episode, "Ada Host", f"Guest {chance.randrange(8)}")
        episode_changed(episode.pk)


def change_state_of_one(chance: random.Random) -> None:
    if episode := _any(chance):
        episode.state = chance.choice(list(EpisodeState))
        episode.live_since = episode.live_since or START
        episode.save()
        episode_changed(episode.pk)


def replace_recording_of_one(chance: random.Random) -> None:
    if episode := _any(chance):
        record(episode, chance.randrange(10**6), words=chance.choice([0, 0, 40]))
        episode_changed(episode.pk)


def correct_one(chance: random.Random) -> None:
    if (episode := _any(chance)) and (recording := episode.recordings.filter(current=True).first()):
        transcribe(recording, chance.randrange(1, 90), seed=chance.randrange(10**6))
        episode_changed(episode.pk)


def put_in_series(chance: random.Random) -> None:
    if episode := _any(chance):
        number = chance.randrange(1, 3)
        series, _ = Series.objects.get_or_create(
            show=episode.show, number=number, defaults={"slug": f"series-{number}", "name": f"Series {number}"}
        )
        series.total = chance.choice([None, 9])
        series.save()
        leaving = chance.random() < 0.3
        taken = set(series.parts.values_list("part", flat=True))
        episode.series = None if leaving else series
        episode.part = None if leaving else min(set(range(1, 99)) - taken)
        episode.save()
        episode_changed(episode.pk)
        if not leaving:
            for other in series.parts.exclude(pk=episode.pk)[:1]:
                episode_changed(other.pk)


def relate_one(chance: random.Random) -> None:
    """To episodes that are public, drafts, withdrawn, or soon deleted, and to a page elsewhere."""
    if episode := _any(chance):
        others = list(Episode.objects.exclude(pk=episode.pk).order_by("id"))
        pieces = [Related(piece=other) for other in chance.sample(others, k=min(len(others), chance.randrange(4)))]
        if chance.random() < 0.3:
            pieces.append(Related(url="https://else.example/a", title=f"Elsewhere {chance.randrange(9)}", site="Else"))
        set_related(episode, pieces)
        episode_changed(episode.pk)


def say_that_a_part_is_elsewhere(chance: random.Random) -> None:
    if (episode := _any(chance)) and episode.series:
        number = chance.randrange(20, 40)
        words = [str(number), "https://else.example/p", f"Part {number}", "Else", new_guid(), "their-guid"]
        gone = list(episode.series.elsewhere.values_list("part", flat=True)) if chance.random() < 0.3 else []
        set_parts_elsewhere(episode, [] if gone else [words], gone)
        episode_changed(episode.pk)


def change_show(chance: random.Random) -> None:
    if shows := list(Show.objects.order_by("id")):
        show = chance.choice(shows)
        show.name = f"Talks {chance.randrange(100)}"
        show.save()
        show_changed(show.pk)


def add_show(chance: random.Random) -> None:
    number = Show.objects.count() + 1
    if number < 4:
        make_show(f"talks-{number}", f"Talks {number}")


def delete_one(chance: random.Random) -> None:
    """The program never does; so nothing else keeps the press from placing a passage that goes at this moment."""
    if chance.random() < 0.3 and (episode := _any(chance)):
        with transaction.atomic():
            stale.lock()
            episode_changed(episode.pk)
            Recording.objects.filter(episode=episode).delete()
            episode.delete()


def share_one(chance: random.Random) -> None:
    """A passage of a turn, as readers share it."""
    episode = _any(chance)
    if episode and (words := some_words(chance, episode)):
        quote.find_or_make(episode, words)


def some_words(chance: random.Random, episode: Episode) -> quote.Quotation | None:
    revision = newest_revision(episode) if episode.is_public else None
    if revision is None:
        return None
    first = chance.randrange(revision.words)
    end = min(first + chance.randrange(1, 9), (first // 25 + 1) * 25, revision.words)
    return quote.quotation(episode, revision.number, range(first, end))


def publish_a_correction(chance: random.Random) -> None:
    """Of some words or of the whole episode; of one that was withdrawn, that it was."""
    if (episode := _any(chance)) is None:
        return
    words = some_words(chance, episode) if chance.random() < 0.7 else None
    withdrawn = episode.state == EpisodeState.WITHDRAWN and episode.live_since is not None
    if episode.is_public or withdrawn:
        kind = CorrectionKind.WITHDRAWAL if withdrawn else chance.choice(list(CorrectionKind))
        text = f"In fact {chance.randrange(99)} at 0:0{chance.randrange(9)}."
        corrections.publish(CorrectionDraft(episode, kind, text, quotation=words), "Ada")


def change_or_withdraw_a_correction(chance: random.Random) -> None:
    rows = list(Correction.objects.filter(withdrawn=None).order_by("number"))
    if rows and chance.random() < 0.5:
        corrections.reword(chance.choice(rows), f"No: {chance.randrange(99)}.", "Ada")
    elif rows:
        corrections.withdraw(chance.choice(rows), "It does not hold.", "Ada")


def redact_one(chance: random.Random) -> None:
    """Some seconds of it: its words, and with them all media, until a worker makes them again."""
    episode = _any(chance)
    recording = episode.recordings.filter(current=True).first() if episode and chance.random() < 0.5 else None
    if recording:
        start = chance.randrange(11_000)
        redact.redact(redact.Stretch(recording, start, start + chance.randrange(1, 3_000)), "A name.", "Ada")


# ── what readers write ──────────────────────────────────────────────────────────────────────────────────────────────


def comment_on_one(chance: random.Random) -> None:
    """Somebody writes, perhaps in reply, and it is published, or waits."""
    write_about(chance, _any(chance))


def dispute_one(chance: random.Random) -> None:
    """Of words that are said now, or of the whole episode."""
    if (episode := _any(chance)) and episode.is_public:
        revision = newest_revision(episode)
        words = None
        if revision and chance.random() < 0.8:
            first = chance.randrange(revision.words)
            words = quote.quotation(episode, revision.number, range(first, min(first + 4, revision.words)))
        reason = chance.choice([Reason.FACT, Reason.HEARD]) if words else Reason.CONTEXT
        references = (Given("https://else.example/book", "It was not so."),)
        write_about(chance, episode, DisputeDraft(reason, words, references=references))


def write_about(chance: random.Random, episode: Episode | None, dispute: DisputeDraft | None = None) -> Comment | None:
    """A comment by somebody who is not known yet."""
    if episode is None or not episode.is_public:
        return None
    reader, before = chance.randrange(10**9), _comments().filter(episode=episode)
    parent = chance.choice([None, *before.order_by("id")])
    words = f"What *{reader}* knows, at 0:12: https://else.example/{reader}"
    draft = post.Draft(f"Reader {reader}", f"r{reader}@example.org", words, parent, dispute)
    comment = post.post(episode, draft, post.Sender(f"form {reader}"))
    if chance.random() < 0.7:
        post.confirm(comment)
    if chance.random() < 0.8:
        moderate.publish(comment)
    return comment


def _comments() -> QuerySet[Comment]:
    return Comment.objects.filter(state=CommentState.PUBLISHED)


def _any_comment(chance: random.Random) -> Comment | None:
    ids = list(_comments().order_by("id").values_list("id", flat=True))
    return Comment.objects.get(pk=chance.choice(ids)) if ids else None


def edit_a_comment(chance: random.Random) -> None:
    comment = _any_comment(chance)
    if comment and post.may_edit(comment, timezone.now()):
        post.edit(comment, f"Said better: {chance.randrange(10**6)}")


def withdraw_a_comment(chance: random.Random) -> None:
    if comment := _any_comment(chance):
        post.withdraw(comment)


def remove_a_comment(chance: random.Random) -> None:
    if comment := _any_comment(chance):
        moderate.spam(comment)


def discuss_one(chance: random.Random) -> None:
    """A dispute, published; or what is said to one, and what came of it."""
    episode = _any(chance)
    if not episode or not episode.is_public:
        return
    known = Comment.objects.filter(episode=episode, dispute__isnull=False, state=CommentState.PUBLISHED)
    comment = chance.choice([None, *known.order_by("id")])
    revision, number = newest_revision(episode), Comment.objects.count()
    if comment is None:
        words = quote.quotation(episode, revision.number, range(min(3, revision.words))) if revision else None
        draft = post.Draft("Ada", f"a{number}@example.org", f"No. {number}", None, DisputeDraft(Reason.FACT, words))
        moderate.publish(post.post(episode, draft, post.Sender(f"nonce {number} {chance.random()}")))
        return
    outcome = chance.choice([None, Outcome.STANDS, Outcome.CORRECTED, Outcome.REMOVED])
    answer = AnswerDraft(f"Said {chance.random()}", outcome, "So it is.", correction="In fact not.")
    answers.answer(comment, answer, "Max")
    if outcome != Outcome.REMOVED and statements.may_rejoin(comment):
        statements.publish(statements.rejoin(comment, "And yet."), "Max")


def newest_revision(episode: Episode) -> Revision | None:
    transcript = revisions.transcript_of(episode)
    return revisions.public_revision(transcript) if transcript else None


def change_everything(chance: random.Random) -> None:
    if chance.random() < 0.3:
        everything_changed()


DEEDS = [
    publish_one,
    publish_one,
    publish_one,
    edit_one,
    change_notes_of_one,
    rename_one,
    rename_back,
    take_anothers_old_address,
    redate_one,
    retag_one,
    recredit_one,
    change_state_of_one,
    replace_recording_of_one,
    correct_one,
    put_in_series,
    relate_one,
    relate_one,
    say_that_a_part_is_elsewhere,
    change_show,
    add_show,
    delete_one,
    share_one,
    share_one,
    share_one,
    comment_on_one,
    comment_on_one,
    comment_on_one,
    dispute_one,
    dispute_one,
    edit_a_comment,
    withdraw_a_comment,
    remove_a_comment,
    discuss_one,
    discuss_one,
    publish_a_correction,
    publish_a_correction,
    change_or_withdraw_a_correction,
    redact_one,
    change_everything,
]
