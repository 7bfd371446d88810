"""Python `x402` 0.3, which knows the protocol's first version only, pays what Dria documents."""

from __future__ import annotations

import asyncio
from typing import Any

from x402.clients.base import decode_x_payment_response
from x402.clients.httpx import x402HttpxClient

from .scenario import Lab
from .wallet import MICRO, Agent


def the_first_version_pays(lab: Lab) -> None:
    """A body of 402, X-PAYMENT, X-PAYMENT-RESPONSE."""
    agent = Agent(lab, 0)
    agent.sign_in()
    answer, header = asyncio.run(_pay(agent))
    assert (answer["credits_added"], answer["balance_usdc"]) == (500, "5.00")
    settled = decode_x_payment_response(header)
    assert (settled["success"], settled["transaction"]) == (True, answer["txHash"])
    assert agent.balance() == 5 * MICRO
    status, completion = agent.chat()
    assert status == 200, completion
    agent.paid_for(completion, 5 * MICRO)


async def _pay(agent: Agent) -> tuple[Any, str]:  # Any: JSON
    async with x402HttpxClient(account=agent.wallet, base_url=agent.lab.origin, timeout=60) as client:
        response = await client.post("/v1/credits/topup", headers=agent.headers(), json={"amount": "5"})
        assert response.status_code == 200, response.text
        return response.json(), response.headers["x-payment-response"]
