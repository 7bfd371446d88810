"""Deterministic automata over code points: how patterns, formats, lengths and number ranges are combined."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from msgspec import Struct

from antiphon.structured import charsets
from antiphon.structured.budget import Budget
from antiphon.structured.charsets import CharSet

State = TypeVar("State", bound=Hashable)
Steps = Iterable[tuple[CharSet, State]]


class Automaton(Struct, frozen=True):
    """States are 0, 1, …; 0 is the start. `edges[s]` are disjoint sets with targets; no edge means no."""

    edges: tuple[tuple[tuple[CharSet, int], ...], ...]
    accepting: frozenset[int]

    @property
    def empty(self) -> bool:
        """Whether no text at all is accepted."""
        return not self.accepting

    def accepts(self, text: str) -> bool:
        """Whether the whole of `text` is in the language."""
        state = 0
        for char in text:
            for chars, target in self.edges[state]:
                if charsets.contains(chars, ord(char)):
                    state = target
                    break
            else:
                return False
        return state in self.accepting


def explore(
    start: State,
    steps: Callable[[State], Steps[State]],
    accepts: Callable[[State], bool],
    *,
    budget: Budget,
    param: str,
) -> Automaton:
    """The automaton of all states that can be reached from `start` and lead to an accepted text."""
    numbers: dict[State, int] = {start: 0}
    order = [start]
    edges: list[tuple[tuple[CharSet, int], ...]] = []
    while len(edges) < len(order):
        by_target: dict[int, list[CharSet]] = {}
        for chars, target in steps(order[len(edges)]):
            if target not in numbers:
                numbers[target] = len(order)
                order.append(target)
            by_target.setdefault(numbers[target], []).append(chars)
        budget.spend(1 + len(by_target), param=param)
        edges.append(tuple((sets[0] if len(sets) == 1 else charsets.union(sets), to) for to, sets in by_target.items()))
    return _trimmed(edges, frozenset(numbers[state] for state in order if accepts(state)))


def _trimmed(edges: Sequence[tuple[tuple[CharSet, int], ...]], accepting: frozenset[int]) -> Automaton:
    """Without the states from which nothing is accepted: a sampler must never walk into a dead end."""
    sources: list[list[int]] = [[] for _ in edges]
    for state, outgoing in enumerate(edges):
        for _, target in outgoing:
            sources[target].append(state)
    alive = set(accepting)
    waiting = list(accepting)
    while waiting:
        for source in sources[waiting.pop()]:
            if source not in alive:
                alive.add(source)
                waiting.append(source)
    if 0 not in alive:
        return Automaton(edges=((),), accepting=frozenset())
    numbers = {state: number for number, state in enumerate(sorted(alive))}
    kept = tuple(
        tuple((chars, numbers[target]) for chars, target in edges[state] if target in alive) for state in numbers
    )
    return Automaton(edges=kept, accepting=frozenset(numbers[state] for state in accepting))


def intersect(left: Automaton, right: Automaton, *, budget: Budget, param: str) -> Automaton:
    """The texts that both accept."""

    def steps(state: tuple[int, int]) -> Steps[tuple[int, int]]:
        for left_chars, left_to in left.edges[state[0]]:
            for right_chars, right_to in right.edges[state[1]]:
                if chars := charsets.intersect(left_chars, right_chars):
                    yield chars, (left_to, right_to)

    return explore(
        (0, 0),
        steps,
        lambda state: state[0] in left.accepting and state[1] in right.accepting,
        budget=budget,
        param=param,
    )


def complement(automaton: Automaton, alphabet: CharSet, *, budget: Budget, param: str) -> Automaton:
    """The texts over `alphabet` that `automaton` does not accept."""
    sink = len(automaton.edges)

    def steps(state: int) -> Steps[int]:
        outgoing = automaton.edges[state] if state != sink else ()
        for chars, target in outgoing:
            if kept := charsets.intersect(chars, alphabet):
                yield kept, target
        if rest := charsets.subtract(alphabet, charsets.union(chars for chars, _ in outgoing)):
            yield rest, sink

    return explore(0, steps, lambda state: state not in automaton.accepting, budget=budget, param=param)


def words(texts: Iterable[str], *, budget: Budget, param: str) -> Automaton:
    """Exactly these texts."""
    listed = tuple(sorted(set(texts)))

    def steps(state: tuple[str, ...]) -> Steps[tuple[str, ...]]:
        tails: dict[str, list[str]] = {}
        for word in state:
            if word:
                tails.setdefault(word[0], []).append(word[1:])
        for char, rest in tails.items():
            yield charsets.of(char), tuple(rest)

    return explore(listed, steps, lambda state: "" in state, budget=budget, param=param)


def length_between(low: int, high: int | None, *, budget: Budget, param: str) -> Automaton:
    """All texts of `low` to `high` code points, `high` None for no limit."""

    def steps(count: int) -> Steps[int]:
        if high is None:
            yield charsets.EVERYTHING, min(count + 1, low)
        elif count < high:
            yield charsets.EVERYTHING, count + 1

    return explore(0, steps, lambda count: count >= low, budget=budget, param=param)


def lengths(automaton: Automaton) -> tuple[int, int | None]:
    """The shortest and the longest accepted text, in code points; None if they may be of any length."""
    shortest = 0
    seen = frontier = {0}
    while frontier.isdisjoint(automaton.accepting) and frontier:
        frontier = {target for state in frontier for _, target in automaton.edges[state]} - seen
        seen = seen | frontier
        shortest += 1
    return shortest, _longest(automaton)


def _longest(automaton: Automaton) -> int | None:
    """The longest path from the start, None if there is a loop (every state leads to acceptance)."""
    incoming = [0] * len(automaton.edges)
    for outgoing in automaton.edges:
        for _, target in outgoing:
            incoming[target] += 1
    depth = [0] * len(automaton.edges)
    ready = [0] if not incoming[0] else []
    done = 0
    while ready:
        state = ready.pop()
        done += 1
        for _, target in automaton.edges[state]:
            depth[target] = max(depth[target], depth[state] + 1)
            incoming[target] -= 1
            if not incoming[target]:
                ready.append(target)
    return max(depth) if done == len(automaton.edges) else None
