"""Corrections: what was said and is wrong. The words stay; what is right stands beside them, numbered and dated.

Everything here joins the caller's transaction. What is said, and that it is said no more, is written into the log.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from onrecord.catalogue.changes import episode_changed
from onrecord.catalogue.models import Episode, EpisodeState
from onrecord.discussion import log, text
from onrecord.discussion.models import Comment, Correction, CorrectionKind, EarlierText, Kind, State, new_salt
from onrecord.lib import language, times
from onrecord.lib.errors import BadInput
from onrecord.lib.html import links_in
from onrecord.lib.quotation import quoted
from onrecord.passages import quote
from onrecord.passages.models import Passage
from onrecord.passages.quote import Quotation
from onrecord.recordings.renditions import duration_of
from onrecord.references import cite
from onrecord.transcripts import revisions
from onrecord.transcripts.models import Revision, Speaker

LONGEST, LONGEST_CREDIT, LONGEST_SENTENCE = 20_000, 200, 2_000
"""Characters of a text, of a name, of the sentence that says why one is withdrawn."""

GAP = "____"
"""What a draft has where the publisher says what is right. A text that still has it is not published."""


@dataclass(frozen=True)
class CorrectionDraft:
    """What is to be published. It is shown at `passages` and at the words of `quotation`, or, without both, on top of
    the episode alone.

    `text` is Markdown, `comment` is what it answers, `credit` is a name that is thanked. The revisions, of a transcript
    fix, are found where they are not given.
    """

    episode: Episode
    kind: CorrectionKind
    text: str
    comment: Comment | None = None
    passages: tuple[Passage, ...] = ()
    quotation: Quotation | None = None
    credit: str = ""
    old_revision: Revision | None = None
    new_revision: Revision | None = None


def publish(draft: CorrectionDraft, by: str) -> Correction:
    """Publish it with the next number of the publication. Raises BadInput."""
    words, credit = check_text(draft.text), _credit(draft.credit)
    with transaction.atomic():
        head = log.lock()
        episode = Episode.objects.select_related("show").get(pk=draft.episode.pk)
        _check(draft, episode)
        head.corrections += 1
        head.save(update_fields=["corrections"])
        correction = Correction(
            number=head.corrections,
            episode=episode,
            kind=draft.kind,
            text=words,
            html=text.clean_html(words, duration_of(episode)),
            language=episode.language or episode.show.language,
            published=timezone.now(),
            comment=draft.comment,
            credit=credit,
        )
        passages = list(draft.passages)
        if draft.quotation is not None:
            passages.append(quote.find_or_make(episode, draft.quotation))
        if draft.kind == CorrectionKind.TRANSCRIPT:
            correction.old_revision, correction.new_revision = _revisions(draft, passages)
        correction.save(force_insert=True)
        correction.passages.set(passages)
        _cite(correction)
        log.append_correction(Kind.CORRECTED, correction, by=by)
        episode_changed(correction.episode_id)
    return correction


def draft_text(comment: Comment) -> str:
    """What a correction that answers a comment might say, in the episode's language, with a GAP for what is right."""
    episode = comment.episode
    tie = comment.ties.order_by("start_ms", "id").select_related("revision__transcript").first()
    cited = comment.cited.order_by("id").select_related("reference").first()
    with language.speaking(episode.language or episode.show.language):
        parts = []
        if tie is not None:
            at, said = language.digits(times.clock(tie.start_ms)), quoted(tie.words, language.spoken())
            name = _speaker(tie.revision, tie.speaker)
            words = gettext("At %(time)s %(name)s said %(words)s.") if name else gettext("At %(time)s: %(words)s.")
            parts.append(words % {"time": at, "name": name, "words": said})
        parts.append(gettext("In fact %(gap)s.") % {"gap": GAP})
        if cited is not None:
            parts.append(gettext("Reference: %(reference)s.") % {"reference": cited.reference.given})
        if comment.number is not None:
            parts.append(gettext("Thanks to comment #%(number)s.") % {"number": language.number(comment.number)})
    return " ".join(parts)


def passages_of(comment: Comment) -> tuple[Passage, ...]:
    """Where a correction that answers this comment is shown: the words that the comment is about."""
    return tuple(
        tie.passage for tie in comment.ties.select_related("passage").order_by("start_ms", "id") if tie.passage
    )


def find(number: int) -> Correction:
    """The correction that has this number. Raises BadInput."""
    found = Correction.objects.select_related("episode__show", "comment").filter(number=number).first()
    if found is None:
        raise BadInput(f"There is no correction {number}: `onrecord correction list` shows all.")
    return found


