"""Takes in legal notices: the form, the links in its mails, and the answer of a comment's writer.

It can be sent also when nobody may write comments. GET changes nothing, whoever follows a link.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from onrecord import forms, readmodel, scrub
from onrecord.catalogue.find import find_episode
from onrecord.catalogue.models import Episode
from onrecord.discussion import clocks, limits, notice_letters, notices, text
from onrecord.discussion.models import Comment, Law, Notice, State
from onrecord.lib import language, times
from onrecord.lib.addresses import mail_address
from onrecord.lib.errors import BadInput
from onrecord.lib.html import clean
from onrecord.lib.requests import network_of
from onrecord.readmodel import EpisodeView
from onrecord.site import notices as pages
from onrecord.site.comments import notice_link

FORM = "discuss/notice/"
SUBJECT = "notice"
"""What the form's token is for."""

WRITTEN = ("where", "time", "statement", "meaning", "wrong", "explanation", "name", "address")
TICKED = ("pass_name", "pass_address", "unnamed", "sure")

_COMMENT = re.compile(r"#c([0-9]{1,9})$")


# ── the form ────────────────────────────────────────────────────────────────────────────────────────────────────────


@forms.form_view
@forms.guarded
def notice(request: HttpRequest) -> HttpResponse:
    """`/discuss/notice/[?episode=KEY[&comment=4[&law=uk]]]`: say what is against the law, and why."""
    given = request.POST if request.method == "POST" else request.GET
    typed = _Typed.of(given)
    if typed.view is None and given.get("episode"):
        return forms.not_found()
    with language.speaking(typed.view.language if typed.view else readmodel.publication().language):
        return _take(request, typed) if request.method == "POST" else _form(typed)


@dataclass
class _Typed:
    """What stands in the form, fit or not, and what it is about, as far as that is known."""

    view: EpisodeView | None
    comment: Comment | None
    law: Law
    words: Mapping[str, str]
    ticked: Mapping[str, bool]
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, given: Mapping[str, str]) -> _Typed:
        """About the episode and the comment that are named, or those at the address that was typed. A complaint under
        section 5 is about a comment."""
        words = {name: given.get(name, "") for name in WRITTEN}
        view, number = forms.episode(given.get("episode", "")), given.get("comment", "")
        if view is None and words["where"]:
            view, number = _at(words["where"])
        comment = _comment(view, number) if view else None
        uk = settings.ONRECORD.discussion.uk_section_5 and given.get("law") == Law.UK and comment is not None
        return cls(view, comment, Law.UK if uk else Law.DSA, words, {name: name in given for name in TICKED})

    def draft(self) -> notices.NoticeDraft | None:
        """What can be taken; None when `problems` say what cannot."""
        uk, unnamed = self.law == Law.UK, self.ticked["unnamed"] and self.law == Law.DSA
        if self.view is None:
            self.problems.append(gettext("There is no page of ours at this address. Please copy it as it is."))
        if self.words["time"].strip() and text.second_of(self.words["time"]) is None:
            self.problems.append(gettext("Please give the time as 12:34."))
        longest = ("explanation", *(notice_letters.LABELS if uk else ()))
        said = {name: text.plain(self.words[name]) for name in longest}
        if not all(words.strip() for words in said.values()):
            self.problems.append(gettext("Please fill in each field, so that it can be decided."))
        if any(len(words) > text.LONGEST for words in said.values()):
            most = {"most": language.number(text.LONGEST)}
            self.problems.append(gettext("A field has too much text: at most %(most)s characters fit.") % most)
        name = text.name_of(self.words["name"])[: notices.LONGEST_NAME]
        address = self._address(unnamed)
        if not name and not unnamed:
            self.problems.append(gettext("Please give your name."))
        if not self.ticked["sure"]:
            self.problems.append(gettext("Please confirm the sentence above the button."))
        if self.problems:
            return None
        return notices.NoticeDraft(
            self.law,
            name,
            address,
            explanation=said["explanation"],
            statement=said.get("statement", ""),
            meaning=said.get("meaning", ""),
            wrong=said.get("wrong", ""),
            pass_name=uk and self.ticked["pass_name"],
            pass_address=uk and self.ticked["pass_address"],
        )

    def _address(self, unnamed: bool) -> str:
        if unnamed and not self.words["address"].strip():
            return ""
        try:
            return mail_address(self.words["address"])
        except BadInput:
            self.problems.append(gettext("Please give a mail address. It is never shown."))
            return ""


def _at(where: str) -> tuple[EpisodeView | None, str]:
    """The episode at an address of ours, and the number of the comment that it names."""
    number = _COMMENT.search(where.strip())
    try:
        return forms.episode(find_episode(_folder(where)).key), number[1] if number else ""
    except BadInput:
        return None, ""


def _folder(where: str) -> str:
    """The episode's address in that of one of its pages."""
    path = re.sub(r"[?#].*", "", clean(where).strip()[:2000]).removeprefix(settings.ONRECORD.address)
    if "://" in path:
        raise BadInput("This is another site's.")
    return re.sub(r"/(discussion(/page/[0-9]+)?|embed)?/?(index\.html)?$", "", path)


def _comment(view: EpisodeView, number: str) -> Comment | None:
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    return Comment.objects.filter(episode=view.id, number=int(number), state=State.PUBLISHED).first()


