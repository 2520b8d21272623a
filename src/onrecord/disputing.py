"""What the form of a dispute adds to that of a comment: the words that it is about, the reason, references."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext

from onrecord import readmodel
from onrecord.discussion.citing import Given
from onrecord.discussion.disputes import DisputeDraft
from onrecord.discussion.models import Reason
from onrecord.lib.errors import BadInput
from onrecord.passages.quote import Quotation
from onrecord.readmodel import EpisodeView
from onrecord.share import chosen_words
from onrecord.site import disputes

MOST_REFERENCES = 3


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
    def of(cls, given: QueryDict, view: EpisodeView) -> TypedDispute | None:
        """None where a plain comment is written."""
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

    def draft(self) -> DisputeDraft | None:
        """What can be taken; None when `problems` say what cannot."""
        if not self.heard and self.reason not in Reason.values:
            self.problems.append(gettext("Please say what is wrong: choose one of the reasons."))
        if any(one.sentence and not one.given for one in self.references):
            self.problems.append(gettext("Please say where the sentence stands: give its reference."))
        if self.problems:
            return None
        given = tuple(one for one in self.references if one.given)
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
            "references": [
                {"number": str(n), "given": one.given, "sentence": one.sentence, "lost": one.lost}
                for n, one in enumerate(rows)
            ],
        }
