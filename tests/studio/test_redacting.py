"""Redacting in the studio: what would go is shown first; then the words are gone, and the sound is made again."""

import html
import json
from dataclasses import replace

import pytest

from onrecord import hold
from onrecord.discussion import notices, post
from onrecord.discussion.models import Event, Law
from onrecord.discussion.notices import Item, NoticeDraft
from onrecord.jobs.models import Step
from onrecord.lib import age, erasures
from onrecord.lib.configuration import LegalSettings
from onrecord.recordings.models import Rendition
from onrecord.transcripts import revisions
from onrecord.transcripts.tokens import text_of, unpack
from tests.site import making

pytestmark = pytest.mark.django_db


def shown(answer) -> str:
    return html.unescape(answer.content.decode())


def words(episode) -> str:
    return text_of(unpack(revisions.newest_of(episode).tokens))


def test_from_the_words_to_the_blanks(signed_in, publication):
    episode = making.make_full_episode()
    episode.recordings.update(duration_ms=60_000)
    browser, address = signed_in("editor"), f"/studio/episodes/{episode.key}/redact/"
    assert f'href="{address}"' in shown(browser.get(f"/studio/episodes/{episode.key}/words/"))
    before = words(episode)
    type(episode).objects.update(notes=f"*{before.upper()}*")
    for text in (before, "What a boat."):
        post.post(episode, post.Draft("Ada", "a@example.org", text), post.Sender(text[:9]))
    notice = notices.receive(Item(episode, None), NoticeDraft(Law.DSA, "Cy", "cy@example.org", before), "one", "")
    for typed, problem in (
        ({"start": "0:07", "end": "0:05"}, "it must end later"),
        ({"start": "soon", "end": "0:05"}, "is no time"),
        ({"start": "0:05", "end": "9:00:00"}, "there is nothing at 9:00:00"),
        ({"start": "", "end": "0:05"}, "required"),
    ):
        answer = browser.post(address, typed | {"do": "redact"})
        assert answer.status_code == 422 and problem in shown(answer), problem
    typed = {"start": "0:05", "end": "0:06", "reason": "A <name>."}
    looked = shown(browser.post(address, typed | {"do": "look"}))
    assert "words go for good: “" in looked and "Redact it for good" in looked
    places = f"its notes, comment {episode.comments.earliest('id').key}, legal notice {notice.key}"
    assert f"seems to be quoted in {places}: that stays" in looked
    assert words(episode) == before and not (publication.private / erasures.FILE).exists()

    answer = browser.post(address, typed | {"do": "redact"})
    assert (answer.status_code, answer["Location"]) == (303, f"/studio/episodes/{episode.key}/")
    assert "█" in words(episode) and len(words(episode).split()) == len(before.split())
    assert not Rendition.objects.filter(recording__episode=episode).exists()
    assert Event.objects.get(kind="redacted").by == "editor"
    assert {"recording.redact", "recording.encode_audio"} <= set(Step.objects.values_list("name", flat=True))
    (entry,) = map(json.loads, (publication.private / erasures.FILE).read_text().splitlines())
    assert (entry["kind"], entry["from_ms"], entry["to_ms"]) == ("redaction", 5000, 6000)
    assert "A <name>." in shown(browser.get(address))


def test_a_sealed_copy_is_offered_where_there_is_a_key_for_it(signed_in, publication, settings, tmp_path):
    episode = making.make_full_episode()
    episode.recordings.update(duration_ms=60_000)
    browser, address = signed_in("editor"), f"/studio/episodes/{episode.key}/redact/"
    assert "sealed copy" not in shown(browser.get(address))
    legal = LegalSettings(hold_key=age.make_key(tmp_path / "key.txt"))
    settings.ONRECORD = replace(settings.ONRECORD, legal=legal)
    assert "Keep a sealed copy" in shown(browser.get(address))
    typed = {"start": "0:05", "end": "0:06", "hold": "on"}
    assert "is kept sealed, for whoever has the key" in shown(browser.post(address, typed | {"do": "look"}))
    assert hold.held() == []
    assert browser.post(address, typed | {"do": "redact"}).status_code == 303
    assert [copy.name for copy in hold.held()] == [f"{episode.key}-{episode.recordings.get().pk}-5000-6000.tar.age"]
