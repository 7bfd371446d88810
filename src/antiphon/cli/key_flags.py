"""The flags that say what a stored key may do, and where it is stored; the values that they stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from antiphon.errors import ConfigError

if TYPE_CHECKING:
    from antiphon.accounts.model import Grant
    from antiphon.settings.layers import Assignment

UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
DURATION = re.compile(r"([0-9]{1,9})([smhd])")
MICRO = 1_000_000
MS = 1000


@dataclass(frozen=True, kw_only=True)
class PlaceFlags:
    """Which database."""

    config: Path | None = None
    """Configuration file that names the database and the pepper; otherwise as `serve` finds it."""
    data_dir: str | None = None
    """Folder of the database file and the pepper, where no setting names them."""
    chain: Literal["local"] | None = None
    """The database of the local chain's test money, as for `serve`."""


@dataclass(frozen=True, kw_only=True)
class GrantFlags:
    """One field a flag; None or empty where the flag was not given."""

    scope: Annotated[
        tuple[Literal["inference", "channel", "credits", "keys", "admin"], ...], Parameter(consume_multiple=False)
    ] = ()
    """What it may do; without any: inference, channel and credits. Repeatable."""
    model: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """A model that it may use; without any all. Repeatable."""
    project: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """A project that it may use; without any all. Repeatable."""
    requests_per_minute: int = 0
    """Requests that it may make in a minute."""
    tokens_per_minute: int = 0
    """Tokens that its requests may use in a minute."""
    parallel_max: int = 0
    """Requests of it that are served at once."""
    spend_cap: str | None = None
    """USDC that it may spend in all, such as 10 or 2.50."""
    node: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = ()
    """A node that may answer its requests; without any all may. Repeatable."""
    max_prompt_price: str | None = None
    """Most USDC that 1,000,000 prompt tokens may cost, such as 0.5."""
    max_completion_price: str | None = None
    """Most USDC that 1,000,000 completion tokens may cost, such as 2."""
    expires_in: str | None = None
    """Time that it is good for, such as 90d, 12h, 30m or 60s."""


def place_assignments(place: PlaceFlags) -> list[Assignment]:
    """What the flags set."""
    from antiphon.settings.layers import Assignment

    given = {"data_dir": place.data_dir, "chain": place.chain}
    return [
        Assignment((name,), value, f"flag --{name.replace('_', '-')}")
        for name, value in given.items()
        if value is not None
    ]


def grant(name: str, flags: GrantFlags, now_ms: int) -> Grant:
    """What the key may do; ConfigError for a flag that does not say it rightly."""
    from antiphon.accounts.model import Grant
    from antiphon.key import CLIENT

    lifetime_s = None if flags.expires_in is None else seconds(flags.expires_in, "--expires-in")
    return Grant(
        name,
        frozenset(flags.scope) or CLIENT,
        frozenset(flags.model),
        frozenset(flags.project),
        flags.requests_per_minute,
        flags.tokens_per_minute,
        flags.parallel_max,
        _optional(flags.spend_cap, "--spend-cap"),
        None if lifetime_s is None else now_ms + lifetime_s * MS,
        frozenset(flags.node),
        _optional(flags.max_prompt_price, "--max-prompt-price"),
        _optional(flags.max_completion_price, "--max-completion-price"),
    )


def seconds(text: str, flag: str) -> int:
    """The seconds that `90d` stands for."""
    found = DURATION.fullmatch(text)
    if found is None:
        raise ConfigError(f"{flag}: expected a number and s, m, h or d, such as 90d, not `{text}`.")
    return int(found[1]) * UNITS_S[found[2]]


def _optional(text: str | None, flag: str) -> int | None:
    return None if text is None else micro_usdc(text, flag)


def micro_usdc(text: str, flag: str = "--spend-cap") -> int:
    """The millionths of a USDC that `2.50` stands for."""
    try:
        amount = Decimal(text) * MICRO
        if amount == amount.to_integral_value():
            return int(amount)
    except (InvalidOperation, ValueError, OverflowError):
        pass
    raise ConfigError(f"{flag}: expected USDC with at most six decimals, such as 2.50, not `{text}`.")
