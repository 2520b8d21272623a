"""Who signs in to the studio, for the few tests here that look at both sides."""

from tests.studio.conftest import accounts, signed_in

__all__ = ["accounts", "signed_in"]
