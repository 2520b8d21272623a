"""The mails that go with a legal notice: to who gave it, and to who wrote the comment. They go to whoever stopped other
mails, too: the law asks for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.utils.translation import gettext, gettext_noop

from onrecord.discussion import clocks, letters, log, outcomes, writers
from onrecord.discussion.models import Law, Notice, Ruling, Writer
from onrecord.lib import times
from onrecord.lib.language import isolated, number, speaking
from onrecord.mail import outgoing
from onrecord.mail.models import Mail

CONFIRM, RESPOND = "discuss notice confirm", "discuss notice respond"
"""Salts of signed links."""

SECTION_5 = "Defamation Act 2013, section 5; Defamation (Operators of Websites) Regulations 2013"

LABELS = {
    "statement": gettext_noop("The words complained of"),
    "meaning": gettext_noop("What these words mean"),
    "wrong": gettext_noop("What in them is not true, or an opinion without support"),
}
LABELS_OF_EXPLANATION = {
    Law.DSA: gettext_noop("Why it is against the law"),
    Law.UK: gettext_noop("Why it is defamatory, and what harm it does"),
}


def received(notice: Notice) -> None:
    """The receipt, and the question whether the address is theirs."""
    with speaking(notice.language):
        body = gettext(
            "Your notice about “%(title)s” has arrived. A person reads it, and you will be told what is decided, and "
            "why.\n\nPlease confirm that this address is yours: open this page and press the button:\n%(link)s\n\n"
            "This is your notice:\n\n%(notice)s\n\nThe file that came with this mail is your receipt."
        )
        token = signing.dumps(notice.key, salt=CONFIRM)
        values = {"link": _url(f"discuss/notice/confirm/{token}/"), "notice": in_words(notice)}
        receipt = json.dumps(log.receipt_of_notice(notice), ensure_ascii=False, indent=1)
        _send(notice, notice.writer, _about_notice(), body, values, files={"receipt.json": receipt})


def in_words(notice: Notice) -> str:
    """What a notice says, under its headings, without who gave it."""
    said = [(LABELS_OF_EXPLANATION[Law(notice.law)], notice.explanation)]
    said += [(label, getattr(notice, name)) for name, label in LABELS.items()]
    return "\n\n".join(f"{gettext(label)}:\n{words}" for label, words in said if words)


# ── section 5 ───────────────────────────────────────────────────────────────────────────────────────────────────────


def reachable(notice: Notice) -> bool:
    """Whether the comment's writer gave an address that is still known."""
    writer = notice.comment.writer if notice.comment else None
    return writer is not None and bool(writers.address_of(writer))


def asked(notice: Notice) -> None:
    """Tell the comment's writer what is complained of, and who complains that they were told."""
    with speaking(notice.language):
        by = {"by": _moment(notice)}
        body = gettext(
            "Somebody says that your comment #%(number)s on “%(title)s” defames them, under section 5 of the "
            "Defamation Act 2013. Your comment says:\n\n%(text)s\n\nThis is their notice:\n\n%(notice)s\n\n"
            "If you do not answer by %(by)s, your comment is hidden. Say there whether it is to be removed. If not, "
            "give your full name and your postal address, and say whether they may be passed on. If you do not "
            "agree, they are not passed on, unless a court orders it.\n\n%(link)s"
        )
        link = _url(f"discuss/notice/respond/{signing.dumps(notice.key, salt=RESPOND)}/")
        who = [notice.name] if notice.pass_name else []
        who += [writers.address_of(notice.writer)] if notice.pass_address and notice.writer else []
        shown = "\n".join([*who, in_words(notice)])
        _send(notice, _writer(notice), _about_comment(), body, by | {"link": link, "notice": shown}, quotes=notice.key)
        body = gettext(
            "Your notice about “%(title)s” has been sent to the writer of the comment. They have until %(by)s to "
            "answer; you will be told."
        )
        _send(notice, notice.writer, _about_notice(), body, by)


def lapsed(notice: Notice) -> None:
    """Tell both that the comment is hidden, because nobody answered in time."""
    with speaking(notice.language):
        why = gettext("Its writer has not answered in time, or could not be reached.")
        body = gettext("The comment that your notice about “%(title)s” is about has been hidden. %(why)s")
        _send(notice, notice.writer, _about_notice(), body, {"why": why})
        _tell_writer(notice, Ruling.RESTRICTED, why, SECTION_5, by_itself=True)


