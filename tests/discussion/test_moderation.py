"""Decisions and how they are undone, rules for what comes in, notes, ties and cuts: what becomes of it all."""

from __future__ import annotations

import fnmatch
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from onrecord import moderating
from onrecord.catalogue.models import Episode
from onrecord.discussion import cutting, disputes, log, moderate, notes, post, rules, waiting
from onrecord.discussion.models import Comment, Decision, Deed, Event, Note, Rule, State, Writer
from onrecord.jobs.models import Step
from onrecord.lib import erasures
from onrecord.lib.errors import BadInput
from onrecord.mail import outgoing
from onrecord.mail.models import Mail
from onrecord.passages import quote
from onrecord.passages.models import Passage
from onrecord.press.check import check
from tests.discussion.making import fields_of, opened, published, said_by, send, settled, write
from tests.discussion.test_writing import confirmed
from tests.press import archive
from tests.press.pressing import press

pytestmark = pytest.mark.django_db


@pytest.fixture
def public(publication: Any) -> Path:
    return publication.public


@pytest.fixture
def episode(public: Path) -> Episode:
    episode = archive.make_episode(archive.make_show(), 1)
    press()
    return episode


def page(public: Path) -> str:
    tree = html.document_fromstring((public / "talks/e1/index.html").read_text())
    return " ".join(tree.xpath("//main")[0].text_content().split())


def standing(comment: Comment) -> dict[str, Any]:
    """Everything that is kept of a comment."""
    return Comment.objects.filter(pk=comment.pk).values().get()


def kinds() -> list[str]:
    return list(Event.objects.order_by("number").values_list("kind", flat=True))


def decide(deed: Deed, *comments: Comment, reason: str = "") -> int:
    return moderate.decide(deed, comments, by="max", reason=reason).pk


# ── undoing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_returned_is_brought_back_as_it_was_and_its_mail_never_goes(episode: Episode) -> None:
    comments = [write(episode, words, address=f"{n}@example.org") for n, words in enumerate(("Ropes!", "ropes", "No."))]
    before = [standing(one) for one in comments]
    asked = Mail.objects.count()
    number = decide(Deed.RETURN, comments[0], comments[2], reason="Not here.")
    assert Comment.objects.filter(state=State.RETURNED).count() == 3, "with what says the same"
    mails = Mail.objects.filter(kind="discussion.returned")
    assert mails.count() == 3 and all(one.due and one.due > timezone.now() for one in mails)
    assert outgoing.retry() and Step.objects.filter(name="mail.send", not_before=None).count() == asked + 3
    assert moderate.undo(number, by="eva") == 3
    assert [standing(one) for one in comments] == before
    assert not mails.all().exists() and Mail.objects.count() == asked
    assert kinds() == ["received"] * 3 + ["returned"] * 3 + ["undone"] * 3
    assert Event.objects.filter(kind="undone").values_list("by", flat=True)[0] == "eva"
    assert log.verify() == []
    with pytest.raises(BadInput, match="cannot be undone any more"):
        moderate.undo(number, by="eva")


def test_spam_is_hidden_at_once_and_erased_when_it_cannot_be_undone(episode: Episode, public: Path) -> None:
    client = Client()
    comment = write(episode, "Gold!", client=client)
    confirmed(comment, client)
    moderate.publish(comment)
    held = write(episode, "Silver!")
    press()
    assert "Gold!" in page(public)
    before = standing(comment), standing(held), Writer.objects.values().get()
    number = decide(Deed.SPAM, comment)
    press()
    assert "Gold!" not in page(public) and "it was advertising" in page(public)
    assert Writer.objects.get().blocked and Comment.objects.get(pk=held.pk).state == State.SPAM
    assert moderate.undo(number, by="max") == 2
    press()
    assert "Gold!" in page(public) and check() == []
    assert (standing(comment), standing(held), Writer.objects.values().get()) == before
    decide(Deed.SPAM, comment)
    settled()
    press()
    assert "Gold!" not in page(public) and check() == [] and log.verify() == []
    assert not Comment.objects.exclude(text="").exists() and Comment.objects.count() == 1, "a tombstone"
    writer = Writer.objects.get()
    assert (writer.spam, bytes(writer.address), writer.name) == (2, b"", "")


