"""Whatever others use says what it promises, and every test says what it shows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from .tree import FUNCTIONS, functions, sources

# A sentence ends, and another begins. What stands in backticks is a name, whatever its characters.
NEXT_SENTENCE = re.compile(r"[.!?][\"')]?\s+[A-Z`\"]")
QUOTED = re.compile(r"`[^`]*`")


def undocumented(node: ast.AST, owner: str = "") -> Iterator[str]:
    """The public classes, functions and methods below `node` that have no docstring."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            if child.name.startswith("_"):
                continue
            if ast.get_docstring(child) is None:
                yield f"{child.lineno} {owner}{child.name}"
            if isinstance(child, ast.ClassDef):
                yield from undocumented(child, f"{child.name}.")
        elif not isinstance(child, ast.expr):
            yield from undocumented(child, owner)


def fault(docstring: str | None) -> str | None:
    """What is wrong with a test's docstring; None when its first paragraph is one sentence."""
    if not docstring:
        return "no docstring"
    first = QUOTED.sub("`it`", " ".join(docstring.split("\n\n")[0].split()))
    if not first.endswith((".", "!", "?")):
        return "no full stop"
    return "two sentences" if NEXT_SENTENCE.search(first) else None


def test_modules_say_what_they_are_for() -> None:
    """Every module has a docstring but an `__init__` that is empty."""
    silent = [
        source.name
        for source in sources("src", "tests", "bench", "scripts")
        if source.text.strip() and not ast.get_docstring(source.tree)
    ]
    assert silent == []


def test_public_names_are_documented() -> None:
    """Every public class, function and method of the package has a docstring."""
    assert [f"{source.name}:{place}" for source in sources("src") for place in undocumented(source.tree)] == []


def test_tests_say_what_they_show() -> None:
    """Every test has a docstring whose first paragraph is one sentence."""
    found = []
    for source in sources("tests"):
        if source.path.name.startswith("test_"):
            for function in functions(source.tree):
                wrong = fault(ast.get_docstring(function)) if function.name.startswith("test_") else None
                if wrong is not None:
                    found.append(f"{source.at(function)} {function.name}: {wrong}")
    assert found == []


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        (None, "no docstring"),
        ("", "no docstring"),
        ("It holds", "no full stop"),
        ("It holds. And so does this.", "two sentences"),
        ("It holds.\n\nThis is said apart. Twice.", None),
        ("Version 1.2 holds `a. B` as it\nshould.", None),
    ],
)
def test_docstrings_are_judged(docstring: str | None, expected: str | None) -> None:
    """The rule finds what it forbids and passes what it allows."""
    assert fault(docstring) == expected


def test_what_is_public_is_found() -> None:
    """Names with an underscore, and functions within functions, are nobody else's."""
    code = "class A:\n    def b(self): ...\n    def _c(self): ...\nif 1:\n    def d():\n        def e(): ...\n"
    assert list(undocumented(ast.parse(code))) == ["1 A", "2 A.b", "5 d"]
