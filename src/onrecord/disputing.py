"""What the form of a dispute adds to that of a comment: the words that it is about, the reason, references."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Any

from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext

from onrecord import readmodel
from onrecord.discussion import limits
from onrecord.discussion.citing import Given
from onrecord.discussion.disputes import DisputeDraft
from onrecord.discussion.models import Reason
from onrecord.lib.errors import BadInput
from onrecord.passages.quote import Quotation
from onrecord.readmodel import EpisodeView
from onrecord.references import attached
from onrecord.references.attached import Attachment
from onrecord.share import chosen_words
from onrecord.site import disputes, references

MOST_REFERENCES = 3

FILE = "discuss file"
"""Salt of what a form says of a file that is kept."""

Files = Mapping[str, "UploadedFile[bytes]"]


@dataclass
class TypedDispute:
    """What stands in the form, fit or not. `heard`: somebody hears other words than the transcript has."""

    heard: bool
    reason: str
    first_hand: bool
    revision: str
    words: list[str]
    references: list[Given]
    quotation: Quotation | None = None
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, given: QueryDict, view: EpisodeView, files: Files | None = None) -> TypedDispute | None:
        """None where a plain comment is written. `files` are those that were sent along: they are kept."""
        kind = given.get("dispute", "")
        if kind not in ("1", "heard"):
            return None
        lost = set(given.getlist("lost"))
        references = [
            Given(what.strip(), sentence.strip(), str(n) in lost)
            for n, (what, sentence) in enumerate(
                zip(given.getlist("reference"), given.getlist("sentence"), strict=False)
            )
        ]
        made = cls(
            heard=kind == "heard",
            reason=given.get("reason", ""),
            first_hand="first_hand" in given,
            revision=given.get("revision", ""),
            words=given.getlist("words"),
            references=references[:MOST_REFERENCES],
        )
        made.find(view)
        made.find_files(given, files or {})
        return made

    def find(self, view: EpisodeView) -> None:
        """The words that it is about; none of them: the whole episode."""
        if not self.words:
            if self.heard:
                self.problems.append(gettext("There are no such words: go back to the page and choose them again."))
            return
        try:
            self.quotation = chosen_words(view, self.revision, self.words)
        except BadInput as error:
            self.problems.append(str(error))

    def find_files(self, given: QueryDict, files: Files) -> None:
        """Those that come now, or came with this form before and were not left out: a browser sends a file once."""
        for n, one in enumerate(self.references):
            sent = files.get(f"file-{n}")
            try:
                file = _kept_now(sent) if sent else _kept_before(given, n)
            except BadInput as error:
                self.problems.append(f"{sent.name if sent else ''}: {error}")
            else:
                self.references[n] = replace(one, file=file)

    def draft(self) -> DisputeDraft | None:
        """What can be taken; None when `problems` say what cannot."""
        if not self.heard and self.reason not in Reason.values:
            self.problems.append(gettext("Please say what is wrong: choose one of the reasons."))
        if any(one.sentence and not (one.given or one.file) for one in self.references):
            self.problems.append(gettext("Please say where the sentence stands: give its reference."))
        if self.problems:
            return None
        given = tuple(one for one in self.references if one.given or one.file)
        reason = Reason.HEARD if self.heard else Reason(self.reason)
        return DisputeDraft(reason, self.quotation, self.first_hand, given)

    @property
    def fields(self) -> dict[str, str]:
        """What the form sends along."""
        kept = {"dispute": "heard" if self.heard else "1"}
        if self.quotation:
            words = self.quotation.words
            kept |= {"revision": str(self.quotation.revision.number), "words": f"{words.start}-{words.stop}"}
        elif self.words:  # none of ours, and said to be; without them it would be about the whole episode
            kept |= {"revision": self.revision, "words": self.words[0]}
        return kept

    def context(self, view: EpisodeView) -> dict[str, Any]:
        """For the template."""
        rows = [*self.references, *[Given("")] * MOST_REFERENCES][:MOST_REFERENCES]
        us = readmodel.publication()
        quoted = disputes.quoted(us, view, self.quotation) if self.quotation else {}
        return {
            "heard": self.heard,
            "reasons": [
                {"value": value, "name": name, "chosen": value == self.reason} for value, name in disputes.reasons()
            ],
            "first_hand": self.first_hand,
            "quoted": quoted,
            "more": any(one.given or one.sentence or one.file for one in rows[1:]),
            "references": [
                {
                    "number": str(n),
                    "given": one.given,
                    "sentence": one.sentence,
                    "lost": one.lost,
                    "file": one.file,
                    "size": references.kilobytes(one.file.size) if one.file else "",
                    "token": signing.dumps(astuple(one.file), salt=FILE) if one.file else "",
                }
                for n, one in enumerate(rows)
            ],
        }


def _kept_now(sent: UploadedFile[bytes]) -> Attachment:
    attached.check_size(sent.size or 0)
    return attached.keep(sent.read(), sent.name or "")


def _kept_before(given: QueryDict, n: int) -> Attachment | None:
    """What the form says was kept, unless it is to be left out or the form is too old."""
    if f"drop-{n}" in given:
        return None
    with contextlib.suppress(signing.BadSignature):
        return Attachment(*signing.loads(given.get(f"kept-{n}", ""), salt=FILE, max_age=limits.FORM_LASTS))
    return None
