"""The queue of comments: what it says of each, and that decisions bear the name of who made them."""

import html

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from onrecord.discussion import moderate, post
from onrecord.discussion.citing import Given
from onrecord.discussion.disputes import DisputeDraft
from onrecord.discussion.models import Comment, Event, Reason, State
from onrecord.passages import quote
from tests.site import making

pytestmark = pytest.mark.django_db


def write(episode, words, number, name="Ada", dispute=None):
    draft = post.Draft(name, f"reader{number}@example.org", words, None, dispute)
    return post.post(episode, draft, post.Sender(f"nonce {words} {number}", f"net{number}"))


def test_what_is_said_of_each(signed_in):
    episode = making.make_full_episode()
    moderate.publish(write(episode, "The first.", 1))
    moderate.send_back(write(episode, "The second.", 1), "Not here.")
    write(episode, "The third.", 1)
    for number in range(2, 5):
        write(episode, "Buy ropes!", number, "<i>Bo</i>")
    page = signed_in("moderator").get("/studio/comments/").content.decode()
    assert "2 comments wait" in page
    assert "Before: 1 published, 1 returned, 0 spam." in page
    assert "2 others say the same words." in page
    assert "&lt;i&gt;Bo&lt;/i&gt;" in page and "<i>Bo</i>" not in page


def test_a_dispute_shows_what_it_is_about_and_what_it_cites(signed_in):
    episode = making.make_full_episode()
    cited = (Given("https://example.org/minutes?a=<b>", "Nobody sang."), Given("My article of 17 April", lost=True))
    spoken = quote.quotation(episode, 1, range(0, 5))
    write(episode, "They did not.", 1, dispute=DisputeDraft(Reason.FACT, spoken, True, cited))
    write(episode, "None of it.", 2, dispute=DisputeDraft(Reason.UNSUPPORTED))
    page = html.unescape(signed_in("moderator").get("/studio/comments/").content.decode())
    for part in (
        spoken.text,
        "factual error",
        "first-hand knowledge",
        "?a=<b>",
        "Nobody sang.",
        "My article of 17 April",
    ):
        assert part in page, part
    assert "about the whole episode" in page


def test_a_long_queue_costs_as_many_queries_as_a_short_one(signed_in):
    episode, browser = making.make_full_episode(), signed_in("editor")
    counts = []
    for batch in (range(3), range(3, 33)):
        for number in batch:
            write(episode, f"Words {number}", number)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert browser.get("/studio/comments/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert "Later ones" in browser.get("/studio/comments/").content.decode()


def test_a_decision_is_logged_with_the_name_of_who_made_it(signed_in):
    comment = write(making.make_full_episode(), "The first.", 1)
    address = f"/studio/comments/{comment.key}/"
    assert signed_in("moderator").get(address).status_code == 405
    assert signed_in("moderator").post(address, {"deed": "burn"}).status_code == 400
    signed_in("moderator").post(address, {"deed": "return", "reason": " "})
    assert Comment.objects.get().state == State.HELD, "a reason is asked for"
    signed_in("moderator").post(address, {"deed": "publish"})
    comment.refresh_from_db()
    assert (comment.state, comment.number) == (State.PUBLISHED, 1)
    assert Event.objects.get(kind="published").by == "moderator"
