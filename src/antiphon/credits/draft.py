"""A receipt before it is written out: that is done where many are, later and elsewhere, not while a client waits.

The bodies stand in it themselves where they are short; digests take their place.
"""

from __future__ import annotations

from msgspec import Struct

from antiphon.chat import Usage
from antiphon.credits.ledger import AccountKey, user
from antiphon.credits.receipt import Operation, Reason, Served, Terms, digest
from antiphon.engines.receipt import SignedReceipt
from antiphon.key import Key, Ledger
from antiphon.models.catalogue import Model

KEPT_BYTES_MAX = 16 * 1024  # longer bodies are digested at once, so that what waits to be written stays small

Body = bytes | str  # or the digest of it


class Asked(Struct, frozen=True, gc=False):
    """A request of a key that spends credit, as its receipt will say it."""

    key: Key
    ledger: Ledger
    answer_id: str
    request_id: str
    model: Model
    terms: Terms
    operation: Operation
    door: str
    streamed: bool
    body: Body
    campaign: str | None = None
    variant: str | None = None

    @property
    def account(self) -> AccountKey:
        """Who pays."""
        return self.ledger, user(self.key.account)


class Draft(Struct, frozen=True, gc=False):
    """What one request came to, of what was asked. Amounts are whole micro-USDC."""

    asked: Asked
    usage: Usage
    node: str
    held: int
    charged: int
    reason: Reason
    began_at_ms: int
    ended_at_ms: int
    answer: Body | None = None  # a stream's is not kept
    served: tuple[Served, ...] = ()
    signed: tuple[SignedReceipt, ...] = ()


def kept(body: bytes) -> Body:
    """A body as a draft keeps it."""
    return body if len(body) <= KEPT_BYTES_MAX else digest(body)


def digested(body: Body) -> str:
    """What stands for a body in a receipt."""
    return body if isinstance(body, str) else digest(body)
