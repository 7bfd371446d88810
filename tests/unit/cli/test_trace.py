"""`antiphon trace`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from antiphon.credits import receipt_store
from antiphon.db.open import open_database
from tests.unit.credits.asking import draft

Run = Callable[..., Any]


def keep(folder: Path) -> None:
    """A receipt in a database, and a log beside it."""

    async def write() -> None:
        database = open_database(None, data_dir=folder)
        await database.write(lambda rows: receipt_store.insert(rows, [draft(key="\x1b[31magent")]))
        await database.close()

    asyncio.run(write())
    line = {"time": 1_800_000_000.25, "level": "info", "message": "request", "request_id": "request-1", "status": 200}
    (folder / "gateway.log").write_text(json.dumps(line) + "\n", encoding="utf-8")


def test_a_line_for_each_moment(run: Run, place: Path) -> None:
    """With the time since the first; what a terminal would obey is left out."""
    keep(place)
    ran = run("trace", "request-1", "--data-dir", str(place), "--log", str(place / "gateway.log"))
    assert ran.code == 0
    first, second, third = ran.out.splitlines()
    assert first.startswith("2027-01-15 08:00:00.000       +0 ms  receipt      credit held  request_id=request-1")
    assert "\x1b" not in first
    assert "+5 ms  receipt      ended: delivered  node=node-1 charged=0.000009" in second
    assert "+250 ms  log          request  level=info request_id=request-1 status=200" in third


def test_json(run: Run, place: Path) -> None:
    """One object a line."""
    keep(place)
    ran = run("trace", "answer-1", "--data-dir", str(place), "--json")
    told = [json.loads(line) for line in ran.out.splitlines()]
    assert [(one["source"], one["what"]) for one in told] == [
        ("receipt", "credit held"),
        ("receipt", "ended: delivered"),
    ]


def test_nothing_is_known(run: Run, place: Path) -> None:
    """Says what would have to be there; a log that is not is named."""
    keep(place)
    ran = run("trace", "request-2", "--data-dir", str(place))
    assert (ran.code, ran.out) == (1, "")
    assert "Nothing is known of request-2." in ran.notes
    missing = run("trace", "request-1", "--data-dir", str(place), "--log", str(place / "none"))
    assert missing.code == 2
    assert "--log:" in missing.notes
