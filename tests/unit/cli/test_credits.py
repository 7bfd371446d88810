"""`antiphon credits`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest


def test_a_grant_is_given_once(run: Callable[..., Any]) -> None:
    """Under one id, whatever amount is said the second time; balance and history show it."""
    ran = run("credits", "grant", "ann", "2.50", "--id", "w1")
    assert ran.out == "ann is given 2.50 USDC (grant:w1)\n"
    assert run("credits", "grant", "ann", "9", "--id", "w1").out == "Nothing is given: grant:w1 was given before.\n"
    assert run("credits", "balance", "ann").out == "2.50 USDC\n"
    told = json.loads(run("credits", "ledger", "ann", "--json").out)
    assert [(row["id"], row["kind"], row["amount_usdc"]) for row in told["data"]] == [("grant:w1", "grant", "2.50")]
    assert run("ledger", "verify").code == 0


def test_grants_without_an_id_are_many(run: Callable[..., Any]) -> None:
    """Each is one of its own; scripts are told which."""
    told = [json.loads(run("credits", "grant", "ann", "1", "--ledger", "DEV", "--json").out) for _ in range(2)]
    assert [(row["given"], row["amount_micro_usdc"], row["ledger"]) for row in told] == [(True, 1_000_000, "DEV")] * 2
    assert told[0]["id"] != told[1]["id"]
    shown = json.loads(run("credits", "balance", "ann", "--ledger", "DEV", "--json").out)
    assert (shown["balance"], shown["balance_usdc"], shown["ledger"]) == (200, "2.00", "DEV")


def test_a_history_as_a_table(run: Callable[..., Any]) -> None:
    """The newest first, no more than asked for."""
    for number in range(3):
        run("credits", "grant", "ann", "1", "--id", f"n{number}")
    lines = run("credits", "ledger", "ann", "--limit", "2").out.splitlines()
    assert lines[0].split() == ["TIME", "KIND", "AMOUNT", "(USDC)", "ID"]
    assert [line.split()[-1] for line in lines[1:]] == ["grant:n2", "grant:n1"]


def test_a_first_test_key_brings_credit(run: Callable[..., Any]) -> None:
    """Made by a command too, once."""
    for _ in range(2):
        run("keys", "create", "laptop", "--account", "ann")
    assert run("credits", "balance", "ann", "--ledger", "DEV").out == "5.00 DEV\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("grant", "ann", "0"), "AMOUNT"),
        (("grant", "ann", "0.0000001"), "AMOUNT"),
        (("grant", "ann", "much"), "AMOUNT"),
        (("grant", "ann", "NaN"), "AMOUNT"),
        (("grant", "ann", "1e30"), "AMOUNT"),
        (("grant", "0x12", "1"), "ACCOUNT"),
        (("grant", "ann", "1", "--id", ""), "--id"),
        (("balance", "a b"), "ACCOUNT"),
        (("ledger", "ann", "--limit", "0"), "--limit"),
    ],
)
def test_what_is_wrong_is_named(run: Callable[..., Any], words: tuple[str, ...], said: str) -> None:
    """And nothing is given."""
    ran = run("credits", *words)
    assert ran.code == 2
    assert said in ran.notes
