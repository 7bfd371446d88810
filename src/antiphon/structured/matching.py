"""From a pattern's tree to the automaton of the texts in which it is found: a search, as JSON Schema has it."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from antiphon.structured import charsets
from antiphon.structured.automata import Automaton, Steps, explore
from antiphon.structured.budget import Budget
from antiphon.structured.charsets import CharSet
from antiphon.structured.patterns import Chain, Chars, Edge, Either, Node, PatternError, Repeat, parse

PARTS_MAX = 4000

_State = tuple[bool, frozenset[int]]  # whether nothing was taken yet, and the nodes one may be in


def search(pattern: str, *, budget: Budget, param: str) -> Automaton:
    """All texts in which `pattern` matches somewhere; PatternError if it cannot be kept exactly."""
    graph = _Graph(budget, param)
    last = graph.add(parse(pattern), 0)
    graph.chars[0].append((charsets.EVERYTHING, 0))  # the match may start anywhere
    found = graph.node()
    graph.silent[last].append(found)
    return graph.determined(found)


class _Graph:
    """The nondeterministic automaton: node 0 is the start; `silent` moves take no character."""

    def __init__(self, budget: Budget, param: str) -> None:
        self.budget = budget
        self.param = param
        self.silent: list[list[int]] = [[]]
        self.at_start: list[list[int]] = [[]]
        self.at_end: list[list[int]] = [[]]
        self.chars: list[list[tuple[CharSet, int]]] = [[]]

    def node(self) -> int:
        """A new node."""
        if len(self.silent) >= PARTS_MAX:
            raise PatternError("its repetitions make it too large")
        self.budget.spend(1, param=self.param)
        for moves in (self.silent, self.at_start, self.at_end):
            moves.append([])
        self.chars.append([])
        return len(self.silent) - 1

    def add(self, part: Node, source: int) -> int:
        """Lay `part` behind node `source`; return the node where it ends."""
        match part:
            case Chars(chars):
                target = self.node()
                self.chars[source].append((chars, target))
                return target
            case Edge(at_end):
                target = self.node()
                (self.at_end if at_end else self.at_start)[source].append(target)
                return target
            case Chain(parts):
                for each in parts:
                    source = self.add(each, source)
                return source
            case Either(branches):
                target = self.node()
                for branch in branches:
                    self.silent[self.add(branch, self.branch(source))].append(target)
                return target
            case Repeat(inner, low, high):
                return self.repeat(inner, low, high, source)

    def branch(self, source: int) -> int:
        """A node of its own behind `source`, so that loops inside do not touch what is beside."""
        target = self.node()
        self.silent[source].append(target)
        return target

    def repeat(self, part: Node, low: int, high: int | None, source: int) -> int:
        """`part` laid `low` times, then a loop, or `high - low` times with a way out before each."""
        for _ in range(low):
            source = self.add(part, source)
        target = self.node()
        if high is None:
            loop = self.branch(source)
            self.silent[self.add(part, loop)].append(loop)
            self.silent[loop].append(target)
            return target
        for _ in range(high - low):
            self.silent[source].append(target)
            source = self.add(part, source)
        self.silent[source].append(target)
        return target

    def closure(self, nodes: Iterable[int], *, start: bool = False, end: bool = False) -> set[int]:
        """All nodes that are reached from `nodes` without taking a character."""
        seen = set(nodes)
        waiting = list(seen)
        while waiting:
            node = waiting.pop()
            nexts = self.silent[node]
            if start and self.at_start[node]:
                nexts = nexts + self.at_start[node]
            if end and self.at_end[node]:
                nexts = nexts + self.at_end[node]
            for target in nexts:
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return seen

    def alphabet(self) -> tuple[tuple[CharSet, ...], dict[CharSet, tuple[int, ...]]]:
        """The parts into which the pattern's sets fall, and which parts make up each set."""
        sets = {chars: None for moves in self.chars for chars, _ in moves}
        parts = charsets.classes(tuple(sets))
        return parts, {
            chars: tuple(i for i, part in enumerate(parts) if charsets.contains(chars, part[0][0])) for chars in sets
        }

    def determined(self, found: int) -> Automaton:
        """The same language, deterministic; once the pattern is found, anything may follow."""
        done = frozenset((found,))
        found_in_empty = found in self.closure({0}, start=True, end=True)

        parts, members = self.alphabet()

        @functools.cache
        def settle(nodes: frozenset[int], *, start: bool = False) -> _State:
            reached = self.closure(nodes, start=start)
            if found in reached:
                return False, done
            return start, frozenset(node for node in reached if self.chars[node] or self.at_end[node])

        def steps(state: _State) -> Steps[_State]:
            nodes = state[1]
            if nodes == done:
                yield charsets.EVERYTHING, state
                return
            self.budget.spend(len(nodes), param=self.param)
            targets: dict[int, set[int]] = {}
            for node in nodes:
                for chars, target in self.chars[node]:
                    for part in members[chars]:
                        targets.setdefault(part, set()).add(target)
            for part, reached in targets.items():
                yield parts[part], settle(frozenset(reached))

        def accepts(state: _State) -> bool:
            at_start, nodes = state
            return found_in_empty if at_start else found in self.closure(nodes, end=True)

        return explore(settle(frozenset((0,)), start=True), steps, accepts, budget=self.budget, param=self.param)