def _take(request: HttpRequest, typed: _Typed) -> HttpResponse:
    nonce = forms.nonce(request.POST.get("token", ""), SUBJECT)
    if request.POST.get("website"):
        typed.problems.append(gettext("Please leave the field for programs empty."))
        return _form(typed, 400)
    if request.POST.get("comment") and typed.comment is None:
        typed.problems.append(gettext("This comment is not there any more."))
    draft = typed.draft()
    if draft is None or typed.view is None:
        return _form(typed, 400, waited=True)
    if not nonce:
        typed.problems.append(gettext("This form has expired. Please press the button once more."))
        return _form(typed, 403)
    episode = Episode.objects.select_related("show").get(pk=typed.view.id)
    second = None if typed.comment else text.second_of(typed.words["time"])
    try:
        made = notices.receive(notices.Item(episode, typed.comment, second), draft, nonce, network_of(request))
    except limits.TooMany as error:
        typed.problems.append(str(error))
        return _form(typed, 429, waited=True)
    return forms.see(f"{FORM}sent/{made.key}/")


def _form(typed: _Typed, code: int = 200, waited: bool = False) -> HttpResponse:
    us, view, uk = readmodel.publication(), typed.view, typed.law == Law.UK
    number = typed.comment.number or 0 if typed.comment else 0
    may_uk = settings.ONRECORD.discussion.uk_section_5 and not uk
    named = {"episode": view.key if view else "", "comment": str(number or "")}
    labels = {name: gettext(label) for name, label in notice_letters.LABELS.items()}
    labels["explanation"] = gettext(notice_letters.LABELS_OF_EXPLANATION[typed.law])
    content = pages.form(
        view,
        problems=typed.problems,
        quoted=pages.about(view, number) if view and number else {},
        uk=uk,
        uk_link=f"{notice_link(us, view, number)}&law={Law.UK}" if may_uk and view and number else "",
        action=us.link(FORM),
        fields=named | {"token": forms.token(SUBJECT, waited)} | ({"law": str(Law.UK)} if uk else {}),
        typed={**typed.words, **typed.ticked},
        labels=labels,
        most=text.LONGEST,
    )
    return forms.page(content, code)


# ── afterwards, and links in mails ──────────────────────────────────────────────────────────────────────────────────


@require_safe
@forms.guarded
def sent(request: HttpRequest, key: str) -> HttpResponse:
    """`/discuss/notice/sent/<notice>/`: it has arrived. Nothing of what it says is shown."""
    row, view = _notice(key)
    if row is None or view is None:
        return forms.not_found()
    return forms.page(pages.note(view, "sent", notice=row))


@forms.form_view
@forms.guarded
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """`/discuss/notice/confirm/<token>/`: whoever reads the mail says whether the notice is theirs."""
    row, view = _notice(forms.unsigned(token, notice_letters.CONFIRM, forms.LINK_LASTS))
    if row is None or view is None or row.writer is None:
        return forms.not_found()
    asked = row.confirmed is None
    if request.method == "POST" and asked and request.POST.get("do") == "no":
        with transaction.atomic():
            notices.disown(row)
            scrub.ask()
        return forms.page(pages.note(view, "disowned"))
    if request.method == "POST" and asked and request.POST.get("do") == "yes":
        notices.confirm(row)
        asked = False
    return forms.page(pages.note(view, "confirm" if asked else "confirmed", words=_words(view, row)))


@forms.form_view
@forms.guarded
def respond(request: HttpRequest, token: str) -> HttpResponse:
    """`/discuss/notice/respond/<token>/`: the comment's writer has it removed, or stands by it with their name."""
    row, view = _notice(forms.unsigned(token, notice_letters.RESPOND))
    if row is None or view is None or row.comment is None or row.comment.number is None:
        return forms.not_found()
    with language.speaking(view.language):
        if not notices.may_respond(row):
            return forms.page(pages.note(view, "over"))
        if request.method == "POST":
            return _respond(request, view, row)
        return _respond_form(view, row, {})


def _respond(request: HttpRequest, view: EpisodeView, row: Notice) -> HttpResponse:
    given = request.POST
    try:
        if given.get("do") == "remove":
            with transaction.atomic():
                notices.respond_remove(row)
                scrub.ask()
            return forms.page(pages.note(view, "removed"))
        notices.respond_keep(row, given.get("name", ""), given.get("postal", ""), "may_pass" in given)
    except BadInput as error:
        return _respond_form(view, row, given, [str(error)])
    return forms.page(pages.note(view, "kept"))


def _respond_form(
    view: EpisodeView, row: Notice, given: Mapping[str, str], problems: list[str] | None = None
) -> HttpResponse:
    content = pages.note(
        view,
        "respond",
        problems=problems or [],
        quoted=pages.about(view, row.comment.number or 0) if row.comment else {},
        words=_words(view, row),
        until=times.long_date(row.lapses, clocks.LONDON.key) if row.lapses else "",
        typed={name: given.get(name, "") for name in ("name", "postal", "may_pass")},
    )
    return forms.page(content, 400 if problems else 200)


def _words(view: EpisodeView, row: Notice) -> str:
    with language.speaking(view.language):
        return notice_letters.in_words(row)


def _notice(key: str) -> tuple[Notice | None, EpisodeView | None]:
    """A notice, and its episode while that is public."""
    row = Notice.objects.select_related("episode__show", "comment__writer", "writer").filter(key=key[:20]).first()
    return (row, forms.episode(row.episode.key)) if row else (None, None)