def test_ten_minutes(episode: Episode) -> None:
    comment = write(episode)
    number = decide(Deed.SPAM, comment)
    step = Step.objects.get(name=moderate.SETTLE)
    assert step.subject == number and step.not_before and step.not_before - timezone.now() > timedelta(minutes=9)
    with (
        mock.patch("django.utils.timezone.now", return_value=timezone.now() + timedelta(minutes=11)),
        pytest.raises(BadInput, match="cannot be undone"),
    ):
        moderate.undo(number, by="max")


def test_undoing_a_publication_keeps_the_number(episode: Episode, public: Path) -> None:
    comment = write(episode, "Ropes!")
    number = decide(Deed.PUBLISH, comment)
    press()
    assert "Ropes!" in page(public)
    moderate.undo(number, by="max")
    press()
    assert "Ropes!" not in page(public) and "#1 This comment is being read once more." in page(public)
    assert "Ropes!" not in "".join(file.read_text() for file in public.rglob("*.xml"))
    (line,) = waiting.with_histories(waiting.waiting())
    assert "It was published as #1, and that was undone." in line.reasons
    assert published(episode, "Later.", address="b@example.org").number == 2
    moderate.publish(comment)
    assert Comment.objects.get(pk=comment.pk).number == 1
    assert not Mail.objects.filter(kind="discussion.published", due__isnull=False).exists()
    press()
    assert "Ropes!" in page(public) and check() == [] and log.verify() == []


def test_what_changed_meanwhile_is_not_brought_back(episode: Episode) -> None:
    ropes, boats = write(episode, "Ropes!"), write(episode, "Boats!", address="b@example.org")
    number = decide(Deed.SPAM, ropes, boats)
    post.withdraw(ropes)
    assert moderate.undo(number, by="max") == 1
    assert list(Comment.objects.values_list("text", "state")) == [("Boats!", "held")]
    number = decide(Deed.SPAM, boats)
    post.withdraw(boats)
    with pytest.raises(BadInput, match="nothing to undo"):
        moderate.undo(number, by="max")


def test_what_is_gone_cannot_be_taken_away_again(episode: Episode) -> None:
    comment = published(episode)
    moderate.spam(comment)
    settled()
    events = Event.objects.count()
    with pytest.raises(BadInput, match="taken away already: nothing was changed"):
        moderate.spam(comment)
    with pytest.raises(BadInput, match="are gone"):
        moderate.publish(comment)
    assert Event.objects.count() == events


def test_of_many_those_that_fit_are_decided_on(episode: Episode) -> None:
    first = published(episode)
    other = write(episode, "Two.", address="b@example.org")
    assert moderate.decide(Deed.RETURN, [first, other], by="max", reason="No.").decided.count() == 1
    with pytest.raises(BadInput, match="at most 300"):
        moderate.decide(Deed.SPAM, [first] * 301, by="max")


def test_a_step_ends_it(episode: Episode, tmp_path: Path) -> None:
    from onrecord.discussion.steps.settle import settle
    from onrecord.jobs.attempt import Attempt
    from onrecord.jobs.models import State as StepState

    decide(Deed.SPAM, write(episode))
    step = Step.objects.get(name=moderate.SETTLE)
    Step.objects.update(state=StepState.RUNNING)
    settle(Attempt(step, tmp_path))
    assert not Comment.objects.exists() and Step.objects.get(pk=step.pk).state == StepState.DONE


