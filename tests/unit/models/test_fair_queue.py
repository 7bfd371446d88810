"""The fair queue: accounts take turns by what their requests cost, whatever comes, leaves or is shed meanwhile."""

from __future__ import annotations

from collections import defaultdict, deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.models.fair_queue import SWEPT_AT_MIN, FairQueue, Ticket

COST_MAX = 50
ACCOUNTS = ("a", "b", "c", "d")
PUTS = st.tuples(st.just("put"), st.sampled_from(ACCOUNTS), st.integers(1, COST_MAX))
STEPS = st.lists(
    st.one_of(
        PUTS,
        PUTS,
        st.tuples(st.just("serve"), st.just(""), st.just(0)),
        st.tuples(st.just("discard"), st.just(""), st.integers(0, 10**6)),
        st.tuples(st.just("shed"), st.sampled_from(ACCOUNTS), st.just(0)),
    ),
    max_size=120,
)


def served(queue: FairQueue[Ticket | str], tickets: dict[str, Ticket]) -> list[str]:
    """The names of all that wait, in the order in which they are served."""
    order = []
    while (name := next(queue.heads(), None)) is not None:
        order.append(str(name))
        queue.serve(tickets[str(name)])
    return order


def filled(*names: str, cost: int = 10) -> tuple[FairQueue[Ticket | str], dict[str, Ticket]]:
    """A queue of items named by account and number, such as `a1`."""
    queue: FairQueue[Ticket | str] = FairQueue()
    return queue, {name: queue.put(name[0], cost, name) for name in names}


def test_accounts_take_turns() -> None:
    """Whoever has one waiting is not behind all that another had there before."""
    queue, tickets = filled("a1", "a2", "a3", "a4", "b1", "c1", "b2")
    assert served(queue, tickets) == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]
    assert len(queue) == 0


def test_turns_are_weighed_by_cost() -> None:
    """Two requests of half the size are one turn."""
    queue: FairQueue[Ticket | str] = FairQueue()
    tickets = {f"a{number}": queue.put("a", 20, f"a{number}") for number in range(3)}
    tickets |= {f"b{number}": queue.put("b", 10, f"b{number}") for number in range(5)}
    assert served(queue, tickets) == ["a0", "b0", "b1", "a1", "b2", "b3", "a2", "b4"]


def test_whoever_is_being_served_comes_behind_whoever_is_not() -> None:
    """Also where it lined up first."""
    queue: FairQueue[Ticket | str] = FairQueue()
    tickets = {"a1": queue.put("a", 10, "a1", served=True), "a2": queue.put("a", 10, "a2", served=True)}
    tickets["b1"] = queue.put("b", 10, "b1")
    assert served(queue, tickets) == ["b1", "a1", "a2"]


def test_a_turn_is_remembered_while_others_wait() -> None:
    """An account that asks one at a time gets no more than one that asks all at once."""
    queue, tickets = filled("a1", "a2", "a3", "b1")
    order = []
    for number in range(2, 5):
        for _ in range(2):
            name = str(next(queue.heads()))
            order.append(name)
            queue.serve(tickets[name])
        tickets[f"b{number}"] = queue.put("b", 10, f"b{number}")
        if not any(name.startswith("a") for name in map(str, queue.heads())):
            break
    assert order[:4] == ["a1", "b1", "a2", "b2"]


def test_a_queue_that_was_empty_begins_anew() -> None:
    """What was served before does not count against anybody."""
    queue, tickets = filled("a1", "a2", "a3")
    served(queue, tickets)
    tickets = {"a4": queue.put("a", 10, "a4"), "b1": queue.put("b", 10, "b1")}
    assert served(queue, tickets) == ["a4", "b1"]


def test_shedding_takes_from_whoever_has_most() -> None:
    """The newest one; an account with as many as the largest would have is refused itself."""
    queue, tickets = filled("a1", "a2", "a3", "b1")
    assert queue.shed("c") == "a3"
    assert queue.shed("a") is None
    assert queue.shed("b") is None
    assert (queue.waiting("a"), queue.waiting("b"), queue.waiting("c"), len(queue)) == (2, 1, 0, 3)
    assert queue.shed("c") == "a2"
    assert queue.shed("c") is None
    assert not queue.discard(tickets["a3"])


def test_accounts_that_stopped_asking_are_forgotten() -> None:
    """What is remembered of them does not grow."""
    queue, _ = filled("z1", "z2", cost=10**9)
    queue.serve(Ticket("z", 0))
    for number in range(10 * SWEPT_AT_MIN):
        queue.serve(queue.put(f"account {number}", 1, "one"))
    assert len(queue._ends) <= 2 * SWEPT_AT_MIN


