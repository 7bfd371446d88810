"""`antiphon conformance` as a whole, on an engine that keeps some promises and not others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.testing.fault_engine import FaultEngine


def test_a_table_for_people(run: Callable[..., Any], engine: FaultEngine) -> None:
    """Areas, verdicts, reasons and a summary; the exit code is 1 when something mandatory is missing."""
    ran = run("conformance", engine.url, "--door", "v1", "--only", "models", "--only", "text")
    assert ran.code == 1
    lines = [line.strip() for line in ran.out.splitlines()]
    assert "models" in lines
    assert "text" in lines
    assert any(line.startswith("pass") and "The list is OpenAI's" in line for line in lines)
    assert any(line.startswith("lacks") and "`nodes` is missing." in line for line in lines)
    assert "mandatory checks did not pass." in lines[-1]


def test_all_is_well(run: Callable[..., Any], engine: FaultEngine) -> None:
    """The exit code is 0 when every mandatory check of those that were made passed."""
    ran = run("conformance", engine.url, "--door", "v1", "--only", "logprobs", "--model", "fault-model")
    assert "logprobs" in ran.out
    assert run("conformance", engine.url, "--only", "embeddings").code == 0
    assert ran.code == (0 if "All mandatory checks passed." in ran.out else 1)


def test_an_object_for_scripts(run: Callable[..., Any], engine: FaultEngine) -> None:
    """Everything on one line, with the model that was asked."""
    ran = run("conformance", engine.url, "--only", "models", "--json", "--door", "v1")
    told = json.loads(ran.out)
    assert (told["url"], told["model"], told["ok"], ran.code) == (engine.url, "fault-model", False, 1)
    assert {check["area"] for check in told["checks"]} == {"models"}
    assert told["counts"]["pass"] == 2


def test_the_key_goes_along(run: Callable[..., Any], engine: FaultEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is given, else our own variable's, and never one that belongs to another service."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-service")
    run("conformance", engine.url, "--only", "prefill")
    monkeypatch.setenv("ANTIPHON_CLIENT_KEY", "sk-ours")
    run("conformance", engine.url, "--only", "prefill")
    run("conformance", engine.url, "sk-given", "--only", "prefill")
    keys = list(dict.fromkeys(request.headers.get("authorization") for request in engine.requests))
    assert keys == [None, "Bearer sk-ours", "Bearer sk-given"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("gpu-1:8000",), 2, "is not an http:// or https:// URL"),
        (("http://127.0.0.1:9",), 1, "cannot be reached"),
        (("http://127.0.0.1:9", "--only", "cheese"), 2, "There is no area 'cheese'"),
        (("http://127.0.0.1:9", "a b"), 2, "The key holds a character"),
    ],
)
def test_what_cannot_be_asked(run: Callable[..., Any], words: tuple[str, ...], code: int, told: str) -> None:
    """One sentence, and the exit code that other commands have."""
    ran = run("conformance", *words)
    assert ran.code == code
    assert told in ran.notes
