"""The mails that writers and guests get. In the episode's language, with one link that stops them all."""

from __future__ import annotations

import json
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.utils.translation import gettext

from onrecord.discussion import log, outcomes, writers
from onrecord.discussion.models import Answer, Comment, Invitation, Outcome, Part, Returned, Statement, Writer
from onrecord.lib.language import isolated, speaking
from onrecord.mail import outgoing
from onrecord.mail.models import Mail

CONFIRM, STOP, REJOIN = "discuss confirm", "discuss stop", "discuss rejoin"
"""Salts of signed links."""


def confirm(comment: Comment) -> None:
    """Ask whether the comment is theirs; the receipt goes with it."""
    token = signing.dumps(comment.key, salt=CONFIRM)
    receipt = json.dumps(log.receipt(comment), ensure_ascii=False, indent=1)
    with speaking(comment.language):
        _send(
            comment,
            gettext("Please confirm your comment on “%(title)s”"),
            gettext(
                "Somebody, probably you, wrote a comment on “%(title)s” and gave this address. It says:\n\n%(text)s\n\n"
                "If it is yours, open this page and press the button:\n%(link)s\n\n"
                "If it is not, the same page takes it away. The file that came with this mail is your receipt: "
                "it says when these words came in, and anyone can check that in the public log:\n%(log)s"
            ),
            "confirm",
            {"link": _url(f"discuss/confirm/{token}/"), "log": _url("discussion/log.json")},
            {"receipt.json": receipt},
        )


def published(comment: Comment, due: datetime | None = None) -> Mail | None:
    """Tell that it is on the page, not before `due`."""
    with speaking(comment.language):
        return _send(
            comment,
            gettext("Your comment on “%(title)s” has been published"),
            gettext("Your comment on “%(title)s” is #%(number)s now:\n%(link)s"),
            "published",
            {"number": comment.number, "link": _url(f"discuss/to/{comment.episode.key}/{comment.number}/")},
            due=due,
        )


def returned(comment: Comment, due: datetime | None = None) -> Mail | None:
    """Tell why it is not published, with its words, so that they are not lost; not before `due`."""
    with speaking(comment.language):
        return _send(
            comment,
            gettext("Your comment on “%(title)s” has not been published"),
            gettext(
                "Your comment on “%(title)s” has not been published. The reason:\n\n%(reason)s\n\n"
                "This is what you wrote:\n\n%(text)s"
            ),
            "returned",
            {"reason": f"{labelled(comment.reason, _ground(comment))}\n\n{redress()}"},
            due=due,
        )


def _ground(comment: Comment) -> str:
    """The house's rule that a comment is returned by, in words."""
    kind = Returned(comment.returned_for or Returned.OTHER)
    return "" if kind == Returned.OTHER else gettext(outcomes.RETURNED[kind])


def labelled(reason: str, ground: str) -> str:
    """The reason of a decision, and the law or the rule that it rests on."""
    rests_on = gettext("It rests on: %(ground)s") % {"ground": ground}
    return f"{reason}\n\n{rests_on}" if ground else reason


def redress(by_itself: bool = False) -> str:
    """Who decided, and what somebody can do who does not agree: the end of a statement of reasons (article 17 of the
    Digital Services Act)."""
    program = gettext("This was done by itself, because the time to answer was over. A person looks at it afterwards.")
    who = program if by_itself else gettext("A person decided this, not a program.")
    then = gettext(
        "If you do not agree, answer this mail: it is looked at again. You can also turn to a body for out-of-court "
        "settlement of disputes, or to a court."
    )
    return f"{who} {then}"


def cut(comment: Comment) -> None:
    """Tell that personal data was cut out of what they wrote, and why."""
    with speaking(comment.language):
        ground = gettext("personal data is not published without need")
        reason = gettext("Personal data stood in it. All else is as you wrote it.")
        _send(
            comment,
            gettext("Something was cut out of your comment on “%(title)s”"),
            gettext("The moderator has cut something out of your comment on “%(title)s”.\n\n%(reason)s"),
            "cut",
            {"reason": f"{labelled(reason, ground)}\n\n{redress()}"},
        )


def answered(answer: Answer) -> None:
    """Tell whoever wrote the comment what was answered, and what came of it; a dispute may be rejoined once."""
    comment = answer.comment
    with speaking(comment.language):
        said = [gettext("%(name)s answers:") % {"name": answer.name} + f"\n\n{answer.text}"] if answer.text else []
        if answer.outcome:
            other = answer.duplicate_of.number if answer.duplicate_of else None
            outcome = {"outcome": outcomes.in_words(answer.outcome, other), "reason": answer.reason}
            said.append(gettext("What came of it: %(outcome)s. The reason:\n\n%(reason)s") % outcome)
        if answer.outcome == Outcome.REMOVED:
            said.append(redress())
        if hasattr(comment, "dispute") and answer.outcome != Outcome.REMOVED:
            link = _url(f"discuss/rejoin/{signing.dumps(comment.key, salt=REJOIN)}/")
            said.append(
                gettext("You can say one more word to this, which is shown beside it. For 90 days, here:\n%(link)s")
                % {"link": link}
            )
        _send(
            comment,
            gettext("What you wrote on “%(title)s” has been answered"),
            gettext("Your comment #%(number)s on “%(title)s” has been answered:\n%(link)s\n\n%(said)s"),
            "answered",
            {"said": "\n\n".join(said)} | _place(comment),
        )


