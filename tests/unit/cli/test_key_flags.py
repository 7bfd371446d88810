"""The flags of a stored key, as the values that they stand for."""

from __future__ import annotations

import pytest

from antiphon.accounts.model import Grant
from antiphon.cli.key_flags import GrantFlags, PlaceFlags, grant, micro_usdc, place_assignments, seconds
from antiphon.errors import ConfigError
from antiphon.key import CLIENT

NOW_MS = 1_000


def test_a_place_is_what_was_said_of_it() -> None:
    """Each with the flag as its source."""
    assert place_assignments(PlaceFlags()) == []
    found = {one.path: (one.value, one.source) for one in place_assignments(PlaceFlags(data_dir="/d", chain="local"))}
    assert found == {("data_dir",): ("/d", "flag --data-dir"), ("chain",): ("local", "flag --chain")}


def test_without_flags_a_key_is_a_clients() -> None:
    """Neither limited nor mighty."""
    assert grant("k", GrantFlags(), NOW_MS) == Grant("k", CLIENT)


def test_every_flag_counts() -> None:
    """A lifetime from now on, money in millionths."""
    flags = GrantFlags(
        scope=("keys", "admin"),
        model=("m",),
        project=("p",),
        requests_per_minute=1,
        tokens_per_minute=2,
        parallel_max=3,
        spend_cap="0.000004",
        expires_in="5s",
        node=("node-1",),
        max_prompt_price="0.5",
        max_completion_price="2",
    )
    expected = Grant(
        "k",
        frozenset({"keys", "admin"}),
        frozenset({"m"}),
        frozenset({"p"}),
        1,
        2,
        3,
        4,
        NOW_MS + 5_000,
        frozenset({"node-1"}),
        500_000,
        2_000_000,
    )
    assert grant("k", flags, NOW_MS) == expected


@pytest.mark.parametrize(("text", "expected"), [("0s", 0), ("90s", 90), ("2m", 120), ("12h", 43_200), ("1d", 86_400)])
def test_durations(text: str, expected: int) -> None:
    """A number and a unit."""
    assert seconds(text, "--overlap") == expected


@pytest.mark.parametrize("text", ["", "1", "d", "1w", "-1d", "1.5h", "1 d", "\u0661d"])
def test_what_is_no_duration_is_told(text: str) -> None:
    """With the flag."""
    with pytest.raises(ConfigError, match="^--overlap: "):
        seconds(text, "--overlap")


@pytest.mark.parametrize(("text", "expected"), [("10", 10_000_000), ("2.50", 2_500_000), ("0", 0), ("0.000001", 1)])
def test_money_is_exact(text: str, expected: int) -> None:
    """In whole millionths."""
    assert micro_usdc(text) == expected


@pytest.mark.parametrize("text", ["", "ten", "0.0000001", "nan", "inf", "1,5"])
def test_what_is_no_money_is_told(text: str) -> None:
    """Nothing is rounded."""
    with pytest.raises(ConfigError, match="^--spend-cap: "):
        micro_usdc(text)
