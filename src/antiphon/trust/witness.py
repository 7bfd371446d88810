"""Holds what nodes sign against what the gateway saw. Signatures are verified in a thread, not beside the streams."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from msgspec import Struct

from antiphon.engines.receipt import SignedReceipt
from antiphon.trust.kinds import Kind
from antiphon.trust.model import Outcome
from antiphon.trust.signing import signed_by
from antiphon.trust.times import Seen, impossible, mismatch

SIGNATURES_MAX = 200  # verified at once, half a millisecond each; of more that come together the latest
SIGNED_MAX = 10_000  # receipts in memory, for the receipts of charges that are written soon


class Statement(Struct, frozen=True):
    """What a node said at the end of an answer, and what was seen of that answer.

    `owner` is the wallet that has to have signed; `speed` is how many tokens a second the node tells of itself.
    """

    seen: Seen
    signed: SignedReceipt | None
    owner: str
    speed: float | None = None


class Witness:
    """Keeps the receipts of the latest answers by the ids of their attempts, good or not."""

    def __init__(self, *, signed_max: int = SIGNED_MAX) -> None:
        self._signed: OrderedDict[str, SignedReceipt] = OrderedDict()
        self._signed_max = signed_max

    def keep(self, attempt: str, signed: SignedReceipt) -> None:
        """Have it at hand for whoever writes down what the answer cost."""
        self._signed[attempt] = signed
        if len(self._signed) > self._signed_max:
            self._signed.popitem(last=False)

    def taken(self, attempt: str) -> SignedReceipt | None:
        """The receipt of an attempt, once."""
        return self._signed.pop(attempt, None)


async def verified(statements: list[Statement]) -> list[Outcome]:
    """What is found of receipts; signatures in a thread, of so many at once that they leave time for others."""
    found = [outcome for one in statements for outcome in _fitting(one)]
    return found + await asyncio.to_thread(_signatures, statements[-SIGNATURES_MAX:])


def _fitting(one: Statement) -> list[Outcome]:
    """Whether a receipt is there, says what was seen, and tells of times that can be."""
    if one.signed is None:
        return [_outcome(one, "receipt", "It signed nothing.", failed=True)]
    receipt = one.signed.receipt
    wrong = mismatch(receipt, one.seen)
    found = [_outcome(one, "receipt", f"Its receipt does not fit: {wrong}.", failed=True)] if wrong else []
    untimely = impossible(receipt, one.seen, one.speed)
    return [*found, _outcome(one, "time", f"Its receipt cannot be: {untimely}.", failed=untimely is not None)]


def _signatures(statements: list[Statement]) -> list[Outcome]:
    """Whether the owners signed; a receipt that is good counts once, so does one that is not."""
    found = []
    for one in statements:
        if one.signed is None or mismatch(one.signed.receipt, one.seen):
            continue
        good = signed_by(one.signed, one.owner)
        found.append(_outcome(one, "receipt", f"Its receipt is not signed by {one.owner}.", failed=not good))
    return found


def _outcome(one: Statement, kind: Kind, says: str, *, failed: bool) -> Outcome:
    details = {}
    if failed and one.signed is not None:
        details = {"receipt": one.signed.receipt.text, "signature": one.signed.signature}
    return Outcome(one.seen.node, kind, failed, one.seen.model, one.seen.attempt or "", says, details)
