"""Python `x402` pays for an account that a wallet of eth-account made; the account's requests are paid from that."""

from __future__ import annotations

import asyncio
from typing import Any

from x402 import x402Client
from x402.http import decode_payment_response_header
from x402.http.clients.httpx import PaymentError, wrapHttpxWithPayment
from x402.http.utils import encode_payment_signature_header
from x402.mechanisms.evm.exact import register_exact_evm_client

from .scenario import Lab, failure
from .wallet import MICRO, Agent

PATH = "/v1/credits/topup"


def a_wallet_alone_signs_in_pays_and_is_answered(lab: Lab) -> None:
    """Sign-in, nothing there, 402, a top-up, an answer, its receipt, its line in the ledger."""
    agent = Agent(lab, 0)
    agent.sign_in()
    assert agent.balance() == 0
    status, told = agent.chat()
    assert (status, told["error"]["code"]) == (402, "insufficient_credits")
    answer, headers = _paid(agent, "10")
    assert (answer["credits_added"], answer["balance"], answer["balance_usdc"]) == (1000, 1000, "10.00")
    settled = decode_payment_response_header(headers["payment-response"])
    assert (settled.success, settled.transaction, settled.payer) == (True, answer["txHash"], agent.wallet.address)
    assert agent.balance() == 10 * MICRO
    status, completion = agent.chat()
    assert status == 200, completion
    agent.paid_for(completion, 10 * MICRO)


def a_payment_is_credited_once(lab: Lab) -> None:
    """Sent again it is the same payment; from another account it is nothing."""
    agent, other = Agent(lab, 1), Agent(lab, 2)
    agent.sign_in()
    other.sign_in()
    sent: list[str] = []
    answer, _ = _paid(agent, "2.50", sent)
    assert agent.balance() == 2_500_000
    (header,) = sent
    status, again = agent.ask(PATH, {"amount": "2.50"}, **{"PAYMENT-SIGNATURE": header})
    assert (status, again["credits_added"], again["txHash"]) == (200, 0, answer["txHash"])
    status, told = other.ask(PATH, {"amount": "2.50"}, **{"PAYMENT-SIGNATURE": header})
    assert status == 402, told
    assert (agent.balance(), other.balance()) == (2_500_000, 0)


def a_client_that_caps_payments_pays_nothing_above(lab: Lab) -> None:
    """As it comes it pays a dollar at most, so ten are not signed."""
    agent = Agent(lab, 3)
    agent.sign_in()
    refused = failure(PaymentError, lambda: asyncio.run(_pay(agent, "10", None, [])))
    assert "spend_controls" in str(refused)
    assert agent.balance() == 0


def _paid(agent: Agent, amount: str, sent: list[str] | None = None) -> tuple[Any, Any]:  # Any: JSON, headers
    return asyncio.run(_pay(agent, amount, "$100", [] if sent is None else sent))


async def _pay(agent: Agent, amount: str, cap: str | None, sent: list[str]) -> tuple[Any, Any]:  # Any: as above
    """The answer to a paid top-up and its headers; the payments that went out are added to `sent`."""
    payer = x402Client()
    register_exact_evm_client(payer, agent.wallet)
    payer.on_after_payment_creation(lambda made: sent.append(encode_payment_signature_header(made.payment_payload)))
    if cap is not None:
        payer.set_spend_controls({"max_amount_per_payment": cap})
    async with wrapHttpxWithPayment(payer, timeout=60) as client:
        response = await client.post(agent.lab.origin + PATH, headers=agent.headers(), json={"amount": amount})
        assert response.status_code == 200, response.text
        return response.json(), response.headers
