"""An episode's words: reading them, correcting those of a turn, naming who speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from onrecord.catalogue.models import Credit, Episode
from onrecord.discussion.models import Comment
from onrecord.lib import html, times
from onrecord.lib.errors import BadInput
from onrecord.studio.access import EDITORS, for_roles, page, sayable, see_other, seeing_to
from onrecord.studio.episodes import episode_of, tabs
from onrecord.transcripts import correct, revisions
from onrecord.transcripts.models import Revision, Speaker
from onrecord.transcripts.speakers import LONGEST_NAME, name_speakers
from onrecord.transcripts.tokens import text_of, unpack
from onrecord.transcripts.turns import turns

AT_ONCE = 200
"""A monologue of more words than this is corrected in pieces."""


@dataclass(frozen=True)
class Spoken:
    """A turn, or a piece of a long one: the words [first, end) of a revision."""

    first: int
    end: int
    speaker: str
    time: str
    ends: str
    text: str


def spoken(revision: Revision) -> list[Spoken]:
    """All turns of a revision, in order."""
    names = {voice.index: voice.label for voice in revision.transcript.speakers.all()}
    result, at = [], 0
    for turn in turns(unpack(revision.tokens), AT_ONCE):
        end = at + len(turn.tokens)
        name = names.get(turn.speaker, "") if turn.speaker is not None else ""
        result.append(Spoken(at, end, name, times.clock(turn.start), times.clock(turn.end), text_of(turn.tokens)))
        at = end
    return result


def turn_with(revision: Revision, word: int) -> Spoken | None:
    """The turn, or the piece of a long one, that has this word."""
    return next((one for one in spoken(revision) if one.first <= word < one.end), None)


@require_safe
@for_roles(*EDITORS)
def words(request: HttpRequest, key: str) -> HttpResponse:
    """The whole transcript, a link to correct each turn, and who has read it."""
    row = episode_of(key)
    context: dict[str, Any] = {"episode": row, "tabs": tabs(request, row)}
    try:
        revision = revisions.newest_of(row)
    except BadInput as error:
        return page(request, "studio/words.html", problem=str(error), **context)
    return page(
        request, "studio/words.html", revision=revision, spoken=spoken(revision), **context, **_manner(revision)
    )


def _manner(revision: Revision) -> dict[str, Any]:
    return {"spoken_language": revision.language, "spoken_direction": html.direction(revision.language)}


class TurnForm(forms.Form):
    """What is said, by whom, and why it was changed."""

    text = forms.CharField(
        label=_("What is said"),
        max_length=correct.LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": "8", "class": "read"}),
    )
    speaker = forms.TypedChoiceField(label=_("Who says it"), coerce=int, required=False, empty_value=None)
    note = forms.CharField(
        label=_("Note (readers see it)"),
        max_length=correct.LONGEST_NOTE,
        required=False,
        help_text=_("What was misheard, if it matters. The sound is never changed by this."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    nothing = forms.BooleanField(label=_("Nothing is said here: take these words away"), required=False)
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, voices: list[Speaker], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: list[tuple[Any, str]] = [(voice.index, voice.label) for voice in voices]
        self.fields["speaker"].choices = choices or [("", gettext("Nobody is known"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """No words, only when that is meant."""
        given = super().clean() or {}
        if given.get("nothing"):
            given["text"] = ""
        elif not given.get("text", "").strip():
            self.add_error("text", gettext("There are no words: write them, or say below that nothing is said."))
        return given


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*EDITORS)
def turn(request: HttpRequest, key: str, first: int, end: int) -> HttpResponse:
    """The words [first, end) in a form. Sent, they are a new revision; who was faster is shown beside.

    `?for=KEY` is the dispute that they are corrected for: the way back leads to its answer.
    """
    row = episode_of(key)
    try:
        newest = revisions.newest_of(row)
        tokens = unpack(newest.tokens)
        if request.method != "POST" and not 0 <= first < end <= len(tokens):
            raise BadInput(gettext("These words are not in the transcript any more."))
    except BadInput as error:
        messages.error(request, sayable(error))
        return see_other(reverse("words", args=[key]))
    voices = list(newest.transcript.speakers.all())
    if request.method == "POST":
        form = TurnForm(voices, request.POST)
        return _correct(request, row, range(first, end), form)
    said = tokens[first:end]
    initial = {"text": text_of(said), "speaker": said[0].speaker, "revision": newest.number}
    return _turn(request, row, newest, range(first, end), TurnForm(voices, initial=initial))


def _turn(
    request: HttpRequest, row: Episode, newest: Revision, place: range, form: TurnForm, status: int = 200, **more: Any
) -> HttpResponse:
    said = unpack(newest.tokens)[place.start : place.stop]
    seconds = {"from": said[0].start / 1000, "to": said[-1].end / 1000} if said else {}
    return page(
        request,
        "studio/turn.html",
        status,
        episode=row,
        form=form,
        first=place.start,
        end=place.stop,
        query=f"?{request.GET.urlencode()}" if request.GET else "",
        time=times.clock(said[0].start) if said else "",
        seconds={name: f"{value:.1f}" for name, value in seconds.items()},
        has_sound=row.recordings.filter(current=True, renditions__kind="mp3").exists(),
        **_manner(newest),
        **more,
    )


def _correct(request: HttpRequest, row: Episode, place: range, form: TurnForm) -> HttpResponse:
    newest = revisions.newest_of(row)
    if not form.is_valid():
        return _turn(request, row, newest, place, form, 422)
    given = form.cleaned_data
    try:
        made = correct.correct(row, given["revision"], place, given["text"], given["speaker"], given["note"])
    except correct.Meanwhile:
        return _meanwhile(request, row, place, form)
    except BadInput as error:
        form.add_error(None, sayable(error))
        return _turn(request, row, newest, place, form, 422)
    said = (
        gettext("Corrected: revision %(number)s.") % {"number": made.number}
        if made
        else gettext("Nothing was changed.")
    )
    messages.success(request, said)
    disputed = Comment.objects.filter(episode=row, key=request.GET.get("for", "")).first()
    if disputed is not None:
        return see_other(f"{reverse('answer', args=[disputed.key])}?outcome=transcript")
    return see_other(f"{reverse('words', args=[row.key])}#w{place.start}")


def _meanwhile(request: HttpRequest, row: Episode, place: range, form: TurnForm) -> HttpResponse:
    """Both are shown, what stands there now and what was written here; sent again, it replaces what stands there."""
    newest, now = correct.now(row, form.cleaned_data["revision"], place)
    theirs = text_of(unpack(newest.tokens)[now.start : now.stop]) if now else ""
    data = {**form.data.dict(), "revision": str(newest.number)}  # type: ignore[attr-defined]  # it is a QueryDict
    again = TurnForm(list(newest.transcript.speakers.all()), data)
    return _turn(request, row, newest, now or place, again, 409, meanwhile=True, theirs=theirs, gone=now is None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(*EDITORS)
def speakers(request: HttpRequest, key: str) -> HttpResponse:
    """A name for each voice."""
    row = episode_of(key)
    context: dict[str, Any] = {"episode": row, "tabs": tabs(request, row)}
    try:
        revision = revisions.newest_of(row)
    except BadInput as error:
        return page(request, "studio/speakers.html", problem=str(error), **context)
    voices = list(revision.transcript.speakers.all())
    if request.method == "POST":
        named = {voice.index + 1: request.POST.get(f"voice-{voice.index}", "").strip() for voice in voices}
        given = {number: name for number, name in named.items() if name}
        if seeing_to(request, gettext("Saved."), lambda: name_speakers(row, given)):
            return see_other(reverse("speakers", args=[key]))
    tokens = unpack(revision.tokens)
    said = {voice.index: [token for token in tokens if token.speaker == voice.index] for voice in voices}
    return page(
        request,
        "studio/speakers.html",
        voices=[
            {
                "voice": voice,
                "count": len(said[voice.index]),
                "begins": text_of(said[voice.index][:14]),
                "name": request.POST.get(f"voice-{voice.index}", voice.name),
            }
            for voice in voices
        ],
        names=Credit.objects.filter(episode=row).values_list("person__name", flat=True).distinct(),
        longest=LONGEST_NAME,
        **context,
        **_manner(revision),
    )
