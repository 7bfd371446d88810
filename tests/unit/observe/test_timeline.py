"""The timeline of a request: every source tells its part, in order, and none tells what was said."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from antiphon.chat import Message, Usage
from antiphon.clock import SystemClock
from antiphon.credits import receipt_store
from antiphon.credits.receipt import Served
from antiphon.credits.service import Credits
from antiphon.db import Database
from antiphon.db.open import open_database
from antiphon.engines.receipt import NodeReceipt, SignedReceipt
from antiphon.interactions import store
from antiphon.interactions.model import Answer, Interaction, Timings
from antiphon.observe.timeline import Known, known, logged
from tests.unit.credits.asking import draft
from tests.unit.credits.books import AT_MS

SIGNED = SignedReceipt(NodeReceipt("att-1", "node-1", "m", "00", "11", 5, 2, AT_MS + 1, AT_MS + 3, AT_MS + 4, 7), "0x")
TURN = Interaction(
    completion_id="completion-1",
    account="ann",
    created_at_ms=AT_MS + 5,
    messages=(Message("user", "the heron nests"),),
    completion=Answer("at quay seven"),
    answer_id="answer-1",
    request_id="request-1",
    model="m",
    node="node-1",
    finish_reason="stop",
    usage=Usage(5, 2),
    timings=Timings(ttft_ms=3.0, total_ms=5.0),
)


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """One in which a request has a receipt, a charge and a stored turn."""
    database = open_database(None, data_dir=tmp_path)
    credits_ = Credits(database, gateway="g", clock=SystemClock(), on_lost=lambda *_: None)
    await credits_.begin()
    await credits_.grant(("USDC", "user:ann"), "gift", 100)
    credits_.leases.capture(await credits_.leases.open(("USDC", "user:ann"), "answer-1", 50), 9)
    await credits_.close()
    parts = (Served("node-1", "att-1", 2), Served("node-2", "att-2", 5))
    await database.write(lambda rows: receipt_store.insert(rows, [draft(signed=(SIGNED,), served=parts)]))
    await database.write(lambda rows: store.insert(rows, TURN))
    yield database
    await database.close()


async def told(database: Database, name: str, account: str | None = None) -> Known:
    """What the database tells."""
    return await database.read(lambda rows: known(rows, name, account))


@pytest.mark.parametrize("name", ["request-1", "answer-1"])
@pytest.mark.parametrize("account", [None, "ann"])
async def test_all_sources_tell_their_part(database: Database, name: str, account: str | None) -> None:
    """In the order of time, whichever id was asked for, and without a word of what was said."""
    found = await told(database, name, account)
    assert [(one.source, one.what) for one in found.moments if one.source != "ledger"] == [
        ("receipt", "credit held"),
        ("interaction", "request begun"),
        ("node", "attempt begun, by the node's clock"),
        ("node", "first token, by the node's clock"),
        ("interaction", "first token"),
        ("node", "attempt ended, by the node's clock"),
        ("receipt", "said a part"),
        ("receipt", "said a part"),
        ("receipt", "ended: delivered"),
        ("interaction", "stored: stop"),
    ]
    charge = next(one for one in found.moments if one.source == "ledger")
    assert charge.what == "journal 2 of USDC"
    assert charge.details == {"sys:platform": "0.000009", "user:ann": "-0.000009"}
    assert found.names == {"request-1", "answer-1", "completion-1", "att-1", "att-2"}
    assert "heron" not in repr(found)
    assert "quay" not in repr(found)


async def test_a_completion_is_traced_by_what_was_stored(database: Database) -> None:
    """Its own id finds the turn."""
    found = await told(database, "completion-1")
    assert [one.source for one in found.moments] == ["interaction"] * 3


async def test_nothing_is_told_of_others(database: Database) -> None:
    """Another account's, and what nobody knows."""
    assert (await told(database, "request-1", "bob")).moments == ()
    assert (await told(database, "answer-1", "bob")).moments == ()
    assert (await told(database, "request-2")).moments == ()


def test_logs_are_read_by_any_name() -> None:
    """A line of another request, one that only mentions the id, and one that is no JSON are passed over."""
    lines = [
        json.dumps({"time": 2.5, "level": "info", "message": "request", "request_id": "r", "status": 200, "key": None}),
        json.dumps({"time": 2.25, "level": "info", "message": "attempt", "attempt": "att-1", "failure": "failed"}),
        json.dumps({"time": 2, "level": "error", "message": "a charge is lost", "request": "answer", "micro_usdc": 7}),
        json.dumps({"time": 2, "level": "info", "message": "request", "request_id": "other r"}),
        json.dumps({"message": "request", "request_id": "r"}),
        "info: request request_id=r",
        '{"time": 1, "request_id": "r"',
        "[1, 2]",
    ]
    found = list(logged(lines, frozenset({"r", "answer", "att-1"})))
    assert [(one.at_ms, one.what) for one in found] == [
        (2500, "request"),
        (2250, "attempt"),
        (2000, "a charge is lost"),
    ]
    assert found[0].details == {"level": "info", "request_id": "r", "status": 200}
