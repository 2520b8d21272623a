"""Answers with an outcome, the guest's reply, the rejoinder: the card, the mails, the log, and who may write when."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from django.utils import timezone

from onrecord import moderating
from onrecord.catalogue.models import Episode
from onrecord.cli import OUTCOMES, RETURNED
from onrecord.discussion import answers, log, moderate, statements
from onrecord.discussion.answers import AnswerDraft
from onrecord.discussion.models import (
    Answer,
    Comment,
    Correction,
    Event,
    Invitation,
    Outcome,
    Returned,
    Statement,
    Writer,
)
from onrecord.lib.errors import BadInput
from onrecord.mail.models import Mail
from onrecord.press.check import check
from onrecord.references.models import Reference
from onrecord.transcripts import revisions
from tests.discussion.making import ORIGIN, TEXT, published, said_by, settled, tree_of, write
from tests.discussion.test_disputes import card, correct, disputed, page_at
from tests.discussion.test_writing import link_in, mails
from tests.press.pressing import press

pytestmark = pytest.mark.django_db

STANDS = AnswerDraft("We *asked* twice.", Outcome.STANDS, "Two people saw it <b>signed</b>.")


def rejoin(link: str, words: str, client: Client | None = None, **more: str) -> Any:
    return (client or Client()).post(link, {"text": words, "do": "post"} | more, headers=ORIGIN)


def as_it_was() -> list[Any]:
    models = (Comment, Answer, Statement, Invitation, Writer)
    return [list(model.objects.order_by("id").values()) for model in models] + [
        Event.objects.count(),
        Mail.objects.count(),
    ]


def test_everything_that_is_said_stands_on_the_card_in_its_order(episode: Episode, public: Path) -> None:
    comment = disputed(episode, reference=["https://example.org/minutes"], sentence=[""])
    assert "waiting for an answer since" in card(public)
    answers.answer(comment, STANDS, "max")
    mail = mails()[-1]
    assert mail.to == "ada@example.org" and "has been answered" in mail.subject
    assert "We *asked* twice." in mail.body and "What was said stands" in mail.body and "<b>signed</b>" in mail.body
    link = link_in(mail, "rejoin")
    statements.invite(comment, "Guest 1", "guest@example.org", "max")
    asked = mails()[-1]
    assert asked.to == "guest@example.org" and "They did not." in asked.body
    guests = link_in(asked, "reply")

    before = as_it_was()
    for path in (link, guests, link_in(asked, "stop")):
        assert Client().get(path).status_code == Client().head(path).status_code == 200
    form = Client().get(guests)
    assert "They did sign the paper" in said_by(form) and "We asked twice." in said_by(form), "as on the page"
    assert "We asked twice." in said_by(Client().get(link))
    shown = rejoin(link, "It was **not**.", do="preview")
    assert tree_of(shown).xpath("//section[@class='preview']//strong")[0].text == "not"
    assert Client().post(link, {"text": "x"}, headers={"Origin": "https://evil.example"}).status_code == 404
    assert as_it_was() == before

    assert rejoin(guests, "I *saw* it.").status_code == 303
    assert rejoin(guests, "I *saw* it.").status_code == 303, "sent twice is once"
    assert rejoin(guests, "Another.").status_code == 400 and "Another." in said_by(rejoin(guests, "Another."))
    assert rejoin(link, "Who saw it? At 0:12? See https://example.org/rejoined").status_code == 303
    reply, rejoinder = Statement.objects.order_by("id")
    assert json.loads(mails()[-1].files["receipt.json"])["text"].startswith("Who saw it? At 0:12?")
    comment.refresh_from_db()
    assert comment.confirmed is None, "that they wrote the dispute, too, they have not said"
    press()
    assert "I saw it" not in card(public), "a person reads it first"
    for one in (reply, rejoinder):
        statements.publish(one, "max")
    told = [(mail.to, mail.subject) for mail in mails()[-3:]]
    assert told[0][0] == "guest@example.org" and told[1][0] == told[2][0] == "ada@example.org"
    assert "Guest 1 replies" in told[1][1]
    press()
    text = card(public)
    order = [
        "They did sign the paper",
        "They did not.",
        "https://example.org/minutes",
        "Answer Interviews",
        "We asked twice.",
        "The guest's reply Guest 1",
        "I saw it.",
        "Rejoinder Ada",
        "Who saw it? At 0:12?",
        "Outcome What was said stands",
        "Two people saw it <b>signed</b>.",
    ]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    assert "closed on" in text and "waiting" not in text
    page = page_at(public, "talks/e1/discussion/index.html")
    block = json.loads(page.xpath("//script[@type='application/ld+json']/text()")[0])
    said_to = block["@graph"][0]["comment"][0]["comment"]
    assert [one["url"].partition("#")[2] for one in said_to] == ["c1-answer", "c1-reply", "c1-rejoinder"]
    assert said_to[0]["text"].startswith("We *asked* twice.") and "What was said stands" in said_to[0]["text"]
    assert said_to[0]["author"] == {"@type": "Organization", "name": "Interviews"}
    assert said_to[1]["parentItem"]["@id"].endswith("#c1") and said_to[1]["author"]["name"] == "Guest 1"
    links = page.xpath("//div[@id='c1-rejoinder']//div[@class='said']//a/@href")
    assert links == ["/talks/e1/?t=12", "https://example.org/rejoined"]
    cited = page.xpath("//div[@id='c1-rejoinder']//ul[@class='references']")[0]
    assert "example.org/rejoined" in cited.text_content() and Reference.objects.exclude(published=None).count() == 2
    episodes_page = page_at(public, "talks/e1/index.html")
    mark = episodes_page.xpath("//a[contains(@class, 'disputed')]")[0]
    assert mark.get("class") == "disputed answered" and mark.get("aria-label") == "Disputed and answered: #1"
    short = episodes_page.xpath("//article[@id='c1']")[0].text_content()
    assert "closed on" in short and "Read the answer" in short and "asked" not in short
    assert "1 answered" in page.text_content()
    record = json.loads((public / "talks/e1/episode.json").read_text())["discussion"]
    assert record["answered"] == 1 and [one["outcome"] for one in record["disputes"]] == ["stands"]
    feed = (public / "talks/e1/discussion/atom.xml").read_text()
    for part in ("#c1-answer", "#c1-reply", "#c1-rejoinder", "What was said stands", "I &lt;em&gt;saw"):
        assert part in feed, part
    everything = "".join(file.read_text() for file in public.rglob("*") if file.suffix in (".html", ".json", ".xml"))
    assert "guest@example.org" not in everything and ">max<" not in everything
    kinds = [event.kind for event in Event.objects.order_by("number")]
    assert kinds == [
        "received",
        "published",
        "answered",
        "closed",
        "replied",
        "rejoined",
        *["published"] * 2,
    ]
    assert log.verify() == [] and check() == []
    Answer.objects.update(reason="Nobody saw it.")
    Statement.objects.filter(part="reply").update(text="I did not.")
    assert len(log.verify()) == 2


def test_one_rejoinder_in_its_time_by_the_one_who_disputed(episode: Episode) -> None:
    browser = Client()
    comment = disputed_by(browser, episode)
    mine = f"/discuss/rejoin/{comment.key}/"
    assert "once, for 90 days" in said_by(browser.get(mine)), "there is no answer yet"
    answers.answer(comment, STANDS, "max")
    assert mine in browser.get(f"/discuss/sent/{comment.key}/").content.decode()
    assert Client().get(mine).status_code == 404 and rejoin(mine, "Mine!").status_code == 404, "another browser"
    assert "no text" in said_by(rejoin(mine, " ", browser))
    assert "20,001" in said_by(rejoin(mine, "x" * 20_001, browser))
    with mock.patch("django.utils.timezone.now", return_value=timezone.now() + timedelta(days=91)):
        late = rejoin(mine, "Too late.", browser)
    assert late.status_code == 400 and "Too late." in said_by(late) and not Statement.objects.exists()
    assert rejoin(mine, "First.", browser).status_code == 303
    statements.send_back(Statement.objects.get(), "Say who.", "max")
    mail = mails()[-1]
    assert "Say who." in mail.body and "First." in mail.body
    assert rejoin(link_in(mail, "rejoin"), "Second.").status_code == 303, "one that was returned may be written anew"
    statements.publish(Statement.objects.get(text="Second."), "max")
    assert rejoin(mine, "Third.", browser).status_code == 400
    with pytest.raises(BadInput, match="does not wait"):
        statements.publish(Statement.objects.get(text="Second."), "max")
    with pytest.raises(BadInput, match="reason"):
        statements.send_back(Statement.objects.get(text="Second."), " ", "max")
    assert log.verify() == []


def disputed_by(browser: Client, episode: Episode) -> Comment:
    from tests.discussion.making import opened, send
    from tests.discussion.test_disputes import taken, typed

    comment = taken(send(opened(episode, browser, dispute="1") | typed(), browser))
    moderate.publish(comment)
    comment.refresh_from_db()
    return comment


def test_a_guests_link_is_for_one_reply_and_one_dispute(episode: Episode) -> None:
    comment = disputed(episode)
    statements.invite(comment, "Guest", "guest@example.org", "max")
    first = link_in(mails()[-1], "reply")
    assert "guest" not in "".join(map(str, Invitation.objects.values_list("digest")))
    statements.invite(comment, "Guest", "guest@example.org", "max")
    second = link_in(mails()[-1], "reply")
    assert rejoin(first, "Old link.").status_code == 400, "another invitation ends the one before"
    with mock.patch("django.utils.timezone.now", return_value=timezone.now() + timedelta(days=31)):
        assert "expired" in said_by(Client().get(second)) and rejoin(second, "Late.").status_code == 400
    assert rejoin(second, "In time.").status_code == 303
    statements.send_back(Statement.objects.get(), "Shorter, please.", "max")
    third = link_in(mails()[-1], "reply")
    assert third != second and rejoin(second, "Again.").status_code == 400
    assert rejoin(third, "In short.").status_code == 303
    Client().post(link_in(mails()[-1], "stop"))
    for name, address, problem in (
        ("Guest", "guest@example.org", "already"),
        ("", "g@example.org", "name"),
        ("G", "nobody", "mail"),
    ):
        with pytest.raises(BadInput, match=problem):
            statements.invite(comment, name, address, "max")
    moderate.spam(comment)
    settled()
    assert not Statement.objects.exists() and not Invitation.objects.exists()
    assert Client().get(third).status_code == 404
    assert log.verify() == []


def test_a_changed_answer_keeps_its_earlier_wordings(episode: Episode, public: Path) -> None:
    comment = disputed(episode)
    answers.answer(comment, AnswerDraft("We look into it."), "max")
    press()
    assert "answered on" in card(public) and "Outcome" not in card(public)
    sent = Mail.objects.count()
    answers.answer(comment, AnswerDraft("We *looked* into it."), "max")
    assert Mail.objects.count() == sent, "a wording is no news"
    answers.answer(comment, replace(STANDS, text="We *looked* into it."), "max")
    assert Mail.objects.count() == sent + 1, "an outcome is"
    answers.answer(comment, AnswerDraft("We *looked* into it.", Outcome.OPINION, "One may see it so."), "max")
    press()
    text = card(public)
    assert "changed on" in text and "Earlier wording, until" in text and "We look into it." in text
    assert text.count("We looked into it.") == 1
    assert "Outcome A matter of opinion" in text and "What was said stands. Two people saw it <b>signed</b>." in text
    with pytest.raises(BadInput, match="Nothing was changed"):
        answers.answer(comment, AnswerDraft("We *looked* into it.", Outcome.OPINION, "One may see it so."), "max")
    assert log.verify() == [] and check() == []


def test_corrected_publishes_a_correction_and_leaves_what_was_said(episode: Episode, public: Path) -> None:
    comment = disputed(episode)
    tokens = bytes(revisions.newest_of(episode).tokens)
    draft = AnswerDraft("You are right.", Outcome.CORRECTED, "The minutes say so.", correction="In fact ____.")
    with pytest.raises(BadInput, match="gap"):
        answers.answer(comment, draft, "max")
    assert not Answer.objects.exists() and not Correction.objects.exists()
    made = answers.answer(comment, replace(draft, correction="In fact nobody signed it."), "max")
    correction = Correction.objects.get()
    assert (correction.comment, correction.kind, made.correction) == (comment, "correction", correction)
    assert correction.passages.get() == comment.ties.get().passage
    answers.answer(comment, replace(draft, text="You are quite right."), "max")
    assert Correction.objects.count() == 1, "another wording is no other correction"
    press()
    assert "Outcome Corrected (Correction #1)" in card(public)
    assert bytes(revisions.newest_of(episode).tokens) == tokens
    assert check() == [] and log.verify() == []


def test_transcript_fixed_names_the_revisions_and_stands_at_the_right_words(episode: Episode, public: Path) -> None:
    comment = disputed(episode)
    fixed = AnswerDraft("", Outcome.TRANSCRIPT, "We misheard.")
    with pytest.raises(BadInput, match="correct the words first"):
        answers.answer(comment, fixed, "max")
    correct(episode, f"Well. {TEXT}".replace("did sign", "did not sign"))
    answers.answer(comment, fixed, "max")
    press()
    text = card(public)
    assert "Outcome Transcript fixed (revision 1 became 2)" in text and "They did not sign the paper" in text
    mark = page_at(public, "talks/e1/index.html").xpath("//a[@class='disputed answered']")[0]
    assert mark.getprevious().text == "They did not sign the paper that night."
    assert check() == []


def test_a_second_pair_of_eyes(episode: Episode, public: Path, settings: Any) -> None:
    settings.ONRECORD = replace(settings.ONRECORD, discussion=replace(settings.ONRECORD.discussion, second_eyes=True))
    comment = disputed(episode)
    draft = AnswerDraft("", Outcome.CORRECTED, "Yes.", correction="In fact nobody did.")
    answers.answer(comment, draft, "max")
    waits = answers.answer(comment, replace(draft, reason="Indeed."), "max")
    assert list(answers.to_confirm()) == [waits] and list(answers.open_disputes()) == [comment]
    assert not Correction.objects.exists() and Mail.objects.filter(kind="discussion.answered").count() == 0
    with pytest.raises(BadInput, match="somebody else"):
        answers.confirm(waits, "max")
    answers.confirm(waits, "mia")
    answers.confirm(waits, "mia")
    assert Correction.objects.get().text == "In fact nobody did." and not answers.open_disputes()
    assert Mail.objects.filter(kind="discussion.answered").count() == 1
    answers.answer(comment, AnswerDraft("A word, no outcome."), "max")
    assert not answers.to_confirm().exists(), "only an outcome is confirmed"
    press()
    assert check() == [] and log.verify() == []


def test_an_answer_to_a_comment_that_waits_publishes_it(episode: Episode, public: Path) -> None:
    comment = published(episode, "Who are you?")
    answers.answer(comment, AnswerDraft("The publisher.", name="Mia of Talks"), "mia")
    press()
    assert "Answer Mia of Talks" in card(public) and "Outcome" not in card(public)
    assert "/rejoin/" not in mails()[-1].body
    with pytest.raises(BadInput, match="Only a dispute"):
        answers.answer(comment, STANDS, "max")
    moderate.take_away(comment, Comment(state="withdrawn").state, log.Kind.WITHDRAWN)  # type: ignore[arg-type]
    press()
    assert "Mia of Talks" not in card(public)
    assert check() == [] and log.verify() == []


def test_removed_for_legal_reasons_says_so_and_why(episode: Episode, public: Path) -> None:
    comment = disputed(episode)
    answers.answer(comment, AnswerDraft("", Outcome.REMOVED, "A court ordered it."), "max")
    assert "A court ordered it." in mails()[-1].body and "/rejoin/" not in mails()[-1].body
    press()
    text = card(public)
    assert "removed for legal reasons" in text and "A court ordered it." in text
    assert "They did not." not in text and "Ada" not in text and "sign" not in text
    assert check() == [] and log.verify() == []


def test_what_is_no_answer(episode: Episode) -> None:
    comment = disputed(episode)
    other = published(episode, "Another.", address="b@example.org")
    for draft, problem in (
        (AnswerDraft(), "no answer yet"),
        (AnswerDraft("x", Outcome.STANDS), "has a reason"),
        (AnswerDraft("x" * 20_001), "20,001"),
        (AnswerDraft("x", Outcome.DUPLICATE, "Same.", duplicate_of=7), "same"),
        (AnswerDraft("x", Outcome.DUPLICATE, "Same.", duplicate_of=1), "same"),
    ):
        with pytest.raises(BadInput, match=problem):
            answers.answer(comment, draft, "max")
    assert not Answer.objects.exists()
    answers.answer(comment, AnswerDraft("", Outcome.DUPLICATE, "Same.", duplicate_of=other.number), "max")
    assert Answer.objects.get().duplicate_of == other


def test_from_the_command_line(episode: Episode) -> None:
    comment = disputed(episode)
    said = moderating.answer(comment.key, moderating.draft_of("No.", "stands", "It holds.", None, ""))
    assert said == "#1 is answered." and "(command line)" in Answer.objects.get().by
    waits = statements.rejoin(comment, "And yet.\x1b[31m")
    listed = list(moderating.waiting(50))
    assert waits.key in listed[0] and "rejoinder to #1" in listed[0] and "\x1b" not in listed[1]
    with pytest.raises(BadInput, match="published or returned"):
        moderating.decide("spam", waits.key)
    assert moderating.decide("publish", waits.key) == "It stands beside #1."


def test_the_command_line_knows_every_outcome() -> None:
    assert list(OUTCOMES) == Outcome.values and list(RETURNED) == Returned.values


def test_everybody_can_see_why_comments_were_returned(episode: Episode, public: Path) -> None:
    published(episode)
    for number, why in enumerate((Returned.TOPIC, Returned.TOPIC, Returned.OTHER)):
        comment = write(episode, f"Number {number}", address=f"n{number}@example.org")
        moderate.send_back(comment, "Your words about Bo.", "max", why)
    press()
    shown = page_at(public, "talks/e1/discussion/index.html").text_content()
    assert "3 returned (not about this episode: 2, another reason: 1)" in shown and "words about Bo" not in shown
    record = json.loads((public / "talks/e1/episode.json").read_text())["discussion"]
    assert record["returned_for"] == [{"reason": "topic", "count": 2}, {"reason": "other", "count": 1}]
    assert check() == []
