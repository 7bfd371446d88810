"""No file, function or line is longer than a reader can hold."""

from __future__ import annotations

from .tree import CODE, functions, sources

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
LINE_CHARACTERS_MAX = 120


def test_files_are_short() -> None:
    """No Python file has more than 400 lines."""
    sizes = {source.name: len(source.text.splitlines()) for source in sources(*CODE)}
    assert {name: lines for name, lines in sizes.items() if lines > FILE_LINES_MAX} == {}


def test_functions_are_short() -> None:
    """No function has more than 70 lines, its signature and docstring included."""
    long = [
        f"{source.at(function)} {function.name}"
        for source in sources(*CODE)
        for function in functions(source.tree)
        if (function.end_lineno or 0) - function.lineno >= FUNCTION_LINES_MAX
    ]
    assert long == []


def test_lines_are_short() -> None:
    """No line has more than 120 characters, comments for tools included."""
    long = [
        f"{source.name}:{number}"
        for source in sources(*CODE)
        for number, line in enumerate(source.text.split("\n"), 1)
        if len(line) > LINE_CHARACTERS_MAX
    ]
    assert long == []
