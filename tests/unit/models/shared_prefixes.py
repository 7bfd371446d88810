"""Conversations over simulated nodes: who reads how many tokens, and when first tokens come, by who places them.

A node reads prompts one after the other, has slots for what it generates and keeps the conversations it had last. Only
time is simulated; placement is the real one.
"""

from __future__ import annotations

import heapq
import random
from collections import OrderedDict, deque
from collections.abc import Callable

from msgspec import Struct

from antiphon.models.ask import Ask
from antiphon.models.catalogue import Model
from antiphon.models.fingerprint import CHARACTERS_PER_TOKEN, fingerprint
from antiphon.models.load import Place
from antiphon.models.placement import Placement
from tests.unit.models.offers import model, offer


class Turn(Struct, eq=False):
    """One request of a conversation, which has `text` so far. `asked_at` is when its client sends it."""

    session: str
    system: str
    text: str
    answer_tokens: int
    asked_at: float = 0.0
    place: Place | None = None
    node: Node | None = None
    cached_tokens: int = 0


class Node:
    """One node: a reader of prompts, slots, and a memory of so many conversations."""

    def __init__(self, name: str, *, slots: int = 4, tokens_per_s: float = 2000, memory: int = 60) -> None:
        self.name = name
        self.slots = slots
        self.tokens_per_s = tokens_per_s
        self.waiting: deque[Turn] = deque()
        self.running = 0
        self.read_tokens = 0
        self.in_flight = 0
        self._memory = memory
        self._kept: OrderedDict[str, int] = OrderedDict()  # characters, by session and by system prompt
        self._reading_until = 0.0

    def begin(self, turn: Turn, now: float) -> tuple[float, float]:
        """When its first token comes, and when its last."""
        self.running += 1
        cached = max(self._kept.get(turn.session, 0), self._kept.get(turn.system, 0))
        turn.cached_tokens = cached // CHARACTERS_PER_TOKEN
        tokens = max(1, (len(turn.text) - cached) // CHARACTERS_PER_TOKEN)
        self.read_tokens += tokens
        first_at = self._reading_until = max(now, self._reading_until) + tokens / self.tokens_per_s
        for kept, size in ((turn.system, len(turn.system)), (turn.session, len(turn.text))):
            self._kept[kept] = size
            self._kept.move_to_end(kept)
        while len(self._kept) > self._memory:
            self._kept.popitem(last=False)
        return first_at + 0.02, first_at + 0.02 + turn.answer_tokens * 0.02 * (1 + 0.15 * self.running)


class Figures(Struct):
    """What came of it. Times in seconds."""

    read_tokens: int
    ttfts: list[float]

    def ttft(self, share: float) -> float:
        """The time within which this share of the first tokens came."""
        return sorted(self.ttfts)[int(share * (len(self.ttfts) - 1))]


Pick = Callable[[Turn, list[Node]], Node]


def traffic(seed: int, *, sessions: int, gap_s: float) -> list[list[Turn]]:
    """Conversations that begin one after the other: a system prompt that others share, a text, and growing turns."""
    chance = random.Random(seed)
    systems = [
        f"{number} " + "You are an assistant of a shop, and know all that it sells. " * 60 for number in range(4)
    ]
    made, begins_at = [], 0.0
    for number in range(sessions):
        begins_at += chance.expovariate(1 / gap_s)
        system = chance.choice(systems)
        text, turns = system + f" {number} reads:" + " and so on" * chance.randrange(200, 1200), []
        for turn in range(chance.randrange(6, 17)):
            text += f" {number}.{turn} asks:" + " why is that" * chance.randrange(20, 160)
            turns.append(Turn(str(number), system, text, chance.randrange(40, 200), begins_at))
            text += " because it is so" * (turns[-1].answer_tokens // 4)
        made.append(turns)
    return made


class Simulation:
    """Runs conversations: a client sends its next turn a while after it has read the last answer."""

    def __init__(self, nodes: list[Node], pick: Pick) -> None:
        self._nodes = nodes
        self._pick = pick
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._endings: dict[int, Callable[[], None]] = {}
        self.now = 0.0
        self.on_first: Callable[[Turn, float], None] = lambda _turn, _ttft_s: None
        self.on_end: Callable[[Turn], None] = lambda _turn: None
        self.ttfts: list[float] = []

    def run(self, conversations: list[list[Turn]], *, pause_s: float = 4.0) -> Figures:
        """All of them, to the end."""
        chance = random.Random(0)
        for turns in conversations:
            left = deque(turns)
            self._at(left[0].asked_at, lambda left=left: self._ask(left, pause_s, chance))  # type: ignore[misc]
        while self._events:
            self.now, _, happens = heapq.heappop(self._events)
            happens()
        return Figures(sum(node.read_tokens for node in self._nodes), self.ttfts)

    def _at(self, when: float, happens: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (when, self._count, happens))

    def _ask(self, left: deque[Turn], pause_s: float, chance: random.Random) -> None:
        turn = left.popleft()
        turn.asked_at = self.now
        node = turn.node = self._pick(turn, self._nodes)
        node.in_flight += 1

        def ended() -> None:
            node.running -= 1
            node.in_flight -= 1
            self.on_end(turn)
            if left:
                self._at(self.now + chance.expovariate(1 / pause_s), lambda: self._ask(left, pause_s, chance))
            if node.waiting:
                begun(node.waiting.popleft())

        def begun(turn: Turn) -> None:
            first_at, last_at = node.begin(turn, self.now)
            self._at(first_at, lambda: self._first(turn))
            self._at(last_at, self._endings[id(turn)])

        self._endings[id(turn)] = ended
        if node.running < node.slots:
            begun(turn)
        else:
            node.waiting.append(turn)

    def _first(self, turn: Turn) -> None:
        ttft_s = self.now - turn.asked_at
        self.ttfts.append(ttft_s)
        self.on_first(turn, ttft_s)


def by_round_robin() -> Pick:
    """Each node in its turn."""
    count = iter(range(10**9))
    return lambda _turn, nodes: nodes[next(count) % len(nodes)]


def by_least_loaded() -> Pick:
    """The node with the least in flight."""
    return lambda _turn, nodes: min(nodes, key=lambda node: node.in_flight)


def placed(
    nodes: list[Node], conversations: list[list[Turn]], *, on_sent: Callable[[Node, float], None] = lambda *_: None
) -> Figures:
    """By the real placement, which is told what a gateway tells it; `on_sent` is told where each request goes."""
    shared: Model = model(*(offer(node.name) for node in nodes))
    by_name = {node.name: node for node in nodes}

    def pick(turn: Turn, _nodes: list[Node]) -> Node:
        prefix = fingerprint(shared.id, (turn.text,))
        ask = Ask(shared, "a", len(turn.text) // CHARACTERS_PER_TOKEN, turn.answer_tokens, prefix=prefix)
        turn.place = placement.take(ask)
        assert turn.place is not None
        node = by_name[turn.place.offer.engine.name]
        on_sent(node, simulation.now)
        return node

    def first(turn: Turn, ttft_s: float) -> None:
        assert turn.place is not None
        placement.first_token(turn.place, ttft_s)

    def ended(turn: Turn) -> None:
        assert turn.place is not None
        placement.succeeded(turn.place, turn.cached_tokens)
        placement.give_back(turn.place)

    simulation = Simulation(nodes, pick)
    placement = Placement(queue_max=9, now=lambda: simulation.now)
    simulation.on_first, simulation.on_end = first, ended
    return simulation.run(conversations)
