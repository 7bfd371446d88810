"""`antiphon doctor` as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from antiphon.testing.fault_engine import FaultEngine

ALONE = ("doctor", "--no-model", "--port", "0", "--upstream")


def test_it_tells_each_check(run: Callable[..., Any], engine: FaultEngine) -> None:
    """A line each, in order; nothing failed."""
    ran = run(*ALONE, engine.url)
    assert ran.code == 0
    checks = [line.split(maxsplit=1)[1].partition(":")[0] for line in ran.out.splitlines() if line[:1] not in {"", " "}]
    expected = [
        "clock",
        "configuration",
        "data folder",
        "open files",
        "keys",
        "database",
        f"upstream {engine.url.partition(':')[0]}",
    ]
    assert checks[:7] == expected
    assert ran.out.splitlines()[-1] == "Nothing is in the way."


def test_a_failure_has_an_advice_and_an_exit_code(run: Callable[..., Any]) -> None:
    """The advice stands below it."""
    ran = run(*ALONE, "http://127.0.0.1:9")
    assert ran.code == 1
    lines = ran.out.splitlines()
    (place,) = [place for place, line in enumerate(lines) if line.startswith("FAIL")]
    assert lines[place + 1].startswith("      Start it")


def test_scripts_get_all_findings(run: Callable[..., Any], engine: FaultEngine) -> None:
    """In one object."""
    told = json.loads(run(*ALONE, engine.url, "--json").out)
    assert told["ok"] is True
    assert {finding["status"] for finding in told["findings"]} <= {"ok", "warn"}
    assert set(told["findings"][0]) == {"check", "status", "found", "advice"}


def test_bad_settings_are_findings(run: Callable[..., Any], place: Path) -> None:
    """Each mistake is one; what needs settings is left out."""
    (place / "antiphon.yaml").write_text("server: {prot: 1, port: x}\n")
    told = json.loads(run("doctor", "--json").out)
    assert [finding["check"] for finding in told["findings"]] == ["clock", "configuration", "configuration"]
    assert told["ok"] is False
