"""The grammar of what may follow a text that has begun: engines start a grammar anew after a prefill."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

from antiphon.errors import BadRequest
from antiphon.structured.gbnf_reader import Node, Rules, references, renamed, sequence_text
from antiphon.structured.stacks import Stack, Stacks

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
    stacks = Stacks(rules, param=param)
    reached = stacks.after(prefix)
    if not reached:
        raise BadRequest(
            "messages: the closing assistant message cannot be the beginning of an answer in the asked format.",
            param=param,
        )
    uses = _uses(stacks, reached)
    if len(uses) > CELLS_MAX:
        raise BadRequest("messages: the closing assistant message leaves too much open to be continued.", param=param)
    return _written(rules, _new_rules(rules, stacks, reached, uses))


def _uses(stacks: Stacks, reached: Sequence[Stack]) -> Counter[Stack]:
    """How often each cell is the top or the tail of a stack; below a shared cell all is counted once."""
    uses: Counter[Stack] = Counter()
    for reached_stack in reached:
        stack = reached_stack
        while (cell := stacks.top(stack)) is not None:
            uses[stack] += 1
            if uses[stack] > 1:
                break
            stack = cell.rest
    return uses


def _new_rules(rules: Rules, stacks: Stacks, reached: Sequence[Stack], uses: Counter[Stack]) -> dict[str, str]:
    """A root that is any of the stacks; tails that stacks share become rules of their own."""
    numbers = (number for number in itertools.count() if f"rest-{number}" not in rules)
    shared = {stack: rules.name(f"rest-{next(numbers)}") for stack, count in uses.items() if count > 1}

    def sequence(stack: Stack) -> str:
        nodes: list[Node] = []
        while (cell := stacks.top(stack)) is not None:
            nodes.append(rules.repeat(cell.node, cell.low, cell.high))
            stack = cell.rest
            if stack in shared:
                nodes.append(shared[stack])
                break
        return sequence_text(nodes)

    alternatives = dict.fromkeys(shared[stack].text if stack in shared else sequence(stack) for stack in reached)
    return {"root": " | ".join(alternatives)} | {name.text: sequence(stack) for stack, name in shared.items()}


def _written(rules: Rules, made: dict[str, str]) -> str:
    """The new rules, and the old ones that they need; an old root gets another name."""
    kept: dict[str, str] = {}
    waiting = [name for text in made.values() for name in references(text) if name in rules]
    for name in waiting:
        if name not in kept:
            kept[name] = rules.text(name)
            waiting += references(kept[name])
    spare = next(number for number in itertools.count() if f"root-{number}" not in rules)
    moved = {"root": f"root-{spare}"} if "root" in kept else {}
    lines = made | {moved.get(name, name): text for name, text in kept.items()}
    return "".join(f"{name} ::= {renamed(text, moved)}\n" for name, text in lines.items())
