"""The hub's settings reach the downloader."""

from __future__ import annotations

from pathlib import Path

from antiphon.settings.model import Hub
from antiphon.settings.secret import Secret
from antiphon.sources.hub import hub_access


def test_everything_is_handed_on() -> None:
    """The token as it is, but never printed."""
    access = hub_access(Hub(address="http://hub", token=Secret("t0ken"), cache_dir=Path("/hub")))
    assert (access.address, access.token, access.cache_dir) == ("http://hub", "t0ken", Path("/hub"))
    assert "t0ken" not in repr(access)


def test_no_token_is_none() -> None:
    """Public files need none."""
    assert hub_access(Hub()).token is None
