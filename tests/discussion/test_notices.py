"""Legal notices: from the form to the decision, the mails and the page; what happens by itself when time runs out."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import settings as django_settings
from django.test import Client
from lxml import html

from onrecord import erase, status
from onrecord.catalogue.models import Episode
from onrecord.discussion import cutting, log, moderate, notices, personal
from onrecord.discussion.models import Comment, Decision, Event, Notice, Ruling, Stage, State, Writer
from onrecord.discussion.notices import RulingDraft
from onrecord.jobs import registry
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.models import State as StepState
from onrecord.jobs.models import Step
from onrecord.mail.models import Mail
from onrecord.press.check import check
from tests.discussion.making import ORIGIN, fields_of, published, said_by, send, settled, tree_of
from tests.discussion.test_writing import link_in, mails
from tests.press.pressing import press

pytestmark = pytest.mark.django_db

FORM = "/discuss/notice/"
GIVEN = {"explanation": "It is a threat.", "name": "Nora Note", "address": "nora@example.org", "sure": "on"}
SAID = {"statement": "He stole.", "meaning": "That I am a thief.", "wrong": "I never did."}
TUESDAY = datetime.fromisoformat("2026-11-24T10:00:00+00:00")
REMOVED = RulingDraft(Ruling.REMOVED, "It threatens a person.", "Criminal Code, section 241", "It was a threat.")


@pytest.fixture
def comment(episode: Episode) -> Comment:
    made = published(episode, "He stole *boats*.")
    Mail.objects.all().delete()
    press()
    return made


@pytest.fixture
def under_section_5(settings: Any) -> None:
    talk = replace(settings.ONRECORD.discussion, uk_section_5=True)
    settings.ONRECORD = replace(settings.ONRECORD, discussion=talk)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    with mock.patch("django.utils.timezone.now", return_value=moment):
        yield


def give(comment: Comment, **given: str) -> Notice:
    """Through the form to which the comment's own link leads."""
    asked = {"episode": comment.episode.key, "comment": str(comment.number)}
    form = Client().get(FORM, asked | ({"law": "uk"} if "statement" in given else {}))
    answer = send({k: v for k, v in fields_of(form).items() if k != "text"} | GIVEN | given, path=FORM)
    assert answer.status_code == 303, said_by(answer)
    return Notice.objects.get(key=answer["Location"].split("/")[-2])


def confirm(notice: Notice) -> None:
    link = next(link_in(mail, "notice/confirm") for mail in mails() if "notice/confirm" in mail.body)
    assert "is confirmed" in said_by(Client().post(link, {"do": "yes"}, headers=ORIGIN))
    notice.refresh_from_db()


def run_out(notice: Notice, folder: Path) -> None:
    """The step at its time."""
    step = Step.objects.get(name=moderate.LAPSE, subject=notice.pk)
    assert step.not_before
    step.state, step.attempt = StepState.RUNNING, step.attempt + 1
    step.save()
    with at(step.not_before):
        registry.find(step.name).function(Attempt(step, folder))
    notice.refresh_from_db()


def page_at(public: Path, path: str) -> Any:
    return html.document_fromstring((public / path).read_text())


def place(public: Path) -> str:
    """What stands where the comment is, once the press has been there; everything else is in order, too."""
    press()
    assert check() == [] and log.verify() == []
    comment = page_at(public, "talks/e1/discussion/index.html").xpath("//article[@id='c1']")[0]
    return " ".join(comment.text_content().split())


def everything() -> list[Any]:
    rows = [list(model.objects.order_by("id").values()) for model in (Notice, Comment, Writer, Step)]
    return [*rows, Event.objects.count(), Mail.objects.count()]


# ── the Digital Services Act ────────────────────────────────────────────────────────────────────────────────────────


