"""Mail through a real server: what it refuses, drops or does not answer is sent later, and nothing is lost."""

import stat
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import send_mail
from django.db import connection, transaction
from django.utils import timezone

from onrecord.jobs.models import Step
from onrecord.lib import configuration
from onrecord.lib.errors import BadInput
from onrecord.mail import delivery, outgoing
from onrecord.mail.models import Mail, State
from onrecord.status import in_words, status
from tests import certificates
from tests.mail.servers import PostOffice, free_port, only, silent, with_starttls, working

pytestmark = pytest.mark.django_db

ADA = "ada@readers.example"


def send(to: str = ADA, **options: Any) -> Mail:
    return outgoing.send(to, "Your comment", "Grüße\n\n.\nیہ خط ہے", kind="confirm", **options)


def state() -> tuple[str, int]:
    mail = Mail.objects.get()
    return str(mail.state), mail.tries


def stored() -> bytes:
    """Everything that the database says of mails and steps."""
    with connection.cursor() as cursor:
        found = []
        for table in ("mail_mail", "jobs_step"):
            cursor.execute(f"SELECT * FROM {table}")
            found += cursor.fetchall()
    return b"\n".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for row in found for v in row)


def test_a_mail_arrives_as_it_was_written_and_leaves_nothing_behind(server_is, send_now) -> None:
    with working(PostOffice()) as office:
        server_is(office.port)
        mail = send(
            unsubscribe="https://interviews.example/discuss/stop/" + "Ab9_-" * 40 + "/",
            files={"receipt.json": '{"id": 1}'},
        )
        assert ADA.encode() not in stored()
        assert "Grüße".encode() not in stored()
        send_now()
    to, got = office.received[0]
    assert (to, got["To"], got["Subject"]) == (ADA, ADA, "Your comment")
    assert got["From"] == "Interviews <talk@interviews.example>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["List-Unsubscribe"] == "<https://interviews.example/discuss/stop/" + "Ab9_-" * 40 + "/>"
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.key in got["Message-ID"]
    body, receipt = got.iter_parts()
    assert body.get_content().splitlines() == ["Grüße", "", ".", "یہ خط ہے"]
    assert (receipt.get_filename(), receipt.get_content()) == ("receipt.json", b'{"id": 1}')
    mail.refresh_from_db()
    assert (mail.state, mail.sealed, mail.problem) == (State.SENT, b"", "")
    send_now()
    assert len(office.received) == 1


def test_what_is_rolled_back_is_never_sent(server_is, send_now) -> None:
    with working(PostOffice()) as office:
        server_is(office.port)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            send()
            raise ZeroDivisionError
        send_now()
    assert (office.received, Mail.objects.count(), Step.objects.count()) == ([], 0, 0)


TROUBLES: dict[str, Callable[[PostOffice], None]] = {
    "recipient": lambda office: setattr(office, "recipient", "451 {address} greylisted"),
    "data": lambda office: setattr(office, "data", "452 full"),
    "dropped": lambda office: setattr(office, "drop", True),
}


@pytest.mark.parametrize("trouble", [*TROUBLES, "nobody listens", "silence", "dripping", "no server of mail"])
def test_trouble_is_waited_out_and_the_mail_sent_once_it_is_over(
    trouble: str, server_is, send_now, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "PATIENCE", 0.3)
    monkeypatch.setattr(delivery, "LONGEST", 1.0)
    mail = send()
    office = PostOffice()
    if trouble in TROUBLES:
        TROUBLES[trouble](office)
        with working(office):
            server_is(office.port)
            send_now()
    elif trouble == "nobody listens":
        server_is(free_port())
        send_now()
    else:
        greeting = {"silence": b"", "dripping": b"220-a\r\n" * 50, "no server of mail": b"SSH-2.0-OpenSSH_9.2\r\n"}[
            trouble
        ]
        with silent(greeting) as port:
            server_is(port)
            send_now()
    assert state() == ("waiting", 1)
    step = Step.objects.get()
    assert timedelta(seconds=5) < step.not_before - timezone.now() <= timedelta(seconds=15)
    assert step.message
    assert "1 mails wait" in in_words(status())
    assert ADA.encode() not in stored()
    office.recipient = office.data = None
    office.drop, office.port = False, 0
    with working(office):
        server_is(office.port)
        send_now()
    assert state() == ("sent", 1)
    assert set(office.to()) == {ADA}
    assert {got["Message-ID"] for _, got in office.received} == {f"<{mail.key}@127.0.0.1>"}


