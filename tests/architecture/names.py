"""Names in code as what they stand for: `token_hex` after `from secrets import token_hex` is `secrets.token_hex`."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def imported(tree: ast.Module) -> dict[str, str]:
    """The names that a module's imports bind, each with what it stands for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.split(".")[0]
                found[bound] = alias.name if alias.asname else bound
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def imported_modules(tree: ast.Module) -> set[str]:
    """The top-level modules that are imported, wherever in the file."""
    return {name.split(".")[0] for name in imported(tree).values()}


def uses(tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """Each use of an imported or built-in name, in full: `datetime.datetime.now` and its beginnings."""
    bound = imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            name = full_name(node, bound)
            if name is not None:
                yield node, name


def full_name(node: ast.expr, bound: dict[str, str]) -> str | None:
    """What a dotted name stands for; None for what is no such name."""
    if isinstance(node, ast.Name):
        return bound.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        owner = full_name(node.value, bound)
        return None if owner is None else f"{owner}.{node.attr}"
    return None