def test_from_the_form_to_the_page(comment: Comment, public: Path, signed_in: Any) -> None:
    page = page_at(public, "talks/e1/index.html")
    (report,) = page.xpath("//article[@id='c1']//a[@class='report']/@href")
    shown = Client().get(report)
    assert "He stole boats." in said_by(shown) and not tree_of(shown).xpath("//*[@name='meaning']")
    fields = fields_of(shown) | GIVEN
    for wrong, sentence in (
        ({"explanation": " "}, "fill in each field"),
        ({"address": "nobody"}, "give a mail address"),
        ({"name": ""}, "give your name"),
        ({"sure": ""}, "confirm the sentence"),
        ({"website": "x"}, "leave the field for programs empty"),
    ):
        sent = {k: v for k, v in (fields | wrong).items() if not (k == "sure" and not v)}
        answer = send(sent, path=FORM)
        assert answer.status_code == 400 and sentence.lower() in said_by(answer).lower(), wrong
        assert (
            tree_of(answer).xpath("//textarea[@name='explanation']")[0].text_content().strip()
            == sent["explanation"].strip()
        )
    assert send(fields, path=FORM, after=-60).status_code == 403, "nobody reads that quickly"
    assert not Notice.objects.exists()
    first, again = send(fields, path=FORM), send(fields, path=FORM)
    assert first.status_code == 303 and first["Location"] == again["Location"], "sent twice is once"
    assert "has arrived" in said_by(Client().get(first["Location"]))
    notice = Notice.objects.get()
    assert (notice.comment, notice.due, notice.stage) == (comment, None, Stage.RECEIVED)
    (receipt,) = mails()
    assert receipt.to == "nora@example.org" and "It is a threat." in receipt.body
    line = Event.objects.get(kind="notice received")
    told = json.loads(receipt.files["receipt.json"])
    assert (told["hash"], told["digest"]) == (line.hash, log.digest_of(told["salt"], told["text"]))
    before = everything()
    link = link_in(receipt, "notice/confirm")
    assert "It is a threat." in said_by(Client().get(link)) and Client().head(link).status_code == 200
    assert Client().post(link, {"do": "yes"}, headers={"Origin": "https://evil.example"}).status_code == 404
    assert everything() == before
    confirm(notice)
    assert not Step.objects.filter(name=moderate.LAPSE).exists(), "nothing happens by itself"

    moderator = signed_in("moderator")
    queue = moderator.get("/studio/comments/").content.decode()
    assert f"/studio/notices/{notice.key}/" in queue
    screen = f"/studio/notices/{notice.key}/"
    assert "It is a threat." in moderator.get(screen).content.decode()
    given = {"ruling": "removed", "reason": REMOVED.reason, "public_reason": REMOVED.public_reason}
    assert moderator.post(screen, given).status_code == 422, "without the law that it rests on"
    assert moderator.post(f"/studio/comments/{comment.key}/", {"deed": "remove"}).status_code == 400
    assert moderator.post(screen, given | {"ground": REMOVED.ground}).status_code == 303
    there = place(public)
    assert "#1 This comment was removed for legal reasons." in there and "It was a threat." in there
    assert "boats" not in "".join(file.read_text() for file in public.rglob("*.xml"))
    statement, decided = mails()[-2:]
    assert statement.to == "ada@example.org" and decided.to == "nora@example.org"
    for mail in (statement, decided):
        for part in ("Removed for legal reasons", REMOVED.reason, "section 241", "A person decided this", "a court"):
            assert part in mail.body, part
    assert "He stole *boats*." in statement.body and "nora" not in statement.body.lower()
    assert {mail.due for mail in Mail.objects.order_by("-id")[:2]} == {Decision.objects.get().until}
    assert Event.objects.get(kind="notice decided").note.splitlines()[0] == "removed"

    moderator.post(f"/studio/comments/decisions/{Decision.objects.get().pk}/undo/")
    notice.refresh_from_db()
    assert (notice.stage, notice.ruling, len(mails())) == (Stage.RECEIVED, "", 1)
    assert "He stole boats." in place(public)
    notices.decide(notice, REMOVED, "max")
    settled()
    comment.refresh_from_db()
    assert (comment.state, comment.text, comment.number) == (State.REMOVED, "", 1)
    assert "It was a threat." in place(public)
    assert moderator.post(screen, given | {"ground": "x"}).status_code == 422, "nothing is left to decide"


def test_hidden_and_shown_again(comment: Comment, public: Path) -> None:
    notice = give(comment)
    notices.decide(notice, RulingDraft(Ruling.RESTRICTED, "A court has to say.", "Civil Code"), "max")
    there = place(public)
    assert "#1 This comment is hidden for legal reasons." in there and "A court" not in there
    settled()
    comment.refresh_from_db()
    assert comment.text, "its words are there for who decides"
    notice.refresh_from_db()
    notices.decide(notice, RulingDraft(Ruling.NONE, "The court says no."), "max")
    assert "He stole boats." in place(public)
    assert "Nothing is taken away" in mails()[-1].body and mails()[-1].to == "nora@example.org"