def test_tries_grow_rarer_and_end_after_five_days(server_is, send_now, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    server_is(free_port())
    send()
    pauses = []
    while state()[0] == "waiting":
        send_now()
        later = Step.objects.get().not_before
        pauses.append((later - now).total_seconds())
        now = later
    assert pauses[:7] == [15, 45, 135, 405, 1215, 3600, 3600]
    assert len(pauses) < 150
    assert "given up" in in_words(status())
    now = later
    send_now()
    assert (state()[0], Mail.objects.get().sealed) == ("failed", b"")
    assert Step.objects.get().state == "done"


def test_a_refused_address_is_given_up_soon_and_tried_again_when_a_person_says_so(server_is, send_now) -> None:
    with working(PostOffice(recipient="550 {address} ADA unknown")) as office:
        server_is(office.port)
        send()
        for _ in range(4):
            send_now()
        assert state() == ("failed", 4)
        said = in_words(status())
        assert "1 mails were given up" in said
        assert "550 (address)" in said
        assert ADA.encode() not in stored()
        office.recipient = None
        assert outgoing.retry() == 1
        send_now()
    assert state()[0] == "sent"
    assert office.to() == [ADA]
    assert outgoing.retry() == 0


def test_without_a_server_mails_are_files_that_only_their_owner_reads(publication, send_now) -> None:
    assert not outgoing.is_set_up()
    send()
    send_now()
    file = next((publication.private / "outbox").iterdir())
    assert file.suffix == ".eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    got = message_from_bytes(file.read_bytes(), policy=default)
    assert isinstance(got, EmailMessage)
    assert (got["To"], got["Auto-Submitted"]) == (ADA, "auto-generated")
    assert "یہ خط ہے" in got.get_content()
    assert b"\r\n" in file.read_bytes()
    assert file.read_bytes().isascii()
    assert state()[0] == "sent"


NOT_ADDRESSES = [
    "", "ada", "ada@", "@b.example", "a@b\n.example", "a@b.example\nBcc: e@c.d", "a@b.example\r\nBcc: e@c.example",
    "a@b.example, eve@c.example", "<a@b.example>", "Ada <a@b.example>", "a b@c.example", ".a@b.example", "a@b..example",
    "a@[127.0.0.1]", "a\u202e@b.example", "x" * 65 + "@b.example", "a@b.example\x00", "a@b@c.example",
    "a@" + "b" * 70 + ".example", '"a b"@c.example', "a@b.example\u2028Bcc: eve@c.example", "a@-" + "x" * 300,
]  # fmt: skip


@pytest.mark.parametrize("to", NOT_ADDRESSES)
def test_what_is_no_address_is_refused(publication, to: str) -> None:
    with pytest.raises(BadInput, match="no mail address"):
        send(to)
    assert not Mail.objects.exists()


def test_no_header_can_be_smuggled_in(server_is, send_now, settings) -> None:
    evil = 'Ada"\r\nBcc: eve@c.example\n\rX-Evil: 1\u2028X-Evil: 2\x85X-Evil: 3\x0bX-Evil: 4\x00\u202e' + "ü" * 300
    with working(PostOffice()) as office:
        server_is(office.port)
        object.__setattr__(settings.ONRECORD.publication, "name", evil[:90])
        outgoing.send("ada@bücher.example", evil, evil + "\n.\n\n.\r\nQUIT\r\n", kind="confirm")
        send_now()
    ((to, got),) = office.received
    assert to == "ada@xn--bcher-kva.example"
    assert {name.lower() for name in got} == {
        "from", "to", "subject", "date", "message-id", "auto-submitted", "content-type", "content-transfer-encoding",
        "mime-version", "x-peer", "x-mailfrom", "x-rcptto",
    } - ({"x-peer", "x-mailfrom", "x-rcptto"} - {name.lower() for name in got})  # fmt: skip
    assert len(got["From"].addresses) == 1
    assert "\n" not in got["Subject"]
    assert "QUIT" in got.get_content()


def test_mail_of_django_and_its_accounts_goes_the_same_way(server_is, send_now, settings) -> None:
    settings.EMAIL_BACKEND = "onrecord.mail.backend.Outgoing"
    with working(PostOffice()) as office:
        server_is(office.port)
        send_mail("Your invitation", "Come in.", "someone@else.example", [ADA, "bob@readers.example"])
        assert set(Mail.objects.values_list("kind", flat=True)) == {"account"}
        send_now()
    assert office.to() == [ADA, "bob@readers.example"]
    assert {got["From"] for _, got in office.received} == {"Interviews <talk@interviews.example>"}


def test_forgetting_an_address_takes_what_is_unsent_and_what_is_in_the_outbox(publication, send_now) -> None:
    send()
    send_now()
    send()
    send("bob@readers.example")
    assert outgoing.forget(lambda to: to == ADA) == 2
    send_now()
    assert [outgoing._addressee(file) for file in outgoing.outbox().iterdir()] == ["bob@readers.example"]
    assert not list(outgoing.outbox().glob(".*"))


def test_mails_to_others_go_with_the_words_that_they_quote(publication, send_now) -> None:
    outgoing.send("bob@readers.example", "Reply?", "Ada wrote", kind="test", quotes="adas")
    send("cy@readers.example")
    send_now()
    outgoing.send("bob@readers.example", "Reply?", "Ada wrote", kind="test", quotes="adas")
    outgoing.forget_quoting(["adas"])
    send_now()
    assert [outgoing._addressee(file) for file in outgoing.outbox().iterdir()] == ["cy@readers.example"]


def test_the_password_travels_only_to_a_server_that_proves_its_name(
    server_is, send_now, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings
) -> None:
    files = certificates.make(tmp_path, "localhost")
    (settings.ONRECORD.folder / "secret").write_text("hunter2\n")
    with working(PostOffice(), **with_starttls(*files), **only("us", "hunter2")) as office:
        server_is(office.port, security="starttls", user="us", password_file="secret")
        send()
        send_now()
        assert state() == ("waiting", 1)
        assert "certificate" in Mail.objects.get().problem
        monkeypatch.setenv("SSL_CERT_FILE", files[0])
        server_is(office.port, security="starttls", user="us", password="wrong")
        send_now()
        assert "535" in Mail.objects.get().problem
        server_is(office.port, security="starttls", user="us", password_file="secret")
        send_now()
    assert state()[0] == "sent"
    assert office.to() == [ADA]


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ('host = "h"', "from_address must say"),
        ('host = "h"\nfrom_address = "me"', "from_address must say"),
        ('security = "ssl"', "must be one of starttls, tls, none"),
        ("port = 70000", "port must be between"),
        ("password = 31337", "password must be of type str"),
    ],
)
def test_settings_that_cannot_be_used_are_named_and_secrets_are_not(tmp_path: Path, toml: str, sentence: str) -> None:
    (tmp_path / "onrecord.toml").write_text(f"[mail]\n{toml}\n")
    with pytest.raises(BadInput, match=sentence) as refused:
        configuration.load(tmp_path)
    assert "31337" not in str(refused.value)
    (tmp_path / "onrecord.toml").write_text('[mail]\npassword = "hunter2"\n')
    assert "hunter2" not in repr(configuration.load(tmp_path))
