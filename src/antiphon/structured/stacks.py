"""A grammar followed along a text: after each character, every stack of what may still come.

Stacks share their tails, repeats are counted and not written out, and steps that were made once are remembered,
so that long texts inside one string cost next to nothing.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from msgspec import Struct

from antiphon.errors import BadRequest
from antiphon.structured.charsets import CharSet
from antiphon.structured.gbnf_reader import Body, Chars, Group, Literal, Name, Node, Repeat, Rules

STACKS_MAX = 4096
STEPS_MAX = 1_000_000  # a step is some 0.5 µs of work
OPENING_STEPS = 6  # what it costs to look at one cell more on the way to the first characters of a node


Stack = int  # the number of its top cell; 0: nothing may follow


class Cell(Struct, frozen=True, eq=False, gc=False):
    """The top of a stack, `node` from `low` to `high` times (None: without limit), and what lies below it.

    `begun`: its last round is being read; where that round turns out empty, so may be all others.
    """

    node: Node
    low: int
    high: int | None
    rest: Stack
    begun: bool = False


class State(Struct, frozen=True, eq=False, gc=False):
    """All stacks that are possible at one place of a text, each but once."""

    stacks: tuple[Stack, ...]


Arc = tuple[CharSet, tuple[Cell, ...]]  # one of these characters, and what then follows


class Heads(Struct, frozen=True, eq=False):
    """How texts of a node begin; `empty`: one of them has no character at all."""

    arcs: tuple[Arc, ...]
    empty: bool


class Move(Struct, frozen=True, eq=False):
    """What may follow when a text of a node begins with some character, and whether the node may be left out."""

    tops: tuple[tuple[Cell, ...], ...]
    empty: bool
    steps: int  # what it costs


class Stacks:
    """Follows one grammar; BadRequest in the name of `param` where that becomes too much work."""

    def __init__(self, rules: Rules, *, param: str, steps_max: int = STEPS_MAX) -> None:
        self._rules = rules
        self._param = param
        self._steps_left = steps_max
        self._cells: list[Cell | None] = [None]
        self._numbers: dict[tuple[Node, int, int | None, Stack, bool], Stack] = {}
        self._states: dict[frozenset[Stack], State] = {}
        self._steps: dict[tuple[State, str], State] = {}
        self._heads: dict[Node, Heads] = {}
        self._moves: dict[tuple[Node, str], Move] = {}

    def top(self, stack: Stack) -> Cell | None:
        """The top of a stack; None if nothing may follow."""
        return self._cells[stack]

    def after(self, text: str) -> tuple[Stack, ...]:
        """The stacks after `text`; none if no text of the grammar begins with it."""
        return self._reached(text).stacks

    def following(self, text: str, chars: str) -> str:
        """Those of `chars` that may stand behind `text`."""
        state = self._reached(text)
        return "".join(char for char in chars if self._stepped(state, char).stacks)

    def _reached(self, text: str) -> State:
        """What is possible behind `text`, nothing if it is no beginning."""
        state = self._state([self._pushed((self._rules.name("root"),), 0)])
        steps = self._steps
        for char in text:
            state = steps.get((state, char)) or self._stepped(state, char)
            if not state.stacks:
                break
        return state

    def _stepped(self, state: State, char: str) -> State:
        following = self._steps.get((state, char))
        if following is None:
            following = self._steps[state, char] = self._state(self._step(state, char))
        return following

    def _step(self, state: State, char: str) -> Sequence[Stack]:
        """The stacks behind `char`."""
        reached: dict[Stack, None] = {}
        seen: set[Stack] = set()
        waiting = list(state.stacks)
        while waiting:
            stack = waiting.pop()
            cell = self._cells[stack]
            if cell is None or stack in seen:
                continue
            seen.add(stack)
            move = self._moves.get((cell.node, char)) or self._move(cell.node, char)
            self._spend(move.steps)
            if move.tops:
                after = self._again(cell)
                for tops in move.tops:
                    reached[self._laid(tops, after)] = None
            if cell.low == 0 or move.empty:
                waiting.append(cell.rest)
        if len(reached) > STACKS_MAX:
            raise self._too_much()
        return tuple(reached)

    def _move(self, node: Node, char: str) -> Move:
        heads = self._heads_of(node)
        self._spend(len(heads.arcs))
        point = ord(char)
        tops = dict.fromkeys(tops for spans, tops in heads.arcs if _holds(spans, point))
        steps = 1 + sum(1 + len(cells) for cells in tops)
        move = self._moves[node, char] = Move(tuple(tops), heads.empty, steps)
        return move

    def _heads_of(self, node: Node) -> Heads:
        """Open all that stands at the beginning of `node` until characters are reached."""
        if node in self._heads:
            return self._heads[node]
        arcs: list[Arc] = []
        seen: set[Stack] = set()
        waiting = [self._pushed((node,), 0)]
        while waiting:
            stack = waiting.pop()
            if stack not in seen:
                seen.add(stack)
                self._spend(OPENING_STEPS)
                cell = self._cells[stack]
                waiting += self._opened(cell, arcs) if cell is not None else ()
        heads = self._heads[node] = Heads(tuple(arcs), 0 in seen)
        return heads

    def _opened(self, cell: Cell, arcs: list[Arc]) -> list[Stack]:
        """The stacks that its top stands for before a character is read; if it is characters, an arc is added."""
        if cell.begun:
            return [cell.rest]
        node = cell.node
        opened: list[Stack] = [cell.rest] if cell.low == 0 else []
        match node:
            case Literal():
                left = (self._rules.literal(node.chars, node.at + 1),) if node.at + 1 < len(node.chars) else ()
                point = ord(node.chars[node.at])
                arcs.append((((point, point),), self._below(self._pushed(left, self._again(cell)))))
            case Chars():
                arcs.append((node.spans, self._below(self._again(cell))))
            case _:
                after = self._again(cell, begun=True)
                opened += [self._pushed(body, after) for body in reversed(self._bodies(node))]
        return opened

    def _bodies(self, node: Node) -> tuple[Body, ...]:
        match node:
            case Group():
                return node.bodies
            case Name():
                return self._rules.bodies(node.text)
        return ((node,),)

    def _again(self, cell: Cell, *, begun: bool = False) -> Stack:
        """What lies below the top once one round of it is read, or begun."""
        if cell.high == 1:
            return cell.rest
        high = None if cell.high is None else cell.high - 1
        return self._cell(cell.node, cell.low - 1 if cell.low else 0, high, cell.rest, begun=begun)

    def _pushed(self, body: Body, rest: Stack) -> Stack:
        for node in reversed(body):
            if isinstance(node, Repeat):
                rest = self._cell(node.inner, node.low, node.high, rest)
            else:
                rest = self._cell(node, 1, 1, rest)
        return rest

    def _laid(self, tops: Sequence[Cell], rest: Stack) -> Stack:
        """Cells once more, on another stack."""
        for cell in reversed(tops):
            rest = self._cell(cell.node, cell.low, cell.high, rest)
        return rest

    def _below(self, stack: Stack) -> tuple[Cell, ...]:
        """All cells of a stack, from the top."""
        cells: list[Cell] = []
        while (cell := self._cells[stack]) is not None:
            cells.append(cell)
            stack = cell.rest
        return tuple(cells)

    def _cell(self, node: Node, low: int, high: int | None, rest: Stack, *, begun: bool = False) -> Stack:
        key = (node, low, high, rest, begun)
        stack = self._numbers.get(key)
        if stack is None:
            stack = self._numbers[key] = len(self._cells)
            self._cells.append(Cell(node, low, high, rest, begun))
        return stack

    def _state(self, stacks: Sequence[Stack]) -> State:
        key = frozenset(stacks)
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = State(tuple(stacks))
        return state

    def _spend(self, steps: int) -> None:
        self._steps_left -= steps
        if self._steps_left < 0:
            raise self._too_much()

    def _too_much(self) -> BadRequest:
        return BadRequest(
            "messages: the closing assistant message takes too much work to be continued in the asked format.",
            param=self._param,
        )


def _holds(spans: CharSet, point: int) -> bool:
    """As `charsets.contains`, quick for sets of many spans."""
    index = bisect.bisect_right(spans, point, key=_low)
    return index > 0 and point <= spans[index - 1][1]


def _low(span: tuple[int, int]) -> int:
    return span[0]