def test_what_is_said_in_an_episode(episode: Episode, signed_in: Any) -> None:
    """By an address that was copied; the law lets nobody be named where children were abused."""
    asked = fields_of(Client().get(FORM)) | {"where": "http://127.0.0.1:8000/talks/e1/?t=12", "time": "0:12"}
    given = {"explanation": "That moment.", "unnamed": "on", "sure": "on"}
    assert send(asked | given | {"where": "https://elsewhere.example/talks/e1/"}, path=FORM).status_code == 400
    assert send(asked | given | {"time": "noon"}, path=FORM).status_code == 400
    assert send(asked | given, path=FORM).status_code == 303
    notice = Notice.objects.get()
    assert (notice.episode, notice.second, notice.writer, notice.comment) == (episode, 12, None, None)
    assert mails() == []
    screen, ruling = (
        f"/studio/notices/{notice.key}/",
        {"ruling": "changed", "reason": "Cut.", "ground": "Criminal Code"},
    )
    assert signed_in("moderator").post(screen, ruling).status_code == 403
    assert signed_in("editor").post(screen, ruling).status_code == 303
    notice.refresh_from_db()
    assert (notice.ruling, notice.by) == ("changed", "editor")
    assert Client().get(FORM, {"episode": "none"}).status_code == 404


def test_nobody_floods_and_a_stranger_takes_a_notice_back(comment: Comment) -> None:
    notice = give(comment)
    link = link_in(mails()[0], "notice/confirm")
    assert "taken away" in said_by(Client().post(link, {"do": "no"}, headers=ORIGIN))
    assert not Notice.objects.exists() and log.verify() == []
    assert Event.objects.filter(comment=notice.key).count() == 1
    for _ in range(6):
        give(comment)
    form = Client().get(FORM, {"episode": comment.episode.key, "comment": "1"})
    answer = send(fields_of(form) | GIVEN, path=FORM)
    assert answer.status_code == 429 and "It is a threat." in answer.content.decode()


def test_ordinary_decisions_say_why_and_what_can_be_done(comment: Comment, episode: Episode) -> None:
    cutting.cut(comment, "boats", by="max")
    waits = published(episode, "Rubbish!", address="b@example.org")
    Comment.objects.filter(pk=waits.pk).update(state=State.HELD)
    moderate.send_back(waits, "Calm down.", "max", moderate.Returned.TONE)
    cut, returned = mails()[0], mails()[-1]
    assert cut.to == "ada@example.org" and "Personal data stood in it" in cut.body
    assert "Calm down." in returned.body and "insults" in returned.body
    for mail in (cut, returned):
        assert "A person decided this" in mail.body and "a court" in mail.body


# ── section 5 of the Defamation Act ─────────────────────────────────────────────────────────────────────────────────


def test_a_writer_who_does_not_answer(
    comment: Comment, public: Path, under_section_5: None, tmp_path: Path, signed_in: Any
) -> None:
    report = {"episode": comment.episode.key, "comment": "1"}
    (uk,) = tree_of(Client().get(FORM, report)).xpath("//main//a[contains(@href, 'law=uk')]/@href")
    assert send(fields_of(Client().get(uk)) | GIVEN | SAID | {"meaning": ""}, path=FORM).status_code == 400
    with at(TUESDAY):
        notice = give(comment, **SAID, pass_name="on")
        assert notice.due == TUESDAY + timedelta(hours=48) and notice.lapses is None
        confirm(notice)
    until = datetime.fromisoformat("2026-11-30T00:00:00+00:00")
    assert (notice.stage, notice.due, notice.lapses) == (Stage.ASKED, until, until)
    asked, told = mails()[-2:]
    assert asked.to == "ada@example.org" and told.to == "nora@example.org"
    for part in ("He stole *boats*.", "That I am a thief.", "Nora Note", "30 November 2026, 00:00"):
        assert part in asked.body, part
    assert "nora@example.org" not in asked.body, "that was not to be passed on"
    other = give(comment)
    queue = signed_in("moderator").get("/studio/comments/").content.decode()
    assert queue.index(notice.key) < queue.index(other.key) and "Monday 30 November 2026" in queue
    assert "2 legal notices wait for a decision, the first until 2026-11-30T00:00:00Z" in status.in_words(
        status.status()
    )
    step = Step.objects.get(name=moderate.LAPSE)
    with at(until - timedelta(seconds=1)):
        notices.lapse(notice.pk)
    assert Comment.objects.get().state == State.PUBLISHED, "not before its time"
    assert step.not_before == until
    run_out(notice, tmp_path)
    assert (notice.stage, notice.lapsed) == (Stage.HIDDEN, until)
    assert "#1 This comment is hidden for legal reasons. · 30 November 2026" in place(public)
    writer, complainant = mails()[-1], mails()[-2]
    assert complainant.to == "nora@example.org" and "has been hidden" in complainant.body
    assert writer.to == "ada@example.org" and "done by itself" in writer.body and "section 5" in writer.body
    before = everything()
    with at(until + timedelta(days=1)):
        notices.lapse(notice.pk)
    assert everything() == before, "a step that runs twice does it once"
    late = Client().get(link_in(asked, "notice/respond"))
    assert "the time to answer is over" in said_by(late)
    notices.decide(notice, REMOVED, "max")
    settled()
    assert "removed for legal reasons" in place(public)


