"""What tests of metering share: a gateway's meter, requests, receipts."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from antiphon.chat import Usage
from antiphon.credits import receipt_store
from antiphon.credits.draft import Asked, Draft
from antiphon.credits.ledger import AccountKey, Earner, user
from antiphon.credits.metering import Meter
from antiphon.credits.receipt import Receipt, Served, Terms
from antiphon.credits.service import Credits
from antiphon.engines.receipt import SignedReceipt
from antiphon.key import Key
from antiphon.models.catalogue import Model, Prices
from tests.unit.credits.books import AT_MS, Books

PRICES = Prices(prompt=1_000_000, completion=2_000_000)  # one and two micro-USDC for a token
MODEL = Model("m", (), prices=PRICES)
TERMS = Terms(prompt_tokens=10, completion_tokens=20)
RECEIPT = Receipt(
    id="answer-1",
    request_id="request-1",
    account="ann",
    key="agent",
    ledger="USDC",
    operation="chat",
    door="v1",
    model="m",
    node="node-1",
    streamed=False,
    prices=PRICES,
    usage=Usage(5, 2),
    held=50,
    charged=9,
    reason="delivered",
    began_at_ms=AT_MS,
    ended_at_ms=AT_MS + 5,
    request_sha256="00" * 32,
    answer_sha256="11" * 32,
)


def receipt(**fields: Any) -> Receipt:
    """One with these fields changed."""
    return replace(RECEIPT, **fields)


def draft(**fields: Any) -> Draft:
    """One of the same request, with these fields of its receipt changed, or of the request."""
    key = Key(fields.pop("key", "agent"), account_name=fields.pop("account", "ann"), id="key_1", live=True)
    request = Asked(
        key,
        "USDC",
        fields.pop("id", "answer-1"),
        "request-1",
        MODEL,
        TERMS,
        "chat",
        "v1",
        streamed=fields.pop("streamed", False),
        body="00" * 32,
        campaign=fields.pop("campaign", None),
        variant=fields.pop("variant", None),
    )
    plain = Draft(request, Usage(5, 2), "node-1", 50, 9, "delivered", AT_MS, AT_MS + 5, "11" * 32)
    return replace(plain, **fields)


def receipt_of(draft: Draft) -> Receipt:
    """What is kept of it."""
    return receipt_store.read(receipt_store.row(draft))


UNPAID = receipt(charged=0)
UNPAID_DRAFT = draft(charged=0)


def name_of(account: AccountKey) -> str:
    """Whose an account of the books is."""
    return account[1].removeprefix(user(""))


class Till:
    """A gateway's meter, and what it told."""

    def __init__(self, books: Books, gateway: Credits) -> None:
        self.gateway = gateway
        self._receipts: list[Receipt] = []
        self.refused = 0
        self.meter = Meter(
            gateway.leases,
            gateway.budgets,
            clock=books.clock,
            on_refused=self._refuse,
            on_receipt=lambda draft: self._receipts.append(receipt_of(draft)),
            nodes=self,
        )
        self.owners: dict[str, str] = {}
        self.testimony: dict[str, SignedReceipt] = {}

    def earner(self, served: tuple[Served, ...]) -> Earner | None:
        """Four fifths for the owners, by what each node did."""
        did = [(f"node:{one.node}@{self.owners[one.node]}", one.tokens) for one in served if one.node in self.owners]
        return Earner(did[0][0], 8_000, did[0][1], tuple(did[1:])) if did else None

    def signed(self, attempt: str) -> SignedReceipt | None:
        """What a node signed, once."""
        return self.testimony.pop(attempt, None)

    @property
    def receipts(self) -> list[Receipt]:
        """Those of the requests that have ended."""
        self.gateway.leases.settlements.put_together()
        return self._receipts

    def _refuse(self) -> None:
        self.refused += 1


def asked(account: AccountKey, answer_id: str, **fields: Any) -> Asked:
    """A request of a stored key of that account."""
    key = Key("agent", account_name=name_of(account), id="key_1", live=True, spend_cap=fields.pop("spend_cap", None))
    request = Asked(
        key=key,
        ledger=account[0],
        answer_id=answer_id,
        request_id=f"request-of-{answer_id}",
        model=MODEL,
        terms=TERMS,
        operation="chat",
        door="v1",
        streamed=False,
        body="00" * 32,
    )
    return replace(request, **fields)
