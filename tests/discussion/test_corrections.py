"""Corrections: in every place where they stand, through every revision, changed and withdrawn with a trace."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from onrecord import cli, commands_discussion, correcting, readmodel
from onrecord.catalogue.changes import episode_changed
from onrecord.catalogue.models import Episode, EpisodeState
from onrecord.correcting import Typed
from onrecord.discussion import corrections, log, moderate
from onrecord.discussion.corrections import CorrectionDraft
from onrecord.discussion.models import Correction, CorrectionKind, Event
from onrecord.lib.errors import BadInput
from onrecord.passages import quote
from onrecord.press.check import check
from onrecord.references.models import Reference
from onrecord.transcripts import revisions
from tests.discussion.making import TEXT, settled
from tests.discussion.test_disputes import correct, disputed, page_at
from tests.press.archive import make_episode, record
from tests.press.pressing import contents, press

pytestmark = pytest.mark.django_db

RIGHT = "Nobody signed **anything** at 0:02, as [the minutes](https://example.org/minutes) say."
SITE = "http://127.0.0.1:8000/"
ATOM = {"a": "http://www.w3.org/2005/Atom"}


def corrected(episode: Episode, text: str = RIGHT, at: str = "0:01", **given: Any) -> Correction:
    made = correcting.publish(episode, Typed("correction", text, at, **given), "Ada")
    press()
    return made


def said(node: Any) -> str:
    return " ".join(node.text_content().split())


def record_of(public: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((public / "talks/e1/episode.json").read_text())
    return found


def test_it_stands_in_all_its_places_and_the_words_stay(episode: Episode, public: Path) -> None:
    make_episode(episode.show, 2)
    press()
    before = contents(public)
    corrected(episode)
    assert check() == [] and log.verify() == []
    after = contents(public)
    assert all(after[f"talks/e1/transcript.{kind}"] == before[f"talks/e1/transcript.{kind}"] for kind in ("vtt", "txt"))
    assert after["talks/e1/words.json"] == before["talks/e1/words.json"]
    changed = {path for path in after if after[path] != before.get(path) and "/e1/" not in path}
    assert {path for path in changed if not path.endswith(".gz") and not path.startswith(("q/", "discussion/"))} == {
        *("corrections/index.html", "corrections/1/index.html", "corrections/atom.xml"),
        *("talks/feed.xml", "talks/feed.json", "talks/atom.xml"),
    }, "nothing else changes, whatever else there is"
    page = page_at(public, "talks/e1/index.html")
    box = page.xpath("//section[@class='corrections']")[0]
    assert said(box).startswith("1 correction Correction #1 · ") and "Nobody signed anything at 0:02" in said(box)
    assert page.xpath("//p[@class='byline']/a[@href='#corrections']/text()") == ["1 correction"]
    aside = page.xpath("//aside[@id='correction-1']")[0]
    assert box.xpath(".//a[@href='#correction-1']/text()") == ["0:01"] and "Nobody signed" in said(aside)
    assert aside.xpath(".//a[text()='0:02']/@href") == ["/talks/e1/?t=2"]
    mark = page.xpath("//a[@class='corrected']")[0]
    assert mark.getprevious().text == "They did sign the paper that night." and mark.text is None
    assert (mark.get("aria-label"), mark.get("href")) == ("Correction 1", "#correction-1")
    listed = page_at(public, "corrections/index.html").xpath("//li[@id='correction-1']")[0]
    assert "Episode 1" in said(listed) and "They did sign the paper that night." in said(listed)
    assert listed.xpath(".//a/@href")[:3] == ["/corrections/1/", "/talks/e1/#correction-1", "/talks/e1/?t=1"]
    assert page.xpath("//footer//a[@href='/corrections/']")
    own = page_at(public, "corrections/1/index.html")
    assert "Correction #1" in said(own.xpath("//h1")[0]) and "A copy will be saved." in said(own.xpath("//main")[0])


def test_a_shared_passage_says_that_its_words_were_corrected(episode: Episode, public: Path) -> None:
    near, far = (
        quote.find_or_make(episode, quote.quotation(episode, 1, words)) for words in (range(5, 7), range(14, 17))
    )
    corrected(episode)
    assert "Correction #1 Nobody signed anything" in said(
        page_at(public, f"q/{near.key}/index.html").xpath("//main")[0]
    )
    assert "Correction" not in said(page_at(public, f"q/{far.key}/index.html").xpath("//main")[0])


def test_what_programs_read_of_it(episode: Episode, public: Path) -> None:
    make_episode(episode.show, 2)
    press()
    plain = {name: (public / "talks/e2" / name).read_bytes() for name in ("chapters.json", "episode.json")}
    made = corrected(episode)
    assert plain == {name: (public / "talks/e2" / name).read_bytes() for name in plain}
    feed = etree.fromstring((public / "corrections/atom.xml").read_bytes())
    entry = feed.xpath("a:entry", namespaces=ATOM)[0]
    assert entry.findtext("a:title", namespaces=ATOM) == "Correction #1 · Episode 1"
    assert entry.xpath("a:link[@rel='alternate']/@href", namespaces=ATOM) == [f"{SITE}corrections/1/"]
    assert "They did sign" in entry.findtext("a:content", namespaces=ATOM)
    rss = etree.fromstring((public / "talks/feed.xml").read_bytes())
    notes = [item.findtext("description") for item in rss.iter("item")]
    assert notes[1].startswith("Correction #1 (") and "Nobody signed anything at 0:02" in notes[1]
    assert "Correction" not in notes[0]
    item = json.loads((public / "talks/feed.json").read_text())["items"][1]
    assert item["content_html"].startswith(f'<p><strong><a href="{SITE}corrections/1/">Correction #1')
    moment = made.published.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert item["date_modified"] == moment
    assert moment in (public / "talks/atom.xml").read_text()
    chapters = json.loads((public / "talks/e1/chapters.json").read_text())["chapters"]
    assert [(one["startTime"], one["title"], one.get("toc")) for one in chapters] == [
        (0, "Opening", None),
        (1.6, "Correction: Nobody signed anything at 0:02, as the minutes say.", None),
        (11.6, "Opening", False),
    ]
    assert chapters[1]["url"] == f"{SITE}corrections/1/"
    told = record_of(public)["corrections"]
    assert [(one["number"], one["kind"], one["text"], one["withdrawn"]) for one in told] == [
        (1, "correction", RIGHT, None)
    ]
    assert told[0]["words"][0] | {"speaker": ""} == {
        "words": "They did sign the paper that night.",
        "speaker": "",
        "start_ms": 1600,
        "end_ms": 4400,
        "state": "same",
        "first": 4,
        "end": 11,
        "now": "They did sign the paper that night.",
    }
    block = page_at(public, "talks/e1/index.html").xpath("//script[@type='application/ld+json']/text()")[0]
    node = json.loads(block)["@graph"][0]
    assert node["correction"][0]["@type"] == "CorrectionComment" and "Nobody" in node["correction"][0]["text"]
    assert node["publisher"]["correctionsPolicy"] == f"{SITE}corrections/"
    assert f"<loc>{SITE}corrections/</loc>" in (public / "sitemap-lists.xml").read_text()


def test_it_follows_the_words_through_revisions(episode: Episode, public: Path) -> None:
    corrected(episode)
    correct(episode, f"Well, then. {TEXT}".replace("did sign", "did not sign"))
    page = page_at(public, "talks/e1/index.html")
    assert page.xpath("//a[@class='corrected']")[0].getprevious().text == "They did not sign the paper that night."
    own = said(page_at(public, "corrections/1/index.html").xpath("//main")[0])
    assert "They did sign the paper that night.As it stands now: They did not sign" in own
    correct(episode, " ".join(f"Other words {n}." for n in range(30)))
    assert "These words are no longer in the transcript." in said(
        page_at(public, "corrections/1/index.html").xpath("//main")[0]
    )
    record(episode, 9, words=40)
    episode_changed(episode.pk)
    press()
    page = page_at(public, "talks/e1/index.html")
    assert not page.xpath("//a[@class='corrected'] | //aside")
    assert "no longer in the transcript" in said(page.xpath("//li[@id='correction-1']")[0])
    chapters = json.loads((public / "talks/e1/chapters.json").read_text())["chapters"]
    assert [one["title"] for one in chapters] == ["Opening"], "that recording is not heard any more"
    assert check() == []


def test_another_text_leaves_the_one_before(episode: Episode, public: Path) -> None:
    made = corrected(episode)
    corrections.reword(made, "Two people signed. See https://example.org/list.", "Bo")
    corrections.reword(made, "Two people signed. See https://example.org/list.", "Bo")
    press()
    box = page_at(public, "talks/e1/index.html").xpath("//section[@class='corrections']")[0]
    assert "Two people signed" in said(box) and "The text of this was changed on" in said(box)
    own = said(page_at(public, "corrections/1/index.html").xpath("//main")[0])
    assert own.index("Two people signed") < own.index("What it said before") < own.index("Nobody signed anything")
    assert [one["html"][:30] for one in record_of(public)["corrections"][0]["earlier"]] == [
        "<p>Nobody signed <strong>anyth"
    ]
    assert Reference.objects.count() == 2, "the links of both are looked after"
    assert log.verify() == [] and check() == []
    Correction.objects.update(text="They did sign.")
    assert log.verify() == ["The text of correction 1 is not as it was published."]


def test_withdrawing_keeps_number_and_text(episode: Episode, public: Path) -> None:
    made = corrected(episode)
    with pytest.raises(BadInput, match="say why"):
        corrections.withdraw(made, " ", "Bo")
    corrections.withdraw(made, "The minutes were forged.", "Bo")
    press()
    page = page_at(public, "talks/e1/index.html")
    assert (
        not page.xpath("//a[@class='corrected'] | //aside") and "CorrectionComment" not in etree.tostring(page).decode()
    )
    for path in ("talks/e1/index.html", "corrections/index.html", "corrections/1/index.html"):
        text = said(page_at(public, path).xpath("//*[@class='correction']")[0])
        assert "The minutes were forged." in text and "Nobody signed" in text, path
    assert "withdrawn (" in (public / "talks/feed.xml").read_text()
    assert corrected(episode, "Another.").number == 2
    with pytest.raises(BadInput, match="already"):
        corrections.withdraw(made, "Again.", "Bo")
    with pytest.raises(BadInput, match="withdrawn"):
        corrections.reword(made, "Again.", "Bo")
    kinds = list(Event.objects.filter(comment=made.key).values_list("kind", flat=True))
    assert kinds == ["corrected", "correction withdrawn"] and log.verify() == [] and check() == []


def test_a_draft_answers_a_dispute_and_erasing_takes_the_name(episode: Episode, public: Path) -> None:
    comment = disputed(episode, reference=["https://example.org/minutes"], sentence=[""])
    draft = corrections.draft_text(comment)
    assert draft == (
        "At 0:01 Guest said “They did sign the paper that”. In fact ____. "
        "Reference: https://example.org/minutes. Thanks to comment #1."
    )
    with pytest.raises(BadInput, match="gap"):
        correcting.publish(episode, Typed("correction", draft, comment=1), "Ada")
    text = draft.replace("____", "nobody did")
    made = correcting.publish(episode, Typed("correction", text, comment=1, credit="Ada Lovelace"), "Ada")
    press()
    assert list(made.passages.all()) == list(corrections.passages_of(comment))
    own = page_at(public, "corrections/1/index.html")
    assert (
        "Thanks to Ada Lovelace." in said(own) and own.xpath("//a[text()='#1']/@href")[-1] == "/talks/e1/discussion/#c1"
    )
    page = page_at(public, "talks/e1/index.html")
    assert [mark.get("class") for mark in page.xpath("//p/a[@class='corrected' or @class='disputed']")] == [
        "corrected",
        "disputed",
    ]
    moderate.spam(comment)
    settled()
    press()
    assert not [path for path, content in contents(public).items() if b"Ada Lovelace" in content]
    assert check() == [] and log.verify() == []


def test_the_whole_episode_and_one_that_is_withdrawn(episode: Episode, public: Path) -> None:
    corrected(episode, "The title was wrong.", at="")
    page = page_at(public, "talks/e1/index.html")
    assert "The title was wrong." in said(page.xpath("//section[@class='corrections']//li[@id='correction-1']")[0])
    assert len(json.loads((public / "talks/e1/chapters.json").read_text())["chapters"]) == 1
    Episode.objects.update(state=EpisodeState.WITHDRAWN)
    episode_changed(episode.pk)
    press()
    text = "It was made up: we have withdrawn it at 0:02."
    with pytest.raises(BadInput, match="not public"):
        corrected(episode, text, at="")
    correcting.publish(episode, Typed("withdrawal", text), "Ada")
    press()
    shown = page_at(public, "corrections/index.html")
    assert "made up" in said(shown.xpath("//li[@id='correction-2']")[0])
    assert said(shown.xpath("//li[@id='correction-1']")[0]) == "#1 What this was about is not on the site any more."
    assert not [
        path for path, content in contents(public).items() if b"Episode 1" in content or b"title was" in content
    ]
    assert check() == []


def test_a_hundred_a_page_newest_first(episode: Episode, public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from onrecord.readmodel import corrections as model
    from onrecord.readmodel import discussion

    monkeypatch.setattr(discussion, "PAGE", 2)
    monkeypatch.setattr(model, "PAGE", 2)
    for number in range(1, 6):
        touched = {path for path in _publish(episode, f"Number {number}.") if path.startswith("corrections/")}
        assert check() == [], number
    assert touched == {
        *("corrections/5/index.html", "corrections/index.html", "corrections/atom.xml"),
        *("corrections/page/1/index.html", "corrections/page/2/index.html"),
        *(f"corrections/{number}/index.html" for number in range(1, 5)),
    }
    numbers = [one.get("id") for one in page_at(public, "corrections/page/2/index.html").xpath("//ol/li")]
    assert numbers == ["correction-4", "correction-3"]


def _publish(episode: Episode, text: str) -> set[str]:
    correcting.publish(episode, Typed("correction", text, "0:01"), "Ada")
    return press()


def test_many_cost_no_more_queries(episode: Episode, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        made = correcting.publish(episode, Typed("update", f"Number {number}.", "0:01", "0:06"), "Ada")
        corrections.reword(made, f"Number {number}, again.", "Ada")
    with django_assert_max_num_queries(21):
        view = readmodel.episode(episode.pk)
    assert len(view.corrections) == 12 and view.newest == view.corrections[-1].changed
    with django_assert_max_num_queries(6):
        assert len(readmodel.corrections.newest(12)) == 12


def test_a_transcript_fix_says_which_revisions(episode: Episode, public: Path) -> None:
    old = quote.quotation(episode, 1, range(4, 11))
    correct(episode, TEXT.replace("sign", "sink"))
    draft = CorrectionDraft(episode, CorrectionKind.TRANSCRIPT, "It is *sink*.", quotation=old)
    corrections.publish(draft, "Ada")
    press()
    assert "Revision 1 of the transcript became revision 2." in said(page_at(public, "corrections/1/index.html"))


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        (Typed("lie", "x"), "no such kind"),
        (Typed("correction", " \n "), "write it"),
        (Typed("correction", "x" * 20_001), "at most 20,000"),
        (Typed("correction", "x", credit="y" * 201), "at most 200"),
        (Typed("correction", "x", "noon"), "'noon' is no time"),
        (Typed("correction", "x", "0:04", "0:01"), "before they begin"),
        (Typed("correction", "x", "", "0:01"), "begin too"),
        (Typed("correction", "x", "9:00:00"), "the recording ends"),
        (Typed("correction", "x", comment=7), "no comment #7"),
    ],
)
def test_what_cannot_be_taken_leaves_nothing(episode: Episode, typed: Typed, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        correcting.publish(episode, typed, "Ada")
    assert not Correction.objects.exists() and not Event.objects.exists() and not episode.passages.exists()


def test_words_and_comments_of_another_episode_are_refused(episode: Episode) -> None:
    other = make_episode(episode.show, 2)
    words = quote.quotation(other, 1, range(3))
    draft = CorrectionDraft(episode, CorrectionKind.CORRECTION, "x", quotation=words)
    for wrong in (draft, replace(draft, quotation=None, passages=(quote.find_or_make(other, words),))):
        with pytest.raises(BadInput, match="its own episode"):
            corrections.publish(wrong, "Ada")
    assert revisions.transcript_of(other) and not Correction.objects.exists()


def test_hostile_text_is_inert(episode: Episode, public: Path) -> None:
    hostile = "</script><script>alert(1)</script> <img src=x onerror=alert(2)> [a](javascript:alert(3)) \"' ]]> \u202e"
    made = corrected(episode, hostile, credit='<b onclick="x">"')
    corrections.withdraw(made, hostile, "Ada")
    press()
    for path in ("talks/e1/index.html", "corrections/index.html", "corrections/1/index.html"):
        page = page_at(public, path)
        assert not page.xpath("//*[@onerror or @onclick] | //main//img | //a[contains(@href, 'javascript')]"), path
        assert all("alert(1)" not in (script.text or "") or script.get("type") for script in page.xpath("//script"))
    etree.fromstring((public / "corrections/atom.xml").read_bytes())
    assert check() == []


def test_the_command_line(
    episode: Episode, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands_discussion, "opened", lambda options: None)  # it is open
    said_of = ["correction", "publish", "e1", "--at", "0:01", "--text"]
    assert cli.main([*said_of, "Nobody signed.", "--credit", "Grace"]) == 0
    assert cli.main([*said_of, "In fact ____."]) == 2
    assert cli.main(["correction", "change", "1", "--text", "Two signed.", "--no-credit"]) == 0
    assert (
        cli.main(["correction", "change", "1"]) == 2 and cli.main(["correction", "withdraw", "9", "--reason", "x"]) == 2
    )
    assert cli.main(["correction", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("#1  ") and lines[0].endswith("  correction  talks/e1")
    assert lines[1:] == ["    at 0:01: They did sign the paper that night.", "    Two signed."]
    assert cli.main(["correction", "withdraw", "1", "--reason", "All signed."]) == 0
    one = Correction.objects.get()
    assert one.credit == "" and one.withdrawn_because == "All signed." and check() == []
    assert Event.objects.filter(by__endswith="(command line)").count() == 3
