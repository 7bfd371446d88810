"""Accounts and their keys as the database holds them, and the rules that they keep by themselves. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from antiphon.accounts.ethereum import ADDRESS, checksummed
from antiphon.key import Allowance, Key, Scope

FIRST_CHARACTERS = 12
LAST_CHARACTERS = 4
NAMES_MAX = 256
ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}")
KEY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/@+-]{0,63}")
LIMIT_MAX = 1_000_000_000
SPEND_CAP_MAX = 10**15  # micro-USDC

Kind = Literal["live", "test"]
State = Literal["active", "expired", "revoked"]
Broken = Iterator[tuple[str, str]]


class Account(Struct, frozen=True):
    """Who owns keys and what is stored: a wallet by its address with its checksum, or a name that an operator gave."""

    id: str
    created_at_ms: int

    @property
    def wallet(self) -> bool:
        """Whether a wallet owns it, and so can sign in to it."""
        return ADDRESS.fullmatch(self.id) is not None


class Grant(Struct, frozen=True):
    """What a key may do. Empty `models`, `projects` or `nodes`: all of them; a limit of 0, and no cap: none."""

    name: str
    scopes: frozenset[Scope]
    models: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    parallel_max: int = 0
    spend_cap: int | None = None  # micro-USDC, in all
    expires_at_ms: int | None = None
    nodes: frozenset[str] = frozenset()
    prompt_price_max: int | None = None  # micro-USDC for 1,000,000 tokens
    completion_price_max: int | None = None

    @property
    def limited(self) -> bool:
        """Whether it may less than its scopes say."""
        bounds = (self.spend_cap, self.prompt_price_max, self.completion_price_max)
        limits = (self.requests_per_minute, self.tokens_per_minute, self.parallel_max)
        return any((self.models, self.projects, self.nodes, *limits, *(bound is not None for bound in bounds)))


class KeyRecord(Struct, frozen=True):
    """A key as it is kept: all but the key itself. `first` and `last` are its characters that people may see."""

    id: str
    account: str
    kind: Kind
    grant: Grant
    digest: str
    pepper_id: str
    first: str
    last: str
    created_at_ms: int
    revoked_at_ms: int | None = None
    replaced_by: str | None = None  # the id of the key that a rotation made

    def state(self, now_ms: int) -> State:
        """Whether it is good at that time, and if not, why."""
        if self.revoked_at_ms is not None:
            return "revoked"
        expires_at_ms = self.grant.expires_at_ms
        return "active" if expires_at_ms is None or now_ms < expires_at_ms else "expired"


def as_key(record: KeyRecord, account_allowance: Allowance) -> Key:
    """The key as a request carries it."""
    grant = record.grant
    return Key(
        grant.name,
        grant.requests_per_minute,
        grant.models,
        grant.projects,
        scopes=grant.scopes,
        account_name=record.account,
        dria=True,
        id=record.id,
        tokens_per_minute=grant.tokens_per_minute,
        parallel_max=grant.parallel_max,
        account_allowance=account_allowance,
        spend_cap=grant.spend_cap,
        live=record.kind == "live",
        nodes=grant.nodes,
        prompt_price_max=grant.prompt_price_max,
        completion_price_max=grant.completion_price_max,
    )


def account_fault(account: str) -> str | None:
    """The rule that an account's id breaks: one that looks like an address must be one, with its checksum."""
    if account[:2].lower() == "0x":
        good = ADDRESS.fullmatch(account) is not None and checksummed(account) == account
        return None if good else "expected a wallet's address with the checksum of EIP-55"
    if ACCOUNT.fullmatch(account) is None:
        return "expected 1 to 200 letters, digits and `._:/@+-`, beginning with a letter or digit"
    return None


def broken(grant: Grant, now_ms: int) -> Broken:
    """Each rule that a grant breaks, with the field that has to change."""
    if KEY_NAME.fullmatch(grant.name) is None:
        yield "name", "expected 1 to 64 letters, digits, blanks and `._:/@+-`, beginning with a letter or digit"
    if not grant.scopes:
        yield "scopes", "expected at least one"
    if "keys" in grant.scopes and grant.limited:
        yield "scopes", "a key with the scope `keys` makes other keys, so no limit would hold it"
    for field, names in (("models", grant.models), ("projects", grant.projects), ("nodes", grant.nodes)):
        if len(names) > NAMES_MAX or not all(ACCOUNT.fullmatch(name) for name in names):
            yield field, f"expected at most {NAMES_MAX} names of letters, digits and `._:/@+-`"
    for field in ("requests_per_minute", "tokens_per_minute", "parallel_max"):
        if not 0 <= getattr(grant, field) <= LIMIT_MAX:
            yield field, f"expected 0 to {LIMIT_MAX}"
    if grant.spend_cap is not None and not 0 <= grant.spend_cap <= SPEND_CAP_MAX:
        yield "spend_cap_micro_usdc", f"expected 0 to {SPEND_CAP_MAX}"
    for field, most in (("prompt", grant.prompt_price_max), ("completion", grant.completion_price_max)):
        if most is not None and not 0 <= most <= SPEND_CAP_MAX:
            yield f"max_price_micro_usdc.{field}", f"expected 0 to {SPEND_CAP_MAX}"
    if grant.expires_at_ms is not None and grant.expires_at_ms <= now_ms:
        yield "expires_in_s", "expected a time to come"


def beyond(grant: Grant, maker: Key) -> Broken:
    """What a grant has that the key which asks for it has not, so that a key never makes a mightier one."""
    missing = sorted(grant.scopes - maker.scopes)
    if missing:
        yield "scopes", f"this key has not the scope `{missing[0]}` itself"
    for field, names, own in (
        ("models", grant.models, maker.models),
        ("projects", grant.projects, maker.projects),
        ("nodes", grant.nodes, maker.nodes),
    ):
        if own and not (names and names <= own):
            yield field, f"expected some of those that this key may use: {', '.join(sorted(own))}"
    for field, most, own_most in (
        ("prompt", grant.prompt_price_max, maker.prompt_price_max),
        ("completion", grant.completion_price_max, maker.completion_price_max),
    ):
        if own_most is not None and (most is None or most > own_most):
            yield f"max_price_micro_usdc.{field}", f"expected at most {own_most}, as of this key"
