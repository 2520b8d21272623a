"""Reads onrecord.toml, the settings that a person edits. Every one has a working default."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from onrecord.lib import age, colour, language
from onrecord.lib.addresses import mail_address
from onrecord.lib.errors import BadInput

FILE_NAME = "onrecord.toml"

LOGO_FORMATS = (".svg", ".png", ".webp", ".jpg")


@dataclass(frozen=True)
class PublicationSettings:
    """Who publishes, where, and in what language."""

    name: str = "Interviews"
    description: str = ""
    language: str = "en"
    address: str = ""
    owner: str = ""
    email: str = ""
    category: str = "Society & Culture"
    explicit: bool = False
    time_zone: str = "UTC"
    copyright: str = ""
    funding: str = ""
    funding_label: str = ""


@dataclass(frozen=True)
class LookSettings:
    """The publication's own colour ("#8a1c2c") and logos: picture files in its folder, one for dark pages too."""

    accent: str = ""
    logo: str = ""
    logo_dark: str = ""


@dataclass(frozen=True)
class DatabaseSettings:
    """Where the rows are: SQLite in the folder unless a PostgreSQL URL is given."""

    url: str = ""


@dataclass(frozen=True)
class SpeechSettings:
    """How speech becomes text. `model` is a faster-whisper name or the path of a converted model."""

    model: str = "base"
    device: str = "auto"
    approve_first: bool = False


@dataclass(frozen=True)
class RecordingSettings:
    """What is made of a recording. Loudness in LUFS, true peak in dBTP."""

    ffmpeg: str = ""
    loudness: float = -16.0
    true_peak: float = -1.0


@dataclass(frozen=True)
class WorkerSettings:
    """How many steps one worker runs at once; 0 means one per processor."""

    processes: int = 0


@dataclass(frozen=True)
class ServerSettings:
    """Where `serve` listens, and how large a recording may be that is sent to the studio, in GB (10^9 bytes)."""

    host: str = "127.0.0.1"
    port: int = 8000
    largest_upload_gb: float = 20.0


@dataclass(frozen=True)
class MailSettings:
    """The mail server (SMTP) that takes our mails; without a host they become files in private/outbox/.

    `port` 0 is the usual one of the `security`: starttls (587), tls (465) or none (25). The password may also stand in
    a file that `password_file` names, seen from the publication's folder, or in the environment.
    """

    host: str = ""
    port: int = 0
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    password_file: str = ""
    from_address: str = ""


@dataclass(frozen=True)
class ReferenceSettings:
    """Whether pages that readers cite are saved, and looked after each week; a proxy ("http://host:port") for both."""

    save: bool = True
    check: bool = True
    proxy: str = ""


@dataclass(frozen=True)
class DiscussionSettings:
    """Whether readers may write, and what waits until somebody has read it: "all", or the "first" of each person.

    A person's first comments wait until one has been published and its address confirmed. `second_eyes`: an answer that
    says what came of a dispute waits until another editor has confirmed it. `uk_section_5`: the law of England and
    Wales applies, and complaints of defamation run by the clocks of section 5 of the Defamation Act 2013.
    """

    on: bool = True
    hold: str = "first"
    second_eyes: bool = False
    uk_section_5: bool = False


@dataclass(frozen=True)
class LegalSettings:
    """`hold_key`: the public half ("age1...") of the key to which copies of what is redacted can be sealed."""

    hold_key: str = ""


