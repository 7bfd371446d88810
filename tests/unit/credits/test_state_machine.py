"""Any order of events on two gateways: the books are always what a model of fifty lines says, and always sound."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from antiphon.credits import leases, service
from antiphon.credits.lease import LeasedHold
from antiphon.credits.ledger import AccountKey, usage_id
from antiphon.credits.tenure import SILENT_S
from antiphon.db import Connection, Database
from antiphon.db.migrate import own_migrations
from antiphon.db.open import open_database
from antiphon.errors import InsufficientCredits
from antiphon.key import Ledger
from tests.fixtures.databases.schemas import Schemas
from tests.unit.credits.books import FAR_S, Books
from tests.unit.credits.model import Held, Model

GATEWAYS = 2
T = TypeVar("T")
NewURL = Callable[[], str]

accounts = st.integers(0, 2)
gateways = st.integers(0, GATEWAYS - 1)
amounts = st.integers(1, 60)
costs = st.integers(0, 80)
names = st.integers(1, 4)


class Machine(RuleBasedStateMachine):
    """Two gateways on one database, that crash and fall silent, and the model beside them."""

    holds: Bundle[str] = Bundle("holds")
    leased: Bundle[str] = Bundle("leased")

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__()
        self._runner = runner
        self._database = database
        self.model = Model()
        self.in_memory: dict[str, LeasedHold] = {}
        self.gone: set[str] = set()  # leased by a run that has ended: nothing can be charged for them
        self.books = Books(database)
        self.keys: list[AccountKey] = []

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What it returns."""
        return self._runner.run(coroutine)

    @initialize(balances=st.lists(st.integers(0, 150), min_size=3, max_size=3))
    def begin(self, balances: list[int]) -> None:
        """Three accounts, one of them with play money."""
        ledgers: tuple[Ledger, ...] = ("USDC", "USDC", "DEV")
        made = [self.books.account(*given) for given in zip(balances, ledgers, strict=True)]
        self.keys = [self.run(each) for each in made]
        self.model.balance.update(dict(zip(self.keys, balances, strict=True)))
        self.names = [self.books.name("gateway") for _ in range(GATEWAYS)]
        self.gateways = [self.run(self.books.gateway(name)) for name in self.names]

    @rule(account=accounts, amount=amounts, name=names)
    def grant(self, account: int, amount: int, name: int) -> None:
        """An id gives once."""
        key, journal_id = self.keys[account], f"{self.keys[0][1]}-grant-{name}"
        granted = self.run(self.gateways[0].grant(key, journal_id, amount))
        assert granted is self.model.move(journal_id, None, key, amount)

    @rule(amount=amounts, name=names, gateway=gateways)
    def transfer(self, amount: int, name: int, gateway: int) -> None:
        """An id moves once, and what is free only."""
        source, target = self.keys[:2]
        journal_id = f"{self.keys[0][1]}-transfer-{name}"
        fits = self.model.free(source) >= amount or journal_id in self.model.moved
        self.make_room(gateway, source)
        moving = self.gateways[gateway].transfer("USDC", journal_id, source[1], target[1], amount)
        moved = self.if_it_fits(moving, fits=fits)
        if fits:
            assert moved is self.model.move(journal_id, source, target, amount)

    @rule(target=holds, account=accounts, amount=amounts, gateway=gateways)
    def open_hold(self, account: int, amount: int, gateway: int) -> Any:
        """It fits exactly when so much is free."""
        hold = self.books.hold(self.keys[account], amount, self.books.name("hold"))
        fits = self.model.free(self.keys[account]) >= amount
        self.make_room(gateway, self.keys[account])
        opened = self.if_it_fits(self.gateways[gateway].open_hold(hold, expires_in_s=FAR_S), fits=fits)
        if not fits:
            return multiple()
        assert opened == hold
        self.model.holds[hold.id] = Held(self.keys[account], amount, gateway)
        return hold.id

    @rule(hold_id=holds, cost=costs, gateway=gateways)
    def capture(self, hold_id: str, cost: int, gateway: int) -> None:
        """By any gateway, once."""
        ended = self.run(self.gateways[gateway].capture(hold_id, cost))
        expected = self.model.end(hold_id, "captured", cost)
        assert (ended.state, ended.captured) == (expected.state, expected.charged)

    @rule(hold_id=holds, gateway=gateways)
    def void(self, hold_id: str, gateway: int) -> None:
        """By any gateway, once."""
        ended = self.run(self.gateways[gateway].void(hold_id))
        assert ended.state == self.model.end(hold_id, "voided").state

    @rule(target=leased, account=accounts, amount=amounts, gateway=gateways)
    def lease(self, account: int, amount: int, gateway: int) -> Any:
        """It fits exactly when so much is free, wherever that is leased."""
        key, hold_id = self.keys[account], self.books.name("lease")
        fits = self.model.free(key) >= amount
        self.make_room(gateway, key)
        opened = self.if_it_fits(self.gateways[gateway].leases.open(key, hold_id, amount), fits=fits)
        if opened is None:
            return multiple()
        self.in_memory[hold_id] = opened
        self.model.holds[hold_id] = Held(key, amount, gateway)
        return hold_id

    @rule(hold_id=leased, cost=costs)
    def capture_leased(self, hold_id: str, cost: int) -> None:
        """Once; for a run that has ended nothing is charged."""
        gateway = self.gateways[self.model.holds[hold_id].gateway]
        if hold_id not in self.gone:
            gateway.leases.capture(self.in_memory[hold_id], cost)
            expected = self.model.end(hold_id, "captured", cost, at_once=False)
            assert self.in_memory[hold_id].state == expected.state

    @rule(hold_id=leased)
    def void_leased(self, hold_id: str) -> None:
        """Once."""
        gateway = self.gateways[self.model.holds[hold_id].gateway]
        if hold_id not in self.gone:
            gateway.leases.void(self.in_memory[hold_id])
            assert self.in_memory[hold_id].state == self.model.end(hold_id, "voided", at_once=False).state

    @rule(seconds=st.integers(0, 12))
    def pass_time(self, seconds: int) -> None:
        """Everybody does what is due."""
        for _ in range(seconds):
            self.books.clock.advance(1)
            for gateway in self.gateways:
                self.run(gateway.keep())

    @rule()
    def settle(self) -> None:
        """All that is on its way arrives."""
        for gateway in self.gateways:
            self.run(gateway.leases.settlements.all_settled())
        self.model.settle(list(self.model.on_their_way))

    @rule(number=gateways)
    def crash(self, number: int) -> None:
        """What was only in memory is gone: each charge that was on its way is in the books whole, or not at all."""
        self.run(self.books.crash(self.gateways[number]))
        self.gateways[number] = self.run(self.books.gateway(self.names[number]))
        self.after_the_end_of(number)

    @rule(number=gateways)
    def fall_silent(self, number: int) -> None:
        """The other gateway ends it."""
        other = self.gateways[1 - number]
        for _ in range(2):
            self.run(other.keep())
            self.books.clock.advance(SILENT_S / 2)
        self.run(other.keep())
        self.books.clock.advance(SILENT_S / 2)
        self.run(other.keep())
        self.after_the_end_of(number)

    def after_the_end_of(self, number: int) -> None:
        """Bring the model to what a run leaves behind."""
        arrived = self.run(self.books.database.read(partial(arrived_of, list(self.model.on_their_way))))
        for hold_id, hold in self.model.holds.items():
            if hold.gateway != number:
                continue
            if hold_id in self.in_memory:
                self.gone.add(hold_id)
            if hold.state == "open":
                hold.state = "expired"
            if hold_id in self.model.on_their_way and hold_id not in arrived:
                hold.charged = 0
        self.model.settle([one for one in self.model.on_their_way if self.model.holds[one].gateway == number])

    def make_room(self, gateway: int, key: AccountKey) -> None:
        """Let the other gateways give back what they do not use."""
        for number, other in enumerate(self.gateways):
            if number != gateway:
                self.run(other.leases.give_back(key))

    def if_it_fits(self, opening: Coroutine[Any, Any, T], *, fits: bool) -> T | None:
        """What it returns, or None when it has to be refused and was."""
        if fits:
            return self.run(opening)
        with pytest.raises(InsufficientCredits):
            self.run(opening)
        return None

    @invariant()
    def books_are_sound(self) -> None:
        """And balances are the model's, but for what is on its way."""
        self.run(self.books.require_sound())
        for key in self.keys:
            balance = self.run(self.books.state(key)).balance
            assert self.model.balance[key] - self.model.unsettled(key) <= balance <= self.model.balance[key]

    def teardown(self) -> None:
        """In the end everything has arrived, and nothing is held."""
        if not self.keys:
            return
        self.settle()
        self.books_are_sound()
        for gateway in self.gateways:
            self.run(gateway.close())
        assert all(self.run(self.books.state(key)).held == 0 for key in self.keys)
        self.run(self._database.close())


