"""The studio's screens of answers: the open disputes, the form, correcting the words on the way, the second eyes."""

import html
import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from onrecord.discussion import answers, moderate, statements
from onrecord.discussion.answers import AnswerDraft
from onrecord.discussion.disputes import DisputeDraft
from onrecord.discussion.models import Answer, Comment, Correction, Event, Outcome, Reason, State, Statement
from onrecord.passages import quote
from onrecord.transcripts import revisions
from tests.site import making
from tests.studio.test_queue import write

pytestmark = pytest.mark.django_db


@pytest.fixture
def disputed(accounts):
    """A dispute of the first words of an interview, published."""
    return dispute(making.make_full_episode(), 1)


def dispute(episode, number):
    words = quote.quotation(episode, 1, range(0, 5))
    comment = write(episode, f"Elsewhere, {number}. <b>x</b>", number, dispute=DisputeDraft(Reason.HEARD, words))
    moderate.publish(comment)
    comment.refresh_from_db()
    return comment


def shown(answer):
    return html.unescape(answer.content.decode())


def test_the_longest_wait_stands_first_and_many_cost_as_much_as_few(signed_in, disputed):
    editor, counts = signed_in("editor"), []
    for batch in (range(2, 4), range(4, 8)):
        for number in batch:
            dispute(disputed.episode, number)
        with CaptureQueriesContext(connection) as queries:
            page = shown(editor.get("/studio/disputes/"))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert "7 disputes wait for an answer" in page and "I hear something else" in page
    assert page.index("Elsewhere, 1.") < page.index("Elsewhere, 7.")
    assert b"<b>x" not in editor.get("/studio/disputes/").content
    answers.answer(disputed, AnswerDraft("No."), "editor")
    assert "Elsewhere, 1." not in shown(editor.get("/studio/disputes/"))
    assert moderate.find(disputed.key).state == State.PUBLISHED


def test_answering_with_an_outcome_and_a_correction(signed_in, disputed):
    editor, address = signed_in("editor"), f"/studio/comments/{disputed.key}/answer/"
    form = shown(editor.get(address))
    assert "Where did it begin?" in form and "In fact ____." in form, "the draft of the correction"
    sent = {"text": "", "outcome": "corrected", "reason": "It was so.", "correction": "In fact ____."}
    refused = editor.post(address, sent)
    assert refused.status_code == 422 and "gap" in shown(refused) and "It was so." in shown(refused)
    answer = editor.post(address, sent | {"correction": "In fact it began at sea.", "name": "Mia"})
    assert answer["Location"] == "/studio/disputes/"
    made = Answer.objects.get()
    assert (made.outcome, made.by, made.name) == ("corrected", "editor", "Mia")
    assert Correction.objects.get().text == "In fact it began at sea."
    assert {event.by for event in Event.objects.filter(kind__in=("closed", "corrected"))} == {"editor"}
    again = shown(editor.get(address))
    assert "Change the answer" in again and "Correction 1 answers this dispute." in again
    assert signed_in("moderator").post(address, sent | {"reason": "Mine."}).status_code == 403
    assert Answer.objects.count() == 1


def test_correcting_the_words_on_the_way(signed_in, disputed):
    editor, address = signed_in("editor"), f"/studio/comments/{disputed.key}/answer/"
    turn = re.search(r'href="([^"]+for=[^"]+)"', editor.get(address).content.decode())[1]
    form = editor.get(turn).content.decode()
    assert f'action="{turn}"' in form
    sent = {"text": "Where did it all begin? In a small harbour, I think.", "speaker": "0", "revision": "1"}
    back = editor.post(turn, sent)
    assert back["Location"] == f"{address}?outcome=transcript"
    form = editor.get(back["Location"]).content.decode()
    assert "Revision 1 has become 2." in form and re.search(r'value="transcript"[^>]*checked', form)
    editor.post(address, {"outcome": "transcript", "reason": "We misheard."})
    made = Answer.objects.get()
    assert (made.old_revision, made.new_revision) == (1, 2)
    assert revisions.newest_of(disputed.episode).number == 2


def test_second_eyes_in_the_studio(signed_in, disputed, settings):
    settings.ONRECORD = replace(settings.ONRECORD, discussion=replace(settings.ONRECORD.discussion, second_eyes=True))
    answers.answer(disputed, AnswerDraft("No.", Outcome.STANDS, "It <i>holds</i>."), "editor")
    address = f"/studio/comments/{disputed.key}/answer/confirm/"
    mine, theirs = (shown(signed_in(role).get("/studio/disputes/")) for role in ("editor", "owner"))
    assert "Confirm and publish" in theirs and "Confirm and publish" not in mine
    signed_in("editor").post(address, {"deed": "confirm"})
    assert Answer.objects.get().published is None
    signed_in("owner").post(address, {"deed": "confirm"})
    made = Answer.objects.get()
    assert made.published and made.confirmed_by == "owner"


def test_replies_and_rejoinders_wait_in_the_queue(signed_in, disputed):
    answers.answer(disputed, AnswerDraft("No."), "editor")
    signed_in("editor").post(
        f"/studio/comments/{disputed.key}/invite/", {"name": "Bo O'Guest", "address": "bo@example.org"}
    )
    invitation = disputed.invitations.get()
    assert invitation.by == "editor"
    statements.reply(invitation, "I said *that*.")
    statements.rejoin(disputed, "Did you?")
    moderator = signed_in("moderator")
    page = shown(moderator.get("/studio/comments/"))
    assert "Reply of the guest" in page and "Rejoinder" in page and "I said <em>that</em>." in page
    assert "Publish and answer" not in page, "moderators do not answer"
    reply, rejoinder = Statement.objects.order_by("id")
    assert moderator.get(f"/studio/statements/{reply.key}/").status_code == 405
    assert moderator.post(f"/studio/statements/{reply.key}/", {"deed": "spam"}).status_code == 400
    moderator.post(f"/studio/statements/{reply.key}/", {"deed": "publish"})
    moderator.post(f"/studio/statements/{rejoinder.key}/", {"deed": "return", "reason": "Ask kindly."})
    assert list(Statement.objects.order_by("id").values_list("state", "reason")) == [
        ("published", ""),
        ("returned", "Ask kindly."),
    ]
    assert "The guest's reply" in shown(signed_in("editor").get(f"/studio/comments/{disputed.key}/answer/"))


def test_a_comment_that_waits_is_published_with_its_answer(signed_in):
    comment = write(making.make_full_episode(), "Who are you?", 1)
    editor, address = signed_in("editor"), f"/studio/comments/{comment.key}/answer/"
    assert address in editor.get("/studio/comments/").content.decode()
    form = shown(editor.get(address))
    assert "Publish it, and the answer" in form and "Outcome" not in form
    editor.post(address, {"text": "The publisher."})
    assert Comment.objects.get().number == 1 and Answer.objects.get().text == "The publisher."
