"""GET /v1/receipts/{id}, as it is on the wire."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import pytest

from antiphon.credits import store
from antiphon.credits.closing import Closing
from antiphon.credits.draft import Draft
from antiphon.credits.ledger import usage
from antiphon.credits.receipt import Served
from antiphon.credits.receipt_routes import ReceiptRoutes
from antiphon.credits.receipts import Receipts
from antiphon.engines.receipt import NodeReceipt, SignedReceipt
from antiphon.errors import NotFound
from antiphon.key import Key
from tests.unit.credits.asking import UNPAID_DRAFT, draft, name_of
from tests.unit.credits.books import AT_MS, Books
from tests.unit.http.recording import exchange_of


async def shown(
    books: Books, account: str = "ann", name: str = "answer-1", drafted: Draft = UNPAID_DRAFT
) -> Any:  # Any: plain JSON
    """What a key of that account is answered, where there is that receipt."""
    gateway = await books.gateway()
    gateway.leases.settlements.put(Closing("answer-1", draft=drafted))
    routes = ReceiptRoutes(Receipts(books.database, gateway.leases.settlements, days=1, clock=books.clock))
    exchange, wire = exchange_of("GET", f"/v1/receipts/{name}")
    exchange.key, exchange.parameter = Key("agent", account_name=account), name
    await routes.get(exchange)
    assert wire.status == 200
    return msgspec.json.decode(wire.body)


async def test_a_receipt_is_told_in_full(books: Books) -> None:
    """Every field, with where it stands in the books."""
    key = await books.account(100)
    await books.run(partial(store.post, journal=usage(key, "answer-1", 9, at_ms=AT_MS)))
    answer = await shown(books, name_of(key), drafted=draft(account=name_of(key)))
    journal = answer.pop("journal")
    assert (journal["id"], len(journal["hash"])) == ("use:answer-1", 64)
    assert answer == {
        "id": "answer-1",
        "request_id": "request-1",
        "key": "agent",
        "ledger": "USDC",
        "operation": "chat",
        "door": "v1",
        "model": "m",
        "nodes": ["node-1"],
        "streamed": False,
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 2,
            "cached_tokens": 0,
            "reasoning_tokens": 0,
            "image_tokens": 0,
        },
        "prices_micro_usdc_per_mtoken": {
            "prompt": 1_000_000,
            "completion": 2_000_000,
            "cached": None,
            "reasoning": None,
            "image": None,
        },
        "held_micro_usdc": 50,
        "charged_micro_usdc": 9,
        "charged_usdc": "0.000009",
        "reason": "delivered",
        "began_at_ms": AT_MS,
        "ended_at_ms": AT_MS + 5,
        "request_sha256": "00" * 32,
        "answer_sha256": "11" * 32,
        "node_parts": [],
        "node_receipts": [],
        "campaign": None,
        "variant": None,
        "object": "receipt",
    }


async def test_what_nodes_signed_is_told(books: Books) -> None:
    """Each part with the node that did it, each signature with the text that was signed."""
    signed = SignedReceipt(NodeReceipt("att-2", "node-2", "m", "aa", "bb", 5, 1, 10, 11, 12, 3), "0x22")
    parts = (Served("node-1", "att-1", 1), Served("node-2", "att-2", 1))
    told = await shown(books, drafted=draft(charged=0, node="node-2", served=parts, signed=(signed,)))
    assert told["nodes"] == ["node-1", "node-2"]
    assert told["node_parts"] == [{"node": "node-1", "tokens": 1}, {"node": "node-2", "tokens": 1}]
    (receipt,) = told["node_receipts"]
    assert receipt["text"] == signed.receipt.text
    assert (receipt["node"], receipt["completion_sha256"], receipt["signature"]) == ("node-2", "bb", "0x22")


async def test_without_a_charge_there_is_no_journal(books: Books) -> None:
    """It is null."""
    assert (await shown(books, name="request-1"))["journal"] is None


async def test_another_account(books: Books) -> None:
    """Its receipts are nobody else's business."""
    with pytest.raises(NotFound):
        await shown(books, account="bob")