def arrived_of(hold_ids: list[str], connection: Connection) -> set[str]:
    """Those of the holds that are charged in the books."""
    journals = {row[0] for row in connection.all("SELECT id FROM ledger_journals WHERE kind = 'usage'")}
    return {hold_id for hold_id in hold_ids if usage_id(hold_id) in journals}


@pytest.fixture
def quick_recalls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long."""
    for module in (leases, service):
        monkeypatch.setattr(module, "RECALL_PAUSE_S", 0.0)


@pytest.fixture
def new_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewURL]:
    """Where there is a database that holds tables and nothing else, each time once the one before is closed."""
    if database_kind == "postgres":
        schemas: Schemas = request.getfixturevalue("postgres_schemas")
        taken: list[str] = []

        def another() -> str:
            schemas.give_back(taken.pop())
            taken.append(schemas.take())
            return taken[-1]

        taken.append(schemas.take())
        yield another
        schemas.give_back(taken.pop())
        return
    made = request.getfixturevalue("sqlite_files")(own_migrations())
    numbers = itertools.count()
    yield lambda: f"sqlite:///{shutil.copy(made, tmp_path / str(next(numbers)))}"


def examine(new_url: NewURL, examples: int, steps: int) -> None:
    """Try so many orders of so many events, each on books of its own."""
    with asyncio.Runner() as runner:

        class Placed(Machine):
            """A machine on a database of its own."""

            def __init__(self) -> None:
                super().__init__(runner, open_database(new_url(), data_dir=Path("/nonexistent")))

        effort = settings(max_examples=examples, stateful_step_count=steps, deadline=None)
        run_state_machine_as_test(Placed, settings=effort)


@pytest.mark.parametrize(("database_kind", "examples"), [("sqlite", 20), ("postgres", 10)])
def test_any_order_of_events(new_url: NewURL, examples: int, quick_recalls: None) -> None:
    """Some orders, with every test run."""
    examine(new_url, examples=examples, steps=25)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
def test_very_many_orders_of_events(new_url: NewURL, quick_recalls: None) -> None:
    """Longer ones, and many of them."""
    examine(new_url, examples=400, steps=60)
