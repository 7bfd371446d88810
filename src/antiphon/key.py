"""A key as a request carries it: who is calling, and what that key may do. Values only."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from msgspec import Struct

Ledger = Literal["USDC", "DEV"]
Scope = Literal["inference", "channel", "credits", "keys", "admin"]
INFERENCE: frozenset[Scope] = frozenset({"inference"})
CLIENT: frozenset[Scope] = frozenset({"inference", "channel", "credits"})
ADMIN: frozenset[Scope] = CLIENT | {"keys", "admin"}


class Allowance(Struct, frozen=True):
    """How much may be asked for; 0 stands for no limit."""

    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    parallel_max: int = 0  # requests at once


UNLIMITED = Allowance()
Scale = Literal["key", "account"]


class Part(Struct, frozen=True):
    """One allowance that a request needs room in: its key's, or its account's."""

    scale: Scale
    name: str
    allowance: Allowance


class Key(Struct, frozen=True, dict=True):
    """Who is calling and what that key may do.

    Empty `models` or `projects`: all of them. A limit of 0: none. Whatever is stored for a request belongs to
    `account`; a key that was given none is its own account. `account_allowance` is what all keys of the account may
    ask for together.
    """

    name: str
    requests_per_minute: int = 0
    models: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    scopes: frozenset[Scope] = INFERENCE
    account_name: str = ""
    session_memory: bool = False  # earlier turns of a session are put in front of the prompt
    dria: bool = False  # a `dkn_` key: errors are text and ids start with `gen-`, as Dria's users expect
    id: str = ""  # of a key that the database holds; one of the settings has none
    tokens_per_minute: int = 0
    parallel_max: int = 0
    account_allowance: Allowance = UNLIMITED
    spend_cap: int | None = None  # micro-USDC that the key may spend in all
    live: bool = False  # a key for money, not for development
    nodes: frozenset[str] = frozenset()  # that may answer its requests; empty: all
    prompt_price_max: int | None = None  # of models that it may use, in micro-USDC for 1,000,000 tokens
    completion_price_max: int | None = None
    credit: Ledger | None = None  # what a key of the settings spends; one that is stored spends as it is `live`

    @cached_property
    def account(self) -> str:
        """Whose the key is."""
        return self.account_name or self.name

    @cached_property
    def ledger(self) -> Ledger | None:
        """The books that its requests are charged in; None: they are the operator's, and nothing is charged."""
        if not self.id:
            return self.credit
        return "USDC" if self.live else "DEV"

    @cached_property
    def allowances(self) -> tuple[Part, ...]:
        """The allowances that bound it, beside its scopes: its own and its account's; none where nothing is counted."""
        own = Allowance(self.requests_per_minute, self.tokens_per_minute, self.parallel_max)
        bounds = (Part("key", self.id or self.name, own), Part("account", self.account, self.account_allowance))
        return tuple(part for part in bounds if part.allowance != UNLIMITED)