# ── rules ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "pattern", "finds"),
    [
        ("words", "free  GOLD", True),
        ("words", "gold free", False),
        ("words", "gol*", True),
        ("words", "gol", False),
        ("words", "buy * gold", True),
        ("words", "café", True),
        ("words", "كتاب", True),
        ("words", "minutes", True),
        ("name", "ada*", True),
        ("name", "gold", False),
        ("link", "example.com", True),
        ("link", "https://www.example.com/x", True),
        ("link", "ample.com", False),
        ("link", "example.*", True),
        ("link", "bücher.example", True),
        ("address", "ada@spam.example.net", True),
        ("address", "@example.net", True),
        ("address", "example.org", False),
        ("network", "192.0.2.7", True),
        ("network", "192.0.2.8", False),
    ],
)
def test_what_rules_find(episode: Episode, kind: str, pattern: str, finds: bool) -> None:
    words = "Buy free gold, CAFE\u0301s… کتاب! https://shop.example.com/a http://bücher.example/"
    words += "\n\nNo café, buy my gold."
    rule = rules.add(kind, pattern, "hold", by="max")
    fields = opened(episode, dispute="1") | {"text": words, "name": "Adá L.", "address": "Ada@spam.example.net"}
    fields |= {"reference": "The minutes of 1952", "sentence": "", "reason": "fact"}
    answer = send(fields, **{"X-Forwarded-For": "192.0.2.7"})
    assert answer.status_code == 303, said_by(answer)
    comment = Comment.objects.get()
    assert bool(comment.held_for) is finds and comment.state == State.HELD
    rule.refresh_from_db()
    assert (rule.matched, rule.last_matched is not None) == (int(finds), finds)
    if kind in ("address", "network"):
        assert "ada@" not in str(Rule.objects.values().get()).lower() and "192.0" not in str(
            Rule.objects.values().get()
        )


@given(st.text("ab*", min_size=1, max_size=8), st.text("ab", max_size=10))
def test_a_pattern_is_what_shells_make_of_it(pattern: str, word: str) -> None:
    assert rules.like(pattern, word) == fnmatch.fnmatchcase(word, pattern)


def test_no_rule_makes_a_text_slow() -> None:
    rule = Rule(kind="words", pattern=("a*" * 90) + "b")
    seen = rules.Seen(["a" * 20_000], [], [], "", "", "")
    assert not rules.matches(rule, seen)


@pytest.mark.parametrize("pattern", ["", "  ", "*", "a", "* *", "…", "x" * 201, "a b@ c"])
def test_rules_that_say_nothing(pattern: str, publication: Any) -> None:
    kind = "address" if "@" in pattern else "words"
    with pytest.raises(BadInput):
        rules.add(kind, pattern, "hold", by="max")
    assert not Rule.objects.exists()


def test_a_rule_holds_who_is_known_and_says_so_in_the_queue(episode: Episode) -> None:
    client = Client()
    confirmed(first := write(episode, client=client), client)
    moderate.publish(first)
    rules.add("words", "lawyer*", "hold", by="max", note="ask Eva first")
    assert write(episode, "All well.", client=client).state == State.PUBLISHED
    held = write(episode, "My LAWYERS will write.", client=client)
    assert held.state == State.HELD
    (line,) = waiting.with_histories(waiting.waiting())
    assert line.reasons == ["A rule holds it: words “lawyer*” (ask Eva first)."]
    assert (line.before.published, line.before.returned, line.before.spam) == (2, 0, 0)
    assert "; words “lawyer*”" in "".join(moderating.waiting(5))


def test_a_rule_refuses_with_every_word_still_in_the_form(episode: Episode) -> None:
    rule = rules.add("link", "gold.example.com", "refuse", by="max")
    typed = {"text": "See https://gold.example.com/1", "name": "Ada", "address": "ada@example.org"}
    answer = send(opened(episode) | typed)
    assert answer.status_code == 409 and fields_of(answer)["text"] == typed["text"]
    assert "A rule of this publication does not let this text in." in said_by(answer)
    assert not Comment.objects.exists() and not Event.objects.exists() and not Writer.objects.exists()
    assert Rule.objects.get(pk=rule.pk).matched == 1


