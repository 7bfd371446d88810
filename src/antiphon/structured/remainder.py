"""The grammar of what may follow a text that has begun: engines start a grammar anew after a prefill."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

from antiphon.errors import BadRequest
from antiphon.structured.gbnf_reader import Node, Rules, references, renamed, sequence_text
from antiphon.structured.stacks import Cell, Stack, Stacks

PREFIX_CHARS_MAX = 100_000
CELLS_MAX = 20_000  # of all stacks together: what is open at the end of the prefix


def remainder(grammar: str, prefix: str, *, param: str) -> str:
    """The GBNF of exactly those texts that make `prefix` a text of `grammar`; "" among them if it is one already.

    `grammar` is GBNF as our compiler writes it: every rule can end, none begins with itself (else ValueError or
    BadRequest). BadRequest with `param` if no text of it begins with `prefix`, or if that is too long or too deep.
    """
    if len(prefix) > PREFIX_CHARS_MAX:
        raise BadRequest(
            f"messages: the closing assistant message must be at most {PREFIX_CHARS_MAX} characters long "
            "to be continued in the asked format.",
            param=param,
        )
    rules = Rules(grammar)
    stacks = Stacks(rules, param=param).after(prefix)
    if not stacks:
        raise BadRequest(
            "messages: the closing assistant message cannot be the beginning of an answer in the asked format.",
            param=param,
        )
    return _written(rules, stacks, param=param)


def _written(rules: Rules, stacks: Sequence[Stack], *, param: str) -> str:
    """A grammar whose root is any of `stacks`; tails that stacks share become rules of their own."""
    uses = _uses(stacks, param=param)
    numbers = (number for number in itertools.count() if f"rest-{number}" not in rules)
    names = {cell: f"rest-{next(numbers)}" for cell, count in uses.items() if count > 1}
    made = {"root": " | ".join(dict.fromkeys(_reference(rules, stack, names) for stack in stacks))}
    made |= {name: _sequence(rules, cell, names) for cell, name in names.items()}
    kept = _reachable(rules, made)
    spare = next(number for number in itertools.count() if f"root-{number}" not in rules)
    moved = {"root": f"root-{spare}"} if "root" in kept else {}
    made |= {moved.get(name, name): text for name, text in kept.items()}
    return "".join(f"{name} ::= {renamed(text, moved)}\n" for name, text in made.items())


def _uses(stacks: Sequence[Stack], *, param: str) -> Counter[Cell]:
    """How often each cell is the top or the tail of a stack; below a shared cell all is counted once."""
    uses: Counter[Cell] = Counter()
    for stack in stacks:
        cell = stack
        while cell is not None:
            uses[cell] += 1
            if uses[cell] > 1:
                break
            cell = cell.rest
    if len(uses) > CELLS_MAX:
        raise BadRequest("messages: the closing assistant message leaves too much open to be continued.", param=param)
    return uses


def _reference(rules: Rules, stack: Stack, names: dict[Cell, str]) -> str:
    return names[stack] if stack in names else _sequence(rules, stack, names)


def _sequence(rules: Rules, stack: Stack, names: dict[Cell, str]) -> str:
    """A stack as one sequence that ends in the first shared tail, if any."""
    nodes: list[Node] = []
    while stack is not None:
        nodes.append(rules.repeat(stack.node, stack.low, stack.high))
        stack = stack.rest
        if stack in names:
            nodes.append(rules.name(names[stack]))
            break
    return sequence_text(nodes)


def _reachable(rules: Rules, made: dict[str, str]) -> dict[str, str]:
    """The old rules that the new ones need."""
    kept: dict[str, str] = {}
    waiting = [name for text in made.values() for name in references(text) if name not in made or name == "root"]
    for name in waiting:
        if name not in kept:
            kept[name] = rules.text(name)
            waiting += references(kept[name])
    return kept
