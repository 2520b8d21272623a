"""What is in a mail, and the bytes that travel. Knows no database."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any

UNFOLDED = ("list-unsubscribe", "message-id")
"""Headers of one long word, which `email` would take apart into encoded words that no program understands."""
LONGEST_SUBJECT = 250


class _Policy(EmailPolicy):
    """RFC 5322 in seven bits, so that any server can pass it on."""

    def fold(self, name: str, value: Any) -> str:
        if name.lower() in UNFOLDED:
            return f"{name}: {value}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in UNFOLDED:
            return self.fold(name, value).encode("ascii")
        return super().fold_binary(name, value)


POLICY = _Policy(linesep="\r\n", cte_type="7bit")


@dataclass(frozen=True)
class Letter:
    """One plain text mail. `files`: small text files to go with it, name -> text."""

    to: str
    subject: str
    body: str
    unsubscribe: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    def packed(self) -> bytes:
        """For `unpack`."""
        return json.dumps(asdict(self)).encode()


def unpack(packed: bytes) -> Letter:
    """The letter of `Letter.packed`."""
    return Letter(**json.loads(packed))


def one_line(text: str) -> str:
    """Text for a header: whatever would begin another line, or turn the text around it, is a space."""
    shown = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)
    return " ".join(shown.split())[:LONGEST_SUBJECT]


def body_of(text: str) -> str:
    """The text with plain line ends and without control characters."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in plain if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))


def message(letter: Letter, *, key: str, sender: Address, domain: str, at: datetime) -> EmailMessage:
    """The mail as it travels (RFC 5322). `key` is the row's, `at` when it was written: a second try sends the same."""
    built = EmailMessage(POLICY)
    built["From"] = sender
    built["To"] = letter.to
    built["Subject"] = letter.subject
    built["Date"] = at
    built["Message-ID"] = f"<{key}@{domain}>"
    built["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notices, please
    if letter.unsubscribe:
        built["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        built["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    built.set_content(letter.body)
    for name, text in letter.files.items():
        if name.endswith(".json"):
            built.add_attachment(text.encode(), maintype="application", subtype="json", filename=name)
        else:
            built.add_attachment(text, filename=name)
    return built