def reword(correction: Correction, new_text: str, by: str) -> None:
    """Give it another text; the one before stays and is shown, with the date. Raises BadInput."""
    words = check_text(new_text)
    with transaction.atomic():
        log.lock()
        correction.refresh_from_db()
        if words == correction.text:
            return
        if correction.withdrawn is not None:
            raise BadInput(f"Correction {correction.number} is withdrawn: its text stays as it was.")
        now = timezone.now()
        EarlierText.objects.create(
            correction=correction, text=correction.text, html=correction.html, salt=correction.salt, until=now
        )
        correction.text, correction.salt, correction.changed = words, new_salt(), now
        correction.html = text.clean_html(words, duration_of(correction.episode))
        correction.save(update_fields=["text", "html", "salt", "changed"])
        _cite(correction)
        log.append_correction(Kind.REWORDED, correction, by=by)
        episode_changed(correction.episode_id)


def withdraw(correction: Correction, sentence: str, by: str) -> None:
    """Say that it does not hold any more, and why. It keeps its number, its text and its place. Raises BadInput."""
    because = _line(sentence, LONGEST_SENTENCE, "sentence")
    if not because:
        raise BadInput("A correction is withdrawn with a sentence: say why.")
    with transaction.atomic():
        log.lock()
        correction.refresh_from_db()
        if correction.withdrawn is not None:
            raise BadInput(f"Correction {correction.number} is withdrawn already.")
        correction.withdrawn, correction.withdrawn_because = timezone.now(), because
        correction.save(update_fields=["withdrawn", "withdrawn_because"])
        log.append_correction(Kind.CORRECTION_WITHDRAWN, correction, note=because, by=by)
        episode_changed(correction.episode_id)


def thank_nobody(corrections: Iterable[Correction]) -> None:
    """Take the names away that these thank: of a comment that is erased, or because somebody asked for it."""
    with transaction.atomic():
        for correction in corrections:
            if correction.credit:
                correction.credit = ""
                correction.save(update_fields=["credit"])
                episode_changed(correction.episode_id)


# ── checks ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def check_text(typed: str) -> str:
    """What was typed, fit to be a correction's text. Raises BadInput."""
    words = text.plain(typed).strip()
    if not words:
        raise BadInput("A correction says what is right: write it.")
    if GAP in words:
        raise BadInput(f"The correction still has the gap {GAP}: say what is right in its place.")
    if len(words) > LONGEST:
        raise BadInput(f"The correction has {len(words):,} characters; at most {LONGEST:,} fit.")
    return words


def _credit(typed: str) -> str:
    return _line(typed, LONGEST_CREDIT, "name of who is thanked")


def _line(typed: str, longest: int, what: str) -> str:
    line = text.name_of(typed)
    if len(line) > longest:
        raise BadInput(f"The {what} has {len(line):,} characters; at most {longest:,} fit.")
    return line


def _check(draft: CorrectionDraft, episode: Episode) -> None:
    """Only what readers see, or saw, is corrected."""
    withdrawn = episode.state == EpisodeState.WITHDRAWN and episode.live_since is not None
    if not episode.is_public and not (withdrawn and draft.kind == CorrectionKind.WITHDRAWAL):
        raise BadInput(f"“{episode.title[:100]}” is not public: there is nothing to correct that anybody has read.")
    comment = draft.comment
    if comment is not None and (comment.episode_id != episode.pk or comment.state != State.PUBLISHED):
        raise BadInput("A correction answers a published comment of the same episode.")
    if any(passage.episode_id != episode.pk for passage in draft.passages):
        raise BadInput("A correction is shown at words of its own episode.")
    if draft.quotation is not None and draft.quotation.revision.transcript.episode_id != episode.pk:
        raise BadInput("A correction is shown at words of its own episode.")


# ── what goes with it ───────────────────────────────────────────────────────────────────────────────────────────────


def _revisions(draft: CorrectionDraft, passages: list[Passage]) -> tuple[Revision | None, Revision | None]:
    """Of a transcript fix: the revision that was misheard, and what readers see now, where that is another one."""
    old = draft.old_revision or (passages[0].revision if passages else None)
    new = draft.new_revision or (revisions.public_revision(old.transcript) if old else None)
    return (old, new) if old != new else (None, new)


def _cite(correction: Correction) -> None:
    """The links in its text are references, and saved; those of an earlier text stay, because that is shown too."""
    known = set(correction.references.values_list("given", flat=True))
    for address in links_in(correction.html):
        if address not in known:
            with contextlib.suppress(BadInput):  # too long to be looked after; it is a link all the same
                reference = cite.cite(address, episode=correction.episode)
                correction.references.add(reference)
                cite.published(reference)


def _speaker(revision: Revision | None, index: int | None) -> str:
    if revision is None or index is None:
        return ""
    voice = Speaker.objects.filter(transcript=revision.transcript_id, index=index).first()
    return voice.name if voice else ""
