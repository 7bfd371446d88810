"""Settings reach features as they were set, and keys only as digests."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from antiphon.accounts.ethereum import checksummed
from antiphon.accounts.keys import digest
from antiphon.gateway import values
from antiphon.interactions.patience import RESTS_S
from antiphon.key import ADMIN, CLIENT, UNLIMITED, Allowance, Key
from antiphon.models.ask import Ask
from antiphon.models.catalogue import Model
from antiphon.settings.auth import AuthSettings
from antiphon.settings.model import DatabaseSettings, Images, KeySettings, Limits, PricesMax, Settings, Timeouts
from antiphon.settings.placement import PlacementSettings
from antiphon.settings.secret import Secret
from antiphon.settings.server import ServerSettings
from antiphon.settings.topup import TopupSettings
from antiphon.topup.networks import BASE


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
        tokens_per_minute=9,
        parallel_max=2,
        nodes=("node-1",),
        max_price=PricesMax(prompt=5, completion=6),
        credit="dev",
    )
    keys = values.named_keys(Settings(keys=(row,)), None)
    assert keys == {
        digest("sk-a"): Key(
            "alice",
            7,
            frozenset({"m"}),
            frozenset({"p"}),
            scopes=ADMIN,
            account_name="acme",
            session_memory=True,
            tokens_per_minute=9,
            parallel_max=2,
            nodes=frozenset({"node-1"}),
            prompt_price_max=5,
            completion_price_max=6,
            credit="DEV",
        )
    }


def test_a_plain_key() -> None:
    """It does what clients do, and manages neither keys nor what others use."""
    (key,) = values.named_keys(Settings(keys=(KeySettings(name="bob", key=Secret("sk-b")),)), None).values()
    assert key == Key("bob", scopes=CLIENT)
    assert not key.allowances
    assert key.account == "bob"


@pytest.mark.parametrize(("text", "dria"), [("dkn_test_x", True), ("sk-x", False)])
def test_the_development_key(text: str, dria: bool) -> None:
    """It may everything on one's own machine; answers look as its form suggests."""
    keys = values.named_keys(Settings(), text)
    assert keys == {digest(text): Key("development", scopes=ADMIN, dria=dria)}


@pytest.mark.parametrize(
    ("development", "told", "expected"), [(True, None, "test"), (False, None, "live"), (True, "live", "live")]
)
def test_the_kind_of_new_keys(development: bool, told: Literal["live"] | None, expected: str) -> None:
    """Where there is a development key, keys are for development, unless the settings say otherwise."""
    settings = Settings(development_key=development, auth=AuthSettings(key_kind=told))
    assert values.key_kind(settings) == expected


def test_peppers(tmp_path: Path) -> None:
    """Those of the settings, the new one first; without any the one that is made in the data folder."""
    auth = AuthSettings(pepper=Secret("n" * 32), former_pepper=Secret("o" * 32))
    new, old = values.peppers(Settings(auth=auth))
    assert (new.secret, old.secret) == (b"n" * 32, b"o" * 32)
    (kept,) = values.peppers(Settings(data_dir=tmp_path))
    assert kept.secret.decode() == (tmp_path / "pepper").read_text().strip()


def test_an_account_has_no_limit_unless_told() -> None:
    """What is not told is not counted."""
    assert values.account_allowance(Settings()) == UNLIMITED
    auth = AuthSettings(account_requests_per_minute=1, account_tokens_per_minute=2, account_parallel_max=3)
    assert values.account_allowance(Settings(auth=auth)) == Allowance(1, 2, 3)


@pytest.mark.parametrize(
    ("settings", "domains"),
    [
        (Settings(), ["127.0.0.1:9", "localhost:9"]),
        (Settings(server=ServerSettings(base_url="https://GW.example")), ["gw.example"]),
        (
            Settings(auth=AuthSettings(origins=("https://a.example", "http://127.0.0.1:1"))),
            ["a.example", "127.0.0.1:1"],
        ),
    ],
)
def test_the_addresses_that_wallets_sign_for(settings: Settings, domains: list[str]) -> None:
    """Those of the settings, else the gateway's own; its own machine has two names."""
    rules = values.sign_in_rules(settings, "http://127.0.0.1:9")
    assert [origin.domain for origin in rules.origins] == domains
    assert rules.origins[0].uri.endswith(f"://{domains[0]}/v1/auth/wallet")
    assert not rules.enabled


def test_terms_of_top_ups() -> None:
    """What is known of USDC on Base fills what is not set; without a network there are none."""
    assert values.topup_terms(Settings()) is None
    pay_to = "0x209693bc6afc0c5328ba36faf03c514ef312287c"
    terms = values.topup_terms(Settings(topup=TopupSettings(network="eip155:8453", pay_to=pay_to)))
    assert terms is not None
    assert (terms.v1_network, terms.name, terms.version) == ("base", "USD Coin", "2")
    assert (terms.asset, terms.pay_to) == (BASE.asset, checksummed(pay_to))
    other = TopupSettings(network="eip155:1", pay_to=pay_to, asset=pay_to, asset_name="Euro", asset_version="3")
    terms = values.topup_terms(Settings(topup=other))
    assert terms is not None
    assert (terms.v1_network, terms.name, terms.version) == ("eip155:1", "Euro", "3")


def test_what_placement_remembers_is_bounded_as_it_is_set() -> None:
    """Sessions here; beginnings of prompts likewise."""
    remembered = values.affinity(Settings(placement=PlacementSettings(sessions_max=1)))
    for session in ("one", "two"):
        remembered.placed(Ask(Model("m", ()), session=session), "node")
    assert len(remembered) == 1


def test_who_shares_a_database_is_waited_for() -> None:
    """Rows of another gateway; a file is of one gateway."""
    shared = Settings(database=DatabaseSettings(url=Secret("postgresql://a:b@localhost/c")))
    assert values.patience(shared).rests_s == RESTS_S
    assert values.patience(Settings()).rests_s == ()
