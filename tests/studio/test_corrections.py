"""Corrections in the studio: words chosen by time, drafts that answer a comment, nothing changed without a trace."""

import html

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from onrecord.discussion import corrections, moderate, post
from onrecord.discussion.corrections import CorrectionDraft
from onrecord.discussion.models import Correction, CorrectionKind, Event
from tests.site import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def episode():
    return making.make_full_episode()


def text_of(answer) -> str:
    return html.unescape(answer.content.decode())


def test_from_the_turn_to_the_published_correction(signed_in, episode):
    browser, address = signed_in("editor"), f"/studio/episodes/{episode.key}/corrections/"
    words = text_of(browser.get(f"/studio/episodes/{episode.key}/words/"))
    assert f'href="{address}?at=0:05&to=0:10"' in words, "each turn leads to the form"
    form = text_of(browser.get(address, {"at": "0:05", "to": "0:10"}))
    assert 'value="0:05"' in form and 'value="0:10"' in form
    typed = {"kind": "correction", "at": "0:05", "to": "0:10", "text": "It began with a raft.", "credit": "Bo"}
    looked = text_of(browser.post(address, typed | {"do": "look"}))
    assert "It began with a boat. We mended it all winter & sang <loudly>." in looked
    assert "It began with a raft." in looked and not Correction.objects.exists()
    answer = browser.post(address, typed | {"do": "publish"})
    assert (answer.status_code, answer["Location"]) == (303, address)
    one = Correction.objects.get()
    assert (one.number, one.text, one.credit) == (1, "It began with a raft.", "Bo")
    assert "sang <loudly>." in one.passages.get().words
    assert Event.objects.get(kind="corrected").by == "editor"
    assert "#1 correction" in text_of(browser.get(address))


def test_what_cannot_be_taken_keeps_every_word(signed_in, episode):
    address = f"/studio/episodes/{episode.key}/corrections/"
    for typed, problem in (
        ({"text": "In fact ____.", "kind": "update"}, "still has the gap"),
        ({"text": "Kept words.", "kind": "update", "at": "soon"}, "is no time"),
        ({"text": "Kept words.", "kind": "lie"}, "Select a valid choice"),
        ({"text": "", "kind": "update"}, "required"),
    ):
        answer = signed_in("editor").post(address, typed | {"do": "publish"})
        assert answer.status_code == 422 and problem in text_of(answer), problem
        assert typed["text"] in text_of(answer)
    assert not Correction.objects.exists()


def test_a_comment_is_answered_with_a_draft(signed_in, episode):
    comment = post.post(episode, post.Draft("Ada", "a@example.org", "It was a raft."), post.Sender("n"))
    moderate.publish(comment)
    address = f"/studio/episodes/{episode.key}/corrections/"
    assert "In fact ____. Thanks to comment #1." in text_of(signed_in("owner").get(address, {"comment": "1"}))
    assert signed_in("owner").get(address, {"comment": "9"}).status_code == 404
    typed = {"kind": "clarification", "text": "A raft. Thanks to comment #1.", "comment": "1"}
    assert signed_in("owner").post(address, typed).status_code == 303
    assert Correction.objects.get().comment == comment


def test_changing_withdrawing_and_thanking_nobody(signed_in, episode):
    draft = CorrectionDraft(episode, CorrectionKind.CORRECTION, "A raft.", credit="Grace <b>")
    made = corrections.publish(draft, "editor")
    browser, address = signed_in("editor"), f"/studio/corrections/{made.number}/"
    assert "Grace <b>" in text_of(browser.get(address))
    browser.post(address, {"do": "thank nobody"})
    browser.post(address, {"do": "reword", "text": "A raft of four trunks."})
    page = text_of(browser.get(address))
    assert "Grace" not in page and "A raft of four trunks." in page and "<p>A raft.</p>" in page
    assert browser.post(address, {"do": "withdraw", "reason": " "}).status_code == 200
    assert browser.post(address, {"do": "burn"}).status_code == 400
    browser.post(address, {"do": "withdraw", "reason": "It was a boat."})
    made.refresh_from_db()
    assert made.withdrawn and made.withdrawn_because == "It was a boat."
    assert "Change the text" not in text_of(browser.get(address))
    assert browser.get("/studio/corrections/9/").status_code == 404


def test_a_long_list_costs_as_many_queries_as_a_short_one(signed_in, episode):
    browser, counts = signed_in("editor"), []
    for numbers in (range(2), range(2, 60)):
        for number in numbers:
            corrections.publish(CorrectionDraft(episode, CorrectionKind.UPDATE, f"Number {number}."), "editor")
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/studio/corrections/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert 'rel="next"' in text_of(browser.get("/studio/corrections/"))