def test_new_accounts_do_not_keep_old_ones_waiting_for_ever() -> None:
    """However many of them come, a request has its turn after a few."""
    queue, tickets = filled("a1", "a2")
    queue.serve(tickets["a1"])
    turns = 0
    while True:
        tickets[f"new {turns}"] = queue.put(f"new {turns}", 10, f"new {turns}")
        name = str(next(queue.heads()))
        if name == "a2":
            break
        queue.serve(tickets[name])
        turns += 1
    assert 0 < turns < 5


class Model:
    """What should be waiting, and what each account has been given since all of them have been waiting."""

    def __init__(self) -> None:
        self.queue: FairQueue[int] = FairQueue()
        self.lines: defaultdict[str, deque[int]] = defaultdict(deque)
        self.tickets: dict[int, Ticket] = {}
        self.costs: dict[int, int] = {}
        self.given: dict[tuple[str, str], int] = {}
        self.number = 0

    def put(self, account: str, cost: int) -> None:
        """One more waits; an account that was not waiting is compared with the others from now on."""
        if not self.lines[account]:
            self.given = {pair: given for pair, given in self.given.items() if account not in pair}
            self.given |= {(min(account, other), max(account, other)): 0 for other in ACCOUNTS if other != account}
        self.number += 1
        self.tickets[self.number] = self.queue.put(account, cost, self.number)
        self.costs[self.number] = cost
        self.lines[account].append(self.number)

    def serve(self) -> None:
        """The next one is the first of its account; two that wait all the time get about the same."""
        number = next(self.queue.heads(), None)
        if number is None:
            assert not any(self.lines.values())
            return
        account = self.tickets[number].account
        assert self.lines[account][0] == number
        waiting = [name for name in ACCOUNTS if self.lines[name]]
        self.queue.serve(self.tickets[number])
        self.lines[account].popleft()
        for pair in self.given:
            if account in pair and all(name in waiting for name in pair):
                self.given[pair] += self.costs[number] if account == pair[0] else -self.costs[number]
                assert abs(self.given[pair]) <= 2 * COST_MAX

    def discard(self, chance: int) -> None:
        """Any one leaves; nothing is compared across that, since a turn may have been for it."""
        numbers = [number for line in self.lines.values() for number in line]
        if numbers:
            number = numbers[chance % len(numbers)]
            assert self.queue.discard(self.tickets[number])
            assert not self.queue.discard(self.tickets[number])
            self.lines[self.tickets[number].account].remove(number)

    def shed(self, account: str) -> None:
        """The newest of the largest goes, if that is larger than this account would be."""
        if not any(self.lines.values()):
            return
        most = max(map(len, self.lines.values()))
        number = self.queue.shed(account)
        if number is None:
            assert most <= len(self.lines[account]) + 1
            return
        line = self.lines[self.tickets[number].account]
        assert (len(line), line.pop()) == (most, number)


@given(steps=STEPS)
def test_nothing_is_lost_and_turns_are_fair(steps: list[tuple[str, str, int]]) -> None:
    """Whatever comes, leaves or is shed: all that should wait does, in order, and nobody falls behind."""
    model = Model()
    for what, account, number in steps:
        if what == "put":
            model.put(account, number)
        elif what == "serve":
            model.serve()
        elif what == "discard":
            model.discard(number)
        else:
            model.shed(account)
        assert len(model.queue) == sum(map(len, model.lines.values()))
    while any(model.lines.values()):
        model.serve()
    assert next(model.queue.heads(), None) is None


@pytest.mark.parametrize("others", [1, 7, 63])
def test_one_request_waits_for_one_of_each_other(others: int) -> None:
    """However many each of them has waiting."""
    names = [(f"account {account}", number) for account in range(others) for number in range(20)]
    queue: FairQueue[tuple[str, int]] = FairQueue()
    tickets = {name: queue.put(name[0], 10, name, served=True) for name in names}
    for _ in range(3 * others):
        queue.serve(tickets[next(queue.heads())])
    tickets["mine", 0] = queue.put("mine", 10, ("mine", 0))
    order = []
    while next(queue.heads()) != ("mine", 0):
        order.append(next(queue.heads())[0])
        queue.serve(tickets[next(queue.heads())])
    assert len(order) == len(set(order)) <= others


def test_what_comes_before_a_further_item_is_counted() -> None:
    """What its account has there, and as many of each other; a flood counts for one to whoever has none."""
    queue, _ = filled("a1", "a2", "a3", "a4", "b1", "c1")
    assert [queue.ahead(account) for account in "abcd"] == [6, 4, 4, 3]
