"""Writing a comment, from the form to the page: what is taken, what waits, what stands there for ever."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from lxml import html

from onrecord import edit as editing
from onrecord.catalogue.models import Episode
from onrecord.discussion import log, moderate, post, waiting, writers
from onrecord.discussion.models import Comment, Deed, EarlierWording, Event, State, UsedForm, Writer
from onrecord.lib.errors import BadInput
from onrecord.mail import outgoing
from onrecord.mail.models import Mail
from onrecord.press.check import check
from onrecord.readmodel import discussion as model
from tests.discussion.making import ORIGIN, fields_of, opened, published, said_by, send, settled, tree_of, write
from tests.press import archive
from tests.press.pressing import press

pytestmark = pytest.mark.django_db

EARLIER = timezone.now() - timedelta(days=1)
SEVEN = "\n\n".join(f"Paragraph {n}: {'what I saw at the harbour that winter. ' * 11}" for n in range(7))


@pytest.fixture
def public(publication: Any) -> Path:
    return publication.public


@pytest.fixture
def episode(public: Path) -> Episode:
    episode = archive.make_episode(archive.make_show(), 1)
    press()
    return episode


def mails() -> list[Any]:
    return [outgoing.opened(mail) for mail in Mail.objects.order_by("id")]


def link_in(mail: Any, part: str) -> str:
    return next(word for word in mail.body.split() if f"/discuss/{part}/" in word).removeprefix("http://127.0.0.1:8000")


def confirmed(comment: Comment, client: Client | None = None) -> Any:
    """Open the link of the newest mail and press its button."""
    link = link_in(mails()[-1], "confirm")
    return (client or Client()).post(link, {"do": "yes"}, headers=ORIGIN)


def page_at(public: Path, path: str) -> Any:
    return html.document_fromstring((public / path).read_text())


def test_comment_confirm_held_published_on_the_page(episode: Episode, public: Path) -> None:
    client = Client()
    page = page_at(public, "talks/e1/index.html")
    address = page.xpath("//a[contains(@class, 'write')]/@href")[0]
    assert client.get(address).status_code == 200
    comment = write(episode, "At 0:12 I hear **bells**.\nAnd more: https://example.org/a?b=1", client=client)
    assert (comment.state, comment.number, comment.confirmed) == (State.HELD, None, None)
    mail = mails()[0]
    assert mail.to == "ada@example.org" and "**bells**" in mail.body
    sent = client.get(f"/discuss/sent/{comment.key}/")
    assert "Your comment has arrived" in said_by(sent) and "I hear bells" in said_by(sent)
    assert "bells" not in said_by(Client().get(f"/discuss/sent/{comment.key}/")), "another browser"
    answer = confirmed(comment, client)
    assert answer.status_code == 303
    comment.refresh_from_db()
    assert comment.confirmed and comment.writer and comment.writer.verified
    assert comment.state == State.HELD, "a first comment is read by a person"
    press()
    assert "bells" not in (public / "talks/e1/index.html").read_text()
    moderate.publish(comment, by="Max")
    press()
    for path in ("talks/e1/index.html", "talks/e1/discussion/index.html"):
        shown = page_at(public, path).xpath("//article[@id='c1']")[0]
        assert "Ada" in shown.text_content() and "#1" in shown.text_content()
        assert shown.xpath(".//strong")[0].text == "bells" and shown.xpath(".//br")
        player, elsewhere = shown.xpath(".//div[@class='said']//a")
        assert player.get("href") == "/talks/e1/?t=12"
        assert (elsewhere.get("href"), elsewhere.get("rel")) == ("https://example.org/a?b=1", "nofollow ugc noopener")
        assert shown.xpath(".//a[@class='number']/@href") == ["/talks/e1/discussion/#c1"]
    assert "published" in mails()[-1].subject and link_in(mails()[-1], "to")
    feed = html.fromstring((public / "talks/e1/discussion/atom.xml").read_bytes())
    assert "bells" in feed.text_content() and "/talks/e1/?t=12" in feed.text_content()
    assert "ada@example.org" not in "".join(file.read_text() for file in public.rglob("*.html"))
    record = json.loads((public / "talks/e1/episode.json").read_text())
    assert (record["discussion"]["received"], record["discussion"]["published"]) == (1, 1)
    assert check() == []


def test_get_changes_nothing(episode: Episode) -> None:
    comment = write(episode)
    before = (
        list(Comment.objects.values()),
        list(Writer.objects.values()),
        Event.objects.count(),
        Mail.objects.count(),
    )
    for part in ("confirm", "stop"):
        link = link_in(mails()[0], part)
        for ask in (Client().get, Client().head):
            assert ask(link).status_code == 200
    Client().get(f"/discuss/sent/{comment.key}/")
    after = (list(Comment.objects.values()), list(Writer.objects.values()), Event.objects.count(), Mail.objects.count())
    assert before == after
    assert Client().post(link_in(mails()[0], "confirm"), headers={"Origin": "https://evil.example"}).status_code == 404
    assert Client().post(link_in(mails()[0], "stop")).status_code == 200, "mail programs press this button themselves"
    write(episode, "Another.")
    assert Mail.objects.count() == 1


def test_whoever_has_the_address_may_say_no(episode: Episode) -> None:
    comment = write(episode, "Written by somebody else.")
    answer = Client().post(link_in(mails()[0], "confirm"), {"do": "no"}, headers=ORIGIN)
    assert "taken away" in said_by(answer)
    assert not Comment.objects.exists()
    assert [event.kind for event in Event.objects.filter(comment=comment.key)] == ["received", "withdrawn"]
    assert log.verify() == []


def test_a_typed_address_gives_no_trust_and_does_no_harm(episode: Episode) -> None:
    ada = Client()
    first = write(episode, client=ada)
    confirmed(first, ada)
    moderate.publish(first)
    impostor = write(episode, "I take it all back.", client=Client())
    assert (impostor.state, impostor.confirmed) == (State.HELD, None)
    second = write(episode, "Known now.", client=ada)
    assert second.state == State.PUBLISHED and second.number == 2, "the browser in which the address was confirmed"
    with (
        mock.patch("onrecord.discussion.limits.OF_AN_ADDRESS", 99),
        mock.patch("onrecord.discussion.limits.OF_A_NETWORK", 99),
    ):
        write(episode, "Two.")
        write(episode, "Three.")
        answer = send(opened(episode) | {"text": "Four.", "name": "X", "address": "ada@example.org"})
        assert answer.status_code == 429 and fields_of(answer)["text"] == "Four."
        assert write(episode, "Still me.", client=ada).state == State.PUBLISHED
    moderate.spam(impostor)
    assert Writer.objects.get().blocked is None, "it may not be theirs"
    assert Comment.objects.filter(state=State.PUBLISHED).count() == 3


def test_the_setting_may_hold_everything(episode: Episode, settings: Any) -> None:
    from dataclasses import replace

    ada = Client()
    first = write(episode, client=ada)
    confirmed(first, ada)
    moderate.publish(first)
    held = replace(settings.ONRECORD.discussion, hold="all")
    settings.ONRECORD = replace(settings.ONRECORD, discussion=held)
    assert write(episode, "Known.", client=ada).state == State.HELD
    settings.ONRECORD = replace(settings.ONRECORD, discussion=replace(held, on=False))
    assert Client().get("/discuss/", {"episode": episode.key}).status_code == 404
    press()
    page = page_at(settings.ONRECORD.public, "talks/e1/index.html")
    assert page.xpath("//article[@id='c1']") and not page.xpath("//a[contains(@class, 'write')]")


@pytest.mark.parametrize("after", [0, 25 * 3600])
def test_a_form_too_young_or_too_old_comes_back_whole(episode: Episode, after: float) -> None:
    typed = {"text": SEVEN, "name": "Ada <b>", "address": "ada@example.org"}
    answer = send(opened(episode) | typed, after=after)
    assert answer.status_code == 403
    again = fields_of(answer)
    assert {name: again[name] for name in typed} == typed
    assert send(again, after=after + 5).status_code == 303
    comment = Comment.objects.get()
    assert comment.text.split("\n\n") == [part.rstrip() for part in SEVEN.split("\n\n")], "nothing of it lost"


def test_a_form_is_good_for_one_comment(episode: Episode) -> None:
    fields = opened(episode) | {"text": "Once.", "name": "Ada", "address": "ada@example.org"}
    first, second = send(fields), send(fields)
    assert first["Location"] == second["Location"], "the same form sent twice is one comment"
    answer = send(fields | {"text": "Twice."})
    assert answer.status_code == 409 and fields_of(answer)["text"] == "Twice."
    assert Comment.objects.count() == 1
    assert send(fields | {"website": "x"}).status_code == 400
    assert send(opened(archive.make_episode(episode.show, 2)) | fields | {"token": "forged"}).status_code == 403


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"text": " \n "}, "no text"),
        ({"text": "x" * 20_001}, "20,001"),
        ({"name": "\u200f "}, "give a name"),
        ({"name": "x" * 81}, "too long"),
        ({"address": "nobody"}, "mail address"),
        ({"address": "a@example.org, b@example.org"}, "mail address"),
        ({"to": "7"}, "not there"),
    ],
)
def test_what_cannot_be_taken_is_said_and_kept(episode: Episode, typed: dict[str, str], said: str) -> None:
    answer = send(opened(episode) | {"text": "Words.", "name": "Ada", "address": "ada@example.org"} | typed)
    assert answer.status_code == 400
    assert said in tree_of(answer).xpath("//*[@role='alert']")[0].text_content()
    assert fields_of(answer)["text"].strip() == typed.get("text", "Words.").strip()
    assert not Comment.objects.exists()


def test_a_preview_keeps_nothing(episode: Episode) -> None:
    answer = send(opened(episode) | {"text": "*See*", "name": "Ada", "do": "preview"})
    assert tree_of(answer).xpath("//section[@class='preview']//em")[0].text == "See"
    assert fields_of(answer)["name"] == "Ada" and not Comment.objects.exists()


def test_editing_for_a_quarter_of_an_hour(episode: Episode) -> None:
    client = Client()
    comment = write(episode, "Frist.", client=client)
    path = f"/discuss/edit/{comment.key}/"
    assert Client().get(path).status_code == 404
    fields = fields_of(client.get(path))
    assert fields["text"] == "Frist."
    assert send(fields | {"text": "First."}, client, after=0, path=path).status_code == 303
    comment.refresh_from_db()
    assert comment.text == "First." and EarlierWording.objects.get().text == "Frist."
    assert log.verify() == []
    with mock.patch("django.utils.timezone.now", return_value=timezone.now() + timedelta(minutes=16)):
        answer = send(fields_of(client.get(path)) | {"text": "Later."}, client, after=0, path=path)
        assert answer.status_code == 403 and fields_of(answer)["text"] == "Later."
    moderate.publish(comment)
    assert send(fields | {"text": "Sold!"}, client, after=0, path=path).status_code == 403, "somebody has read it"
    comment.refresh_from_db()
    assert comment.text == "First."


def test_threads_tombstones_and_permanent_places(episode: Episode, public: Path) -> None:
    first = published(episode, "The first.")
    second = published(episode, "A reply.", name="Bo", address="bo@example.org", to="1")
    third = published(episode, "A reply to it.", name="Cy", address="cy@example.org", to="2")
    press()
    page = page_at(public, "talks/e1/discussion/index.html")
    assert page.xpath("//li[article[@id='c1']]/ol/li[article[@id='c2']]/ol/li/article/@id") == ["c3"]
    assert "in reply to #2" in page.xpath("//article[@id='c3']//footer")[0].text_content()
    assert moderate.spam(second) == 1
    press()
    page = page_at(public, "talks/e1/discussion/index.html")
    gone = page.xpath("//article[@id='c2']")[0]
    assert "removed" in gone.text_content() and "reply" not in gone.text_content() and "Bo" not in gone.text_content()
    assert page.xpath("//article[@id='c3']"), "numbers stay"
    assert published(episode, "The fourth.", name="Di", address="di@example.org").number == 4
    assert [comment.number for comment in (first, second, third)] == [1, 2, 3]
    editing.rename(episode, "another-name")
    press()
    assert page_at(public, "talks/another-name/discussion/index.html").xpath("//article[@id='c4']")
    answer = Client().get(f"/discuss/to/{episode.key}/3/")
    assert answer["Location"] == "/talks/another-name/discussion/#c3"
    assert Client().get(f"/discuss/to/{episode.key}/5/").status_code == 404
    assert check() == []
    assert log.verify() == []


def test_the_log_tells_and_can_be_checked_by_anybody(episode: Episode, public: Path) -> None:
    client = Client()
    comment = write(episode, client=client)
    receipt = json.loads(client.get(f"/discuss/receipt/{comment.key}/").content)
    assert json.loads(mails()[0].files["receipt.json"]) == receipt
    moderate.send_back(comment, "Please show where you know it from.", by="Max")
    assert "show where you know it" in mails()[-1].body and "I was there." in mails()[-1].body
    press()
    summary = json.loads((public / "discussion/log.json").read_text())
    lines = json.loads((public / "discussion/log/1.json").read_text())["events"]
    assert (
        [line["kind"] for line in lines]
        == ["received", "returned"]
        == [e.kind for e in Event.objects.order_by("number")]
    )
    previous = ""
    for line in lines:
        hash = line.pop("hash")
        assert line["previous"] == previous and log.hash_of_line(line) == hash
        previous = hash
    assert (summary["events"], summary["newest"]) == (2, previous)
    received = lines[receipt["event"] - 1]
    assert received["digest"] == log.digest_of(receipt["salt"], log.wording(receipt["name"], receipt["text"]))
    assert "Max" not in json.dumps(lines) and "show where" not in json.dumps(lines)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE discussion_comment SET text = 'I was elsewhere.'")
    assert log.verify() == [f"The words of comment {comment.key} are not as they were received."]
    comment.refresh_from_db()
    moderate.take_away(comment, State.WITHDRAWN, log.Kind.WITHDRAWN)
    assert log.verify() == [], "what is erased leaves a chain that holds"
    Event.objects.filter(number=2).update(kind="published")
    assert log.verify() == ["Event 2 is not as it was written."]
    Event.objects.filter(number=3).delete()
    assert "The last events are missing." in log.verify()
    with pytest.raises(TypeError):
        Event.objects.get(number=1).save()


@pytest.mark.parametrize("posts", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_surge_of_the_same_words_is_one_line(episode: Episode, public: Path, posts: int) -> None:
    """1,000 posts from 300 addresses in 100 networks, in spite of all limits: one line, and nothing is shown."""
    fields = opened(episode) | {"name": "N"}
    with mock.patch.multiple("onrecord.discussion.limits", OF_AN_EPISODE=posts, OF_A_NETWORK=99, MOST_WAITING=99):
        for n in range(posts):
            words = f"BUY   gold{'!' * (n % 3)} at https://gold.example"
            draft = post.Draft(f"N{n}", f"a{n % 300}@gold.example", words)
            post.post(episode, draft, post.Sender(f"nonce {n}", f"10.0.{n % 100}.1"))
        answer = send(fields | {"text": "Buy gold", "address": "a@gold.example"})
    assert answer.status_code == 429 and fields_of(answer)["text"] == "Buy gold"
    assert Comment.objects.count() == Event.objects.count() == posts
    (line,) = waiting.waiting()
    assert waiting.with_histories([line])[0].alike == posts - 1
    press()
    assert "gold" not in (public / "talks/e1/index.html").read_text()
    assert Client().get("/discuss/", {"episode": episode.key}).status_code == 200
    number = moderate.decide(Deed.SPAM, [line], by="max").pk
    assert not waiting.waiting().exists()
    assert moderate.undo(number, by="max") == posts
    (line,) = waiting.waiting()
    assert moderate.spam(line) == posts
    settled()
    assert not Comment.objects.exists() and not Writer.objects.exists() and not UsedForm.objects.exists()
    press()
    assert log.verify() == [] and check() == []


def test_spam_that_was_confirmed_blocks_its_address(episode: Episode) -> None:
    client = Client()
    comment = write(episode, "Gold!", client=client)
    confirmed(comment, client)
    write(episode, "Silver!", client=client)
    assert moderate.spam(comment) == 2
    settled()
    answer = send(opened(episode) | {"text": "Bronze!", "name": "Ada", "address": "ada@example.org"})
    assert "not taken" in said_by(answer)
    assert writers.address_of(Writer.objects.get()) == ""


def test_buckets_and_what_is_kept_of_a_network(episode: Episode) -> None:
    for n in range(10):
        write(episode, f"Number {n}", address=f"a{n}@example.org", network="192.0.2.7")
    typed = {"text": "One more", "name": "Ada", "address": "b@example.org"}
    answer = send(opened(episode) | typed, **{"X-Forwarded-For": "192.0.2.7"})
    assert answer.status_code == 429 and fields_of(answer)["text"] == "One more"
    assert send(opened(episode) | typed, **{"X-Forwarded-For": "192.0.2.8"}).status_code == 303
    networks = set(Comment.objects.values_list("network", flat=True))
    assert len(networks) == 2 and not any("192" in network for network in networks)


def test_people_who_share_a_name_are_not_one(episode: Episode) -> None:
    write(episode, "One.", address="one@example.org")
    write(episode, "Two.", address="two@example.org")
    write(episode, "Three.", address="ONE@example.org")
    assert sorted(writers.address_of(writer) for writer in Writer.objects.all()) == [
        "one@example.org",
        "two@example.org",
    ]
    assert not any(b"example" in bytes(writer.address) for writer in Writer.objects.all())


def test_a_post_is_whole_or_not_there(episode: Episode) -> None:
    """Killed after any of its writes, the transaction leaves nothing; the same form then goes through."""
    fields = opened(episode) | {"text": "Whole.", "name": "Ada", "address": "ada@example.org"}
    for where in ("onrecord.discussion.log.append", "onrecord.discussion.letters.confirm"):
        with mock.patch(where, side_effect=SystemExit), pytest.raises(SystemExit):
            send(fields)
        assert not Comment.objects.exists() and not Writer.objects.exists() and not Mail.objects.exists()
    assert send(fields).status_code == 303
    assert (Comment.objects.count(), Event.objects.count(), Mail.objects.count()) == (1, 1, 1)


def test_a_thousand_comments(episode: Episode, public: Path, django_assert_max_num_queries: Any) -> None:
    """The episode's page stays light, each page of the discussion has 100 places, and few queries are asked."""
    draft = post.Draft("Ada", "ada@example.org", SEVEN)
    first = post.post(episode, draft, post.Sender("first"))
    moderate.publish(first)
    words = {"episode": episode, "writer": first.writer, "name": "Ada", "text": first.text, "html": first.html}
    Comment.objects.bulk_create(
        Comment(
            number=n, parent=first if n % 7 == 0 else None, state=State.PUBLISHED, created=EARLIER,
            published=timezone.now(), fingerprint="x", **words,
        )
        for n in range(2, 1001)
    )  # fmt: skip
    first.episode.discussion.__class__.objects.update(last_number=1000)
    with django_assert_max_num_queries(10):
        assert len(model.on_page(episode.pk, 3)) == 100
    press()
    moderate.publish(write(episode, "The newest.", address="b@example.org"))
    press()
    assert len((public / "talks/e1/index.html").read_bytes()) < 60_000
    pages = sorted((public / "talks/e1/discussion").rglob("index.html"))
    assert len(pages) == 11
    page = page_at(public, "talks/e1/discussion/page/3/index.html")
    assert [place.get("id") for place in page.xpath("//article[@id]")][:2] == ["c201", "c202"]
    assert page_at(public, "talks/e1/discussion/page/11/index.html").xpath("//article[@id='c1001']")
    assert (
        "answered in #105"
        in page_at(public, "talks/e1/discussion/index.html").xpath("//article[@id='c1']/footer")[0].text_content()
    )
    assert check() == []


def test_deciding_twice_and_without_a_reason(episode: Episode) -> None:
    comment = published(episode)
    moderate.publish(comment)
    assert Event.objects.filter(kind="published").count() == 1
    with pytest.raises(BadInput, match="does not wait"):
        moderate.send_back(comment, "No.")
    with pytest.raises(BadInput, match="reason"):
        moderate.send_back(write(episode, "Two.", address="b@example.org"), " ")
