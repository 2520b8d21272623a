"""Takes in comments: the form, what became of it, the links in mails.

GET changes nothing, whoever follows a link. What was typed comes back whenever it could not be taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from onrecord import erase, forms, readmodel
from onrecord.catalogue.models import Episode
from onrecord.discussion import letters, limits, log, post, statements, text
from onrecord.discussion.models import Comment, Part, State, Writer
from onrecord.disputing import TypedDispute
from onrecord.lib import language
from onrecord.lib.addresses import mail_address
from onrecord.lib.errors import BadInput
from onrecord.lib.headers import ALWAYS
from onrecord.lib.requests import network_of
from onrecord.mail import outgoing
from onrecord.readmodel import EpisodeView
from onrecord.readmodel import discussion as model
from onrecord.site import comments, discussion

COOKIE, COOKIE_LASTS = "discuss", 400 * 24 * 3600
REMEMBERED = 20
"""Comments that a browser is known to have sent."""


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@forms.form_view
@forms.guarded
def write(request: HttpRequest) -> HttpResponse:
    """`/discuss/?episode=KEY[&to=4]`: write a comment, look at it, send it."""
    given = request.POST if request.method == "POST" else request.GET
    view = forms.episode(given.get("episode", ""), whole="dispute" in given)
    if view is None or not model.is_open():
        return forms.not_found()
    with language.speaking(view.language):
        typed = _Typed.of(request, view)
        if request.method == "POST" and given.get("do") == "preview":
            return _form(view, typed, preview=text.clean_html(typed.words, view.duration_ms))
        if request.method == "POST":
            return _take(request, view, typed)
        return _form(view, typed)


@dataclass
class _Typed:
    """What stands in the form, fit or not; `browser` is what is known of it."""

    name: str
    address: str
    words: str
    to: str
    browser: _Browser
    problems: list[str] = field(default_factory=list)
    dispute: TypedDispute | None = None

    @classmethod
    def of(cls, request: HttpRequest, view: EpisodeView) -> _Typed:
        """From the request; a browser that is known has its writer's name in the form already."""
        browser, given = _Browser.of(request), request.POST
        to = (given if request.method == "POST" else request.GET).get("to", "")
        known = browser.writer.name if browser.writer else ""
        made = cls(given.get("name", known), given.get("address", ""), given.get("text", ""), to, browser)
        if request.method == "POST":  # files are kept of a form that is ours alone
            files = request.FILES if forms.nonce(given.get("token", ""), view.key, quickest=0) else None
            made.dispute = TypedDispute.of(given, view, files)
        else:
            made.dispute = TypedDispute.of(request.GET, view)
        return made

    def draft(self, view: EpisodeView) -> post.Draft | None:
        """What can be taken; None when `problems` say what cannot."""
        name, words = text.name_of(self.name), text.plain(self.words)
        if not name:
            self.problems.append(gettext("Please give a name. It need not be your own."))
        elif len(name) > text.LONGEST_NAME:
            self.problems.append(gettext("The name is too long: at most %(most)s characters.") % _most(80))
        self.check_words(words)
        address = "" if self.browser.writer else self._checked_address()
        parent = self.parent(view)
        if self.to and parent is None:
            self.problems.append(gettext("The comment that you reply to is not there any more."))
            self.to = ""
        dispute = self.dispute.draft() if self.dispute else None
        self.problems += self.dispute.problems if self.dispute else []
        return None if self.problems else post.Draft(name, address, words, parent, dispute)

    def check_words(self, words: str) -> None:
        if not words.strip():
            self.problems.append(gettext("There is no text yet."))
        elif len(words) > text.LONGEST:
            self.problems.append(
                gettext("The text has %(length)s characters; at most %(most)s fit.")
                % ({"length": language.number(len(words))} | _most(text.LONGEST))
            )

    def _checked_address(self) -> str:
        try:
            return mail_address(self.address)
        except BadInput:
            self.problems.append(gettext("Please give a mail address. It is never shown."))
            return ""

    def parent(self, view: EpisodeView) -> Comment | None:
        """The published comment that is replied to."""
        if not (self.to.isascii() and self.to.isdecimal() and len(self.to) < 10):
            return None
        return Comment.objects.filter(episode=view.id, number=int(self.to), state=State.PUBLISHED).first()


def _most(characters: int) -> dict[str, str]:
    return {"most": language.number(characters)}