@dataclass(frozen=True)
class Configuration:
    """All settings of one publication, and the folder they belong to."""

    folder: Path
    publication: PublicationSettings = field(default_factory=PublicationSettings)
    look: LookSettings = field(default_factory=LookSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    speech: SpeechSettings = field(default_factory=SpeechSettings)
    recordings: RecordingSettings = field(default_factory=RecordingSettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    references: ReferenceSettings = field(default_factory=ReferenceSettings)
    discussion: DiscussionSettings = field(default_factory=DiscussionSettings)
    legal: LegalSettings = field(default_factory=LegalSettings)

    @property
    def originals(self) -> Path:
        """What was uploaded, named by sha256."""
        return self.folder / "originals"

    @property
    def public(self) -> Path:
        """The published site, complete."""
        return self.folder / "public"

    @property
    def private(self) -> Path:
        """Renditions of what is not public yet, keys, outgoing mail."""
        return self.folder / "private"

    @property
    def work(self) -> Path:
        """Half-made things; may be deleted at any time."""
        return self.folder / "work"

    @property
    def address(self) -> str:
        """Public address without trailing slash; loopback with the configured port until there is one."""
        return self.publication.address.rstrip("/") or f"http://127.0.0.1:{self.server.port}"

    @property
    def has_public_address(self) -> bool:
        """Whether the address is one that others can reach, so that feed identity may rest on it."""
        host = urlsplit(self.publication.address).hostname or ""
        return bool(host) and host != "localhost" and not host.startswith("127.") and host != "::1"


SECTIONS: dict[str, type] = {
    "publication": PublicationSettings,
    "look": LookSettings,
    "database": DatabaseSettings,
    "speech": SpeechSettings,
    "recordings": RecordingSettings,
    "worker": WorkerSettings,
    "server": ServerSettings,
    "mail": MailSettings,
    "references": ReferenceSettings,
    "discussion": DiscussionSettings,
    "legal": LegalSettings,
}
MAIL_SECURITY = ("starttls", "tls", "none")


def find_folder(start: Path | None = None) -> Path | None:
    """The publication's folder: ONRECORD_FOLDER, or the nearest folder upwards that holds onrecord.toml."""
    named = os.environ.get("ONRECORD_FOLDER")
    if named:
        return Path(named).resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder
    return None


def load(folder: Path) -> Configuration:
    """Read the settings of the publication in `folder`; a missing file means the defaults.

    Raises BadInput that quotes the first value that cannot be used.
    """
    path = folder / FILE_NAME
    try:
        text = path.read_bytes().decode("utf-8")
        document = tomllib.loads(text)
    except FileNotFoundError:
        document = {}
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not a TOML file that can be read: {error}. Mend that line and try again.") from error
    unknown = set(document) - set(SECTIONS)
    if unknown:
        raise BadInput(f"{path}: there is no section [{sorted(unknown)[0]}]; known are {', '.join(SECTIONS)}.")
    sections = {name: _section(path, name, kind, document.get(name, {})) for name, kind in SECTIONS.items()}
    configuration = Configuration(folder=folder, **sections)
    _check_values(path, configuration)
    return configuration


def _section(path: Path, name: str, kind: type, values: Any) -> Any:
    if not isinstance(values, dict):
        raise BadInput(f"{path}: [{name}] must be a section, found {values!r}.")
    known = {f.name: f for f in fields(kind)}
    types = get_type_hints(kind)
    for key, value in values.items():
        if key not in known:
            raise BadInput(f"{path}: [{name}] has no setting {key!r}; known are {', '.join(sorted(known))}.")
        expected = types[key]
        if expected is float and isinstance(value, int) and not isinstance(value, bool):
            values[key] = float(value)
        elif not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
            found = f", found {value!r}" if known[key].repr else ""  # a secret is quoted nowhere
            raise BadInput(f"{path}: [{name}] {key} must be of type {expected.__name__}{found}.")
    return kind(**values)


def _check_values(path: Path, configuration: Configuration) -> None:
    address = configuration.publication.address
    if address and (urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname):
        raise BadInput(f"{path}: address must begin with http:// or https:// and name a host, found {address!r}.")
    _check_language_and_zone(path, configuration.publication)
    _check_look(path, configuration.look)
    url = configuration.database.url
    if url and urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise BadInput(f"{path}: [database] url must be empty (SQLite) or begin with postgresql://, found {url!r}.")
    if not 1 <= configuration.server.port <= 65535:
        raise BadInput(f"{path}: [server] port must be between 1 and 65535, found {configuration.server.port}.")
    _check_mail(path, configuration)
    _check_proxy(path, configuration.references.proxy)
    if configuration.discussion.hold not in ("all", "first"):
        raise BadInput(f'{path}: [discussion] hold must be "all" or "first", found {configuration.discussion.hold!r}.')
    if configuration.legal.hold_key and not age.is_public_key(configuration.legal.hold_key):
        raise BadInput(
            f"{path}: [legal] hold_key must be the public half of a key, such as `onrecord hold key FILE` prints, "
            "beginning with age1."
        )
    if configuration.server.largest_upload_gb < 0:
        raise BadInput(
            f"{path}: [server] largest_upload_gb must be 0 or more, found {configuration.server.largest_upload_gb}."
        )
    if configuration.worker.processes < 0:
        raise BadInput(f"{path}: [worker] processes must be 0 or more, found {configuration.worker.processes}.")


def _check_mail(path: Path, configuration: Configuration) -> None:
    mail = configuration.mail
    if mail.security not in MAIL_SECURITY:
        raise BadInput(f"{path}: [mail] security must be one of {', '.join(MAIL_SECURITY)}, found {mail.security!r}.")
    if not 0 <= mail.port <= 65535:
        raise BadInput(f"{path}: [mail] port must be between 0 and 65535, found {mail.port}.")
    if mail.host or mail.from_address:
        try:
            mail_address(mail.from_address or configuration.publication.email)
        except BadInput as error:
            sentence = "must say whom mails come from, such as interviews@example.org"
            raise BadInput(f"{path}: [mail] from_address {sentence}, found {mail.from_address!r}.") from error


def _check_proxy(path: Path, proxy: str) -> None:
    try:
        parts = urlsplit(proxy)
        usable = parts.scheme == "http" and bool(parts.hostname) and bool(parts.port) and "@" not in parts.netloc
    except ValueError:
        usable = False
    if proxy and not usable:
        raise BadInput(f"{path}: [references] proxy must look like http://host:port, found {proxy!r}.")


def _check_look(path: Path, look: LookSettings) -> None:
    if look.accent:
        try:
            colour.parse(look.accent)
        except ValueError as error:
            raise BadInput(f"{path}: [look] accent must be a colour such as #8a1c2c, found {look.accent!r}.") from error
    for name in ("logo", "logo_dark"):
        logo = getattr(look, name)
        if logo and Path(logo).suffix.lower() not in LOGO_FORMATS:
            raise BadInput(f"{path}: [look] {name} must name a file in {', '.join(LOGO_FORMATS)}, found {logo!r}.")
        if logo and not (path.parent / logo).is_file():
            raise BadInput(f"{path}: [look] {name} names {logo!r}, which is not in {path.parent}: put it there.")


def _check_language_and_zone(path: Path, publication: PublicationSettings) -> None:
    problem = language.problem_with(publication.language)
    if problem:
        raise BadInput(f"{path}: language {problem}")
    try:
        ZoneInfo(publication.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadInput(
            f"{path}: time_zone must be a name such as Europe/Berlin, found {publication.time_zone!r}."
        ) from error