@pytest.mark.parametrize("deed", ["keep", "agree", "remove"])
def test_a_writer_who_answers(comment: Comment, public: Path, under_section_5: None, deed: str, tmp_path: Path) -> None:
    notice = give(comment, **SAID)
    confirm(notice)
    link = link_in(mails()[-2], "notice/respond")
    before = everything()
    assert "That I am a thief." in said_by(Client().get(link)) and Client().head(link).status_code == 200
    assert Client().post(link, {"do": "remove"}, headers={"Origin": "https://evil.example"}).status_code == 404
    named = {"do": "keep", "name": "Ada Hill", "postal": "1 Quay\nPort"}
    without = Client().post(link, named | {"postal": ""}, headers=ORIGIN)
    assert without.status_code == 400 and "Ada Hill" in without.content.decode()
    assert everything() == before
    given = {"do": "remove"} if deed == "remove" else named | ({"may_pass": "on"} if deed == "agree" else {})
    assert Client().post(link, given, headers=ORIGIN).status_code == 200
    assert "has been answered" in said_by(Client().post(link, {"do": "remove"}, headers=ORIGIN))
    notice.refresh_from_db()
    told = mails()[-1]
    assert told.to == "nora@example.org"
    if deed == "remove":
        assert "is not there any more" in told.body and (notice.stage, notice.ruling) == ("decided", "withdrawn")
        assert "withdrawn by its writer" in place(public)
        return
    assert ("1 Quay" in told.body) == (deed == "agree") and "has not been removed" in told.body
    assert b"Quay" not in bytes(notice.response) and notices.response(notice)["address"] == "1 Quay\nPort"
    assert (notice.stage, notice.due) == (Stage.KEPT, None)
    run_out(notice, tmp_path)
    assert "He stole boats." in place(public)


def test_a_writer_who_cannot_be_reached(comment: Comment, under_section_5: None, tmp_path: Path, public: Path) -> None:
    Writer.objects.update(address=b"")
    with at(TUESDAY):
        notice = give(comment, **SAID)
        assert notices.may_ask(notice), "an address that nobody confirmed starts nothing"
        notices.ask(notice, "max")
        assert notice.lapses == TUESDAY + timedelta(hours=46), "before the 48 hours are over"
        notices.decide(notice, REMOVED, "max")
    run_out(notice, tmp_path)
    assert notice.stage == Stage.DECIDED, "who decided was faster"
    with at(TUESDAY):
        moderate.undo(Decision.objects.get().pk, "max")
    run_out(notice, tmp_path)
    assert notice.stage == Stage.HIDDEN and "hidden for legal reasons" in place(public)


# ── erasing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_erasing_either_side(comment: Comment, under_section_5: None) -> None:
    django_settings.ONRECORD.work.mkdir(exist_ok=True)
    notice, open_one = give(comment, **SAID), give(comment, explanation="Another.")
    notices.ask(notice)
    notices.respond_keep(notice, "Ada Hill", "1 Quay", may_pass=False)
    packed = {}
    for address in ("nora@example.org", "ada@example.org"):
        with zipfile.ZipFile(io.BytesIO(personal.packed(address).read())) as archive:
            packed[address] = archive.read("yours.json").decode()
    assert "That I am a thief." in packed["nora@example.org"] and "1 Quay" in packed["ada@example.org"]
    assert "1 Quay" not in packed["nora@example.org"]
    notices.decide(notice, REMOVED, "max")
    erase.erase("nora@example.org")
    assert not any("a thief" in mail.body for mail in mails()), "nor does a mail that waits carry it to the other side"
    assert not Notice.objects.filter(pk=open_one.pk).exists(), "nobody need decide on it any more"
    row = json.dumps(list(Notice.objects.values()), default=str)
    for gone in ("Nora", "thief", "stole", "It is a threat", "It threatens", "I never did"):
        assert gone not in row, gone
    assert Notice.objects.get().public_reason == "It was a threat.", "readers still see why"
    erase.erase("ada@example.org")
    left = Notice.objects.get()
    assert bytes(left.response) == b"" and left.reason == "" and left.ruling == "removed"
    assert not Event.objects.exclude(note="").exists() and not Writer.objects.exists() and log.verify() == []
    assert {mail.to for mail in mails()} == set()