def stands(notice: Notice, name: str, address: str) -> None:
    """Tell who complains that the comment's writer stands by it; name and address where they may have them."""
    with speaking(notice.language):
        agreed = gettext("They agree that you have their name and address:\n\n%(name)s\n%(address)s")
        kept = gettext("They do not agree that you have their name and address; a court can order it.")
        passed = agreed % {"name": name, "address": address} if notice.may_pass else kept
        body = gettext(
            "The writer of the comment on “%(title)s” that your notice is about does not wish it to be removed. It "
            "has not been removed.\n\n%(passed)s"
        )
        _send(
            notice,
            notice.writer,
            _about_notice(),
            body,
            {"passed": passed},
            quotes=notice.comment.key if notice.comment else "",
        )


def gone(notice: Notice) -> None:
    """Tell who complains that the comment is not there any more."""
    with speaking(notice.language):
        body = gettext("The comment that your notice about “%(title)s” is about is not there any more.")
        _send(notice, notice.writer, _about_notice(), body, {})


# ── decisions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def decided(notice: Notice, due: datetime | None) -> Mail | None:
    """Tell who gave the notice what was decided, why, and what they can do; not before `due`."""
    with speaking(notice.language):
        body = gettext("This was decided on your notice about “%(title)s”:\n\n%(decision)s")
        values = {"decision": _decision(Ruling(notice.ruling), notice.reason, notice.ground)}
        return _send(notice, notice.writer, _about_notice(), body, values, due=due)


def statement_of_reasons(notice: Notice, due: datetime | None) -> Mail | None:
    """Tell the comment's writer what was decided, why, and what they can do; not before `due`."""
    with speaking(notice.language):
        return _tell_writer(notice, Ruling(notice.ruling), notice.reason, notice.ground, due=due)


def _tell_writer(
    notice: Notice, ruling: Ruling, reason: str, ground: str, by_itself: bool = False, due: datetime | None = None
) -> Mail | None:
    body = gettext(
        "This was decided on your comment #%(number)s on “%(title)s”, after a legal notice:\n\n%(decision)s\n\n"
        "This is what you wrote:\n\n%(text)s"
    )
    values = {"decision": _decision(ruling, reason, ground, by_itself)}
    return _send(notice, _writer(notice), _about_comment(), body, values, due=due)


def _decision(ruling: Ruling, reason: str, ground: str, by_itself: bool = False) -> str:
    parts = [gettext(outcomes.RULINGS[ruling]), letters.labelled(reason, ground), letters.redress(by_itself)]
    return "\n\n".join(parts)


def _about_notice() -> str:
    return gettext("Your notice about “%(title)s”")


def _about_comment() -> str:
    return gettext("A legal notice about your comment on “%(title)s”")


def _writer(notice: Notice) -> Writer | None:
    return notice.comment.writer if notice.comment else None


def _moment(notice: Notice) -> str:
    """A deadline with its time, in London."""
    at = (notice.lapses or notice.created).astimezone(clocks.LONDON)
    return f"{times.long_date(at, 'Europe/London')}, {at:%H:%M} (London)"


def _send(
    notice: Notice,
    to: Writer | None,
    subject: str,
    body: str,
    values: Mapping[str, object],
    files: dict[str, str] | None = None,
    due: datetime | None = None,
    quotes: str = "",
) -> Mail | None:
    """`quotes`: whose words it carries to another, by the key of what they wrote."""
    address = writers.address_of(to) if to else ""
    if not address:
        return None
    comment, title = notice.comment, isolated(notice.episode.title, notice.language)
    about = {"title": title, "number": number(comment.number or 0), "text": comment.text} if comment else {}
    values = {"title": title, **about, **values}
    return outgoing.send(
        address,
        subject % values,
        f"{body % values}\n",
        kind="discussion.notice",
        files=files or {},
        due=due,
        quotes=quotes,
    )


def _url(path: str) -> str:
    return f"{settings.ONRECORD.address}/{path}"
