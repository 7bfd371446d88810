"""A top-up paid by x402: the price asked for, signed once, and sent until there is an answer.

A payment that was sent may have been taken whatever is heard of it, so it is never signed a second time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from antiphon.cli.client import Client, Reply, checked, refusal
from antiphon.errors import AntiphonError, Unavailable

PATH = "/credits/topup"
TRIES = 8
PAUSE_S = 1
PAUSE_S_MAX = 10
Wait = Callable[[float], None]
DOUBT = (HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT)


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)


def pay(
    client: Client, base_url: str, amount: str, private_key: str, *, wait: Wait = _wait
) -> dict[str, Any]:  # Any: what the gateway says
    """What the gateway says of the paid top-up; AntiphonError when nothing was paid, Unavailable when in doubt."""
    body = {"amount": amount}
    asked = client.post(PATH, body)
    if asked.status != HTTPStatus.PAYMENT_REQUIRED:
        raise refusal(asked)
    headers = signed(asked, base_url + PATH, amount, private_key)
    reply = _sent(client, body, headers, wait)
    if reply.status == HTTPStatus.PAYMENT_REQUIRED:
        raise AntiphonError(f"The payment was refused, and nothing was taken: {_reason(reply)}.")
    found: dict[str, Any] = checked(reply)
    return found


def signed(asked: Reply, url: str, amount: str, private_key: str) -> dict[str, str]:
    """The headers of a payment that a 402 asks for; AntiphonError when it asks for more than the amount."""
    from eth_account import Account
    from x402 import x402ClientSync
    from x402.http.x402_http_client import x402HTTPClientSync
    from x402.mechanisms.evm.exact.register import register_exact_evm_client
    from x402.schemas.errors import PaymentError

    payer = x402ClientSync()
    register_exact_evm_client(payer, Account.from_key(private_key))
    payer.set_spend_controls({"max_amount_per_payment": f"${amount}"})
    try:
        headers, _ = x402HTTPClientSync(payer).handle_402_response(dict(asked.headers), asked.body, url)
    except (PaymentError, ValueError) as error:
        raise AntiphonError(f"Nothing is signed: {_reason(asked)} ({error}).") from error
    return headers


def _sent(client: Client, body: Mapping[str, object], headers: Mapping[str, str], wait: Wait) -> Reply:
    """The answer to a signed payment, which is the same however often it is sent."""
    trouble = ""
    for _ in range(TRIES):
        wait_s = PAUSE_S
        try:
            reply = client.send("POST", PATH, body, headers=headers)
        except Unavailable as error:
            trouble = error.message
        else:
            if reply.status not in DOUBT:
                return reply
            trouble = refusal(reply).message
            wait_s = _seconds(reply.headers.get("retry-after", ""))
        wait(min(wait_s, PAUSE_S_MAX))
    raise Unavailable(
        f"It is not known whether the payment was taken: {trouble} "
        "The gateway credits it later if it was; look at the balance before paying again."
    )


def _reason(reply: Reply) -> str:
    """Why the gateway wants a payment, in its words."""
    try:
        told = reply.json()
        return str(told.get("detail") or told["error"])
    except (AntiphonError, KeyError, AttributeError, TypeError):
        return reply.body[:200].decode(errors="replace").strip()


def _seconds(text: str) -> int:
    return int(text) if text.isdecimal() else PAUSE_S
