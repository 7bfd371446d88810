"""`chain: local` sets what trying out payments takes, and keeps test money apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from antiphon.settings.load import examine, load
from antiphon.settings.local_chain import TEST_PRICES, database_url, own_books
from antiphon.settings.model import Settings
from antiphon.settings.serving import Prices

LOCAL = {"ANTIPHON_CHAIN": "local", "ANTIPHON_DATA_DIR": "/data"}


def settings(folder: Path, variables: Mapping[str, str]) -> Settings:
    """What the variables come to."""
    return load(variables=variables, folder=folder).settings


def test_it_lets_wallets_in_and_has_a_price(tmp_path: Path) -> None:
    """Keys spend, and the built-in model costs something."""
    found = settings(tmp_path, LOCAL)
    assert (found.auth.sign_in, found.auth.key_kind) == (True, "live")
    assert [model.prices for model in found.models] == [TEST_PRICES]


def test_its_source_is_named(tmp_path: Path) -> None:
    """So that nobody wonders why wallets may sign in."""
    loaded = load(variables=LOCAL, folder=tmp_path)
    assert loaded.provenance.source(("auth", "sign_in")) == "chain: local"
    assert loaded.provenance.source(("models", 0, "prices")) == "chain: local"


def test_without_it_nothing_is_set(tmp_path: Path) -> None:
    """No price, no sign-in, the usual database."""
    found = settings(tmp_path, {"ANTIPHON_DATA_DIR": "/data"})
    assert (found.chain, found.auth.sign_in, found.auth.key_kind, found.database.url) == (None, False, None, None)
    assert found.models[0].prices == Prices()


def test_what_is_said_elsewhere_wins(tmp_path: Path) -> None:
    """Also the prices of models of one's own."""
    more = {"ANTIPHON_AUTH__SIGN_IN": "false", "ANTIPHON_MODELS": '[{"name": "a", "reference": "a.gguf"}]'}
    found = settings(tmp_path, LOCAL | more)
    assert (found.auth.sign_in, found.models[0].prices) == (False, Prices())


def test_its_books_are_its_own(tmp_path: Path) -> None:
    """In the data folder, wherever that is, and never where real money could be."""
    url = settings(tmp_path, LOCAL).database.url
    assert url is not None
    assert url.reveal() == "sqlite:////data/chain/antiphon.db"
    for other in ("postgresql://localhost/antiphon", "sqlite:////data/antiphon.db"):
        (problem,) = examine(variables=LOCAL | {"DATABASE_URL": other}, folder=tmp_path).problems
        assert problem.path == "database.url"
        assert "books of its own" in problem.rule


def test_no_other_network_is_paid_beside_it(tmp_path: Path) -> None:
    """Not even one of test money: whoever is paid there could not tell whose."""
    more = {
        "ANTIPHON_TOPUP__NETWORK": "eip155:84532",
        "ANTIPHON_TOPUP__RPC_URL": "http://127.0.0.1:8545",
        "ANTIPHON_TOPUP__PAY_TO": "0x" + "11" * 20,
        "ANTIPHON_TOPUP__FACILITATOR_URL": "http://127.0.0.1:9000",
    }
    (problem,) = examine(variables=LOCAL | more, folder=tmp_path).problems
    assert problem.path == "topup.network"
    assert "leave one of the two out" in problem.rule


@pytest.mark.parametrize("folder", ["/data", "/a folder/with %20", "~/x"])
def test_a_database_is_known_again(folder: str) -> None:
    """Whatever the folder is called."""
    assert own_books(database_url(Path(folder)), Path(folder))
    assert not own_books(database_url(Path(folder)), Path("/elsewhere"))
