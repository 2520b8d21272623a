"""References as readers make them: nobody is visited before they are published, and what came of it is told."""

import gzip
import hashlib
import os
import stat
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from warcio.archiveiterator import ArchiveIterator

from onrecord.catalogue.models import Change
from onrecord.jobs.models import State, Step
from onrecord.lib.errors import BadInput
from onrecord.references import attached, checking, cite, keeping, read, report
from onrecord.references.models import Kind, Link, Reference, SavedCopy
from onrecord.references.read import Saved

pytestmark = pytest.mark.django_db

PAGE = (
    "<title>The ferry’s last trip</title><meta name=author content='Ada Hill'>"
    "<p>The ferry sank in “1998” – at dawn.</p>"
)
SENTENCE = 'The ferry sank in "1998" - at dawn'
ADDRESS = "http://news.org/ferry"


def published(given: str = ADDRESS, **options: Any) -> Reference:
    reference = cite.cite(given, **options)
    cite.published(reference)
    return reference


def standing(reference: Reference) -> read.Standing:
    return read.standings([reference.pk])[reference.pk]


def test_nobody_is_visited_before_the_text_is_published(web: Any, work: Any) -> None:
    web.put("/ferry", PAGE.encode(), content_type="text/html")
    reference = cite.cite(f"{ADDRESS}#part", sentence=SENTENCE)
    assert work() == 0
    assert (web.lookups, standing(reference).saved) == ([], Saved.NOT_APPLICABLE)
    cite.published(reference)
    assert standing(reference).saved is Saved.WAITING
    work()
    assert len(web.requests) == 1
    cite.published(reference)
    assert work() == 0


def test_a_page_is_saved_with_its_sentence_and_kept_as_warc(web: Any, work: Any, episode: Any) -> None:
    web.redirect("/ferry", "http://other.org/here")
    web.put("/here", gzip.compress(PAGE.encode()), content_type="text/html; charset=utf-8", content_encoding="gzip")
    reference = published(sentence=SENTENCE, episode=episode)
    before = Change.objects.count()
    work("references.save")
    found = standing(reference)
    assert (found.saved, found.title, found.author) == (Saved.WITH_SENTENCE, "The ferry’s last trip", "Ada Hill")
    assert (found.given, found.href, found.reached) == (ADDRESS, ADDRESS, "http://other.org/here")
    assert found.sha256 == hashlib.sha256(PAGE.encode()).hexdigest()
    assert found.saved_at is not None
    assert found.dead_since is None
    assert Change.objects.filter(kind="episode", subject=episode.pk).count() == Change.objects.count() - before == 1
    copy = SavedCopy.objects.get()
    file = keeping.warc_file(copy.warc)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert hashlib.sha256(file.read_bytes()).hexdigest() == copy.warc
    about, answer = ((record.rec_type, record.content_stream().read(), record) for record in records_of(file))
    assert about[0] == "warcinfo"
    assert answer[:2] == ("response", PAGE.encode())
    assert answer[2].rec_headers["WARC-Target-URI"] == "http://other.org/here"
    assert answer[2].http_headers.get_statuscode() == "200"


def records_of(file: Path) -> ArchiveIterator:
    return ArchiveIterator(BytesIO(file.read_bytes()))


@pytest.mark.parametrize(
    ("answer", "saved"),
    [
        ({"page": b"<p>Something else."}, Saved.SENTENCE_MISSING),
        ({"page": b"%PDF-1.7", "content_type": "application/pdf"}, Saved.SAVED),
        ({"page": b"no", "status": "403 Forbidden"}, Saved.BLOCKED),
        ({"page": b"no", "status": "451 Unavailable"}, Saved.BLOCKED),
        ({"page": b"gone", "status": "404 Not Found"}, Saved.FAILED),
        ({"page": b"", "status": "302 Found", "location": "http://127.0.0.1/"}, Saved.FAILED),
    ],
)
def test_what_came_of_saving_is_told(web: Any, work: Any, answer: dict[str, Any], saved: Saved) -> None:
    answer = dict(answer)
    web.put("/ferry", answer.pop("page"), **{"content_type": "text/html", **answer})
    reference = published(sentence=SENTENCE)
    work()
    assert standing(reference).saved is saved
    assert work("references.save") == 0


def test_a_page_that_does_not_answer_is_tried_again_for_half_a_day(web: Any, work: Any, later: Any) -> None:
    web.put("/ferry", b"<p>away", "503 Service Unavailable")
    reference = published(sentence=SENTENCE)
    tries = 0
    for _ in range(10):
        tries += work("references.save")
        later(hours=6)
        if tries == 2:
            assert standing(reference).saved is Saved.WAITING
    assert tries == 4
    assert standing(reference).saved is Saved.FAILED
    web.put("/ferry", PAGE.encode(), content_type="text/html")
    other = published(sentence="not there at all")
    work("references.save")
    assert standing(reference).saved is Saved.WITH_SENTENCE
    assert standing(other).saved is Saved.SENTENCE_MISSING


