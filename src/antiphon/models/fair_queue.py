"""Who is next among those that wait: the accounts take turns, each weighed by what its requests are expected to cost.

Start-time fair queueing. The queue has a clock of its own, which shows how far the account that was served last had
got; each account goes on where it stopped, and one that comes anew begins where the clock stands. So a request waits
for what its own account asked before, and for one request of each other account, however many those have waiting. The
clock goes on a little with each turn: else new accounts, if they never ceased to come, would always go first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeVar

from msgspec import Struct

Item = TypeVar("Item")

SWEPT_AT_MIN = 64
SCALE = 1 << 16  # of costs on the clock, so that shares of small ones are not rounded to nothing


class Ticket(Struct, frozen=True):
    """The place of one item."""

    account: str
    number: int  # of all that ever waited here


class Line(Generic[Item]):
    """What one account has waiting, by number, with costs; and where on the queue's clock its first one begins."""

    __slots__ = ("entries", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.entries: OrderedDict[int, tuple[Item, int]] = OrderedDict()


class FairQueue(Generic[Item]):
    """Items of accounts. Choosing takes time by how many accounts wait, everything else by nothing."""

    def __init__(self) -> None:
        self._lines: dict[str, Line[Item]] = {}
        self._ends: dict[str, int] = {}  # where accounts go on that have nothing waiting any more
        self._clock = 0
        self._came = 0
        self._size = 0
        self._swept_at = SWEPT_AT_MIN

    def __len__(self) -> int:
        return self._size

    def waiting(self, account: str) -> int:
        """How many items of an account wait."""
        line = self._lines.get(account)
        return 0 if line is None else len(line.entries)

    def ahead(self, account: str) -> int:
        """About how many items come before a further one of that account: its own, and as many of each other's."""
        own = self.waiting(account)
        return own + sum(min(len(line.entries), own + 1) for name, line in self._lines.items() if name != account)

    def put(self, account: str, cost: int, item: Item, *, served: bool = False) -> Ticket:
        """Add an item; `served` says that its account is being served now, as if it had just had its turn."""
        ticket = Ticket(account, self._came)
        self._came += 1
        line = self._lines.get(account)
        if line is None:
            start = max(self._ends.pop(account, 0), self._clock + cost * SCALE * served)
            line = self._lines[account] = Line(start)
        line.entries[ticket.number] = (item, cost)
        self._size += 1
        return ticket

    def heads(self) -> Iterator[Item]:
        """The first item of each account, the next one first. Whoever changes the queue reads on no more."""
        first = min(self._lines.values(), key=_rank, default=None)
        if first is None:
            return
        yield _head(first)
        for line in sorted(self._lines.values(), key=_rank)[1:]:
            yield _head(line)

    def serve(self, ticket: Ticket) -> None:
        """Take the first item of its account out: its account has had its turn."""
        line = self._lines[ticket.account]
        number, (_, cost) = line.entries.popitem(last=False)
        assert number == ticket.number, "an account's items are served in order"
        self._clock = max(self._clock, line.start) + cost * SCALE // (len(self._lines) + 1)
        line.start += cost * SCALE
        self._taken(ticket.account, line)

    def discard(self, ticket: Ticket) -> bool:
        """Take an item out that waits no longer; False when it was not there any more."""
        line = self._lines.get(ticket.account)
        if line is None or line.entries.pop(ticket.number, None) is None:
            return False
        self._taken(ticket.account, line)
        return True

    def shed(self, account: str) -> Item | None:
        """Take out the newest item of whoever has most waiting, to make room for `account`.

        None when nobody has more than `account` would have then: it is the one to be refused.
        """
        name, line = max(self._lines.items(), key=lambda pair: len(pair[1].entries))
        if len(line.entries) <= self.waiting(account) + 1:
            return None
        _, (item, _) = line.entries.popitem()
        self._taken(name, line)
        return item

    def _taken(self, account: str, line: Line[Item]) -> None:
        """One item less; remember where the account goes on, as long as that says anything."""
        self._size -= 1
        if line.entries:
            return
        del self._lines[account]
        if not self._lines:
            self._ends.clear()
            self._clock = 0
            return
        self._ends[account] = line.start
        if len(self._ends) >= self._swept_at:
            self._ends = {name: end for name, end in self._ends.items() if end > self._clock}
            self._swept_at = max(SWEPT_AT_MIN, 2 * len(self._ends))


def _rank(line: Line[Item]) -> tuple[int, int]:
    """The lowest one is next; among equals, whoever came first."""
    return line.start, next(iter(line.entries))


def _head(line: Line[Item]) -> Item:
    return next(iter(line.entries.values()))[0]