def invited(invitation: Invitation, secret: str) -> None:
    """Ask a guest to reply to a dispute. The link is theirs alone."""
    comment = invitation.comment
    with speaking(comment.language):
        _send(
            comment,
            gettext("Would you like to reply to a dispute of “%(title)s”?"),
            gettext(
                "Somebody disputes what was said in “%(title)s”, as #%(number)s:\n%(link)s\n\nIt says:\n\n%(text)s\n\n"
                "%(name)s asks you to reply, if you wish. Your reply is shown beside it, at the same length. It is "
                "read by a person before that. This link is for you alone, works once, and for 30 days:\n%(reply)s"
            ),
            "invited",
            {"name": settings.ONRECORD.publication.name, "reply": _reply_link(secret)} | _place(comment),
            to=invitation.writer,
            quotes=comment.key,
        )


def arrived(statement: Statement) -> None:
    """The receipt of a reply or a rejoinder."""
    receipt = json.dumps(log.receipt_of_statement(statement), ensure_ascii=False, indent=1)
    with speaking(statement.comment.language):
        _send(
            statement.comment,
            gettext("What you wrote on “%(title)s” has arrived"),
            gettext(
                "Your reply to #%(number)s on “%(title)s” has arrived. A person reads it before it is shown. It says:"
                "\n\n%(text)s\n\nThe file that came with this mail is your receipt."
            ),
            "arrived",
            {"text": statement.text} | _place(statement.comment),
            {"receipt.json": receipt},
            to=statement.writer,
        )


def statement_published(statement: Statement) -> None:
    """Tell its writer that it is on the page; of a guest's reply also the one who disputed."""
    comment = statement.comment
    with speaking(comment.language):
        _send(
            comment,
            gettext("Your reply on “%(title)s” has been published"),
            gettext("Your reply to #%(number)s on “%(title)s” has been published:\n%(link)s"),
            "published",
            _place(comment),
            to=statement.writer,
        )
        if statement.part == Part.REPLY:
            _send(
                comment,
                gettext("%(name)s replies to what you wrote on “%(title)s”"),
                gettext("%(name)s replies to your comment #%(number)s on “%(title)s”:\n%(link)s\n\n%(text)s"),
                "replied",
                {"name": statement.name, "text": statement.text} | _place(comment),
                quotes=statement.key,
            )


def statement_returned(statement: Statement, secret: str) -> None:
    """Tell why a reply or a rejoinder is not shown, with its words, and where another can be written."""
    comment = statement.comment
    again = _reply_link(secret) if secret else _url(f"discuss/rejoin/{signing.dumps(comment.key, salt=REJOIN)}/")
    with speaking(comment.language):
        _send(
            comment,
            gettext("Your reply on “%(title)s” has not been published"),
            gettext(
                "Your reply to #%(number)s on “%(title)s” has not been published. The reason:\n\n%(reason)s\n\n"
                "You can write another:\n%(again)s\n\nThis is what you wrote:\n\n%(text)s"
            ),
            "returned",
            {"reason": statement.reason, "text": statement.text, "again": again} | _place(comment),
            to=statement.writer,
        )


def _place(comment: Comment) -> dict[str, object]:
    return {"number": comment.number, "link": _url(f"discuss/to/{comment.episode.key}/{comment.number}/")}


def _reply_link(secret: str) -> str:
    return _url(f"discuss/reply/{secret}/")


def own(address: str, secret: str) -> None:
    """The link by which somebody sees and erases what is kept of them."""
    us = settings.ONRECORD
    with speaking(us.publication.language):
        text = gettext(
            "Somebody, probably you, asked what %(name)s keeps of whoever has this address. Open this page and press "
            "the button; there you can download all of it, and have it erased:\n%(link)s\n\n"
            "The link works once, for a day. If it was not you who asked, nothing need be done."
        )
        name = isolated(us.publication.name, us.publication.language)
        body = text % {"name": name, "link": _url(f"discuss/yours/{secret}/")}
        outgoing.send(address, gettext("What we keep of you"), f"{body}\n", kind="discussion.own")


def _send(
    comment: Comment,
    subject: str,
    body: str,
    kind: str,
    values: dict[str, object],
    files: dict[str, str] | None = None,
    to: Writer | None = None,
    due: datetime | None = None,
    quotes: str = "",
) -> Mail | None:
    """To whoever wrote the comment, or to another."""
    writer = to or comment.writer
    address = writers.address_of(writer) if writer and not writer.mails_stopped and not writer.blocked else ""
    if not writer or not address:
        return None
    title = isolated(comment.episode.title, comment.language)
    values = {"title": title, "text": comment.text, **values}
    stop = _url(f"discuss/stop/{signing.dumps(writer.key, salt=STOP)}/")
    foot = gettext("No more mails from %(name)s about what I write: %(link)s")
    text = f"{body % values}\n\n-- \n{foot % {'name': settings.ONRECORD.publication.name, 'link': stop}}\n"
    return outgoing.send(
        address,
        subject % values,
        text,
        kind=f"discussion.{kind}",
        unsubscribe=stop,
        files=files or {},
        due=due,
        quotes=quotes,
    )


def _url(path: str) -> str:
    return f"{settings.ONRECORD.address}/{path}"
