"""Receipts: kept for whoever asks once, and held against what was seen."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.engines.receipt import NodeReceipt, SignedReceipt
from antiphon.topup.wallet import address_of
from antiphon.trust.kinds import Kind
from antiphon.trust.signing import signed
from antiphon.trust.times import Seen
from antiphon.trust.witness import Statement, Witness, verified

KEY = "11" * 32
OWNER = address_of(KEY) or ""
RECEIPT = NodeReceipt("att_1", "node-a", "m", "aa", "bb", 12, 100, 1_000, 1_100, 3_000, 7)
SEEN = Seen("node-a", "m", "aa", "bb", 2_100, "att_1", completion_tokens=100, epoch=7)


def statement(receipt: SignedReceipt | None, speed: float | None = 60) -> Statement:
    """A receipt of the answer that was seen."""
    return Statement(SEEN, receipt, OWNER, speed)


async def test_a_good_receipt() -> None:
    """It counts for the node, once of each kind."""
    found = await verified([statement(signed(RECEIPT, KEY))] * 3)
    assert sorted(outcome.kind for outcome in found) == ["receipt"] * 3 + ["time"] * 3
    assert not any(outcome.failed for outcome in found)


@pytest.mark.parametrize(
    ("receipt", "kind", "said"),
    [
        (None, "receipt", "It signed nothing."),
        (signed(RECEIPT, "22" * 32), "receipt", f"Its receipt is not signed by {OWNER}."),
        (SignedReceipt(RECEIPT, "forged"), "receipt", f"Its receipt is not signed by {OWNER}."),
        (
            signed(replace(RECEIPT, completion_sha256="cc"), KEY),
            "receipt",
            "Its receipt does not fit: completion_sha256 is 'cc', 'bb' was seen.",
        ),
        (
            signed(replace(RECEIPT, ended_at_ms=9_000), KEY),
            "time",
            "Its receipt cannot be: it worked 8000 ms, 2100 ms were waited for it.",
        ),
    ],
)
async def test_a_bad_one(receipt: SignedReceipt | None, kind: Kind, said: str) -> None:
    """It fails one check, with a sentence and with what was signed."""
    failed = [outcome for outcome in await verified([statement(receipt)]) if outcome.failed]
    assert [(outcome.kind, outcome.says) for outcome in failed] == [(kind, said)]
    if receipt is not None:
        assert failed[0].details == {"receipt": receipt.receipt.text, "signature": receipt.signature}


def test_receipts_are_kept_for_a_while() -> None:
    """The latest few, each given out once."""
    witness, receipt = Witness(signed_max=2), signed(RECEIPT, KEY)
    for attempt in ("a", "b", "c"):
        witness.keep(attempt, receipt)
    assert [witness.taken(attempt) for attempt in ("a", "b", "b", "c")] == [None, receipt, None, receipt]
