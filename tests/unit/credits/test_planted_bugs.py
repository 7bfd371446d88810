"""Bugs that are planted on purpose: each is found by a story, or by the proof at its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from msgspec import Struct
from msgspec.structs import replace

from antiphon.credits import (
    gateway_store,
    hold_store,
    lease,
    lease_store,
    leases,
    ledger,
    pricing,
    service,
    settlements,
    store,
    tenure,
    verify,
)
from antiphon.db import Connection, Database
from antiphon.errors import InsufficientCredits
from tests.unit.credits import hold_scenarios as held
from tests.unit.credits import lease_scenarios as leased
from tests.unit.credits.books import Books
from tests.unit.credits.scenarios import Scenario

STORY_S_MAX = 20.0
SETTLE, SETTLED = lease_store.settle, lease_store.Settled


class Bug(Struct, frozen=True):
    """What is wrong, how it is planted, and the story that finds it."""

    name: str
    places: Any  # Any: a module or a class, or several
    attribute: str
    value: Any  # Any: whatever stands there instead
    story: Scenario


def without(text: str, part: str) -> str:
    """A statement that lacks a condition."""
    assert part in text
    return text.replace(part, "")


def swapped(text: str, part: str, other: str) -> str:
    """A statement that says something else."""
    assert part in text
    return text.replace(part, other)


def always(value: Any) -> Callable[..., Any]:
    """Say the same whatever is asked."""
    return lambda *_values, **_named: value


def keep_what_is_voided(connection: Connection, hold_id: str) -> ledger.Hold:
    """End the hold, and forget the account."""
    hold = hold_store.require(connection, hold_id)
    ended = hold_store._end(connection, ledger.Hold(hold.id, hold.ledger, hold.account, hold.amount, "voided"))
    return ended or hold


def free_what_was_charged(connection: Connection, hold_id: str, cost: int, *, at_ms: int, earner: Any) -> ledger.Hold:
    """Let go only of what was charged, and keep the rest back for ever."""
    hold = hold_store.require(connection, hold_id)
    ended = hold_store._end(connection, ledger.Hold(hold.id, hold.ledger, hold.account, hold.amount, "captured", cost))
    if ended is None:
        return hold
    key = hold.ledger, hold.account
    store.add(connection, [ledger.usage(key, hold_id, cost, at_ms=at_ms, earner=earner)], {key: cost})
    return ended


def in_usdc(_ledger: str, journal_id: str, source: str, target: str, amount: int, *, at_ms: int) -> ledger.Journal:
    """Whatever was meant, the money."""
    entries = (ledger.Entry(source, -amount), ledger.Entry(target, amount))
    return ledger.Journal("USDC", journal_id, "transfer", at_ms, entries)


def charge_again(connection: Connection, epoch: int, settlements: Any) -> lease_store.Settled | None:
    """Charge whatever comes, as often as it comes."""
    number = len(connection.all("SELECT id FROM ledger_journals"))
    renamed = [replace(one, request_id=f"{one.request_id}:{number}") for one in settlements]
    return SETTLE(connection, epoch, renamed)


def in_silence(accounts: Any, _known: Any) -> lease_store.Settled:
    """Do not tell which ids had been charged before."""
    return SETTLED(accounts, frozenset())


def all_free(self: lease.LeasedHold, cost: int, at_ms: int, earner: Any) -> bool:
    """Let go of what is charged before it is in the books."""
    self.state, self.charged, self.at_ms, self.earner = "captured", ledger.charge(self.amount, cost), at_ms, earner
    self.lease.used -= self.amount
    return True


def again_and_again(self: lease.LeasedHold, cost: int, at_ms: int, earner: Any) -> bool:
    """Capture a hold that has ended."""
    self.state, self.charged, self.at_ms, self.earner = "captured", ledger.charge(self.amount, cost), at_ms, earner
    self.lease.used -= self.amount - self.charged
    self.lease.unsettled += self.charged
    return True


def seal_of_little(before: str, number: int, journal: ledger.Journal) -> str:
    """A hash that leaves out the entries."""
    return f"{before[-8:]}{number}{journal.id}"


async def give_up(self: settlements.Settlements, group: Any) -> bool:
    """Believe that it worked."""
    for one in group:
        one.hold.lease.settled(one.hold.charged)
        self._progress.end([one.id])
    return True


def charge_anyway(connection: Connection, epoch: int, settlements: Any) -> lease_store.Settled:
    """Charge without looking at the run, or at its lease."""
    accounts = store.add(connection, [one.journal for one in settlements])
    return lease_store.Settled(accounts, frozenset())


def end_anyway(connection: Connection, run: gateway_store.Run) -> bool:
    """End a run whatever it has said since then."""
    gateway_store.end(connection, run.epoch)
    return True


def for_everybody(self: lease.Refusal, _amount: int, _ticket: int) -> Exception:
    """Refuse those who come later as well."""
    return InsufficientCredits(self._message)


def takes_all(connection: Connection, key: ledger.AccountKey, amount: int) -> bool:
    """Keep back whatever is asked for, as somebody would who looked at the balance some time ago."""
    sql = "UPDATE ledger_accounts SET held = held + :amount WHERE ledger = :ledger AND id = :id"
    return connection.run(sql, ledger=key[0], id=key[1], amount=amount) == 1


class Hasty(tenure.Watch):
    """Takes everybody else for dead."""

    def silent(self, runs: Any, _now: float, *, own: int) -> list[gateway_store.Run]:
        """All of them."""
        return [run for run in runs if run.epoch != own]


BUGS = (
    Bug("a hold is captured twice", hold_store, "END", without(hold_store.END, " AND state = 'open'"),
        held.a_hold_is_captured_once),
    Bug("a voided hold is captured", hold_store, "END", swapped(hold_store.END, "= 'open'", "<> 'captured'"),
        held.a_hold_is_voided_once),
    Bug("a captured hold is voided", hold_store, "END", swapped(hold_store.END, "= 'open'", "<> 'voided'"),
        held.a_hold_is_captured_once),
    Bug("an expired hold is captured", hold_store, "END", swapped(hold_store.END, "= 'open'", "IN ('open', 'expired')"),
        held.a_hold_whose_time_is_up_expires),
    Bug("a voided hold is not let go", hold_store, "void", keep_what_is_voided, held.a_hold_is_voided_once),
    Bug("the rest of a hold is not let go", hold_store, "capture", free_what_was_charged,
        held.a_hold_is_captured_once),
    Bug("an expired hold is not let go", hold_store, "EXPIRE",
        swapped(hold_store.EXPIRE, "account, amount", "account, 0"), held.a_hold_whose_time_is_up_expires),
    Bug("a stale balance is believed", store, "keep_back", takes_all, held.no_more_is_held_than_there_is),
    Bug("holds do not count", store, "KEEP_BACK", swapped(store.KEEP_BACK, "balance - held >= :amount", "balance >= 0"),
        held.no_more_is_held_than_there_is),
    Bug("more is charged than was held", hold_store, "charge", lambda _amount, cost: cost,
        held.no_more_is_charged_than_was_held),
    Bug("more is charged than was held in memory", lease, "charge", lambda _amount, cost: cost,
        held.no_more_is_charged_than_was_held),
    Bug("costs are rounded down", pricing, "_rounded", lambda prices: prices // pricing.PRICED_TOKENS,
        held.a_part_of_a_unit_is_charged_whole),
    Bug("play money is paid out in money", ledger, "transfer", in_usdc, held.ledgers_do_not_mix),
    Bug("an account stands in both ledgers", store, "MOVED",
        without(store.MOVED, "ledger = v.column1 AND "), held.ledgers_do_not_mix),
    Bug("a grant is given again", store, "unposted", lambda _connection, journals: list(journals),
        held.a_grant_is_given_once),
    Bug("a node earns out of nothing", ledger, "share", lambda cost, _bps: cost + 1, held.a_node_earns_its_share),
    Bug("a lost answer charges again", lease_store, "settle", charge_again,
        leased.a_charge_of_which_nobody_heard_is_not_repeated),
    Bug("a charge is lost on the way", settlements.Settlements, "_settle", give_up,
        leased.a_lease_admits_and_settles),
    Bug("a charge is dropped in an outage", settlements, "REFUSED", (Exception,),
        leased.a_charge_outlives_an_outage),
    Bug("an id that was charged before is passed over", lease_store, "Settled", in_silence,
        leased.an_id_is_charged_once),
    Bug("what is charged is free at once", lease.LeasedHold, "capture", all_free,
        leased.what_is_charged_is_not_free_before_it_is_settled),
    Bug("a leased hold ends twice", lease.LeasedHold, "capture", again_and_again, leased.a_leased_hold_ends_once),
    Bug("a lease is granted twice", lease_store, "_state", lambda *_: (0, 0),
        leased.an_answer_that_was_lost_leases_once),
    Bug("what is used is given back", lease.Lease, "needed", property(lambda self: self.spent),
        leased.what_is_used_is_not_given_back),
    Bug("nobody gives anything back", lease_store, "recalled", always([]), leased.two_gateways_share_what_there_is),
    Bug("idle leases stay", leases, "IDLE_S", 1e9, leased.idle_leases_end),
    Bug("a dead gateway keeps its leases", gateway_store, "UNLEASE",
        swapped(gateway_store.UNLEASE, "granted - spent", "0"), leased.a_restart_frees_what_was_held),
    Bug("a dead gateway goes on charging", lease_store, "settle", charge_anyway,
        leased.a_restart_frees_what_was_held),
    Bug("the silent are not noticed", tenure.Watch, "silent", always([]), leased.the_silent_are_ended),
    Bug("a live lease is swept", service, "Watch", Hasty, leased.the_living_are_left_alone),
    Bug("a beat does not count", gateway_store, "end_silent", end_anyway,
        leased.a_beat_at_the_last_moment_counts),
    Bug("who is not heard goes on", tenure, "GOOD_S", 1e9, leased.who_cannot_be_heard_takes_on_nothing),
    Bug("who cannot charge goes on", tenure.Tenure, "doubt", always(None), leased.who_cannot_charge_takes_on_nothing),
    Bug("a refusal is for ever", lease.Refusal, "holds_for", for_everybody, leased.many_want_the_last_of_it),
    Bug("a forgotten hold stays open", leases.Leases, "_expire", always(None), leased.a_forgotten_hold_expires),
    Bug("the seal leaves out the entries", (store, verify), "seal", seal_of_little, held.every_journal_is_sealed),
    Bug("the proof does not look at hashes", verify, "seal", lambda *_: "", held.every_journal_is_sealed),
    Bug("a lease is overspent", lease_store, "SPENT", without(lease_store.SPENT, " AND granted - spent >= v.column3"),
        leased.nothing_is_settled_beyond_a_lease),
)  # fmt: skip


@pytest_asyncio.fixture
async def broken(database: Database) -> AsyncIterator[Books]:
    """Books that nobody proves afterwards."""
    books = Books(database)
    yield books
    with contextlib.suppress(Exception):
        await books.close()


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
async def test_a_planted_bug_is_found(bug: Bug, broken: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """The story that is named beside it fails, or leaves books that are not sound, or something is lost in it."""
    for place in bug.places if isinstance(bug.places, tuple) else (bug.places,):
        monkeypatch.setattr(place, bug.attribute, bug.value)
    found = False
    try:
        async with asyncio.timeout(STORY_S_MAX):
            await bug.story(broken)
            found = await broken.fault() is not None or broken.lost != []
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 - a bug may show as any error
        found = True
    assert found
