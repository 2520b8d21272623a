"""Accounts of each role, and a browser without a screen that is signed in as one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client

from onrecord.accounts.models import Account, Role
from tests.conftest import Prepared
from tests.studio import site

PASSWORD = "harbour boats 77"

SignedIn = Callable[[str], Client]


def make_account(role: str, name: str = "") -> Account:
    account = Account(username=name or role, email=f"{name or role}@example.org", role=role)
    account.set_password(PASSWORD)
    account.save()
    return account


@pytest.fixture
def accounts(db, publication, settings, tmp_path) -> dict[str, Account]:  # type: ignore[no-untyped-def]
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": tmp_path / "cache"}}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    for part in ("originals", "public", "private", "work/uploads"):
        (publication.folder / part).mkdir(parents=True, exist_ok=True)
    return {role: make_account(role) for role in Role.values}


@pytest.fixture
def signed_in(accounts: dict[str, Account]) -> SignedIn:
    def client(role: str) -> Client:
        browser = Client(HTTP_HOST="studio.test")
        if role:
            browser.force_login(accounts[role])
        return browser

    return client


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, migrated: Prepared) -> Iterator[Prepared]:
    """The publication of site.py."""
    folder = tmp_path_factory.mktemp("prepared") / "my-show"
    with migrated.copied(folder) as url:
        site.prepare(folder)
        yield Prepared(folder, url.rpartition("/")[2])


@pytest.fixture
def fresh_database_url(prepared: Prepared, tmp_path: Path) -> Iterator[str]:
    """So that `folder` is a copy of it."""
    with prepared.copied(tmp_path / "my-show") as url:
        yield url
