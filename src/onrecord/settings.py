"""Django's settings, made from the publication's onrecord.toml; cli.py names its folder before this is imported."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from babel import Locale

from onrecord.lib import configuration, keys, language

ONRECORD = configuration.load(configuration.find_folder() or Path.cwd())

BASE_DIR = Path(__file__).resolve().parent
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "onrecord.urls"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = language.tag(ONRECORD.publication.language, "en")  # what the program's own pages speak
LANGUAGES = [(code, Locale(code).get_display_name()) for code in language.INTERFACES]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "onrecord.jobs",
    "onrecord.mail",
    "onrecord.catalogue",
    "onrecord.recordings",
    "onrecord.transcripts",
    "onrecord.passages",
    "onrecord.discussion",
    "onrecord.references",
    "onrecord.search",
    "onrecord.press",
]

STEP_MODULES = [
    "onrecord.recordings.steps.measure",
    "onrecord.recordings.steps.encode_audio",
    "onrecord.recordings.steps.encode_opus",
    "onrecord.recordings.steps.encode_video",
    "onrecord.recordings.steps.waveform",
    "onrecord.recordings.steps.go_live",
    "onrecord.transcripts.steps.plan",
    "onrecord.transcripts.steps.hear",
    "onrecord.transcripts.steps.speakers",
    "onrecord.transcripts.steps.assemble",
    "onrecord.mail.steps.send",
    "onrecord.references.steps.save",
    "onrecord.references.steps.check",
]

EMAIL_BACKEND = "onrecord.mail.backend.Outgoing"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ONRECORD.folder / "templates", BASE_DIR / "templates"],
        "OPTIONS": {"builtins": ["django.templatetags.i18n"]},
    }
]


def _secret_key() -> str:
    """The same for all processes of a publication; before its folder is made nothing is signed that outlives one."""
    if (ONRECORD.folder / configuration.FILE_NAME).exists():
        with contextlib.suppress(OSError):  # nobody can post to a publication whose folder cannot be written
            return keys.key(ONRECORD.private, "django").hex()
    return secrets.token_hex()


SECRET_KEY = _secret_key()


def _database() -> dict[str, Any]:
    url = urlsplit(os.environ.get("ONRECORD_DATABASE_URL") or ONRECORD.database.url)
    if url.scheme:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.lstrip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": unquote(url.hostname or ""),
            "PORT": url.port or "",
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ONRECORD.folder / "onrecord.db",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
            ),
        },
    }


DATABASES = {"default": _database()}
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    INSTALLED_APPS.append("procrastinate.contrib.django")