def test_a_page_that_many_cite_is_fetched_once_and_each_sentence_looked_for(web: Any, work: Any, later: Any) -> None:
    web.put("/ferry", PAGE.encode(), content_type="text/html")
    references = [published(sentence=SENTENCE if number % 2 else "nowhere") for number in range(50)]
    work("references.save")
    late = published(f"{ADDRESS}#elsewhere", sentence="the ferry sank")
    work("references.save")
    assert len(web.requests) == 1
    assert {standing(reference).saved for reference in references[1::2]} == {Saved.WITH_SENTENCE}
    assert {standing(reference).saved for reference in references[::2]} == {Saved.SENTENCE_MISSING}
    assert standing(late).saved is Saved.WITH_SENTENCE
    later(days=31)
    published()
    work("references.save")
    assert len(web.requests) == 2


def test_a_reference_that_is_published_while_its_page_is_saved_is_not_missed(web: Any, work: Any) -> None:
    def answer(connection: Any, over: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE.encode())

    web.put("/ferry", answer)
    published()
    Step.objects.filter(name="references.save").update(state=State.RUNNING)
    late = published(sentence=SENTENCE)
    assert Step.objects.get(name="references.save").state == State.RUNNING
    Step.objects.filter(name="references.save").update(state=State.WAITING)
    work("references.save")
    assert standing(late).saved is Saved.WITH_SENTENCE


def test_saving_can_be_off_for_a_link_a_publication_and_is_for_pages_of_our_own(
    web: Any, work: Any, settings: Any
) -> None:
    object.__setattr__(settings.ONRECORD.publication, "address", "http://other.org")
    own = published("http://other.org/show/one/")
    off = published("http://news.org/off", visit=False)
    also_off = published("http://news.org/off")
    object.__setattr__(settings.ONRECORD.references, "save", False)
    unsaved = published("http://news.org/unsaved")
    work(even_early=True)
    assert web.requests == []
    for reference in (own, off, also_off, unsaved):
        assert standing(reference).saved is Saved.NOT_APPLICABLE


def test_dead_after_three_failures_three_days_apart_and_alive_again(
    web: Any, work: Any, later: Any, episode: Any
) -> None:
    web.put("/ferry", PAGE.encode(), content_type="text/html")
    web.put("/other", b"still here")
    reference = published(episode=episode)
    published("http://other.org/other")
    work()
    web.put("/ferry", b"", "404 Not Found")
    deaths = []
    Change.objects.all().delete()
    for _ in range(40):
        work("references.check")
        deaths.append(standing(reference).dead_since)
        later(days=1)
    died = next(day for day, dead in enumerate(deaths) if dead)
    assert died == 7 + 3 + 3
    assert abs(deaths[-1] - (timezone.now() - timedelta(days=33))) < timedelta(hours=1)  # since the first failure
    assert Change.objects.filter(kind="episode", subject=episode.pk).count() == 1
    assert [link.address for link in read.dead()] == [ADDRESS]
    assert standing(reference).saved is Saved.SAVED
    assert sum(request.startswith("GET /other") for request in web.requests) == 1 + 40 // 7
    web.put("/ferry", b"", "403 Forbidden")
    for _ in range(8):
        work("references.check")
        later(days=1)
    assert standing(reference).dead_since is None
    assert Change.objects.filter(kind="episode").count() == 2
    assert Step.objects.get(name="references.check").state == State.WAITING


def test_failures_close_together_count_once(web: Any, later: Any) -> None:
    published()
    link = Link.objects.get()
    for _ in range(10):
        ((_, pulse),) = checking.feel([link])
        checking.note(link, pulse)
        later(hours=7)
    assert (link.failures, link.dead_since) == (1, None)


def test_when_nothing_answers_it_is_our_own_line(web: Any, work: Any, later: Any) -> None:
    for host in ("a.org", "b.org", "c.org"):
        published(f"http://{host}/")
    work("references.save", even_early=True)
    for _ in range(30):
        later(days=1)
        work("references.check")
    assert not read.dead()
    with pytest.raises(BadInput, match="connected"):
        report.check_all()
    web.put("/ferry", b"here")
    published(ADDRESS)
    report.check_all()
    assert sorted(Link.objects.values_list("failures", flat=True)) == [0, 1, 1, 1]


def test_many_links_are_checked_in_turns(web: Any, work: Any, later: Any) -> None:
    for number in range(25):
        published(f"http://news.org/{number}")
    later(days=8)
    while work("references.check"):
        pass
    assert Link.objects.exclude(checked=None).count() == 25
    assert Link.objects.filter(failures=1).count() == 25


