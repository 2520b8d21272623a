"""Files as references: taken with the form, kept when it comes back, for those who decide, never on the site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as used
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from onrecord.accounts.models import Role
from onrecord.catalogue.models import Episode
from onrecord.discussion import erasing, moderate, writers
from onrecord.references import attached
from onrecord.references.models import Kind, Reference
from tests.discussion.making import opened, said_by, send, tree_of
from tests.discussion.test_disputes import card, taken, typed
from tests.press.pressing import press
from tests.studio.conftest import make_account

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 minutes of the meeting"


def scan(content: bytes = PDF, name: str = "minutes.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "text/html")


def form(episode: Episode, **more: Any) -> dict[str, Any]:
    rows = {"reference": ["", "", ""], "sentence": ["They did not sign.", "", ""]}
    return opened(episode, dispute="1", revision="1", words="4-10") | typed(**rows) | more


def files() -> list[Path]:
    return list((used.ONRECORD.private / "attached").glob("*"))


def hidden(answer: Any) -> dict[str, str]:
    return {one.get("name"): one.get("value") for one in tree_of(answer).xpath("//form//input[@type='hidden']")}


def test_a_file_is_kept_while_the_form_comes_back(episode: Episode, public: Path) -> None:
    shown = send(form(episode, do="preview", **{"file-0": scan()}))
    assert "minutes.pdf (1 kB) has arrived." in said_by(shown)
    wrong = send(form(episode, name="") | hidden(shown))
    assert wrong.status_code == 400 and "minutes.pdf (1 kB) has arrived." in said_by(wrong)
    comment = taken(send(form(episode) | hidden(wrong)))
    reference = Reference.objects.get()
    assert (reference.kind, reference.file_name, reference.sentence) == (Kind.FILE, "minutes.pdf", "They did not sign.")
    moderate.publish(comment)
    press()
    assert "minutes.pdf" in card(public) and "An attached file (PDF, 1 kB), kept by the publisher." in card(public)
    assert not [file for file in public.rglob("*") if file.is_file() and PDF in file.read_bytes()]
    erasing.erase(writers.hash_of("ada@example.org"))
    assert not Reference.objects.exists()


def test_a_file_can_be_left_out_again(episode: Episode) -> None:
    shown = send(form(episode, do="preview", **{"file-0": scan()}))
    taken(send(form(episode, sentence=["", "", ""]) | hidden(shown) | {"drop-0": "on"}))
    assert not Reference.objects.exists()
    again = hidden(send(form(episode, do="preview", **{"file-0": scan()})))
    files()[0].unlink()
    gone = send(form(episode) | again)
    assert gone.status_code == 409 and "minutes.pdf is not here any more" in said_by(gone)


@pytest.mark.parametrize(
    ("content", "why"), [(b"MZ\x90\x00", "cannot be taken"), (PDF + bytes(attached.MOST_BYTES), "too large")]
)
def test_what_cannot_be_taken_says_so_and_loses_nothing(
    episode: Episode, content: bytes, why: str, settings: Any
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = None
    answer = send(form(episode, **{"file-1": scan(content, "../a.exe")}))
    assert answer.status_code == 400 and why in said_by(answer)
    assert "They did not." in tree_of(answer).xpath("//textarea")[0].text
    assert not files()


def test_only_forms_of_ours_leave_files(episode: Episode, monkeypatch: pytest.MonkeyPatch) -> None:
    send(form(episode, token="x", **{"file-0": scan()}))
    forged = send(form(episode, **{"kept-0": "x:y:z"}))
    assert forged.status_code == 400 and "give its reference" in said_by(forged)
    assert not files() and not Reference.objects.exists()
    monkeypatch.setattr(attached, "MOST_IN_A_DAY", 40)
    assert "has arrived" in said_by(send(form(episode, do="preview", **{"file-0": scan()})))
    many = send(form(episode, do="preview", **{"file-0": scan(PDF + b"2")}))
    assert "Very many files" in said_by(many) and len(files()) == 1


def test_those_who_decide_get_the_file_and_no_page(episode: Episode) -> None:
    comment = taken(send(form(episode, **{"file-0": scan()})))
    moderator = Client()
    moderator.force_login(make_account(Role.MODERATOR))
    link = tree_of(moderator.get("/studio/comments/")).xpath("//ul[@class='cited']//a/@href")[0]
    answer = moderator.get(link)
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="minutes.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert moderator.get(link.replace(comment.key, "nobodys")).status_code == 404
    files()[0].unlink()
    assert moderator.get(link).status_code == 404