def _take(request: HttpRequest, view: EpisodeView, typed: _Typed) -> HttpResponse:
    nonce = forms.nonce(request.POST.get("token", ""), view.key)
    if request.POST.get("website"):
        typed.problems.append(gettext("Please leave the field for programs empty."))
        return _form(view, typed, code=400)
    draft = typed.draft(view)
    if draft is None:
        return _form(view, typed, code=400, waited=True)
    if not nonce:
        typed.problems.append(gettext("This form has expired. Please press the button once more."))
        return _form(view, typed, code=403)
    episode = Episode.objects.select_related("show").get(pk=view.id)
    try:
        comment = post.post(episode, draft, post.Sender(nonce, network_of(request), typed.browser.writer))
    except BadInput as error:
        typed.problems.append(str(error))
        code = 429 if isinstance(error, limits.TooMany) else 409
        return _form(view, typed, code=code, waited=True)
    answer = forms.see(f"discuss/sent/{comment.key}/")
    typed.browser.sent.append(comment.key)
    return typed.browser.remembered(answer)


def _form(view: EpisodeView, typed: _Typed, code: int = 200, preview: str = "", waited: bool = False) -> HttpResponse:
    """The form with what was typed. Who has `waited` already need not wait again."""
    us, parent = readmodel.publication(), typed.parent(view)
    replied = model.comments(view.id, parent.number, parent.number) if parent and parent.number else []
    content = discussion.form(
        view,
        problems=typed.problems or (typed.dispute.problems if typed.dispute else []),
        preview=comments.shown(us, view, preview) if preview else "",
        fields={
            "episode": view.key,
            "to": typed.to if parent else "",
            "token": forms.token(view.key, waited or preview),
            **(typed.dispute.fields if typed.dispute else {}),
        },
        dispute=typed.dispute.context(view) if typed.dispute else {},
        typed=typed,
        known=typed.browser.writer,
        quoted=discussion.quoted(view, replied[0]) if replied else {},
        most=text.LONGEST,
        forget=us.link("discuss/forget/"),
        yours=us.link("discuss/yours/"),
    )
    return forms.page(content, code)


# ── afterwards ──────────────────────────────────────────────────────────────────────────────────────────────────────


@require_safe
@forms.guarded
def sent(request: HttpRequest, key: str) -> HttpResponse:
    """`/discuss/sent/<comment>/`: what became of it. Its words are for the browser that sent it alone."""
    comment, view = _comment(key)
    if comment is None or view is None:
        return forms.not_found()
    mine = comment.key in _Browser.of(request).sent
    us = readmodel.publication()
    content = discussion.note(
        view,
        "sent",
        comment=comment,
        mine=mine,
        words=comments.shown(us, view, comment.html) if mine else "",
        mails=outgoing.is_set_up(),
        link=us.link(model.permalink(view.folder, comment.number)) if comment.number else "",
        edit=us.link(f"discuss/edit/{key}/") if mine and post.may_edit(comment, timezone.now()) else "",
        receipt=us.link(f"discuss/receipt/{key}/") if mine and comment.salt else "",
        rejoin=us.link(f"discuss/rejoin/{key}/") if mine and statements.may_rejoin(comment) else "",
    )
    return forms.page(content)


@require_safe
@forms.guarded
def receipt(request: HttpRequest, key: str) -> HttpResponse:
    """`/discuss/receipt/<comment>/`: a file with which anyone can find in the public log that these words came in."""
    comment, _ = _comment(key)
    if comment is None or not comment.salt or comment.key not in _Browser.of(request).sent:
        return forms.not_found()
    content = json.dumps(log.receipt(comment), ensure_ascii=False, indent=1)
    answer = forms.page(content)
    answer["Content-Type"] = "application/json"
    answer["Content-Disposition"] = f'attachment; filename="receipt-{key}.json"'
    return answer


@forms.form_view
@forms.guarded
def edit(request: HttpRequest, key: str) -> HttpResponse:
    """`/discuss/edit/<comment>/`: the browser that sent it may change it for 15 minutes."""
    comment, view = _comment(key)
    if comment is None or view is None or comment.key not in _Browser.of(request).sent:
        return forms.not_found()
    with language.speaking(view.language):
        typed = _Typed(comment.name, "", request.POST.get("text", comment.text), "", _Browser(None, []))
        if request.method != "POST":
            return _edit_form(view, comment, typed)
        if request.POST.get("do") == "preview":
            return _edit_form(view, comment, typed, preview=text.clean_html(typed.words, view.duration_ms))
        return _change(request, view, comment, typed)