def test_a_rule_takes_away_and_that_is_undone_for_a_week(episode: Episode) -> None:
    rules.add("words", "gold", "spam", by="max")
    comment = write(episode, "Gold!")
    assert comment.state == State.SPAM and kinds() == ["received", "spam"] and not Mail.objects.exists()
    assert not waiting.waiting().exists() and Writer.objects.get().blocked is None
    decision = Decision.objects.get()
    assert decision.by == "rule: words “gold”" and decision.until - timezone.now() > timedelta(days=6)
    moderate.undo(decision.pk, by="max")
    assert waiting.waiting().get().text == "Gold!"


def test_nobody_gets_past_a_rule_by_editing(episode: Episode) -> None:
    client = Client()
    confirmed(first := write(episode, client=client), client)
    moderate.publish(first)
    shown = write(episode, "All well.", client=client)
    held = write(episode, "Fine.", address="b@example.org")
    rules.add("words", "gold", "hold", by="max")
    with pytest.raises(BadInput, match="does not let"):
        post.edit(shown, "Gold!")
    post.edit(held, "Gold!")
    held.refresh_from_db()
    assert held.held_for == "words “gold”"


def test_a_new_rule_is_applied_to_what_waits(episode: Episode) -> None:
    for n in range(3):
        write(episode, f"Gold {n}!", address=f"{n}@example.org")
    write(episode, "Boats.", address="b@example.org")
    said = moderating.add_rule("words", "gold 0", "hold", "", apply=True)
    assert "applied to 1" in said
    assert "finds 3 that wait" in moderating.add_rule("words", "gold", "spam", "", apply=False)
    number = Rule.objects.latest("id").pk
    assert "applied to 3" in moderating.apply_rule(number)
    assert waiting.waiting().get().text == "Boats."
    assert [line.split("  ")[3] for line in moderating.list_rules()] == ["1 times", "3 times"]
    moderate.undo(Decision.objects.get().pk, by="max")
    moderating.remove_rule(number)
    rule = rules.add("words", "gold", "refuse", by="max")
    assert rules.apply(rule, by="max") == 3
    assert set(Comment.objects.filter(state=State.RETURNED).values_list("reason", flat=True)) == {
        "A rule of this publication does not let this text in."
    }
    with pytest.raises(BadInput, match="finds nothing"):
        rules.apply(rule, by="max")


def test_the_longest_rule_with_the_longest_note(episode: Episode) -> None:
    rules.add("words", "x" * 200, "hold", by="max", note="n" * 200)
    assert len(write(episode, "x" * 200).held_for) > 400
    rule = rules.add("words", "y" * 200, "spam", by="max", note="n" * 200)
    write(episode, "y" * 200)
    assert Decision.objects.get().by == f"rule: {rules.named(rule)}"


def test_rules_for_who_sent_it(episode: Episode) -> None:
    comment = write(episode, "One.", network="192.0.2.7")
    rules.of_sender(comment, "network", "hold", by="max")
    rules.of_sender(comment, "address", "spam", by="max")
    assert write(episode, "Two.", address="b@example.org", network="192.0.2.7").held_for
    assert write(episode, "Three.", network="192.0.2.9").state == State.SPAM
    later = timezone.now() + timedelta(days=31)
    with mock.patch("django.utils.timezone.now", return_value=later):
        assert [rule.kind for rule in rules.in_force()] == ["address"], "the hash of the network means nothing then"
    Comment.objects.update(network="")
    comment.refresh_from_db()
    with pytest.raises(BadInput, match="not known any more"):
        rules.of_sender(comment, "network", "hold", by="max")


# ── notes, ties, cuts ───────────────────────────────────────────────────────────────────────────────────────────────


def test_notes_go_with_what_they_are_about_and_are_never_public(episode: Episode, public: Path) -> None:
    comment = published(episode)
    notes.add(comment, "Looks like the harbour master.", by="max")
    notes.add(comment, "Wrote before under another name.", by="max", of_person=True)
    press()
    everything = b"".join(file.read_bytes() for file in public.rglob("*") if file.is_file())
    assert b"harbour master" not in everything and b"another name" not in everything
    moderate.spam(comment)
    settled()
    assert not Note.objects.exists()
    with pytest.raises(BadInput, match="empty"):
        notes.add(comment, " ", by="max")


