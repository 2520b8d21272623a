"""Loaded before Django is (see pyproject.toml): settings need a publication's folder and a database."""

import os
import tempfile

os.environ["ONRECORD_FOLDER"] = tempfile.mkdtemp(prefix="onrecord-test-")
if os.environ.get("ONRECORD_TEST_POSTGRES"):
    os.environ["ONRECORD_DATABASE_URL"] = os.environ["ONRECORD_TEST_POSTGRES"]
