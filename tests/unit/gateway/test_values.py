"""Settings reach features as they were set, and keys only as digests."""

from __future__ import annotations

import pytest

from antiphon.accounts.keys import digest
from antiphon.gateway import values
from antiphon.key import ADMIN, INFERENCE, Key
from antiphon.settings.model import Images, KeySettings, Limits, Settings, Timeouts
from antiphon.settings.secret import Secret


def test_times() -> None:
    """Each time-out is its own."""
    timeouts = Timeouts(first_token_s=1, inter_token_s=2, total_s=3, total_s_max=4, heartbeat_s=5)
    bounds = values.bounds(Settings(timeouts=timeouts))
    assert (bounds.first_token_s, bounds.inter_token_s) == (1, 2)
    assert (bounds.total_s, bounds.total_s_max, bounds.heartbeat_s) == (3, 4, 5)


def test_images() -> None:
    """Their number is a limit of requests, all else is said of images."""
    settings = Settings(
        limits=Limits(images_max=1),
        images=Images(
            fetch="allow-list", allowed_hosts=("a.example",), size_bytes_max=2, pixels_max=3, fetch_timeout_s=4
        ),
    )
    limits = values.image_limits(settings)
    assert (limits.images_max, limits.size_bytes_max, limits.pixels_max, limits.fetch_timeout_s) == (1, 2, 3, 4)
    assert (limits.fetch, limits.hosts_allowed) == ("allow-list", ("a.example",))
    assert not limits.http_allowed
    assert limits.networks_allowed == ()


@pytest.mark.parametrize("told", ["key", "digest"])
def test_a_key_may_what_it_was_given(told: str) -> None:
    """It is found by its text, whether the settings have the text or the digest."""
    row = KeySettings(
        name="alice",
        key=Secret("sk-a") if told == "key" else None,
        key_sha256=digest("sk-a") if told == "digest" else None,
        requests_per_minute=7,
        models=("m",),
        projects=("p",),
        account="acme",
        admin=True,
        session_memory=True,
    )
    keyring = values.keyring(Settings(keys=(row,)), None)
    key = keyring.find(b"sk-a")
    assert key == Key(
        "alice",
        7,
        frozenset({"m"}),
        frozenset({"p"}),
        scopes=ADMIN,
        account_name="acme",
        session_memory=True,
    )
    assert keyring.find(b"sk-b") is None
    assert keyring.find(digest("sk-a").encode()) is None


def test_a_plain_key() -> None:
    """It infers, and nothing else."""
    key = values.keyring(Settings(keys=(KeySettings(name="bob", key=Secret("sk-b")),)), None).find(b"sk-b")
    assert key == Key("bob")
    assert key.scopes == INFERENCE
    assert key.account == "bob"


@pytest.mark.parametrize(("text", "dria"), [("dkn_test_x", True), ("sk-x", False)])
def test_the_development_key(text: str, dria: bool) -> None:
    """It may everything on one's own machine; answers look as its form suggests."""
    key = values.keyring(Settings(), text).find(text.encode())
    assert key == Key("development", scopes=ADMIN, dria=dria)
