"""`antiphon serve --chain local` and `antiphon topup` as a person runs them: test money becomes credit, and stays."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from antiphon.chain.local import TEST_MONEY
from antiphon.chain.rpc import Rpc
from antiphon.chain.token import Token
from antiphon.chain.wallets import address_of, read_wallet
from antiphon.errors import Unavailable
from tests.examples.processes import Gateway, ask, chain_url, gateway, variables, wait_until

RUN_S = 60.0
WORDS = ("--chain", "local")
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def folder(tmp_path: Path, chain_packages: Path) -> Path:
    """Where gateways have their data, with the chain's packages there already."""
    return furnished(tmp_path, chain_packages)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, chain_packages: Path) -> Iterator[tuple[Gateway, Path]]:
    """A gateway that nothing happens to, with its folder."""
    folder = furnished(tmp_path_factory.mktemp("shared"), chain_packages)
    with gateway(folder, WORDS) as found:
        yield found, folder


def furnished(folder: Path, packages: Path) -> Path:
    """The folder, with the chain's packages in it."""
    chain = folder / "data" / "chain"
    chain.mkdir(parents=True)
    (chain / "packages").symlink_to(packages)
    return folder


def run(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command of ours, on the same data as the gateway."""
    environment = variables(folder, ANTIPHON_DATA_DIR=str(folder / "data"), **more)
    command = [sys.executable, "-m", "antiphon", *words]
    return subprocess.run(command, env=environment, timeout=RUN_S, capture_output=True, text=True, check=False)


def topped_up(found: Gateway, folder: Path, amount: str, **more: str) -> dict[str, Any]:
    """What `antiphon topup` prints for scripts; fails with its words when it fails."""
    ran = run(folder, "topup", amount, "--json", "--base-url", found.base_url, **more)
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def token(found: Gateway) -> Token:
    """The token on the gateway's chain."""
    return Token(Rpc(chain_url(found.process.pid)))


def merchant(folder: Path) -> str:
    """Who is paid."""
    return address_of(read_wallet(folder / "data" / "chain" / "merchant-key"))


def balance(found: Gateway, key: str) -> str:
    """What the key's account has."""
    return str(ask(f"{found.base_url}/credits/balance", key)[1]["balance_usdc"])


def test_test_money_becomes_credit(shared: tuple[Gateway, Path]) -> None:
    """The wallet signs in and pays; what the merchant gets on the chain is what the account gets in the books."""
    found, folder = shared
    merchants = token(found).balance(merchant(folder))
    first = topped_up(found, folder, "10")
    before = Decimal(first["balance_before_usdc"])
    assert Decimal(first["balance_usdc"]) - before == Decimal(10)
    assert first["credits_added"] == 1000
    assert first["api_key"].startswith("dkn_live_")
    second = topped_up(found, folder, "2.50", ANTIPHON_CLIENT_KEY=first["api_key"])
    assert "api_key" not in second
    assert Decimal(second["balance_usdc"]) - before == Decimal("12.50")
    assert second["balance_usdc"] == balance(found, first["api_key"])
    assert token(found).balance(merchant(folder)) == merchants + 12_500_000
    assert token(found).balance(first["address"]) + token(found).balance(merchant(folder)) == TEST_MONEY


def test_commands_find_the_books(shared: tuple[Gateway, Path]) -> None:
    """With the same flag as the gateway; without it they look where real money would be."""
    found, folder = shared
    told = topped_up(found, folder, "1")
    printed = run(folder, "credits", "balance", told["address"], *WORDS).stdout
    assert printed == f"{told['balance_usdc']} USDC\n"
    assert "wallet" in run(folder, "keys", "list", "--account", told["address"], *WORDS).stdout
    assert run(folder, "credits", "balance", told["address"]).stdout == "0.00 USDC\n"


def test_a_person_reads_what_was_paid(shared: tuple[Gateway, Path]) -> None:
    """Before, after, the transaction; the key is no part of the answer."""
    found, folder = shared
    ran = run(folder, "topup", "1", "--base-url", found.base_url)
    lines = dict(line.split(maxsplit=1) for line in ran.stdout.splitlines())
    before, after = (Decimal(lines[name].removesuffix(" USDC")) for name in ("before", "after"))
    assert after == before + 1
    assert lines["transaction"].startswith("0x")
    assert "dkn_live_" in ran.stderr
    assert "dkn_live_" not in ran.stdout


def test_the_wallet_may_be_in_the_environment(shared: tuple[Gateway, Path], tmp_path: Path) -> None:
    """As it is where programs run; a variable that is no key is refused, and never shown."""
    found, folder = shared
    bad = run(tmp_path, "topup", "1", ANTIPHON_WALLET_KEY="not a key")
    assert (bad.returncode, "not a key" in bad.stderr) == (2, False)
    private_key = read_wallet(folder / "data" / "chain" / "wallet-key")
    told = topped_up(found, tmp_path, "1", ANTIPHON_WALLET_KEY=private_key)
    assert told["address"] == address_of(private_key)


def test_the_next_start_finds_chain_and_books_as_they_were(folder: Path) -> None:
    """And the books are proved, where the same chain is named."""
    with gateway(folder, WORDS) as found:
        key = topped_up(found, folder, "3")["api_key"]
    with gateway(folder, WORDS) as found:
        assert balance(found, key) == "3.00"
        assert token(found).balance(merchant(folder)) == 3_000_000
        proved = run(folder, "ledger", "verify", "--on-chain", "--json", *WORDS)
        assert proved.returncode == 0, proved.stdout + proved.stderr
        chain = json.loads(proved.stdout)["chain"]
        assert (chain["payments"], chain["on_chain"], chain["missing"]) == (1, 3_000_000, [])
    missing = run(folder, "ledger", "verify", "--on-chain", *WORDS)
    assert missing.returncode == 2
    assert "`antiphon serve --chain local` starts it" in missing.stderr


def test_a_killed_gateway_leaves_no_chain(folder: Path) -> None:
    """However it ends; and what was paid is still so when both are back."""
    with gateway(folder, WORDS) as found:
        key, url = topped_up(found, folder, "4")["api_key"], chain_url(found.process.pid)
        found.process.send_signal(signal.SIGKILL)
        wait_until(lambda: not answers(url), what="the chain is gone")
    with gateway(folder, WORDS) as found:
        assert balance(found, key) == "4.00"
        assert token(found).balance(merchant(folder)) == 4_000_000


def answers(url: str) -> bool:
    """Whether a chain is there."""
    try:
        return bool(Rpc(url).call("eth_chainId"))
    except Unavailable:
        return False


def test_test_money_is_nothing_without_its_chain(folder: Path) -> None:
    """A gateway on the same data, but for real money, knows neither the key nor the credit."""
    with gateway(folder, WORDS) as found:
        key = topped_up(found, folder, "5")["api_key"]
    with gateway(folder, []) as found:
        assert ask(f"{found.base_url}/credits/balance", key)[0] == 401


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("topup", "ten"), "AMOUNT: expected more than 0"),
        (("topup", "1", "--key-file", "missing"), "missing cannot be read"),
        (("topup", "1"), "There is no wallet: give --key-file or ANTIPHON_WALLET_KEY"),
    ],
)
def test_wrong_usage_pays_nothing(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    """The exit code says so."""
    ran = run(tmp_path, *words)
    assert ran.returncode == 2
    assert told in ran.stderr
