"""Django's settings, made from onrecord.toml; commands.py names the publication before this is imported."""

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
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "onrecord.jobs",
    "onrecord.mail",
    "onrecord.accounts",
    "onrecord.catalogue",
    "onrecord.recordings",
    "onrecord.transcripts",
    "onrecord.passages",
    "onrecord.references",
    "onrecord.discussion",
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
    "onrecord.discussion.steps.settle",
    "onrecord.discussion.steps.lapse",
    "onrecord.references.steps.save",
    "onrecord.references.steps.check",
    "onrecord.discussion.steps.forget",
    "onrecord.redact",
    "onrecord.scrub",
]

EMAIL_BACKEND = "onrecord.mail.backend.Outgoing"
MIDDLEWARE = [
    "onrecord.accounts.middleware.strict",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "onrecord.accounts.middleware.StudioCsrf",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ONRECORD.folder / "templates", BASE_DIR / "templates"],
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "onrecord.studio.frame.frame",
            ],
        },
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

# ── the studio ──────────────────────────────────────────────────────────────────────────────────────────────────────

_ADDRESS = urlsplit(ONRECORD.address)
_IS_SECURE = _ADDRESS.scheme == "https"
FORCE_SCRIPT_NAME = _ADDRESS.path or None

AUTH_USER_MODEL = "accounts.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("username", "email")}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "studio"

SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "onrecord_studio", "onrecord_form"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{_ADDRESS.path}/studio/"  # readers' requests carry no cookie
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _IS_SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [f"{_ADDRESS.scheme}://{_ADDRESS.netloc}"]
CSRF_FAILURE_VIEW = "onrecord.studio.access.expired"
if _IS_SECURE:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

CACHES = {
    "default": {  # counts attempts to sign in, for all processes of this machine; may be deleted at any time
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": ONRECORD.work / "cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

ACCOUNT_ADAPTER = "onrecord.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]  # nobody signs up; a password is what one signs in with
ACCOUNT_FORMS = {
    "login": "onrecord.accounts.forms.SignIn",
    "change_password": "onrecord.accounts.forms.NewPassword",
    "reauthenticate": "onrecord.accounts.forms.Password",
}
MFA_FORMS = {
    "authenticate": "onrecord.accounts.forms.SecondStep",
    "reauthenticate": "onrecord.accounts.forms.Code",
    "activate_totp": "onrecord.accounts.forms.App",
    "add_webauthn": "onrecord.accounts.forms.Passkey",
}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
MFA_ADAPTER = "onrecord.accounts.adapters.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1

FILE_UPLOAD_TEMP_DIR = ONRECORD.work / "uploads"
SILENCED_SYSTEM_CHECKS = ["files.E001"]  # that folder is made when the first recording arrives
