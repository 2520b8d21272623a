"""The mails that writers get. In the episode's language, with one link that stops them all."""

from __future__ import annotations

import json

from django.conf import settings
from django.core import signing
from django.utils.translation import gettext

from onrecord.discussion import log, writers
from onrecord.discussion.models import Comment
from onrecord.lib.language import isolated, speaking
from onrecord.mail import outgoing

CONFIRM, STOP = "discuss confirm", "discuss stop"
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


def published(comment: Comment) -> None:
    """Tell that it is on the page."""
    with speaking(comment.language):
        _send(
            comment,
            gettext("Your comment on “%(title)s” has been published"),
            gettext("Your comment on “%(title)s” is #%(number)s now:\n%(link)s"),
            "published",
            {"number": comment.number, "link": _url(f"discuss/to/{comment.episode.key}/{comment.number}/")},
        )


def returned(comment: Comment) -> None:
    """Tell why it is not published, with its words, so that they are not lost."""
    with speaking(comment.language):
        _send(
            comment,
            gettext("Your comment on “%(title)s” has not been published"),
            gettext(
                "Your comment on “%(title)s” has not been published. The reason:\n\n%(reason)s\n\n"
                "This is what you wrote:\n\n%(text)s"
            ),
            "returned",
            {"reason": comment.reason},
        )


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
) -> None:
    writer = comment.writer
    address = writers.address_of(writer) if writer and not writer.mails_stopped and not writer.blocked else ""
    if not writer or not address:
        return
    title = isolated(comment.episode.title, comment.language)
    values = {"title": title, "text": comment.text, **values}
    stop = _url(f"discuss/stop/{signing.dumps(writer.key, salt=STOP)}/")
    foot = gettext("No more mails from %(name)s about what I write: %(link)s")
    text = f"{body % values}\n\n-- \n{foot % {'name': settings.ONRECORD.publication.name, 'link': stop}}\n"
    outgoing.send(address, subject % values, text, kind=f"discussion.{kind}", unsubscribe=stop, files=files or {})


def _url(path: str) -> str:
    return f"{settings.ONRECORD.address}/{path}"
