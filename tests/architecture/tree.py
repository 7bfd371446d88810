"""The repository as these tests read it: its Python files, parsed at most once, and every file that is kept in it."""

from __future__ import annotations

import ast
import functools
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "src" / "antiphon"
TESTS = REPOSITORY / "tests"
CODE = ("src", "tests", "bench", "scripts")
# What the tools leave behind, and what no repository keeps.
PASSED_OVER = frozenset({".git", ".venv", ".antiphon", "__pycache__", "node_modules", "dist", "build", ".hypothesis"})
CACHE_ENDINGS = ("_cache", ".egg-info", ".gguf")

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Source:
    """One Python file: where it is, its text, and its tree once somebody looks at it."""

    path: Path
    text: str

    @functools.cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.text)

    @property
    def name(self) -> str:
        """Its path from the repository's root."""
        return self.path.relative_to(REPOSITORY).as_posix()

    @property
    def module(self) -> str:
        """Its path from the package's root; only for what is in `src`."""
        return self.path.relative_to(PACKAGE).as_posix()

    def at(self, node: ast.stmt | ast.expr | ast.excepthandler) -> str:
        """Where a node stands, for messages."""
        return f"{self.name}:{node.lineno}"


@functools.cache
def read(path: Path) -> Source:
    """The file, read once."""
    return Source(path, path.read_text(encoding="utf-8"))


def sources(*folders: str) -> list[Source]:
    """The Python files below these folders of the repository; a folder without any is an error."""
    found: list[Source] = []
    for folder in folders:
        below = [path for path in sorted((REPOSITORY / folder).rglob("*.py")) if not _passed_over(path)]
        assert below, f"{folder} holds no Python file"
        found += [read(path) for path in below]
    return found


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a tree, nested ones and methods too."""
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            yield node


def kept_files() -> list[Path]:
    """Every file that is in the repository or about to be: by git where there is one, else all but caches."""
    if shutil.which("git") and (REPOSITORY / ".git").exists():
        command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, timeout=30).stdout
        named = [REPOSITORY / os.fsdecode(name) for name in listed.split(b"\0") if name]
        return [path for path in named if path.is_file()]
    return [path for path in REPOSITORY.rglob("*") if path.is_file() and not _passed_over(path)]


def _passed_over(path: Path) -> bool:
    parts = path.relative_to(REPOSITORY).parts
    return any(part in PASSED_OVER or part.endswith(CACHE_ENDINGS) for part in parts)
