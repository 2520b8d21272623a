"""The screens of moderation: many comments at once, undoing, rules, one comment, one person."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from onrecord.discussion import moderate, waiting
from onrecord.discussion.models import Comment, Decision, Note, Rule, Tie
from onrecord.studio.paging import page_of
from tests.press import archive
from tests.site import making
from tests.studio.test_queue import write

pytestmark = pytest.mark.django_db

QUEUE = "/studio/comments/"


def text_of(answer):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def states():
    return list(Comment.objects.order_by("id").values_list("state", flat=True))


def test_many_at_once_and_undone(signed_in):
    episode, browser = making.make_full_episode(), signed_in("moderator")
    comments = [write(episode, f"Words {n}", n) for n in range(4)]
    keys = [one.key for one in comments]
    browser.post(f"{QUEUE}decide/", {"deed": "spam", "key": keys[:2]})
    browser.post(f"{QUEUE}decide/", {"deed": "return", "key": [keys[2]], "reason": ""})
    answer = browser.post(f"{QUEUE}decide/", {"deed": "return", "key": [keys[2]], "reason": "Say more."}, follow=True)
    assert states() == ["spam", "spam", "returned", "held"]
    said = text_of(answer)
    assert "2 taken away. Until" in said and "1 returned. Until" in said and "returned with a reason" in said
    spam = Decision.objects.get(deed="spam")
    assert spam.by == "moderator" and "2 taken away" not in text_of(signed_in("editor").get(QUEUE))
    assert "and 1 other" in text_of(signed_in("editor").get(f"{QUEUE}decisions/"))
    assert browser.get(f"{QUEUE}decisions/{spam.pk}/undo/").status_code == 405
    signed_in("editor").post(f"{QUEUE}decisions/{spam.pk}/undo/")
    assert states() == ["held", "held", "returned", "held"]
    assert "cannot be undone" in text_of(browser.post(f"{QUEUE}decisions/{spam.pk}/undo/", follow=True))
    assert browser.post(f"{QUEUE}decide/", {"deed": "burn", "key": keys}).status_code == 400
    assert "Choose comments first." in text_of(browser.post(f"{QUEUE}decide/", {"deed": "publish"}, follow=True))


def test_all_of_one_person_and_all_alike(signed_in):
    episode, browser = making.make_full_episode(), signed_in("moderator")
    for n in range(3):
        write(episode, f"Words {n}", 1)
        write(episode, "Buy ropes!", 2 + n)
    person = Comment.objects.get(text="Words 0").writer
    line = Comment.objects.filter(text="Buy ropes!").first()
    assert text_of(browser.get(f"{QUEUE}?by={person.pk}")).count("Words") == 3
    assert text_of(browser.get(f"{QUEUE}?alike={line.key}")).count("Buy ropes!") == 3
    answer = browser.post(f"{QUEUE}decide/", {"deed": "publish", "all": "1", "by": person.pk})
    assert answer["Location"] == f"{QUEUE}?by={person.pk}"
    browser.post(f"{QUEUE}decide/", {"deed": "spam", "all": "1", "alike": line.key})
    assert sorted(states()) == ["published"] * 3 + ["spam"] * 3
    known = text_of(browser.get(f"{QUEUE}of/{person.pk}/"))
    assert "0 waiting, 3 published, 0 returned, 0 spam." in known and "Words 2" in known
    assert "example.org" not in known, "nobody sees an address"


def test_pages_of_the_queue_hold_each_comment_once(accounts):
    episode = making.make_full_episode()
    writer = write(episode, "First", 1).writer
    at = timezone.now()
    Comment.objects.bulk_create(
        Comment(episode=episode, writer=writer, name="N", text="x", html="x", language="en", fingerprint=str(n),
                created=at - timedelta(seconds=n // 3))
        for n in range(49)
    )  # fmt: skip
    everything = [one.pk for one in waiting.waiting()]
    forward, asked = [], {}
    while True:
        page = page_of(waiting.waiting(), asked, 7)
        forward.append([one.pk for one in page.rows])
        if not page.after:
            break
        asked = {"after": page.after}
    assert [pk for page in forward for pk in page] == everything and len(forward) == 8
    page = page_of(waiting.waiting(), {"end": "1"}, 7)
    assert [one.pk for one in page.rows] == everything[-7:] and not page.after
    backward = [page]
    while page.before:
        page = page_of(waiting.waiting(), {"before": page.before}, 7)
        backward.append(page)
    assert [one.pk for page in backward[::-1] for one in page.rows] == everything
    for nonsense in ("x", "1-", "9" * 39 + "-1", "1-" + "9" * 30):
        assert page_of(waiting.waiting(), {"after": nonsense}, 7).rows is not None


def test_rules_are_made_applied_and_removed(signed_in):
    episode, browser = making.make_full_episode(), signed_in("editor")
    write(episode, "Buy GOLD <now>!", 1)
    bad = browser.post("/studio/rules/", {"kind": "words", "pattern": "*", "deed": "spam", "note": "<b>"})
    assert (
        bad.status_code == 422 and "at least 2 letters" in text_of(bad) and 'value="&lt;b&gt;"' in bad.content.decode()
    )
    answer = browser.post("/studio/rules/", {"kind": "words", "pattern": "Gold", "deed": "spam"}, follow=True)
    assert "It finds 1 comment among those that wait." in text_of(answer)
    rule = Rule.objects.get()
    assert signed_in("moderator").post(f"/studio/rules/{rule.pk}/apply/").status_code == 403
    answer = browser.post(f"/studio/rules/{rule.pk}/apply/", follow=True)
    assert "Applied to 1 comment." in text_of(answer) and "applied 1 time" in text_of(answer)
    assert states() == ["spam"]
    assert "rule: words “gold”" in text_of(browser.get(f"{QUEUE}decisions/"))
    assert "finds nothing" in text_of(browser.post(f"/studio/rules/{rule.pk}/apply/", follow=True))
    browser.post(f"/studio/rules/{rule.pk}/remove/")
    assert not Rule.objects.exists()
    key = write(episode, "Boats.", 2).key
    browser.post("/studio/rules/", {"comment": key, "kind": "address", "deed": "hold", "note": "known"})
    assert write(episode, "Nets.", 2).held_for == "address one (known)"


def test_a_comment_with_notes_and_whose_it_is(signed_in, accounts):
    episode, browser = making.make_full_episode(), signed_in("moderator")
    comment = write(episode, "Words", 1)
    place = f"{QUEUE}{comment.key}/"
    browser.post(f"{place}note/", {"text": "<Look> twice", "about": "comment"})
    browser.post(f"{place}note/", {"text": "Knows the harbour", "about": "person"})
    browser.post(f"{place}assign/", {"account": accounts["editor"].pk})
    assert Note.objects.filter(by="moderator").count() == 2
    for role in ("moderator", "owner"):
        said = text_of(signed_in(role).get(f"{place}all/"))
        assert "<Look> twice" in said and "Knows the harbour" in said
    assert "Knows the harbour" in text_of(browser.get(f"{QUEUE}of/{comment.writer_id}/"))
    assert "Nothing waits" in text_of(browser.get(f"{QUEUE}?mine=1"))
    mine = text_of(signed_in("editor").get(f"{QUEUE}?mine=1"))
    assert "handed to editor" in mine and "<Look> twice" in mine
    browser.post(f"{place}assign/", {"account": ""})
    assert "Nothing waits" in text_of(signed_in("editor").get(f"{QUEUE}?mine=1"))
    browser.post(f"{place}cut/", {"words": "Word"})
    assert Comment.objects.get().text == "[cut by the moderator]s"


def test_tying_to_words_by_their_time(signed_in):
    episode, browser = archive.make_episode(archive.make_show(), 1), signed_in("editor")
    comment = write(episode, "I was there, at 0:01.", 1)
    place = f"{QUEUE}{comment.key}/tie/"
    assert "0:01" in text_of(browser.get(place))
    assert "no time of this recording" in text_of(browser.get(place, {"time": "soon"}))
    form = browser.get(place, {"time": "0:01"}).content.decode()
    chosen = re.search(r'name="words" value="(\d+-\d+)" checked', form)
    revision = re.search(r'name="revision" value="(\d+)"', form)
    assert chosen and revision
    assert "Choose at least one sentence." in text_of(browser.post(place, {"revision": revision[1]}))
    answer = browser.post(place, {"revision": revision[1], "words": [chosen[1]]}, follow=True)
    tie = Tie.objects.get()
    assert "Tied." in text_of(answer) and tie.words in text_of(answer) and tie.tied_by == "editor"
    assert tie.passage is None, "it waits, and leaves no trace"
    moderate.publish(comment)
    tie.refresh_from_db()
    assert tie.passage is not None
    browser.post(f"{QUEUE}{comment.key}/untie/{tie.pk}/")
    assert not Tie.objects.exists()
