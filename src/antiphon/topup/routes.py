"""POST /v1/credits/topup: without a payment the price (402), with one the credit that it buys."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from antiphon.credits.money import MICRO, credits_of, usdc_text
from antiphon.errors import PaymentRefused, PermissionDenied
from antiphon.http.decode import decode
from antiphon.http.exchange import JSON, NOT_KEPT, Exchange, Header, require_key
from antiphon.topup import wire
from antiphon.topup.model import Payment, Terms, amount_of
from antiphon.topup.service import Receipt, Topups
from antiphon.topup.wire import PATH, Settlement, TopupBody, WireToppedUp

UNPAID = "X-PAYMENT header is required"
FAUCET = "Credit for development is free: POST /v1/dev/faucet."
DEVELOPMENT = Terms("dev", "dev", "", "", "", "", 1, 10**9 * MICRO)  # what stands for a chain where there is none

_body = msgspec.json.Decoder(TopupBody)


class TopupRoutes:
    """`topups` is None where no chain is set; `base_url` is where clients find the gateway.

    `on_refused` is told why a payment was refused, as x402 spells it.
    """

    def __init__(
        self, topups: Topups | None, *, base_url: str, on_refused: Callable[[str], None] = lambda _reason: None
    ) -> None:
        self._topups = topups
        self._on_refused = on_refused
        self._resource = base_url.rstrip("/") + PATH

    async def topup(self, exchange: Exchange) -> None:
        """Ask for a payment, or take it."""
        key, topups = require_key(exchange), self._topups
        asked = decode(await exchange.body(), _body).amount
        if topups is None or key.ledger == "DEV":
            self._refuse(exchange, DEVELOPMENT, amount_of(asked, DEVELOPMENT), "use the faucet", FAUCET)
            return
        if key.ledger is None:
            text = "This key is the operator's: nothing is charged to it, so there is nothing to pay."
            raise PermissionDenied(text, code="no_credit_account")
        amount = amount_of(asked, topups.terms)
        payment = _payment(exchange)
        if payment is None:
            self._refuse(exchange, topups.terms, amount, UNPAID, "")
            return
        try:
            receipt = await topups.pay(key.account, amount, payment)
        except PaymentRefused as refusal:
            self._on_refused(refusal.code or UNPAID)
            self._refuse(exchange, topups.terms, amount, refusal.code or UNPAID, refusal.message)
            return
        account = await topups.balance(key.account)
        body = WireToppedUp(
            0 if receipt.replayed else credits_of(receipt.topup.amount),
            credits_of(account.balance),
            usdc_text(account.balance),
            receipt.tx_hash,
            receipt.replayed,
        )
        exchange.respond(200, msgspec.json.encode(body), JSON, NOT_KEPT, *_settled(receipt, topups.terms))

    def _refuse(self, exchange: Exchange, terms: Terms, amount: int, error: str, detail: str) -> None:
        """402 for clients of both versions; where there is no chain, the second has no words for that."""
        body = wire.refusal_v1(terms, amount, self._resource, error, detail)
        headers: list[Header] = [JSON, NOT_KEPT]
        if terms is not DEVELOPMENT:
            headers.append((b"payment-required", wire.refusal(terms, amount, self._resource, error)))
        exchange.respond(402, msgspec.json.encode(body), *headers)


def _payment(exchange: Exchange) -> Payment | None:
    """The payment that came along; in the second version where both did."""
    if header := exchange.headers.get(b"payment-signature"):
        return wire.read_v2(header)
    if header := exchange.headers.get(b"x-payment"):
        return wire.read_v1(header)
    return None


def _settled(receipt: Receipt, terms: Terms) -> tuple[Header, ...]:
    """The answer's headers in both versions."""
    payer = receipt.topup.payer
    return (
        (b"payment-response", wire.encoded(Settlement(True, receipt.tx_hash, terms.network, payer))),
        (b"x-payment-response", wire.encoded(Settlement(True, receipt.tx_hash, terms.v1_network, payer))),
    )
