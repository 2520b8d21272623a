"""Writes as readers do: through the form, with what its page holds."""

from __future__ import annotations

import time
from typing import Any
from unittest import mock

from django.db import transaction
from django.test import Client
from lxml import html

from onrecord.catalogue.models import Episode
from onrecord.discussion import moderate
from onrecord.discussion.models import Comment, Decision
from onrecord.transcripts.tokens import Token

ORIGIN = {"Origin": "http://testserver"}
TEXT = "Where did it begin? They did sign the paper that night. Nothing was written down. And so we left."


def said(text: str, each: int = 400) -> list[Token]:
    """The words of one speaker, `each` milliseconds long."""
    return [Token(word, n * each, (n + 1) * each, 1) for n, word in enumerate(text.split())]


def tree_of(answer: Any) -> Any:
    return html.document_fromstring(answer.content.decode())


def said_by(answer: Any) -> str:
    return " ".join(tree_of(answer).xpath("//main")[0].text_content().split())


def fields_of(answer: Any) -> dict[str, str]:
    """What a browser would send of the form at which one writes."""
    form = tree_of(answer).xpath("//form[@method='post'][.//textarea]")[0]
    found = {
        field.get("name"): field.get("value") or "" for field in form.xpath(".//input[@name][not(@type='checkbox')]")
    }
    return found | {"text": form.xpath(".//textarea")[0].text_content().removeprefix("\n")}


def opened(episode: Episode, client: Client | None = None, **asked: str) -> dict[str, str]:
    answer = (client or Client()).get("/discuss/", {"episode": episode.key} | asked)
    assert answer.status_code == 200, answer.content.decode()
    return fields_of(answer)


def send(
    fields: dict[str, str], client: Client | None = None, after: float = 5, path: str = "/discuss/", **by: str
) -> Any:
    """Send the form, some seconds after it was opened."""
    with mock.patch("time.time", return_value=time.time() + after):
        return (client or Client()).post(path, {"do": "post"} | fields, headers=ORIGIN | by)


def write(
    episode: Episode,
    text: str = "I was there.",
    name: str = "Ada",
    address: str = "ada@example.org",
    client: Client | None = None,
    network: str = "",
    **asked: str,
) -> Comment:
    """A comment that was taken."""
    fields = opened(episode, client, **asked) | {"text": text, "name": name, "address": address}
    answer = send(fields, client, **({"X-Forwarded-For": network} if network else {}))
    assert answer.status_code == 303, said_by(answer)
    return Comment.objects.get(key=answer["Location"].split("/")[-2])


def published(episode: Episode, text: str = "I was there.", **given: Any) -> Comment:
    comment = write(episode, text, **given)
    moderate.publish(comment)
    comment.refresh_from_db()
    return comment


def settled() -> None:
    """Ten minutes later, or a week: what was decided cannot be undone any more."""
    for number in Decision.objects.values_list("pk", flat=True):
        with transaction.atomic():
            moderate.settle(number)