def _change(request: HttpRequest, view: EpisodeView, comment: Comment, typed: _Typed) -> HttpResponse:
    words = text.plain(typed.words)
    typed.check_words(words)
    if not forms.nonce(request.POST.get("token", ""), comment.key, quickest=0):
        typed.problems.append(gettext("This form has expired. Please press the button once more."))
    try:
        if not typed.problems:
            post.edit(comment, words)
            return forms.see(f"discuss/sent/{comment.key}/")
    except BadInput as error:
        typed.problems.append(str(error))
    return _edit_form(view, comment, typed, code=403)


def _edit_form(view: EpisodeView, comment: Comment, typed: _Typed, code: int = 200, preview: str = "") -> HttpResponse:
    us = readmodel.publication()
    content = discussion.form(
        view,
        problems=typed.problems,
        preview=comments.shown(us, view, preview) if preview else "",
        fields={"token": forms.token(comment.key)},
        typed=typed,
        editing=True,
        most=text.LONGEST,
        action=us.link(f"discuss/edit/{comment.key}/"),
    )
    return forms.page(content, code)


@require_safe
@forms.guarded
def to(request: HttpRequest, episode: str, number: int) -> HttpResponse:
    """`/discuss/to/<episode>/<number>/`: finds a comment wherever it stands, after any number of renames."""
    view = forms.episode(episode)
    if view is None or not 0 < number <= view.discussion.last_number:
        return forms.not_found()
    return HttpResponseRedirect(readmodel.publication().link(model.permalink(view.folder, number)), headers=ALWAYS)


@require_POST
@forms.guarded
def forget(request: HttpRequest) -> HttpResponse:
    """`/discuss/forget/`: this browser is nobody's any more."""
    view = forms.episode(request.POST.get("episode", ""))
    answer = forms.see(f"discuss/?episode={view.key}" if view else "")
    answer.delete_cookie(COOKIE, path=readmodel.publication().link("discuss/"), samesite="Lax")
    return answer


# ── links in mails ──────────────────────────────────────────────────────────────────────────────────────────────────


@forms.form_view
@forms.guarded
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """`/discuss/confirm/<token>/`: whoever reads the mail says whether the comment is theirs."""
    comment, view = _comment(forms.unsigned(token, letters.CONFIRM, forms.LINK_LASTS) or "")
    if comment is None or view is None or comment.writer is None:
        return forms.not_found()
    status = "confirmed" if comment.confirmed else "confirm"
    if request.method == "POST" and status == "confirm" and request.POST.get("do") == "no":
        erase.withdraw(comment)
        return forms.page(discussion.note(view, "withdrawn", comment=comment))
    if request.method == "POST" and status == "confirm" and post.confirm(comment):
        browser = _Browser.of(request)
        browser.writer = comment.writer
        browser.sent.append(comment.key)
        return browser.remembered(forms.see(f"discuss/sent/{comment.key}/"))
    words = comments.shown(readmodel.publication(), view, comment.html)
    return forms.page(discussion.note(view, status, comment=comment, words=words))


@forms.form_view
@csrf_exempt  # mail programs send this by themselves when their button is pressed (RFC 8058)
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """`/discuss/stop/<token>/`: no more mails to this address."""
    writer = Writer.objects.filter(key=forms.unsigned(token, letters.STOP) or "").first()
    view = _latest_episode(writer) if writer else None
    if writer is None or view is None:
        return forms.not_found()
    if request.method == "POST":
        Writer.objects.filter(pk=writer.pk).update(mails_stopped=True)
        return forms.page(discussion.note(view, "stopped"))
    return forms.page(discussion.note(view, "stop"))


def _latest_episode(writer: Writer) -> EpisodeView | None:
    """The one that they last wrote about, or were asked to reply about."""
    comment = writer.comments.order_by("-id").first()
    if comment is None:
        invitation = writer.invitations.select_related("comment").order_by("-id").first()
        comment = invitation.comment if invitation else None
    return readmodel.episode(comment.episode_id) if comment else None


# ── after an answer ─────────────────────────────────────────────────────────────────────────────────────────────────


@forms.form_view
@forms.guarded
def rejoin(request: HttpRequest, token: str) -> HttpResponse:
    """`/discuss/rejoin/<token>/`: the one who disputed says one more word. The token is that of a mailed link, or the
    comment's key, in the browser that is known as theirs."""
    mailed = forms.unsigned(token, letters.REJOIN)
    comment, view = _comment(mailed or token)
    if comment is None or view is None or not (mailed or _is_theirs(request, comment)):
        return forms.not_found()
    further = _Further(Part.REJOINDER, comment, comment.name, comment.writer, statements.may_rejoin(comment))
    return _further_word(request, view, further, lambda words: statements.rejoin(comment, words))


