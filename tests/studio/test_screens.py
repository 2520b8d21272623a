"""The studio's screens: what they show, and that a form does what the command line would."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from onrecord.catalogue.models import Change, Episode, Redirect
from onrecord.jobs.models import State, Step
from onrecord.studio.editing import now_of
from onrecord.transcripts import revisions
from onrecord.transcripts.models import Speaker
from onrecord.transcripts.tokens import text_of, unpack
from tests.site import making


@pytest.fixture
def editor(signed_in):
    return signed_in("editor")


@pytest.fixture
def episode(accounts):
    return making.make_full_episode()


def test_fifty_a_page_few_queries_and_what_failed(editor, episode, django_assert_max_num_queries):
    show = episode.show
    rows = [
        Episode(
            show=show,
            slug=f"bulk-{n}",
            title=f"Talk {n} about <ropes>",
            published_at=making.BEGINNING - timedelta(hours=n),
            state=("published", "draft", "withdrawn")[n % 3],
            live_since=making.BEGINNING,
        )
        for n in range(300)
    ]
    Episode.objects.bulk_create(rows)
    broken = Episode.objects.get(slug="bulk-7")
    Step.objects.create(
        name="recording.measure", subject=1, group=broken.pk, state=State.FAILED, message="The disk is full <b>."
    )
    address = reverse("episodes")
    with django_assert_max_num_queries(13):
        page = editor.get(address).content.decode()
    assert page.count("row entry") == 50
    assert "302 episodes" in page
    assert "Talk 1 about &lt;ropes&gt;" in page
    failed = editor.get(address, {"kind": "failed"}).content.decode()
    assert failed.count("row entry") == 1
    assert "The disk is full &lt;b&gt;." in failed
    assert reverse("retry", args=[broken.key]) in failed
    assert editor.get(address, {"q": "guest"}).content.decode().count("row entry") == 1, "by a person's name"
    assert editor.get(address, {"q": "talk 299"}).content.decode().count("row entry") == 1
    drafts = editor.get(address, {"kind": "draft", "page": "2", "show": show.slug}).content.decode()
    assert "2 of 2" in drafts
    assert "page=1" in drafts
    part = editor.get(address, HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in part
    assert part.count("row entry") == 50
    now = editor.get(address, {"part": "now"}, HTTP_HX_REQUEST="true").content.decode()
    assert now.count('hx-swap-oob="true"') == 51, "each of the list, and nothing to ask for again"
    editor.post(reverse("retry", args=[broken.key]))
    assert Step.objects.get(group=broken.pk).state == State.WAITING


def given(episode, **changes):
    """The form as a browser sends it when only `changes` were typed."""
    return {name: "" if value is None else value for name, value in now_of(episode).items()} | changes


def test_nothing_typed_changes_nothing(editor, episode):
    before = Episode.objects.filter(pk=episode.pk).values().get()
    answer = editor.post(reverse("episode", args=[episode.key]), given(episode))
    assert answer.status_code == 303, answer.content.decode()
    assert Episode.objects.filter(pk=episode.pk).values().get() == before
    assert [c.person.name for c in episode.credits.all()] == ["Bo O'Guest", "Ada Host"]


def test_everything_is_edited(editor, episode, publication, tmp_path):
    image = tmp_path / "boat.png"
    Image.new("RGB", (900, 600), "navy").save(image)
    changes = {
        "title": "کشتیاں",
        "standfirst": "New words.",
        "show": "Other talks",
        "at": "2026-10-01T08:30",
        "language": "ur",
        "hosts": "Cy Host\nAda Host",
        "guests": "",
        "tags": "Sea, Salt",
        "series": "The other harbour",
        "part": "2",
        "total": "3",
        "notes": "One.\r\nTwo.",
        "video": "https://video.example/watch",
        "picture": SimpleUploadedFile("boat.png", image.read_bytes(), "image/png"),
        "alt": "Blue",
        "caption": "A boat",
        "credit": "Cy",
        "slug": "kashtiyan",
    }
    answer = editor.post(reverse("episode", args=[episode.key]), given(episode, **changes))
    assert answer.status_code == 303, answer.content.decode()
    row = Episode.objects.select_related("show", "series", "picture").get(pk=episode.pk)
    assert (row.title, row.standfirst, row.language, row.notes) == ("کشتیاں", "New words.", "ur", "One.\nTwo.")
    assert (row.show.name, row.series.name, row.part, row.series.total) == ("Other talks", "The other harbour", 2, 3)
    assert (row.folder, row.video_url) == ("other-talks/kashtiyan", "https://video.example/watch")
    assert row.published_at.isoformat() == "2026-10-01T08:30:00+00:00"
    assert [c.person.name for c in row.credits.all()] == ["Cy Host", "Ada Host"]
    assert set(row.tags.values_list("name", flat=True)) == {"Sea", "Salt"}
    assert (row.picture.width, row.picture.alt, row.picture.caption) == (900, "Blue", "A boat")
    assert (publication.originals / row.picture.sha256).is_file()
    assert Redirect.objects.filter(folder="talks/boats", episode=row).exists()
    assert Change.objects.filter(kind="episode", subject=row.pk).exists()
    assert not list((publication.work / "uploads").iterdir())
    picture = row.picture.sha256
    editor.post(reverse("episode", args=[row.key]), given(row, no_picture="on", series="", part="", total=""))
    row.refresh_from_db()
    assert (row.picture, row.series, row.part) == (None, None, None)
    assert not (publication.originals / picture).exists(), "nothing names it any more"


def test_what_cannot_be_used_is_said_and_nothing_is_changed(editor, episode, publication):
    address = reverse("episode", args=[episode.key])
    broken = SimpleUploadedFile("boat.png", b"no picture", "image/png")
    for wrong in (
        {"title": "  "},
        {"language": "xx"},
        {"part": "", "series": "The harbour"},
        {"at": "yesterday"},
        {"video": "javascript:alert(1)"},
        {"picture": broken},
        {"slug": "Not An Address"},
    ):
        answer = editor.post(address, given(episode, standfirst="Changed", **wrong))
        assert answer.status_code == 200, wrong
        assert "problems" in answer.content.decode()
        if "slug" not in wrong:
            assert Episode.objects.get(pk=episode.pk).standfirst == episode.standfirst, wrong
    assert "--" not in answer.content.decode().partition("<main")[2].partition("<form")[0]


def test_publishing_and_withdrawing(editor, episode):
    editor.post(reverse("withdraw", args=[episode.key]))
    episode.refresh_from_db()
    assert episode.state == "withdrawn"
    editor.post(reverse("release", args=[episode.key]))
    episode.refresh_from_db()
    assert episode.is_public


def test_the_preview_of_a_draft_is_the_page_and_nothing_of_it_is_public(editor, episode, publication, signed_in):
    image = Path(publication.originals) / episode.picture.sha256
    Image.new("RGB", (2000, 1200), "navy").save(image, "JPEG")
    Episode.objects.filter(pk=episode.pk).update(state="draft", live_since=None)
    answer = editor.get(reverse("preview", args=[episode.key]))
    page = answer.content.decode()
    assert "Boats &amp; &lt;b&gt;ropes&lt;/b&gt;" in page
    assert "We mended it all winter" in page
    files = reverse("file", args=[episode.key, "picture-480.webp"])
    assert files in page
    assert editor.get(files)["Content-Type"] == "image/webp"
    assert editor.get(reverse("file", args=[episode.key, "picture-99999.jpg"])).status_code == 404
    assert not any(publication.public.rglob("*"))
    kept = publication.private / "renditions"
    kept.mkdir()
    mp3 = episode.recordings.get().renditions.get(kind="mp3")
    (kept / f"{mp3.sha256}.mp3").write_bytes(bytes(range(256)) * 20_000)
    sound = editor.get(reverse("file", args=[episode.key, "sound"]), HTTP_RANGE="bytes=256-")
    assert sound.status_code == 206
    assert sound["Content-Range"] == f"bytes 256-{256 + (2 << 20) - 1}/5120000"
    assert sound.content[:2] == b"\x00\x01"
    beyond = editor.get(reverse("file", args=[episode.key, "sound"]), HTTP_RANGE="bytes=9999999-")
    assert beyond.status_code == 416


def test_words_are_corrected_approved_and_speakers_named(editor, episode):
    page = editor.get(reverse("words", args=[episode.key])).content.decode()
    address = reverse("turn", args=[episode.key, 10, 23])
    assert address in page
    form = editor.get(address).content.decode()
    assert "&lt;loudly&gt;" in form
    sent = {"text": "It began with a goat.", "speaker": "1", "note": "A goat", "revision": "1"}
    assert editor.post(address, sent | {"text": " "}).status_code == 422
    assert editor.post(address, sent).status_code == 303
    newest = revisions.newest_of(episode)
    assert (newest.number, newest.note, newest.origin) == (2, "A goat", "edit")

    late = editor.post(address, sent | {"text": "It began with a coat."})
    shown = late.content.decode()
    assert late.status_code == 409
    assert "It began with a goat." in shown, "what stands there now"
    assert "It began with a coat." in shown, "and what was written"
    assert 'name="revision" value="2"' in shown
    assert revisions.newest_of(episode).number == 2

    editor.post(reverse("approve", args=[episode.key]))
    assert revisions.newest_of(episode).read_by_person
    named = editor.post(reverse("speakers", args=[episode.key]), {"voice-0": "Ada Host", "voice-1": "Bo O'Guest"})
    assert named.status_code == 303
    assert "Bo O&#x27;Guest" in editor.get(reverse("words", args=[episode.key])).content.decode()
    editor.post(reverse("speakers", args=[episode.key]), {"voice-1": "Zed Guest"})
    zed = Speaker.objects.get(name="Zed Guest")
    assert zed.person is None
    editor.post(reverse("episode", args=[episode.key]), given(episode, guests="Zed Guest"))
    zed.refresh_from_db()
    assert zed.person.name == "Zed Guest", "credited afterwards"
    gone = editor.post(
        reverse("turn", args=[episode.key, 10, 15]), sent | {"nothing": "on", "text": "", "revision": "2"}
    )
    assert gone.status_code == 303
    assert "goat" not in text_of(unpack(revisions.newest_of(episode).tokens))


def test_an_episode_without_words_and_one_that_is_not(editor, accounts):
    bare = making.make_episode(making.make_show(), "bare")
    for route in ("words", "speakers"):
        assert "has no transcript" in editor.get(reverse(route, args=[bare.key])).content.decode()
    assert editor.get(reverse("turn", args=[bare.key, 0, 1])).status_code == 303
    for route in ("episode", "words", "preview"):
        assert editor.get(reverse(route, args=["nothing"])).status_code == 404


def test_ten_thousand_episodes_take_the_same_few_queries(editor, episode):
    from django.db import connection

    rows = (
        Episode(show=episode.show, slug=f"b-{n}", title=f"Talk {n}", published_at=timezone.now(), state="published")
        for n in range(10_000)
    )
    Episode.objects.bulk_create(rows, batch_size=1000)
    with CaptureQueriesContext(connection) as queries:
        page = editor.get(reverse("episodes"), {"q": "talk"}).content.decode()
    assert "10000 episodes" in page
    assert len(queries) <= 13
