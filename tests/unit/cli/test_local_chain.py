"""The chain around a gateway: up before it, told of when both are ready, down after it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from antiphon.chain.local import LocalChain
from antiphon.chain.rpc import Rpc
from antiphon.cli.local_chain import Facts, facts, paying_text
from antiphon.errors import Unavailable
from antiphon.gateway import serve as gateway
from antiphon.gateway.announcements import Announce, Announcement
from antiphon.settings.model import Settings

ADDRESS = "http://127.0.0.1:8000"
FACTS = Facts("http://127.0.0.1:1234", 84532, "0xA", "0xB", "/a folder/wallet-key", 1_000_000_000)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings of gateways that say that they are ready, and end."""
    found: list[Settings] = []

    def run(settings: Settings, *, announce: Announce, environ: Mapping[str, str]) -> int:
        found.append(settings)
        announce(Announcement("ready", base_url=ADDRESS, model="m"))
        return 0

    monkeypatch.setattr(gateway, "run", run)
    return found


@pytest.fixture
def data(place: Path, chain_packages: Path) -> Path:
    """A data folder whose chain has its packages already."""
    folder = place / "data"
    (folder / "chain").mkdir(parents=True)
    (folder / "chain" / "packages").symlink_to(chain_packages)
    return folder


def test_a_person_is_told_how_to_pay(run: Callable[..., Any], data: Path, seen: list[Settings]) -> None:
    """After where the gateway is."""
    ran = run("serve", "--chain", "local", "--data-dir", str(data))
    assert ran.code == 0, ran.notes
    assert ran.out.index("Ready.") < ran.out.index("A chain with test money")
    assert "1000.00 test USDC" in ran.out
    assert f"topup 10 --key-file {data}/chain/wallet-key" in ran.out
    (served,) = seen
    assert (served.chain, served.topup.network) == ("local", "eip155:84532")
    assert served.topup.pay_to
    assert served.topup.facilitator_key


def test_without_a_chain_nothing_is_said_of_one(run: Callable[..., Any], data: Path, seen: list[Settings]) -> None:
    """Nor paid on one."""
    assert "test money" not in run("serve", "--data-dir", str(data)).out
    assert seen[0].topup.network is None


def test_a_script_is_told_before(run: Callable[..., Any], data: Path, seen: list[Settings]) -> None:
    """One event more; the chain is gone when the gateway is."""
    chain, ready = map(json.loads, run("serve", "--chain", "local", "--data-dir", str(data), "--json").out.splitlines())
    assert (chain["event"], chain["chain_id"], ready["event"]) == ("chain", 84532, "ready")
    with pytest.raises(Unavailable):
        Rpc(chain["rpc_url"]).call("eth_chainId")


def test_without_npm_nothing_starts(
    run: Callable[..., Any], place: Path, seen: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is that of a wrong configuration."""
    monkeypatch.setenv("PATH", "")
    ran = run("serve", "--chain", "local", "--data-dir", str(place / "data"))
    assert (ran.code, seen) == (2, [])
    assert "Fetching a local chain by npm" in ran.notes
    assert "install Node.js" in ran.notes


def test_another_address_is_named() -> None:
    """The line can be pasted as it is, also where the folder's name has a space."""
    told = paying_text(FACTS, "http://127.0.0.1:9000/v1")
    assert "topup 10 --base-url http://127.0.0.1:9000/v1 --key-file '/a folder/wallet-key'" in told
    assert "--base-url" not in paying_text(FACTS, f"{ADDRESS}/v1")


def test_facts_are_the_chains(local_chain: LocalChain) -> None:
    """Where it is, and what the wallet has."""
    told = facts(local_chain)
    assert told.rpc_url == local_chain.rpc_url
    assert told.wallet_micro_usdc == local_chain.token.balance(local_chain.wallet.address)
    assert Path(told.wallet_key_file).is_file()
