"""A payment is signed once, for no more than was said, and sent until there is an answer."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from antiphon.chain.token import USDC
from antiphon.cli.client import Client
from antiphon.cli.endpoint import Endpoint
from antiphon.cli.payment import PAUSE_S_MAX, TRIES, pay
from antiphon.errors import AntiphonError, Unavailable
from antiphon.topup import wire
from antiphon.topup.model import Terms
from tests.unit.accounts.wallets import ADDRESS, SECRET
from tests.unit.cli.scripted_gateway import Answer, Script, scripted

MERCHANT = "0x" + "33" * 20
TERMS = Terms("eip155:84532", "base-sepolia", USDC, "USDC", "2", MERCHANT, 1, 10**12)
PAID = Answer(200, {"credits_added": 1000, "balance": 1000, "balance_usdc": "10.00", "txHash": "0x1"})
BUSY = Answer(503, {"error": {"message": "It is on its way."}}, {"Retry-After": "30"})


def price(amount: int, terms: Terms = TERMS) -> Answer:
    """The 402 that asks for an amount of micro-USDC."""
    error = "X-PAYMENT header is required"
    header = wire.refusal(terms, amount, "http://127.0.0.1/v1/credits/topup", error)
    return Answer(402, {"error": error}, {"PAYMENT-REQUIRED": header.decode()})


def paid(script: Script, amount: str = "10", waits: list[float] | None = None) -> dict[str, Any]:
    """What comes of paying; the pauses are noted, and take no time."""
    client = Client(Endpoint(script.base_url, "key"))
    noted: list[float] = [] if waits is None else waits
    return pay(client, script.base_url, amount, SECRET, wait=noted.append)


def signatures(script: Script) -> list[str | None]:
    """The payments that were sent, one for each request."""
    return [one.headers.get("payment-signature") for one in script.asked]


def test_the_price_is_paid() -> None:
    """By the wallet, to whom and in what the gateway said, in the amount that was typed."""
    with scripted(price(10_000_000), PAID) as script:
        assert paid(script)["txHash"] == "0x1"
    asked, sent = script.asked
    assert asked.body == sent.body == {"amount": "10"}
    assert asked.headers["authorization"] == sent.headers["authorization"] == "Bearer key"
    payment = wire.read_v2(str(signatures(script)[1]).encode()).authorization
    assert (payment.payer, payment.value, payment.to.lower()) == (ADDRESS, 10_000_000, MERCHANT)


@pytest.mark.parametrize(("typed", "asked"), [("10", 10_000_001), ("2.50", 2_500_001), ("0.000001", 2)])
def test_more_than_was_typed_is_never_signed(typed: str, asked: int) -> None:
    """Not by a millionth."""
    with scripted(price(asked), PAID) as script, pytest.raises(AntiphonError, match="Nothing is signed"):
        paid(script, typed)
    assert signatures(script) == [None]


def test_another_token_is_never_paid() -> None:
    """Whatever it calls itself."""
    other = Terms("eip155:84532", "base-sepolia", "0x" + "44" * 20, "USDC", "2", MERCHANT, 1, 10**12)
    with scripted(price(10_000_000, other), PAID) as script, pytest.raises(AntiphonError, match="Nothing is signed"):
        paid(script)
    assert signatures(script) == [None]


def test_a_gateway_without_a_chain_has_its_say() -> None:
    """It sends people to the faucet."""
    told = Answer(402, {"x402Version": 1, "accepts": [], "error": "use the faucet", "detail": "POST /v1/dev/faucet."})
    with scripted(told) as script, pytest.raises(AntiphonError, match=r"Nothing is signed: POST /v1/dev/faucet\."):
        paid(script)


def test_in_doubt_the_same_payment_is_sent_again() -> None:
    """After as long as the gateway asks for, within bounds; also when the connection was lost."""
    waits: list[float] = []
    with scripted(price(10_000_000), BUSY, Answer(0), Answer(409, {}), PAID) as script:
        assert paid(script, waits=waits)["balance_usdc"] == "10.00"
    first, *rest = signatures(script)
    assert first is None
    assert len(rest) == 4
    assert len(set(rest)) == 1
    assert waits == [PAUSE_S_MAX, 1, 1]


def test_doubt_that_stays_is_told() -> None:
    """With the advice not to pay again at once."""
    with scripted(price(10_000_000), BUSY) as script, pytest.raises(Unavailable, match="on its way.*before paying"):
        paid(script)
    assert len(script.asked) == 1 + TRIES


def test_a_refused_payment_has_its_reason() -> None:
    """Nothing was taken then."""
    refused = Answer(402, {"error": "invalid_exact_evm_insufficient_balance"})
    with (
        scripted(price(10_000_000), refused) as script,
        pytest.raises(AntiphonError, match="nothing was taken: invalid_exact_evm_insufficient_balance"),
    ):
        paid(script)


def test_what_is_no_price_is_the_gateways_refusal() -> None:
    """As 400 and 401 are."""
    refused = Answer(400, {"error": {"message": "amount: expected 1.00 to 1000.00 USDC."}})
    with scripted(refused) as script, pytest.raises(AntiphonError, match=r"expected 1\.00 to 1000\.00 USDC"):
        paid(script)
    assert signatures(script) == [None]


def test_clients_of_the_first_version_are_asked_too() -> None:
    """A body alone, as Dria documents it, is paid with X-PAYMENT."""
    told = {
        "x402Version": 1,
        "error": "X-PAYMENT header is required",
        "accepts": [
            {
                "scheme": "exact",
                "network": "base-sepolia",
                "maxAmountRequired": "10000000",
                "resource": "http://127.0.0.1/v1/credits/topup",
                "description": "Credits.",
                "mimeType": "application/json",
                "payTo": MERCHANT,
                "asset": USDC,
                "maxTimeoutSeconds": 300,
                "extra": {"name": "USDC", "version": "2"},
            }
        ],
    }
    with scripted(Answer(402, told), PAID) as script:
        paid(script)
    header = script.asked[1].headers["x-payment"]
    assert json.loads(base64.b64decode(header))["payload"]["authorization"]["value"] == "10000000"
