"""GET /v1/receipts/{id}: what a request took, what was charged for it, and where that stands in the books."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from antiphon.credits.ledger import usage_id
from antiphon.credits.money import usdc_text
from antiphon.credits.receipt import Receipt
from antiphon.credits.receipt_store import Filed
from antiphon.credits.receipts import Receipts
from antiphon.engines.receipt import SignedReceipt
from antiphon.http.exchange import JSON, Exchange, require_key
from antiphon.models.catalogue import Prices


class WireReceiptUsage(Struct):
    """Tokens as they were charged."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    image_tokens: int


class WireReceiptPrices(Struct):
    """Micro-USDC for 1,000,000 tokens, as they were at the hold; null costs as the prompt or the completion does."""

    prompt: int
    completion: int
    cached: int | None
    reasoning: int | None
    image: int | None


class WireCharge(Struct):
    """The journal by which it was charged: its number and its hash in the ledger's chain."""

    id: str
    number: int
    hash: str


class WireNodePart(Struct):
    """What one node did of an answer, in turn: how many tokens."""

    node: str
    tokens: int


class WireNodeReceipt(Struct):
    """What a node signed of its part, with its wallet's signature of `text` (EIP-191)."""

    node: str
    prompt_sha256: str
    completion_sha256: str
    prompt_tokens: int
    completion_tokens: int
    started_at_ms: int
    first_token_at_ms: int
    ended_at_ms: int
    text: str
    signature: str


class WireReceipt(Struct):
    """One request, what nodes signed of it, and which variant of which campaign it got, by their keys.

    `reason` is `delivered`, `client_gone`, `timed_out`, `failed`, `free` or `not_charged`.
    Times are in milliseconds since 1970. `answer_sha256` is null for streams, and where no answer was sent.
    """

    id: str
    request_id: str
    key: str
    ledger: str
    operation: str
    door: str
    model: str
    nodes: list[str]
    streamed: bool
    usage: WireReceiptUsage
    prices_micro_usdc_per_mtoken: WireReceiptPrices
    held_micro_usdc: int
    charged_micro_usdc: int
    charged_usdc: str
    reason: str
    began_at_ms: int
    ended_at_ms: int
    request_sha256: str
    answer_sha256: str | None
    journal: WireCharge | None
    node_parts: list[WireNodePart]
    node_receipts: list[WireNodeReceipt]
    campaign: str | None
    variant: str | None
    object: str = "receipt"


class ReceiptRoutes:
    """The receipts of the caller's account."""

    def __init__(self, receipts: Receipts) -> None:
        self._receipts = receipts

    async def get(self, exchange: Exchange) -> None:
        """One, by the id of its answer or of its request; somebody else's is as unknown as one that never was."""
        filed = await self._receipts.get(require_key(exchange).account, exchange.parameter)
        exchange.respond(200, msgspec.json.encode(_wire(filed)), JSON)


def _wire(filed: Filed) -> WireReceipt:
    receipt = filed.receipt
    return WireReceipt(
        id=receipt.id,
        request_id=receipt.request_id,
        key=receipt.key,
        ledger=receipt.ledger,
        operation=receipt.operation,
        door=receipt.door,
        model=receipt.model,
        nodes=_nodes(receipt),
        streamed=receipt.streamed,
        usage=_usage(filed),
        prices_micro_usdc_per_mtoken=_prices(receipt.prices),
        held_micro_usdc=receipt.held,
        charged_micro_usdc=receipt.charged,
        charged_usdc=usdc_text(receipt.charged),
        reason=receipt.reason,
        began_at_ms=receipt.began_at_ms,
        ended_at_ms=receipt.ended_at_ms,
        request_sha256=receipt.request_sha256,
        answer_sha256=receipt.answer_sha256,
        journal=_journal(filed),
        node_parts=[WireNodePart(part.node, part.tokens) for part in receipt.served],
        node_receipts=[_signed(one) for one in receipt.signed],
        campaign=receipt.campaign,
        variant=receipt.variant,
    )


def _nodes(receipt: Receipt) -> list[str]:
    named = dict.fromkeys([*(part.node for part in receipt.served), receipt.node])
    return [node for node in named if node]


def _signed(one: SignedReceipt) -> WireNodeReceipt:
    told = one.receipt
    return WireNodeReceipt(
        node=told.node,
        prompt_sha256=told.prompt_sha256,
        completion_sha256=told.completion_sha256,
        prompt_tokens=told.prompt_tokens,
        completion_tokens=told.completion_tokens,
        started_at_ms=told.started_at_ms,
        first_token_at_ms=told.first_token_at_ms,
        ended_at_ms=told.ended_at_ms,
        text=told.text,
        signature=one.signature,
    )


def _usage(filed: Filed) -> WireReceiptUsage:
    usage = filed.receipt.usage
    return WireReceiptUsage(
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.cached_tokens,
        usage.reasoning_tokens,
        usage.image_tokens,
    )


def _prices(prices: Prices) -> WireReceiptPrices:
    return WireReceiptPrices(prices.prompt, prices.completion, prices.cached, prices.reasoning, prices.image)


def _journal(filed: Filed) -> WireCharge | None:
    if filed.number is None or filed.hash is None:
        return None
    return WireCharge(usage_id(filed.receipt.id), filed.number, filed.hash)