def test_works_lost_links_and_what_is_found_again(web: Any, work: Any) -> None:
    work_ = published("My article of 17 April in “The Paper”", title="The bridge", date="17 April 1998")
    lost = published("http://gone.org/article?id=3 (I think)", lost=True)
    dead_link = published("http://gone.org/article", lost=True)
    assert [standing(r).kind for r in (work_, lost, dead_link)] == [Kind.WORK, Kind.LOST, Kind.LOST]
    assert [standing(r).href for r in (work_, lost, dead_link)] == ["", "", ""]
    assert work() == 0
    web.put("/ferry", PAGE.encode(), content_type="text/html")
    cite.found_again(lost, ADDRESS)
    work()
    found = standing(lost)
    assert (found.kind, found.href, found.saved) == (Kind.LINK, ADDRESS, Saved.SAVED)
    assert found.given == "http://gone.org/article?id=3 (I think)"


@pytest.mark.parametrize(
    "options", [{"given": " \n"}, {"given": "x" * 2001}, {"title": "x" * 301}, {"sentence": "x" * 2001}]
)
def test_what_is_empty_or_too_long_is_refused_and_nothing_cut_off(publication: Any, options: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        cite.cite(options.pop("given", "A book"), **options)
    assert not Reference.objects.exists()


FILES = [
    (b"%PDF-1.7 ...", "application/pdf"),
    (b"\x89PNG\r\n\x1a\nxx", "image/png"),
    (b"\xff\xd8\xff\xe0", "image/jpeg"),
    (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    ("Grüße\n".encode(), "text/plain"),
]


@pytest.mark.parametrize(("content", "media_type"), FILES)
def test_a_file_is_known_by_its_content_and_kept_private(publication: Any, content: bytes, media_type: str) -> None:
    reference = attached.attach(attached.keep(content, "C:\\fakepath\\..\\scan\r\n\u202e.exe"), title="A scan")
    cite.published(reference)
    found = standing(reference)
    assert (found.kind, found.file_type, found.file_size) == (Kind.FILE, media_type, len(content))
    assert found.file_name == "scan  .exe"
    file = publication.private / "attached" / found.sha256
    assert file.read_bytes() == content
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(publication.public.glob("**/*"))


@pytest.mark.parametrize(
    "content", [b"MZ\x90\x00", b"", b"PK\x03\x04", b"\x00text", b"<svg>\xff", b"GIF89a\x00", b"%PDF-" + bytes(10 << 20)]
)
def test_other_files_are_refused(publication: Any, content: bytes) -> None:
    with pytest.raises(BadInput):
        attached.keep(content, "a.pdf")
    assert not (publication.private / "attached").exists()


def test_what_is_forgotten_leaves_no_file(web: Any, work: Any, django_capture_on_commit_callbacks: Any) -> None:
    web.put("/ferry", PAGE.encode(), content_type="text/html")
    first, second = published(), published()
    files = [attached.attach(attached.keep(b"%PDF-1.7 x", "a.pdf")) for _ in range(2)]
    work()
    private = keeping.attached_file("").parent
    assert len(list(private.rglob("*.*"))) == 2
    for reference, left in ((first, 4), (files[0], 4), (second, 2), (files[1], 1)):
        with django_capture_on_commit_callbacks(execute=True):
            cite.forget(reference)
        kept = [path for folder in ("references", "attached") for path in (private / folder).glob("*")]
        assert len(kept) == {4: 3, 2: 1, 1: 0}[left]
    assert not Link.objects.exists()
    assert not SavedCopy.objects.exists()
    assert not Step.objects.filter(name="references.save").exists()


def test_files_that_no_row_names_are_swept_away(publication: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = attached.attach(attached.keep(b"%PDF-1.7 x", "a.pdf"))
    keeping.keep_file(b"left behind")
    monkeypatch.setattr(keeping, "ABANDONED", -60)
    keeping.sweep()
    assert [file.name for file in keeping.attached_file("").glob("*")] == [reference.sha256]


def test_a_file_that_comes_again_is_not_swept_away_before_a_row_names_it(publication: Any) -> None:
    for name in [keeping.keep_file(b"comes again"), keeping.keep_file(b"does not")]:
        os.utime(keeping.attached_file(name), (0, 0))
    again = keeping.keep_file(b"comes again")
    keeping.sweep()
    assert [file.name for file in keeping.attached_file("").glob("*")] == [again]


def test_hostile_titles_and_pages_are_text(web: Any, work: Any, cases: Path) -> None:
    import json

    for number, payload in enumerate(json.loads((cases / "hostile" / "html.json").read_text())):
        web.put(f"/{number}", f"<title>{payload}</title>{payload}<p>words".encode(), content_type="text/html")
        reference = published(f"http://news.org/{number}", title=payload[:300], sentence=payload[:2000])
        work("references.save")
        found = standing(reference)
        assert found.saved in (Saved.WITH_SENTENCE, Saved.SENTENCE_MISSING, Saved.SAVED)
        assert "\n" not in found.title
        assert "\0" not in found.title + found.sentence


def test_a_proxy_in_the_settings_is_used(web: Any, work: Any, settings: Any) -> None:
    object.__setattr__(settings.ONRECORD.references, "proxy", "http://proxy.lan:3128")
    published()
    work("references.save")
    assert web.connections == [("proxy.lan", 3128)]
    assert web.requests[0].startswith("CONNECT 93.184.216.34:80 ")