def test_an_editor_ties_a_comment_to_words(episode: Episode, public: Path) -> None:
    comment = published(episode)
    before = standing(comment)
    tie = disputes.tie_by_editor(comment, quote.quotation(episode, 1, range(0, 4)), by="eva")
    with pytest.raises(BadInput, match="tied to these words already"):
        disputes.tie_by_editor(comment, quote.quotation(episode, 1, range(0, 4)), by="eva")
    press()
    discussion = html.document_fromstring((public / "talks/e1/discussion/index.html").read_text())
    card = " ".join(discussion.xpath("//article[@id='c1']")[0].text_content().split())
    assert tie.words in card and "Tied to these words by the editor." in card and "I was there." in card
    assert standing(comment) == before and Passage.objects.count() == 1
    assert "eva" not in (public / "discussion/log/1.json").read_text()
    disputes.untie(tie, by="eva")
    press()
    assert "Tied" not in (public / "talks/e1/discussion/index.html").read_text()
    assert kinds() == ["received", "published", "tied", "untied"] and check() == [] and log.verify() == []


def cut_again(comment: Comment, words: str, earlier: str) -> None:
    """As a restore of an older backup does, in which the comment says these words."""
    Event.objects.filter(kind="cut").delete()
    Comment.objects.filter(pk=comment.pk).update(text=words)
    comment.earlier.update(text=earlier)
    cutting.replay(erasures.read(settings.ONRECORD.private))
    count = Event.objects.count()
    cutting.replay(erasures.read(settings.ONRECORD.private))
    assert Event.objects.count() == count, "once is enough"


def test_a_wording_without_the_words_that_are_cut_stays(episode: Episode) -> None:
    comment = write(episode, "Do call me.")
    post.edit(comment, "Do call me at 0171 55 501.")
    cutting.cut(comment, "0171 55 501", by="max")
    cut_again(comment, "Do call me at 0171 55 501.", "Do call me.")
    comment.refresh_from_db()
    assert (comment.text, comment.earlier.get().text) == ("Do call me at [cut by the moderator].", "Do call me.")


def test_only_personal_data_is_cut_and_it_shows(episode: Episode, public: Path) -> None:
    client = Client()
    confirmed(first := write(episode, "Known.", client=client), client)
    moderate.publish(first)
    comment = write(episode, "Call me at 0171 55 501, or 0171 55 501.", client=client)
    post.edit(comment, "Do call me at 0171 55 501, or 0171 55 501.")
    assert cutting.cut(comment, "0171 55 501", by="max") == 2
    comment.refresh_from_db()
    assert comment.text == "Do call me at [cut by the moderator], or [cut by the moderator]."
    assert comment.earlier.get().text == "Call me at [cut by the moderator], or [cut by the moderator]."
    press()
    assert "Do call me at [cut by the moderator]" in page(public) and "0171" not in page(public)
    assert kinds()[-1] == "cut" and log.verify() == [] and check() == []
    assert "0171" not in (settings.ONRECORD.private / erasures.FILE).read_text(), "the list tells places, not words"
    salt = comment.salt
    cut_again(comment, "Do call me at 0171 55 501, or 0171 55 501.", "Call me at 0171 55 501, or 0171 55 501.")
    comment.refresh_from_db()
    assert comment.text == "Do call me at [cut by the moderator], or [cut by the moderator]." and comment.salt != salt
    assert comment.earlier.get().text == "Call me at [cut by the moderator], or [cut by the moderator]."
    cut_again(comment, "Never seen before: 0171 55 501.", comment.earlier.get().text)
    comment.refresh_from_db()
    assert (comment.text, comment.html) == ("[cut by the moderator]", "<p>[cut by the moderator]</p>")
    for words, problem in (("0171", "do not stand"), (" ", "which words"), ("x" * 201, "at most 200")):
        with pytest.raises(BadInput, match=problem):
            cutting.cut(comment, words, by="max")
