"""What is forgotten by itself, and what somebody learns and erases by a mailed link."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from onrecord import erase, scrub, status
from onrecord.catalogue.models import Episode
from onrecord.discussion import limits, log, moderate, personal, rules, statements
from onrecord.discussion.models import Comment, Event, Invitation, OwnLink, Rule, Statement, UsedForm, Writer
from onrecord.jobs import registry
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.models import State, Step
from onrecord.mail import outgoing
from onrecord.mail.models import Mail
from tests.discussion.making import ORIGIN, published, said_by, tree_of, write
from tests.discussion.test_disputes import disputed
from tests.discussion.test_writing import mails
from tests.press import archive
from tests.press.pressing import press

pytestmark = pytest.mark.django_db


@pytest.fixture
def episode(publication: Any) -> Episode:
    publication.work.mkdir()
    episode = archive.make_episode(archive.make_show(), 1)
    press()
    return episode


def run(step: Step, folder: Path) -> None:
    step.state, step.attempt = State.RUNNING, step.attempt + 1
    step.save()
    registry.find(step.name).function(Attempt(step, folder))


def test_networks_and_forms_are_forgotten_though_nobody_writes(episode: Episode, tmp_path: Path) -> None:
    old = write(episode, "Old.", network="192.0.2.7")
    new = write(episode, "New.", address="b@example.org", network="192.0.2.7")
    assert old.network == new.network != ""
    later = timezone.now() + timedelta(days=31)
    Comment.objects.filter(pk=new.pk).update(created=later - timedelta(days=1))
    step = Step.objects.get(name=limits.FORGET)
    with mock.patch("django.utils.timezone.now", return_value=later):
        run(step, tmp_path)
    assert dict(Comment.objects.values_list("text", "network")) == {"Old.": "", "New.": new.network}
    assert not UsedForm.objects.exists()
    step.refresh_from_db()
    assert step.state == State.WAITING and step.not_before == later + timedelta(days=1), "it comes again tomorrow"
    assert limits.hash_of_network("192.0.2.7", later) != new.network, "the key is another by then"


def test_status_counts_what_waits(episode: Episode) -> None:
    assert "wait to be read" not in status.in_words(status.status())
    write(episode, "The same.")
    write(episode, "The same.", address="b@example.org")
    write(episode, "Another.", address="c@example.org")
    current = status.status()
    assert current["discussion"] == {"comments": 2, "disputes": 0}
    assert "2 comments wait to be read; `onrecord discussion list`" in status.in_words(current)


def ask(address: str) -> Any:
    return Client().post("/discuss/yours/", {"address": address}, headers=ORIGIN)


def mailed() -> list[str]:
    bodies = [outgoing.opened(mail).body for mail in Mail.objects.filter(kind="discussion.own").order_by("id")]
    return [word.partition(":8000")[2] for body in bodies for word in body.split() if "/discuss/yours/" in word]


def test_the_answer_is_the_same_whoever_asks(episode: Episode) -> None:
    write(episode)
    known, unknown = ask("ADA@example.org"), ask("nobody@example.org")
    assert known.status_code == unknown.status_code == 200
    assert known.content == unknown.content
    assert len(mailed()) == 1
    for _ in range(5):
        ask("ada@example.org")
    assert len(mailed()) == 3, "nobody is flooded"
    assert ask("no address").status_code == 400
    foreign = Client().post(
        "/discuss/yours/", {"address": "ada@example.org"}, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 404
    assert "What do you keep of me?" in said_by(Client().get("/discuss/yours/"))


def test_a_link_opens_once_and_looking_changes_nothing(episode: Episode) -> None:
    write(episode, "Mine.")
    ask("ada@example.org")
    (link,) = mailed()
    for request in (Client().get, Client().head):
        assert request(link).status_code == 200
    assert OwnLink.objects.get().opened is None
    for deed in ("download", "erase"):
        answer = Client().post(link, {"do": deed, "sure": "yes", "opened": "x"}, headers=ORIGIN)
        assert answer.status_code == 403, "not before it is opened"
    opened = Client().post(link, {"do": "open"}, headers=ORIGIN)
    assert tree_of(opened).xpath("//dl[@class='kept']//dd/text()") == ["1", "0", "0", "0", "2"], "with two mails"
    assert Client().post(link, {"do": "open"}, headers=ORIGIN).status_code == 403
    assert "has been used" in said_by(Client().get(link))
    key = tree_of(opened).xpath("//input[@name='opened']/@value")[0]
    file = Client().post(link, {"do": "download", "opened": key}, headers=ORIGIN)
    with zipfile.ZipFile(io.BytesIO(b"".join(file.streaming_content))) as packed:
        assert json.loads(packed.read("yours.json"))["comments"][0]["text"] == "Mine."
    assert file["Cache-Control"] == "no-store"
    with mock.patch("time.time", return_value=timezone.now().timestamp() + 1900):
        assert Client().post(link, {"do": "download", "opened": key}, headers=ORIGIN).status_code == 403
    later = timezone.now() + timedelta(hours=25)
    with mock.patch("django.utils.timezone.now", return_value=later):
        assert Client().get(link).status_code == 404
    assert Client().get("/discuss/yours/nobodys/").status_code == 404


def test_erasing_by_the_link(episode: Episode) -> None:
    first = published(episode, "The first.")
    reply = published(episode, "A reply.", name="Bo", address="bo@example.org", to="1")
    returned = write(episode, "Returned.")
    moderate.send_back(returned, "Ada, no.", "Max")
    press()
    ask("ada@example.org")
    link = mailed()[0]
    opened = Client().post(link, {"do": "open"}, headers=ORIGIN)
    key = tree_of(opened).xpath("//input[@name='opened']/@value")[0]
    unsure = Client().post(link, {"do": "erase", "opened": key}, headers=ORIGIN)
    assert unsure.status_code == 400 and Writer.objects.count() == 2
    done = Client().post(link, {"do": "erase", "sure": "yes", "opened": key}, headers=ORIGIN)
    assert "is erased" in said_by(done)
    press()
    assert Step.objects.filter(name=scrub.STEP, state=State.WAITING).count() == 1
    assert list(Comment.objects.order_by("id").values_list("key", "number", "text")) == [
        (first.key, 1, ""),
        (reply.key, 2, "A reply."),
    ]
    reply.refresh_from_db()
    assert reply.parent_id == first.pk, "threads stay"
    assert Writer.objects.get().name == "Bo" and not OwnLink.objects.exists()
    assert [mail.to for mail in map(outgoing.opened, Mail.objects.all())] == ["bo@example.org"] * 2
    assert not Event.objects.exclude(note="").exists()
    assert log.verify() == []
    assert Client().get(link).status_code == 404
    assert write(episode, "Somebody new.").writer.name == "Ada"


def test_one_comment_is_taken_back_by_the_link(episode: Episode) -> None:
    first, second = published(episode, "The <first>."), published(episode, "The second.")
    others = published(episode, "A reply.", name="Bo", address="bo@example.org", to="1")
    ask("ada@example.org")
    link = mailed()[0]
    opened = Client().post(link, {"do": "open"}, headers=ORIGIN)
    assert [one.text for one in tree_of(opened).xpath("//section[@class='written']//p[@dir='auto']")] == [
        "The second.",
        "The <first>.",
    ]
    given = {"do": "withdraw", "opened": tree_of(opened).xpath("//input[@name='opened']/@value")[0]}
    for key in (others.key, "nobodys", first.key, first.key):
        done = Client().post(link, {**given, "key": key}, headers=ORIGIN)
    assert "The second." in said_by(done) and "first" not in said_by(done)
    assert Client().post(link, {**given, "opened": "x", "key": second.key}, headers=ORIGIN).status_code == 403
    press()
    page = (settings.ONRECORD.public / "talks/e1/discussion/index.html").read_text()
    assert "first" not in page and "The second." in page and "A reply." in page
    assert list(Comment.objects.order_by("id").values_list("number", "text")) == [
        (1, ""),
        (2, "The second."),
        (3, "A reply."),
    ]
    assert Event.objects.filter(kind="withdrawn").count() == 1 and log.verify() == []


def test_a_guests_reply_goes_with_the_guest(episode: Episode) -> None:
    comment = disputed(episode)
    statements.invite(comment, "Guest", "guest@example.org", "max")
    said = statements.reply(Invitation.objects.get(), "It was I who said so, see https://example.org/mine")
    statements.publish(said, "max")
    rules.add("address", "guest@example.org", "hold", by="max")
    press()
    page = settings.ONRECORD.public / "talks/e1/discussion/index.html"
    assert "It was I who said so" in page.read_text()
    file = personal.packed("guest@example.org")
    with zipfile.ZipFile(file) as packed:
        everything = json.loads(packed.read("yours.json"))
    assert [one["text"] for one in everything["replies"]] == [said.text] and len(everything["invitations"]) == 1
    assert any(said.text in mail.body and mail.to == "ada@example.org" for mail in mails())
    erase.erase("guest@example.org")
    assert not any(said.text in mail.body for mail in mails()), "nor does a mail tell others what it said"
    press()
    assert "It was I who said so" not in page.read_text()
    assert not (Statement.objects.exists() or Invitation.objects.exists() or Rule.objects.exists())
    assert Writer.objects.get().name == comment.name and log.verify() == []


def test_whatever_names_a_person_is_known_to_erasing() -> None:
    """A table that is new here is to be looked at: what in it goes with a person (`erasing.py`), what does the person
    see of it (`personal.py`)? Rows that go with their comment or writer by themselves are seen to."""
    seen_to = {
        "Comment.writer",
        "Comment.parent",
        "Comment.folded_into",
        "EarlierWording.comment",
        "Dispute.comment",
        "Tie.comment",
        "Cited.comment",
        "UsedForm.comment",
        "Answer.comment",
        "Answer.duplicate_of",
        "Statement.comment",
        "Statement.writer",
        "Invitation.comment",
        "Invitation.writer",
        "Correction.comment",
        "Decided.comment",
        "Note.comment",
        "Note.writer",
        "Notice.comment",
        "Notice.writer",
    }
    fields = [field for model in (Writer, Comment) for field in model._meta.get_fields(include_hidden=True)]
    relations = [field for field in fields if field.auto_created and field.is_relation and not field.concrete]
    assert {f"{relation.related_model.__name__}.{relation.field.name}" for relation in relations} == seen_to


def test_owners_erase_in_the_studio(signed_in: Any) -> None:
    episode = archive.make_episode(archive.make_show(), 1)
    press()
    write(episode, "Mine.")
    owner = signed_in("owner")
    assert "What is kept of a reader" in owner.get("/studio/readers/").content.decode()
    given = {"address": "ada@example.org"}
    file = owner.post("/studio/readers/", {**given, "do": "download"})
    assert zipfile.is_zipfile(io.BytesIO(b"".join(file.streaming_content)))
    assert owner.post("/studio/readers/", {**given, "do": "erase"}).status_code == 400
    assert Comment.objects.exists()
    done = owner.post("/studio/readers/", {**given, "do": "erase", "sure": "on"}, follow=True)
    assert "Comments that went: 1" in done.content.decode() and "ada@example" not in done.content.decode()
    assert not Comment.objects.exists() and not Writer.objects.exists()
    assert owner.post("/studio/readers/", {**given, "do": "erase", "sure": "on"}).status_code == 400