@forms.form_view
@forms.guarded
def reply(request: HttpRequest, secret: str) -> HttpResponse:
    """`/discuss/reply/<secret>/`: the guest of the episode replies to a dispute, once, through the mailed link."""
    invitation = statements.invitation(secret)
    view = forms.episode(invitation.comment.episode.key) if invitation else None
    if invitation is None or view is None:
        return forms.not_found()
    may = statements.may_reply(invitation)
    further = _Further(Part.REPLY, invitation.comment, invitation.name, invitation.writer, may)
    return _further_word(request, view, further, lambda words: statements.reply(invitation, words))


def _is_theirs(request: HttpRequest, comment: Comment) -> bool:
    browser = _Browser.of(request)
    return comment.key in browser.sent or (browser.writer is not None and browser.writer == comment.writer)


@dataclass(frozen=True)
class _Further:
    """A guest's reply or a rejoinder that somebody may write, under this name, or may not any more."""

    part: Part
    comment: Comment
    name: str
    writer: Writer | None
    may: bool


def _further_word(
    request: HttpRequest, view: EpisodeView, further: _Further, take: Callable[[str], object]
) -> HttpResponse:
    """The form below the dispute as it stands on the page; sent, what became of it, at the same address."""
    with language.speaking(view.language):
        typed = _Typed(further.name, "", request.POST.get("text", ""), "", _Browser(None, []))
        if request.method != "POST" or request.POST.get("do") == "preview":
            preview = text.clean_html(typed.words, view.duration_ms) if request.method == "POST" else ""
            return _further_form(view, further, typed, preview)
        words = text.plain(typed.words)
        typed.check_words(words)
        try:
            if not typed.problems:
                take(words)
                return forms.see(request.path.removeprefix(readmodel.publication().link("")))
        except BadInput as error:
            typed.problems.append(str(error))
        return _further_form(view, further, typed)


def _further_form(view: EpisodeView, further: _Further, typed: _Typed, preview: str = "") -> HttpResponse:
    number = further.comment.number or 0
    card = next(iter(model.comments(view.id, number, number)), None)
    if card is None or card.gone:
        return forms.not_found()
    us, there = readmodel.publication(), statements.there(further.comment, further.part)
    if there is not None and there.writer != further.writer:
        there = None  # another guest's, which is nobody else's until it is published
    content = discussion.statement(
        view,
        card,
        part=further.part,
        typed=typed,
        may=further.may,
        there=there,
        words=comments.shown(us, view, there.html) if there else "",
        preview=comments.shown(us, view, preview) if preview else "",
        problems=typed.problems,
        most=text.LONGEST,
        link=us.link(model.permalink(view.folder, number)),
    )
    return forms.page(content, 400 if typed.problems else 200)


# ── what all of them need ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class _Browser:
    """What a signed cookie says: whose browser it is, if that was confirmed in it, and what it sent."""

    writer: Writer | None
    sent: list[str]

    @classmethod
    def of(cls, request: HttpRequest) -> _Browser:
        """Nobody's, where the cookie is missing or not ours."""
        try:
            said = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=COOKIE_LASTS)
        except signing.BadSignature:
            return cls(None, [])
        known = Writer.objects.filter(key=said["writer"], verified__isnull=False, blocked=None)
        return cls(known.first() if said["writer"] else None, list(said["sent"]))

    def remembered(self, answer: HttpResponse) -> HttpResponse:
        """The answer, with a cookie that says the same."""
        said = {"writer": self.writer.key if self.writer else "", "sent": self.sent[-REMEMBERED:]}
        answer.set_cookie(
            COOKIE,
            signing.dumps(said, salt=COOKIE),
            max_age=COOKIE_LASTS,
            path=readmodel.publication().link("discuss/"),
            secure=settings.ONRECORD.address.startswith("https://"),
            httponly=True,
            samesite="Lax",
        )
        return answer


def _comment(key: str) -> tuple[Comment | None, EpisodeView | None]:
    """A comment, and its episode while that is public."""
    row = Comment.objects.select_related("episode__show", "writer").filter(key=key[:20]).first()
    return (row, forms.episode(row.episode.key)) if row else (None, None)
